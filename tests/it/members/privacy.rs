//! Searches a run of members for what is secret or personal, outside of the places where it
//! belongs: in the answers of the API and of the bridge, where browsers are sent, in the logs of
//! all functions at the most verbose level, in the journal, and in the table.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cognito_simulator::ApiFault;
use http::Method;
use login_kit::variables;
use member_flow::MEMBER_KEYS;
use serde_json::json;
use service_simulator::fault::Fault;
use verification::variables::PERSON_KEY;

use super::operator::asked;
use super::privacy_run::{A_MEMBER_KEY, HANAKO, Kind, MARKED, Run, TARO, THE_PERSON_KEY, people};
use super::{Member, laptop_changed, record, user};
use crate::privacy::Search;

/// The places where each kind belongs. A kind that isn't listed belongs nowhere.
const BELONGS: &[(Kind, &[&str])] = &[
    (Kind::PersonHmac, &["table"]),
    (Kind::Sub, &["table"]),
    (
        Kind::Ticket,
        &["POST /verifications: body", "bridge /verify: url"],
    ),
    (Kind::Cookie, &["bridge /verify: set-cookie"]),
    (
        Kind::ServiceState,
        &["bridge /verify: location", "bridge /callback: url"],
    ),
    (Kind::ServiceCode, &["bridge /callback: url"]),
    (Kind::Code, &["bridge /callback: location", "app: url"]),
    (Kind::AppState, &["bridge /callback: location", "app: url"]),
    (Kind::Continuation, &["POST /verifications/complete: body"]),
    // The journal of the laptop shows what is no secret as it came.
    (
        Kind::Refused,
        &["bridge /verify: url", "bridge /callback: url", "journal"],
    ),
];

#[tokio::test]
async fn nothing_secret_or_personal_is_where_it_does_not_belong() {
    let person_key = json!({ "key": THE_PERSON_KEY }).to_string();
    let member_keys = json!({ "keys": [A_MEMBER_KEY] }).to_string();
    let known = variables([(MEMBER_KEYS, Some(&*member_keys))]);
    let laptop = laptop_changed(
        |laptop| {
            laptop.service = people;
            laptop.environment.extend(known.clone());
        },
        |members| {
            members.users = [HANAKO, TARO].map(user).into();
            members.environment.extend(known.clone());
            members
                .environment
                .extend(variables([(PERSON_KEY, Some(&*person_key))]));
        },
    )
    .await;
    let mut run = Run::new(&laptop);
    const COMPLETE: (Method, &str) = (Method::POST, "/verifications/complete");
    const ME: &str = "/verifications/me";
    let (hanako, taro) = (run.signed_in(HANAKO).await, run.signed_in(TARO).await);

    // A verification that has to stop, goes on, and is refreshed.
    let (back, verifier) = run.back_from_the_card(&hanako, None).await;
    let body = json!({ "code": back["verification_code"], "code_verifier": verifier });
    let once = [ApiFault::Throttled];
    laptop
        .cognito
        .break_api("AdminUpdateUserAttributes", &once)
        .unwrap();
    let stopped = run.call(&hanako, COMPLETE, &body, 429).await;
    let body = json!({ "continuation": stopped["continuation"], "code_verifier": verifier });
    run.call(&hanako, COMPLETE, &body, 200).await;
    run.call(&hanako, (Method::GET, ME), &json!(null), 200)
        .await;
    run.know(Kind::Record, &record(&laptop, HANAKO).unwrap());
    let mut newer = Member::signed_in(&laptop, HANAKO).await;
    newer.tokens = hanako.refreshed().await;
    run.know_tokens(&newer);
    run.table().await;

    // A second account, one that cancels, and one whose exchange fails.
    let (back, verifier) = run.back_from_the_card(&taro, None).await;
    let body = json!({ "code": back["verification_code"], "code_verifier": verifier });
    run.call(&taro, COMPLETE, &body, 409).await;
    let (back, _) = run
        .back_from_the_card(&taro, Some(Fault::CancelHostileDescription))
        .await;
    assert_eq!(back["verification_error"], "cancelled");
    for (fault, status) in [
        (Fault::UserinfoMalformedBirthdate, 502),
        (Fault::IdTokenWrongNonce, 400),
    ] {
        let (back, verifier) = run.back_from_the_card(&taro, Some(fault)).await;
        let body = json!({ "code": back["verification_code"], "code_verifier": verifier });
        run.call(&taro, COMPLETE, &body, status).await;
    }

    // What is refused isn't repeated.
    for body in [
        json!({ "code": MARKED, "code_verifier": MARKED.repeat(2) }),
        json!({ "continuation": MARKED, "code_verifier": MARKED.repeat(2) }),
    ] {
        run.call(&taro, COMPLETE, &body, 400).await;
    }
    let refused = json!({
        "code_challenge": URL_SAFE_NO_PAD.encode([1; 32]), "code_challenge_method": "S256",
        "state": MARKED, "return_url": format!("https://{MARKED}.example/"),
    });
    run.call(&taro, (Method::POST, "/verifications"), &refused, 400)
        .await;
    let bridge = demo::laptop::bridge_issuer(laptop.bridge.address().port());
    let state = URL_SAFE_NO_PAD.encode([1; 32]);
    for path in [
        format!("/verify?ticket={MARKED}"),
        format!("/callback?state={state}&code={MARKED}&iss={MARKED}"),
        format!("/callback?state={MARKED}&error={MARKED}&error_description={MARKED}"),
    ] {
        let url = format!("{bridge}{path}").parse().unwrap();
        let page = taro.browser.get(&url, "text/html").await.unwrap();
        assert_eq!(page.status, 400);
        run.page(&page);
    }

    // The operator, and the end.
    let sub = hanako.sub();
    let shown = asked(&laptop, json!({ "operator": "show", "sub": sub }))
        .await
        .unwrap();
    run.see("operator", shown.to_string());
    run.call(&hanako, (Method::DELETE, ME), &json!(null), 204)
        .await;
    let released = asked(&laptop, json!({ "operator": "release", "sub": sub }))
        .await
        .unwrap();
    run.see("operator", released.to_string());
    let nobody = json!({ "operator": "show", "sub": format!("{MARKED} # nobody") });
    let nobody = asked(&laptop, nobody).await;
    run.see("operator", format!("{nobody:?}"));
    run.table().await;
    run.finish().await;

    // Each value would be found.
    let search = Search::new(&run.known);
    for (kind, value) in &run.known {
        let text = format!("a {value} b");
        assert!(search.kinds(&text).contains(kind), "{kind:?}");
    }
    let belongs = BELONGS.iter();
    let belongs: BTreeSet<_> = belongs
        .flat_map(|(kind, places)| places.iter().map(|place| (*kind, *place)))
        .collect();
    let found = run.found();
    let leaks: Vec<_> = found.difference(&belongs).collect();
    assert!(leaks.is_empty(), "{leaks:?}");
    let missed: Vec<_> = belongs.difference(&found).collect();
    assert!(missed.is_empty(), "not found where it belongs: {missed:?}");
    laptop.stop().await;
}

//! What a login may cost: calls, signatures and sizes. The limits are those of Lambda, of API
//! Gateway, and of browsers.
//! `cargo test -p it numbers:: -- --nocapture` prints the sizes.

use cognito_simulator::Variation;
use http::HeaderMap;
use local_lambda::HEAD_LIMIT;
use login_kit::{
    Arrival, Laptop, Outcome, RelyingParty, UserAgent, browser, failure_page, laptop, laptop_with,
    logged, logged_failures, parameter,
};
use service_simulator::Endpoint;
use url::Url;

/// Longer than any `state` that Amazon Cognito sends: 2,200 characters if the app's own state has
/// 1,500.
pub(crate) const LONGEST_COGNITO_STATE: usize = 2_600;
const SET_COOKIE_LIMIT: usize = 4_096;
const ALL_COOKIES_LIMIT: usize = 4_900;

/// The size of a browser's other headers. It is more than any browser sends (2 KB).
const USUAL_HEADERS: usize = 2_048;

async fn signs_in(laptop: &Laptop, persona: &str) {
    let outcome = laptop.login(&browser(), persona, None).await.unwrap();
    assert!(matches!(outcome, Outcome::SignedIn(_)), "{outcome:?}");
}

#[tokio::test]
async fn a_warm_login_makes_two_calls_to_the_service_and_two_signatures_and_no_others() {
    for algorithm in [keys::Algorithm::Es256, keys::Algorithm::Rs256] {
        let laptop = laptop_with(|options| options.assertion_algorithm = algorithm).await;
        signs_in(&laptop, "adult").await;
        assert_eq!(
            laptop.service.count(Endpoint::KeySet),
            1,
            "the first login fetched the keys"
        );
        let signed_before = logged(&laptop, "signature").len();
        laptop.service.forget_requests();
        signs_in(&laptop, "longest").await;

        let called: Vec<_> = laptop
            .service
            .requests()
            .iter()
            .map(|request| request.endpoint)
            .collect();
        let by_the_browser = [
            Endpoint::Authorization,
            Endpoint::TestCard,
            // The page, and the form on it.
            Endpoint::Consent,
            Endpoint::Consent,
        ];
        let by_the_bridge = [Endpoint::Token, Endpoint::Userinfo];
        assert_eq!(called, [&by_the_browser[..], &by_the_bridge].concat());
        let signatures: Vec<_> = logged(&laptop, "signature")[signed_before..]
            .iter()
            .map(|event| event["algorithm"].as_str().unwrap().to_owned())
            .collect();
        // The client assertion, then the ID token.
        assert_eq!(signatures, [algorithm.as_str(), "RS256"]);
        laptop.stop().await;
    }
}

/// A `state` in Amazon Cognito's form.
fn cognito_state(length: usize) -> String {
    let quads = (length - 3) / 8;
    let state = format!("{}.{}.4", "Ab-_".repeat(quads), "x9Yz".repeat(quads));
    format!("{}{state}", "A".repeat((length - state.len()) / 4 * 4))
}

/// The size of the `Cookie` header that this browser sends to the bridge, in bytes.
fn sent_cookies(client: &RelyingParty<'_>, browser: &UserAgent) -> usize {
    let bridge = Url::parse(&client.issuer()).unwrap();
    browser.cookie_header(&bridge).len()
}

#[tokio::test]
async fn one_pending_login_is_a_cookie_that_every_browser_takes() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    for length in [700, LONGEST_COGNITO_STATE] {
        let request = client
            .authorization_request()
            .with("state", &cognito_state(length));
        let page = client.authorize(&browser(), &request).await;
        assert_eq!(page.status, 302);
        let lines: Vec<_> = page.headers.get_all("set-cookie").iter().collect();
        assert_eq!(lines.len(), 1);
        println!("state of {length}: Set-Cookie of {} bytes", lines[0].len());
        assert!(lines[0].len() < SET_COOKIE_LIMIT);
    }
    laptop.stop().await;
}

#[tokio::test]
async fn the_cookies_of_many_pending_logins_stay_small_and_the_newest_login_succeeds() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    for lengths in [
        vec![700; 25],
        vec![LONGEST_COGNITO_STATE; 5],
        vec![
            700,
            700,
            700,
            700,
            LONGEST_COGNITO_STATE,
            700,
            LONGEST_COGNITO_STATE,
        ],
    ] {
        let browser = browser();
        let mut callbacks = Vec::new();
        let mut most = 0;
        for length in lengths {
            let request = client
                .authorization_request()
                .with("state", &cognito_state(length));
            callbacks.push(client.to_callback(&browser, &request).await);
            let size = sent_cookies(&client, &browser);
            assert!(size < ALL_COOKIES_LIMIT, "{size}");
            most = most.max(size);
        }
        println!("cookies of all pending logins: {most} bytes");

        let bridge = Url::parse(&client.issuer()).unwrap();
        let (begun, held) = (callbacks.len(), browser.cookies(&bridge).len());
        assert!(held < begun, "not all of {begun} fit");
        let newest = callbacks.pop().unwrap();
        let arrival = client.from_callback(&browser, &newest).await;
        let code = parameter(&arrival, "code").expect("a code");
        let tokens = client.token_request(&code).send().await;
        assert_eq!(tokens.status, 200, "{tokens:?}");
        // The logins whose cookies were dropped fail with a class that says so. The others still
        // work.
        let mut alive = 0;
        for callback in callbacks {
            match client.from_callback(&browser, &callback).await {
                Arrival::At(_) => alive += 1,
                page => assert_eq!(failure_page(&page), (400, "no_pending_login".to_owned())),
            }
        }
        assert_eq!(alive + 1, held);
    }
    laptop.stop().await;
}

/// The size of request line and headers on the wire, in bytes.
fn head_size(url: &Url, headers: &HeaderMap) -> usize {
    let target = &url[url::Position::BeforePath..];
    let line = format!("GET {target} HTTP/1.1\r\n").len();
    let headers: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    line + headers
}

/// Sends a request with the browser's cookies and `usual` bytes of other headers. Gives the size of
/// its head, and the status of the answer.
async fn with_usual_headers(
    client: &RelyingParty<'_>,
    browser: &UserAgent,
    url: &Url,
    usual: usize,
) -> (usize, u16) {
    let bridge = Url::parse(&client.issuer()).unwrap();
    let host = format!("{}:{}", bridge.host_str().unwrap(), bridge.port().unwrap());
    let mut headers = HeaderMap::new();
    headers.insert("host", host.parse().unwrap());
    headers.insert("cookie", browser.cookie_header(&bridge).parse().unwrap());
    let rest = usual - "user-agent: \r\n".len() - "accept: */*\r\n".len();
    headers.insert("user-agent", "x".repeat(rest).parse().unwrap());
    headers.insert("accept", "*/*".parse().unwrap());
    let size = head_size(url, &headers);
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .resolve(
            "bridge.localhost",
            ([127, 0, 0, 1], bridge.port().unwrap()).into(),
        )
        .build()
        .unwrap();
    let answer = http.get(url.clone()).headers(headers).send().await;
    (size, answer.unwrap().status().as_u16())
}

/// A browser whose cookies of pending logins are almost as large as they may get, and the callback
/// URL of the newest login.
async fn full_browser(client: &RelyingParty<'_>) -> (UserAgent, Url) {
    let browser = browser();
    let mut newest = None;
    // The small cookies fill the space that the largest leaves.
    for length in [LONGEST_COGNITO_STATE, 500, 500] {
        let request = client
            .authorization_request()
            .with("state", &cognito_state(length));
        newest = Some(client.to_callback(&browser, &request).await);
    }
    (browser, newest.unwrap())
}

#[tokio::test]
async fn a_callback_with_many_pending_logins_passes_the_front_door() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let (browser, callback) = full_browser(&client).await;
    let (size, status) = with_usual_headers(&client, &browser, &callback, USUAL_HEADERS).await;
    println!("request line and headers of /callback: {size} bytes");
    assert_eq!(status, 302);
    assert!(size < HEAD_LIMIT, "{size}");

    let (browser, callback) = full_browser(&client).await;
    let too_many = USUAL_HEADERS + (HEAD_LIMIT - size) + 1;
    let (_, status) = with_usual_headers(&client, &browser, &callback, too_many).await;
    assert_eq!(status, 431, "the front door is as narrow as it says");
    laptop.stop().await;
}

#[tokio::test]
async fn the_next_authorization_request_with_many_pending_logins_passes_the_front_door() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let (browser, _) = full_browser(&client).await;
    let request = client
        .authorization_request()
        .with("state", &cognito_state(700));
    let (size, status) = with_usual_headers(&client, &browser, &request.url(), USUAL_HEADERS).await;
    println!("request line and headers of /authorize: {size} bytes");
    assert_eq!(status, 302);
    assert!(size < HEAD_LIMIT, "{size}");

    let longest = request.with("state", &cognito_state(LONGEST_COGNITO_STATE));
    let (size, status) = with_usual_headers(&client, &browser, &longest.url(), USUAL_HEADERS).await;
    println!("request line and headers of /authorize, longest state: {size} bytes");
    assert_eq!(status, 302);
    assert!(size < HEAD_LIMIT, "{size}");
    laptop.stop().await;
}

#[tokio::test]
async fn codes_tokens_and_answers_stay_far_below_what_carries_them() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    for persona in ["adult", "longest"] {
        let request = client
            .authorization_request()
            .with("state", &cognito_state(LONGEST_COGNITO_STATE));
        let arrival = client.sign_in(&browser(), &request, persona, None).await;
        let code = parameter(&arrival, "code").expect("a code");
        let tokens = client.token_request(&code).send().await;
        let access_token = tokens.text("access_token").unwrap();
        let id_token = tokens.text("id_token").unwrap();
        let userinfo = client.userinfo(&access_token).await;
        println!(
            "{persona}: code {} bytes, access token {}, ID token {}, token answer {}, userinfo \
             answer {}",
            code.len(),
            access_token.len(),
            id_token.len(),
            tokens.body.len(),
            userinfo.body.len()
        );
        // With the longest state, the redirect back to Amazon Cognito is still a line that every
        // server accepts.
        assert!(code.len() < 1_024);
        // Amazon Cognito sends the access token in a header of its userinfo request. API Gateway
        // accepts 10,240 bytes of headers.
        assert!(access_token.len() < 4_096);
        // The verified record has a limit of its own. In the token, base64url turns 3 of its bytes
        // into 4.
        let claims = client.verified(&id_token).await;
        let record = claims["verified_record"].as_str().unwrap().len();
        assert!(record < 2_048, "{record}");
        assert!(id_token.len() - record * 4 / 3 < 4_096 && tokens.body.len() < 8_192);
        assert!(userinfo.body.len() < 4_096);
    }
    laptop.stop().await;
}

#[tokio::test]
async fn a_token_request_that_starts_the_function_is_answered_within_cognitos_limit() {
    let laptop = laptop().await;
    laptop.cognito.vary(Variation::default()).unwrap();
    let browser = browser();
    let (app, start) = laptop.begin().unwrap();
    let page = laptop.test_card_page(&browser, &start).await.unwrap();
    let back_at_cognito = |url: &Url| url.path() == "/oauth2/idpresponse";
    let arrival = laptop
        .choose(&browser, page, "adult", None, back_at_cognito)
        .await
        .unwrap();
    let Arrival::At(idpresponse) = arrival else {
        panic!("on a page");
    };
    laptop.bridge.scale_to_zero().await;
    let started = laptop.bridge.processes_started();
    // The stand-in of Amazon Cognito gives up after five seconds.
    let back_at_app = laptop.test_card_page(&browser, &idpresponse).await.unwrap();
    let outcome = laptop.finish(&app, back_at_app).await.unwrap();
    assert!(matches!(outcome, Outcome::SignedIn(_)), "{outcome:?}");
    assert_eq!(laptop.bridge.processes_started(), started + 1);
    assert_eq!(logged_failures(&laptop), Vec::<String>::new());
    laptop.stop().await;
}

//! Every fault of the service, one login each: the login fails with exactly one class, which is
//! logged once and shown in the right place, and the diagram says what was expected and what came.
//! What is odd but allowed must succeed.
//! After each fault the next login succeeds: a fault has no lasting effect.

use cli::classes;
use demo::diagram::diagram;
use demo::expected::CANCELLED;
use demo::failures::Teller;
use login_kit::{Confidential, Laptop, Outcome, Place, browser, laptop, logged};
use loopback::journal::{Hop, Moment, Party};
use loopback::pages::Language;
use relying_party::Class;
use service_simulator::fault::Fault;

/// The groups of faults. Each group is tested by a test of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Group {
    /// Faults of the answer at the redirect URI.
    Callback,
    /// Faults of the token endpoint's answer.
    Token,
    /// Faults of the ID token's claims and header.
    IdToken,
    /// Faults of the service's keys. The function's process must not know any key before.
    Keys,
    /// Faults of the attributes.
    Userinfo,
    /// Faults that take until the function gives up.
    Slow(Half),
}

/// The slow faults are split over two tests, which run side by side.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Half {
    First,
    Second,
}

fn group(fault: Fault) -> Group {
    match fault {
        Fault::TokenSlow | Fault::UserinfoSlow => Group::Slow(Half::First),
        Fault::KeySetSlow => Group::Slow(Half::Second),
        Fault::IdTokenUnknownKey
        | Fault::IdTokenWithoutKeyIdSingleKey
        | Fault::IdTokenWithoutKeyIdSeveralKeys => Group::Keys,
        other => match other.id().split('-').next().unwrap() {
            "cancel" | "error" | "callback" => Group::Callback,
            "token" => Group::Token,
            "id" => Group::IdToken,
            "key" | "keys" => Group::Keys,
            "userinfo" => Group::Userinfo,
            _ => panic!("{other} belongs to no group"),
        },
    }
}

/// Where a failure is shown: on a page of the bridge if there is no login whose client it could
/// tell, otherwise at the app.
fn place(class: Class) -> Place {
    match class {
        Class::MalformedCallback | Class::NoPendingLogin => Place::BridgePage,
        _ => Place::App,
    }
}

/// The status of the bridge's last answer in this login.
fn last_status(laptop: &Laptop) -> u16 {
    let steps = laptop.journal.steps();
    let step = steps.iter().rev().find(|step| step.to == Party::Bridge);
    step.and_then(|step| step.status).unwrap()
}

/// What must be among the words for what came.
const CAME: &[(Fault, &str, &str)] = &[
    (
        Fault::CallbackWrongIssuer,
        "iss: https://issuer.invalid",
        "iss: https://issuer.invalid",
    ),
    (
        Fault::ErrorUnknown,
        "error: card_revoked",
        "error: card_revoked",
    ),
    (Fault::TokenSlow, "まだ応答がない", "no answer yet"),
    (
        Fault::TokenConnectionClosed,
        "接続が切れた",
        "the connection was closed",
    ),
    (Fault::Token500, "ステータス 500", "status 500"),
    (Fault::TokenHtml, "text/html", "text/html"),
    (
        Fault::TokenBrokenJson,
        "途中で切れた JSON",
        "JSON that is cut off",
    ),
    (Fault::TokenTypeOther, "token_type: mac", "token_type: mac"),
    (
        Fault::TokenWithoutAccessToken,
        "access_token: なし",
        "access_token: missing",
    ),
    (Fault::TokenWithoutScope, "scope: なし", "scope: missing"),
    (
        Fault::IdTokenWrongIssuer,
        "iss: https://issuer.invalid",
        "iss: https://issuer.invalid",
    ),
    (Fault::IdTokenMissingAudience, "aud: なし", "aud: missing"),
    (Fault::IdTokenExpired, "exp: 120秒前", "exp: 120 s ago"),
    (
        Fault::IdTokenIssuedInFuture,
        "iat: 600秒後",
        "iat: in 600 s",
    ),
    (
        Fault::IdTokenWrongNonce,
        "nonce: 別の値",
        "nonce: another one",
    ),
    (Fault::IdTokenMissingNonce, "nonce: なし", "nonce: missing"),
    (Fault::IdTokenWrongAssurance, "acr: aal1", "acr: aal1"),
    (Fault::IdTokenHs256, "alg: HS256", "alg: HS256"),
    (Fault::KeySet500, "ステータス 500", "status 500"),
    (
        Fault::UserinfoMissingName,
        "address birthdate",
        "address birthdate",
    ),
    (
        Fault::UserinfoImpossibleBirthdate,
        "実在しない日付",
        "31 February",
    ),
];

/// The hops tell the fault, and what was expected and what came, in both languages, and nothing
/// confidential.
fn is_told(laptop: &Laptop, fault: Fault, hops: &[Hop]) {
    let confidential = Confidential::of(laptop);
    for language in [Language::Japanese, Language::English] {
        let teller = Teller {
            hops,
            explain: classes::explain,
            language,
        };
        let chosen = teller.last_fault().expect("a chosen fault");
        assert_eq!(chosen.name, fault.id());
        assert!(!chosen.words.is_empty());
        let failures: Vec<_> = hops.iter().flat_map(|hop| teller.failures(hop)).collect();
        let class = fault.class().filter(|class| *class != CANCELLED);
        let told = failures.iter().find(|told| told.class.as_deref() == class);
        match (class, told) {
            (None, told) => assert_eq!(told, None, "{fault}"),
            (Some(_), None) => panic!("{fault}: {failures:?}"),
            (Some(_), Some(told)) => {
                let is_japanese = |text: &str| text.chars().any(|c| c >= '\u{3041}');
                assert_eq!(is_japanese(&told.expected), language == Language::Japanese);
                assert!(!told.came.is_empty() && told.remedy.is_some(), "{fault}");
                for no_words in [
                    "そうではなかった",
                    "it was not so",
                    "問題がない",
                    "no problem",
                ] {
                    let said = [&told.came, &told.expected];
                    assert!(said.iter().all(|said| *said != no_words), "{fault}");
                }
                if language == Language::English {
                    assert!(!is_japanese(&told.came), "{fault}: {}", told.came);
                }
                let expected = CAME.iter().filter(|(of, ..)| *of == fault);
                for (_, ja, en) in expected {
                    let came = &told.came;
                    assert!(came.contains(language.say(ja, en)), "{fault}: {came}");
                }
            }
        }
        confidential.assert_not_in(fault.id(), &diagram(teller));
        confidential.assert_not_in(fault.id(), &format!("{failures:?}"));
    }
}

/// Signs in with the fault, from the browser to the app, and checks the outcome.
async fn login_with(laptop: &Laptop, fault: Fault) {
    let before = logged(laptop, "failure").len();
    let from = Moment::from(laptop.journal.now().number() + 1);
    let outcome = laptop
        .login(&browser(), "adult", Some(fault))
        .await
        .unwrap();
    is_told(laptop, fault, &laptop.journal.hops(from, None));
    let logged = &logged(laptop, "failure")[before..];
    let Some(name) = fault.class() else {
        assert!(
            matches!(outcome, Outcome::SignedIn(_)),
            "{fault}: {outcome:?}"
        );
        assert!(logged.is_empty(), "{fault}: {logged:?}");
        return;
    };
    let Outcome::Failed(failed) = outcome else {
        panic!("{fault}: signed in");
    };
    let mut classes = Class::ALL.iter().copied();
    let class = classes.find(|class| class.name() == name).unwrap();
    assert_eq!(failed.class.as_deref(), Some(name), "{fault}: {failed:?}");
    assert_eq!(failed.place, place(class), "{fault}");

    assert_eq!(logged.len(), 1, "{fault}: {logged:?}");
    assert_eq!(logged[0]["class"], name, "{fault}");
    let support_id = failed.support_id.as_deref().unwrap();
    assert_eq!(logged[0]["support_id"], support_id, "{fault}");

    if failed.place == Place::App {
        let error = class.oauth_error().as_str();
        assert_eq!(failed.error.as_deref(), Some(error), "{fault}");
        // The bridge doesn't pass on any text of the service.
        let ending = format!("{name} {support_id}");
        let start = failed.description.strip_suffix(&ending).expect("our words");
        let told_by_cognito = format!("MynaApp Error - {} {error} ", class.status().as_u16());
        assert!(
            start.is_empty() || start == told_by_cognito,
            "{fault}: {start}"
        );
    }
    let status = last_status(laptop);
    match group(fault) {
        Group::Callback if failed.place == Place::App && class != Class::ServiceRefusedCode => {
            assert_eq!(status, 302, "{fault}");
        }
        _ => assert_eq!(status, class.status().as_u16(), "{fault}"),
    }
}

async fn succeeds(laptop: &Laptop) {
    let before = logged(laptop, "failure").len();
    let outcome = laptop.login(&browser(), "adult", None).await.unwrap();
    assert!(matches!(outcome, Outcome::SignedIn(_)), "{outcome:?}");
    assert_eq!(logged(laptop, "failure").len(), before);
}

async fn every_fault_of(wanted: Group) {
    let laptop = laptop().await;
    succeeds(&laptop).await;
    let faults = Fault::ALL.iter().copied();
    for fault in faults.filter(|fault| group(*fault) == wanted) {
        // A new process, which has neither keys nor a fetch within the last ten seconds.
        if matches!(wanted, Group::Keys | Group::Slow(Half::Second)) {
            laptop.bridge.scale_to_zero().await;
        }
        login_with(&laptop, fault).await;
    }
    laptop.bridge.scale_to_zero().await;
    succeeds(&laptop).await;
    laptop.stop().await;
}

#[tokio::test]
async fn every_fault_of_the_way_back_to_the_bridge() {
    every_fault_of(Group::Callback).await;
}

#[tokio::test]
async fn every_fault_of_the_token_answer() {
    every_fault_of(Group::Token).await;
}

#[tokio::test]
async fn every_fault_of_the_id_token() {
    every_fault_of(Group::IdToken).await;
}

#[tokio::test]
async fn every_fault_of_the_services_keys() {
    every_fault_of(Group::Keys).await;
}

#[tokio::test]
async fn every_fault_of_userinfo() {
    every_fault_of(Group::Userinfo).await;
}

#[tokio::test]
async fn a_slow_token_or_userinfo_answer() {
    every_fault_of(Group::Slow(Half::First)).await;
}

#[tokio::test]
async fn a_slow_key_set() {
    every_fault_of(Group::Slow(Half::Second)).await;
}

#[test]
fn every_fault_belongs_to_a_group_that_has_a_test() {
    let tested = [
        Group::Callback,
        Group::Token,
        Group::IdToken,
        Group::Keys,
        Group::Userinfo,
        Group::Slow(Half::First),
        Group::Slow(Half::Second),
    ];
    for group_of_tests in tested {
        let mut faults = Fault::ALL.iter().copied();
        assert!(
            faults.any(|fault| group(fault) == group_of_tests),
            "{group_of_tests:?} is empty"
        );
    }
    for fault in Fault::ALL {
        assert!(tested.contains(&group(*fault)), "{fault}");
    }
}

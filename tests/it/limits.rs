//! Compares the numbers of `docs/limits.md` with the code: the limits that other parties set, and
//! how near to them this project gets. The document says why each value is near enough.
//! `tests/template` tests the numbers of a deployment.

use std::collections::BTreeMap;

use aws_lc_rs::digest::SHA256;
use digital_auth::client_assertion::{EXPIRES_IN_SECONDS, ISSUED_SECONDS_AGO, SERVICE_MAX_SECONDS};
use digital_auth::id_token::MAX_SUBJECT_BYTES;
use federation::code;
use federation::pending_cookie::{LIFETIME, MAX_ALL_COOKIES_BYTES, MAX_COOKIE_BYTES};
use four_attributes::{Attribute, FourAttributes, MAXIMUM_BYTES, MAXIMUM_RECORD_BYTES};
use function_kit::aws;
use function_kit::invocation::ANSWER;
use function_kit::metrics::{COLD_START, Count, MOST_SAMPLES, Refused, START_DURATION, Step};
use function_kit::settings::provider_name;
use local_lambda::{HEAD_LIMIT, PAYLOAD_LIMIT};
use login_kit::{Outcome, browser, laptop, limits};
use loopback::user_agent::COOKIE_LIMIT;
use relying_party::http_api::MAX_BODY_BYTES;
use relying_party::person::MAX_SUBJECT_CHARACTERS;
use relying_party::service::{LONGEST_CLIENT_ID, LONGEST_REDIRECT_URI};
use service_simulator::Endpoint;
use user_pool::attribute::RECORD_MAPPING;
use user_pool::scope::{OLDEST, Scope};

use crate::numbers::LONGEST_COGNITO_STATE;

/// How the two numbers of a row must compare.
enum Must {
    /// Our number is what we send, or how long we take. It must not exceed the limit.
    BeAtMost,
    /// Our number is the most that we accept or send, or how far a clock may differ. It must not be
    /// below the limit.
    BeAtLeast,
    /// Both numbers must be equal.
    Be,
}

/// The lengths of the values that a login sends to the service, in characters.
struct Sent {
    state: usize,
    nonce: usize,
    code_challenge: usize,
    code_verifier: usize,
}

impl Sent {
    async fn in_a_login() -> Self {
        let laptop = laptop().await;
        let outcome = laptop.login(&browser(), "adult", None).await.unwrap();
        assert!(matches!(outcome, Outcome::SignedIn(_)), "{outcome:?}");
        let requests = laptop.service.requests();
        let to = |endpoint| {
            let mut requests = requests.iter();
            requests
                .find(|request| request.endpoint == endpoint)
                .unwrap()
        };
        let asked = |name| to(Endpoint::Authorization).query_value(name).unwrap().len();
        let sent = Self {
            state: asked("state"),
            nonce: asked("nonce"),
            code_challenge: asked("code_challenge"),
            code_verifier: to(Endpoint::Token)
                .form_value("code_verifier")
                .unwrap()
                .len(),
        };
        laptop.stop().await;
        sent
    }
}

fn seconds(number: i64) -> String {
    limits::amount(number.try_into().unwrap(), "s")
}

fn bytes(number: usize) -> String {
    limits::amount(number, "B")
}

fn characters(number: usize) -> String {
    limits::amount(number, "")
}

/// The longest name of a provider that is accepted.
fn longest_provider_name() -> usize {
    let is_taken = |length: &usize| provider_name(&"n".repeat(*length)).is_ok();
    (1..1_000).filter(is_taken).max().unwrap()
}

/// How many metrics one line of a function's log can have.
fn metrics() -> usize {
    let refused = [Refused::Failure, Refused::Record].len();
    Count::ALL.len() + Step::ALL.len() + refused + [COLD_START, START_DURATION].len()
}

/// The largest number of changes that the trigger can make to the tokens: it can add every claim of
/// every scope and age to both tokens or suppress it in them, and it can hide the attributes.
fn changes() -> usize {
    let ages: Vec<u8> = (1..=OLDEST).collect();
    let claims = Scope::all(&ages).flat_map(Scope::claims).count();
    let hidden = Attribute::ALL.len() + RECORD_MAPPING.len();
    4 * claims + 2 * hidden
}

/// The limit up to which [`changes`] may grow.
const MOST_CHANGES: usize = 1_000;

/// The length of a birth date in the user pool.
fn birth_date() -> usize {
    let attributes = FourAttributes {
        birth_date: Some("19850315".parse().unwrap()),
        ..FourAttributes::default()
    };
    let texts = user_pool::texts(&attributes);
    let written = texts[Attribute::BirthDate.claim()].as_str();
    written.unwrap().len()
}

#[tokio::test]
async fn every_limit_of_another_party_is_written_down_and_kept() {
    use Must::{Be, BeAtLeast, BeAtMost};
    let sent = Sent::in_a_login().await;
    let answer = ANSWER.as_secs().try_into().unwrap();
    assert!(changes() <= MOST_CHANGES, "{}", changes());
    let start = aws::OPERATION.as_secs().try_into().unwrap();
    // The limits come from the documentation of the service and of Amazon Cognito, and from AWS's
    // pages of quotas. If a stand-in enforces a limit, it is taken from the stand-in.
    let rows = [
        // The service.
        (
            "assertion_lifetime",
            BeAtMost,
            seconds(SERVICE_MAX_SECONDS),
            seconds(ISSUED_SECONDS_AGO + EXPIRES_IN_SECONDS),
        ),
        (
            "clock_ahead",
            BeAtLeast,
            seconds(10),
            seconds(ISSUED_SECONDS_AGO),
        ),
        (
            "clock_behind",
            BeAtLeast,
            seconds(40),
            seconds(EXPIRES_IN_SECONDS),
        ),
        ("state", BeAtMost, characters(255), characters(sent.state)),
        ("nonce", BeAtMost, characters(255), characters(sent.nonce)),
        (
            "code_challenge",
            BeAtMost,
            characters(128),
            characters(sent.code_challenge),
        ),
        (
            "code_verifier",
            BeAtLeast,
            characters(43),
            characters(sent.code_verifier),
        ),
        (
            "client_id",
            BeAtMost,
            characters(255),
            characters(LONGEST_CLIENT_ID),
        ),
        (
            "redirect_uri",
            BeAtMost,
            characters(255),
            characters(LONGEST_REDIRECT_URI),
        ),
        (
            "service_code_time",
            BeAtMost,
            seconds(60),
            seconds(code::LIFETIME.num_seconds()),
        ),
        (
            "service_subject",
            BeAtLeast,
            characters(255),
            characters(MAX_SUBJECT_BYTES),
        ),
        (
            "service_name",
            BeAtLeast,
            bytes(100 * "名".len()),
            bytes(MAXIMUM_BYTES),
        ),
        (
            "service_address",
            BeAtLeast,
            bytes(200 * "名".len()),
            bytes(MAXIMUM_BYTES),
        ),
        // Amazon Cognito.
        (
            "login_time",
            BeAtMost,
            seconds(300),
            seconds(LIFETIME.num_seconds()),
        ),
        (
            "cognito_state",
            BeAtLeast,
            characters(2_200),
            characters(LONGEST_COGNITO_STATE),
        ),
        ("token_time", BeAtMost, seconds(5), seconds(answer)),
        ("trigger_time", BeAtMost, seconds(5), seconds(answer)),
        ("attribute", BeAtMost, bytes(2_048), bytes(MAXIMUM_BYTES)),
        (
            "record",
            BeAtMost,
            bytes(2_048),
            bytes(MAXIMUM_RECORD_BYTES),
        ),
        ("birthdate", Be, characters(10), characters(birth_date())),
        (
            "provider_name",
            BeAtMost,
            characters(32),
            characters(longest_provider_name()),
        ),
        (
            "user_name",
            BeAtMost,
            characters(128),
            characters(longest_provider_name() + "_".len() + MAX_SUBJECT_CHARACTERS),
        ),
        (
            "claims",
            BeAtMost,
            characters(5_000),
            characters(MOST_CHANGES),
        ),
        // Browsers.
        (
            "cookie",
            BeAtMost,
            bytes(COOKIE_LIMIT),
            bytes(MAX_COOKIE_BYTES - 1),
        ),
        // Amazon API Gateway and AWS Lambda.
        (
            "request_head",
            BeAtMost,
            bytes(HEAD_LIMIT),
            bytes(MAX_ALL_COOKIES_BYTES - 1),
        ),
        (
            "request_body",
            BeAtMost,
            bytes(PAYLOAD_LIMIT),
            bytes(MAX_BODY_BYTES),
        ),
        ("start_time", BeAtMost, seconds(10), seconds(start)),
        // AWS KMS, AWS Secrets Manager and Amazon CloudWatch.
        (
            "kms_message",
            BeAtMost,
            bytes(4_096),
            bytes(SHA256.output_len()),
        ),
        (
            "secret",
            BeAtLeast,
            bytes(65_536),
            bytes(aws::MAX_ANSWER_BYTES),
        ),
        (
            "metric_values",
            BeAtMost,
            characters(100),
            characters(MOST_SAMPLES),
        ),
        (
            "metric_names",
            BeAtMost,
            characters(100),
            characters(metrics()),
        ),
    ];
    let mut expected = BTreeMap::new();
    for (id, must, theirs, ours) in rows {
        let [their_number, our_number] = [&theirs, &ours].map(|amount| limits::number(amount));
        let (sign, is_kept) = match must {
            BeAtMost => ("≤", our_number <= their_number),
            BeAtLeast => ("≥", our_number >= their_number),
            Be => ("=", our_number == their_number),
        };
        assert!(is_kept, "{id}: {ours}, and it must be {sign} {theirs}");
        let row = (format!("{sign} {theirs}"), ours);
        assert!(expected.insert(id.to_owned(), row).is_none(), "{id} twice");
    }
    for (document, heading) in [
        (include_str!("../../docs/limits.md"), "ログイン"),
        (include_str!("../../docs/limits.en.md"), "A login"),
    ] {
        assert_eq!(limits::documented(document, heading), expected, "{heading}");
    }
}

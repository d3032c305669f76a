//! Tests of the deadline, which is one for the whole answer, counted from the moment at which the
//! caller began to wait. Whatever is slow, and however many things are slow: the answer is there
//! four seconds later, and its class names what took most of the time.
//! The tests run with tokio's paused time, which passes only while everything waits. The service is
//! in the same runtime, and so has the same time.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use digital_auth::HttpClient;
use federation::front_door::FrontDoor;
use federation::secrets::{self, References};
use federation::variables;
use function_kit::invocation::ANSWER;
use function_kit::reference::Reference;
use function_kit::runtime;
use function_kit::secrets::SecretReader;
use keys::{
    Algorithm, KeyId, KeyRing, LocalKey, PublicJwk, SigningError, SigningKey, SystemRandomness,
};
use kit::{SecretsManager, TestClock, sealing_keys_json};
use secrecy::SecretString;
use serde_json::json;
use tokio::time::Instant;

use crate::bridge::{Answer, Browser, Call, REQUEST_ID, RunningBridge, altered};
use crate::support::{
    ASSERTION_KEY, CLIENT_SECRET, ID_TOKEN_KEY, authorization_request, call, parameters,
    token_request,
};

/// How long Amazon Cognito waits.
const COGNITO: Duration = Duration::from_secs(5);
/// Longer than any caller waits.
const FOR_EVER: Duration = Duration::from_secs(3_600);
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

const FRONT_DOOR: &str = "front-door-of-spring";

/// A signing key that takes a given time to sign.
#[derive(Debug)]
struct SlowKey {
    key: LocalKey,
    takes: Mutex<Duration>,
}

impl SlowKey {
    fn new(jwk: &str) -> Arc<Self> {
        Arc::new(Self {
            key: LocalKey::from_jwk(&SecretString::from(jwk)).unwrap(),
            takes: Mutex::default(),
        })
    }

    fn takes(&self, time: Duration) {
        *self.takes.lock().unwrap() = time;
    }
}

impl SigningKey for SlowKey {
    fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }

    fn key_id(&self) -> &KeyId {
        self.key.key_id()
    }

    fn public_jwk(&self) -> &PublicJwk {
        self.key.public_jwk()
    }

    fn sign<'a>(
        &'a self,
        message: &'a [u8],
    ) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, SigningError>> + Send + 'a>> {
        let takes = *self.takes.lock().unwrap();
        Box::pin(async move {
            tokio::time::sleep(takes).await;
            self.key.sign(message).await
        })
    }
}

/// A bridge, and all that it may have to wait for.
struct Slow {
    bridge: RunningBridge,
    aws: SecretsManager,
    assertion_key: Arc<SlowKey>,
    id_token_key: Arc<SlowKey>,
}

impl Slow {
    async fn new() -> Self {
        let aws = SecretsManager::default();
        let secrets = json!({ "current": CLIENT_SECRET }).to_string();
        let front_door = json!({ "current": FRONT_DOOR }).to_string();
        for (id, text) in [
            ("sealing", sealing_keys_json(&[1])),
            ("records", sealing_keys_json(&[101])),
            ("client", secrets),
            ("front door", front_door),
        ] {
            aws.holds(id, &text);
        }
        let assertion_key = SlowKey::new(&ASSERTION_KEY);
        let id_token_key = SlowKey::new(&ID_TOKEN_KEY);
        let bridge = RunningBridge::of(async |parts| {
            let reader = || SecretReader::new(Some(aws.client()));
            let at = |id: &str| Reference::SecretsManager(id.to_owned());
            let references = References {
                sealing_keys: at("sealing"),
                record_keys: at("records"),
                client_secrets: at("client"),
            };
            let now = parts.clock.now();
            let logins = parts.logins.as_mut().unwrap();
            logins.secrets = secrets::load(reader(), references, now).await.unwrap();
            let front_door = FrontDoor::load(reader(), at("front door"), now);
            parts.front_door = Some(front_door.await.unwrap());
            let ring = |key: &Arc<SlowKey>| {
                let key = Arc::<SlowKey>::clone(key) as Arc<dyn SigningKey>;
                Arc::new(KeyRing::new(vec![key]).unwrap())
            };
            parts.logins.as_mut().unwrap().id_token_keys = ring(&id_token_key);
            parts.assertion_keys = ring(&assertion_key);
            let http = HttpClient::new(Arc::clone(&parts.clock)).unwrap();
            let keys = Arc::clone(&parts.assertion_keys);
            let randomness = Arc::new(SystemRandomness);
            parts.service = (parts.config.service).client(Arc::new(http), keys, randomness);
        })
        .await;
        Self {
            bridge: bridge.behind(FRONT_DOOR),
            aws,
            assertion_key,
            id_token_key,
        }
    }

    fn clock(&self) -> &TestClock {
        &self.bridge.clock
    }

    /// A code, at a bridge that last read its secrets this long ago.
    async fn code(&self, seconds: i64) -> String {
        self.aged(seconds);
        let code = self.bridge.code(&authorization_request()).await;
        // After a read that came too late, secrets are read again only ten seconds later.
        self.clock().advance(TimeDelta::seconds(10));
        code
    }

    /// A login that the service has answered, at a bridge that last read its secrets this long ago.
    async fn answered(&self, seconds: i64) -> Call {
        self.aged(seconds);
        let mut browser = Browser::default();
        let asked = self
            .bridge
            .begin(&mut browser, &authorization_request())
            .await;
        self.clock().advance(TimeDelta::seconds(10));
        let answer = self.bridge.service.answer(&asked);
        Call::callback(&answer).browser(&browser)
    }

    /// Lets this much time pass. AWS Secrets Manager doesn't answer any more.
    fn aged(&self, seconds: i64) {
        self.aws.answers_after(FOR_EVER);
        // The caller then begins a login, and lets another ten seconds pass.
        self.clock()
            .advance(TimeDelta::seconds((seconds - 10).max(0)));
    }
}

/// The answer to a request that comes now, and how long it took.
async fn timed(call: Call, bridge: &RunningBridge) -> (Answer, Duration) {
    let begun = Instant::now();
    let answer = call.send(bridge).await;
    (answer, begun.elapsed())
}

/// Asserts that the answer took as long as it may, to the resolution of the timer.
fn is_the_whole_time(took: Duration) {
    let late = took.checked_sub(ANSWER);
    assert!(
        late.is_some_and(|late| late <= Duration::from_millis(2)),
        "{took:?}"
    );
    assert!(
        took + Duration::from_millis(900) < COGNITO,
        "nothing is left for the network"
    );
}

fn unavailable(answer: &Answer, class: &str) {
    answer.is_error(503, "temporarily_unavailable", class);
}

#[tokio::test(start_paused = true)]
async fn pass_when_nothing_is_slow() {
    let slow = Slow::new().await;
    let code = slow.bridge.code(&authorization_request()).await;
    let (answer, took) = timed(Call::token(&token_request(&code)), &slow.bridge).await;
    answer.tokens();
    assert!(took < Duration::from_millis(10), "{took:?}");
}

/// The longest wait: secrets that are a day old may not be used.
#[tokio::test(start_paused = true)]
async fn fail_in_time_with_secrets_of_yesterday_that_do_not_come() {
    let slow = Slow::new().await;
    let code = slow.code(DAY).await;
    let (answer, took) = timed(Call::token(&token_request(&code)), &slow.bridge).await;
    unavailable(&answer, "secrets_unavailable");
    is_the_whole_time(took);
    for call in [
        Call::userinfo("junk"),
        Call::authorize(&authorization_request()),
    ] {
        let (answer, took) = timed(call, &slow.bridge).await;
        assert!(
            answer.body.contains("secrets_unavailable"),
            "{}",
            answer.body
        );
        assert!(took <= ANSWER + Duration::from_millis(2), "{took:?}");
        slow.clock().advance(TimeDelta::seconds(10));
    }
}

/// A request waits a second for secrets that are an hour old. The rest of its time is for the other
/// steps.
#[tokio::test(start_paused = true)]
async fn fail_in_time_with_secrets_that_do_not_come_before_something_else_does_not() {
    for (which, class) in [
        ("assertion key", "signing_failed"),
        ("/token", "service_timeout"),
        ("/userinfo", "service_timeout"),
        ("ID token key", "signing_failed"),
        ("newer sealing key", "secrets_unavailable"),
    ] {
        let slow = Slow::new().await;
        let mut code = slow.code(HOUR).await;
        match which {
            "assertion key" => slow.assertion_key.takes(FOR_EVER),
            "ID token key" => slow.id_token_key.takes(FOR_EVER),
            "newer sealing key" => {
                let elsewhere =
                    RunningBridge::with(&[(variables::SEALING_KEYS, &sealing_keys_json(&[2]))])
                        .await;
                code = elsewhere.code(&authorization_request()).await;
            }
            path => slow.bridge.service.delay(path, FOR_EVER),
        }
        let (answer, took) = timed(Call::token(&token_request(&code)), &slow.bridge).await;
        unavailable(&answer, class);
        is_the_whole_time(took);
        if let path @ ("/token" | "/userinfo") = which {
            // A request that may be sent only once isn't sent again.
            let calls = slow.bridge.service.take_calls();
            assert_eq!(calls.iter().filter(|called| *called == path).count(), 1);
        }
    }
}

/// The class names what took most of the time, wherever the request was interrupted.
#[tokio::test(start_paused = true)]
async fn fail_as_that_which_took_the_time() {
    let seconds = |seconds: f64| Duration::from_secs_f64(seconds);
    for (assertion, token, userinfo, id_token, class) in [
        (0.0, 2.0, 1.9, 0.5, "service_timeout"),
        (0.0, 0.0, 3.9, 0.5, "service_timeout"),
        (0.0, 0.1, 0.1, 9.9, "signing_failed"),
        (3.0, 0.0, 9.9, 0.0, "signing_failed"),
        (1.5, 0.1, 0.2, 9.9, "signing_failed"),
        (1.0, 9.9, 0.0, 0.0, "service_timeout"),
    ] {
        let slow = Slow::new().await;
        let code = slow.bridge.code(&authorization_request()).await;
        slow.assertion_key.takes(seconds(assertion));
        slow.bridge.service.delay("/token", seconds(token));
        slow.bridge.service.delay("/userinfo", seconds(userinfo));
        slow.id_token_key.takes(seconds(id_token));
        let (answer, took) = timed(Call::token(&token_request(&code)), &slow.bridge).await;
        unavailable(&answer, class);
        is_the_whole_time(took);
    }
}

/// Fetches in parallel take their time only once. A step that runs beside a slower one isn't named
/// as what took the time.
#[tokio::test(start_paused = true)]
async fn fail_as_that_which_was_waited_for_and_not_as_what_went_on_beside_it() {
    let seconds = |seconds: f64| Duration::from_secs_f64(seconds);
    // The secrets and the front door's secret are read in parallel: one second for both.
    let slow = Slow::new().await;
    let code = slow.code(HOUR).await;
    slow.assertion_key.takes(seconds(1.1));
    slow.bridge.service.delay("/token", FOR_EVER);
    let (answer, _) = timed(Call::token(&token_request(&code)), &slow.bridge).await;
    unavailable(&answer, "service_timeout");

    let slow = Slow::new().await;
    let code = slow.code(DAY).await;
    slow.aws.answers_after(seconds(1.4));
    slow.bridge.service.delay("/token", FOR_EVER);
    let (answer, _) = timed(Call::token(&token_request(&code)), &slow.bridge).await;
    unavailable(&answer, "service_timeout");

    // The service's keys arrive before they are needed.
    let slow = Slow::new().await;
    slow.bridge.service.delay("/certs", FOR_EVER);
    let code = slow.bridge.code(&authorization_request()).await;
    slow.bridge.service.delay("/certs", seconds(2.5));
    slow.assertion_key.takes(seconds(1.9));
    slow.bridge.service.delay("/token", FOR_EVER);
    let (answer, _) = timed(Call::token(&token_request(&code)), &slow.bridge).await;
    unavailable(&answer, "service_timeout");

    // The service's keys and its answer count together, and took longer than a signature.
    let slow = Slow::new().await;
    slow.bridge.service.delay("/certs", FOR_EVER);
    let code = slow.bridge.code(&authorization_request()).await;
    slow.bridge.service.delay("/certs", seconds(2.1));
    slow.bridge.service.delay("/token", seconds(2.3));
    slow.id_token_key.takes(FOR_EVER);
    let (answer, _) = timed(Call::token(&token_request(&code)), &slow.bridge).await;
    unavailable(&answer, "service_timeout");
}

#[tokio::test(start_paused = true)]
async fn fail_as_the_key_set_if_that_took_the_time() {
    let slow = Slow::new().await;
    let code = slow.bridge.code(&authorization_request()).await;
    // A signature that doesn't fit may mean that the key has changed, so the key set is fetched
    // again.
    slow.bridge
        .service
        .id_token(|token| altered(token, token.len() - 9));
    slow.clock().advance(TimeDelta::seconds(59));
    slow.bridge.service.delay("/certs", FOR_EVER);
    let (answer, took) = timed(Call::token(&token_request(&code)), &slow.bridge).await;
    unavailable(&answer, "key_set_unavailable");
    is_the_whole_time(took);
}

/// A process that had to start for the request has used up a part of the time, and may be what took
/// most of it.
#[tokio::test(start_paused = true)]
async fn fail_in_time_after_a_cold_start() {
    for (ago, token, class) in [
        (3.0, 9.9, "too_slow"),
        (1.0, 9.9, "service_timeout"),
        (4.5, 0.0, "too_slow"),
    ] {
        let slow = Slow::new().await;
        let code = slow.bridge.code(&authorization_request()).await;
        slow.bridge
            .service
            .delay("/token", Duration::from_secs_f64(token));
        slow.id_token_key.takes(Duration::from_millis(100));
        let ago = Duration::from_secs_f64(ago);
        let begun = Instant::now() - ago;
        let call = runtime::Call {
            begun,
            ..call(REQUEST_ID)
        };
        let answer = Call::token(&token_request(&code))
            .send_as(call, &slow.bridge)
            .await;
        unavailable(&answer, class);
        let took = begun.elapsed();
        if ago < ANSWER {
            is_the_whole_time(took);
        } else {
            // The caller has stopped waiting, so the bridge waits for nothing.
            assert!(took <= ago + Duration::from_millis(2), "{took:?}");
        }
    }
}

/// Warming up only saves time later. Connections that don't open and keys that don't arrive must
/// not use up the time of the answer.
#[tokio::test(start_paused = true)]
async fn pass_a_callback_whose_warming_up_does_not_end() {
    let slow = Slow::new().await;
    let callback = slow.answered(HOUR).await;
    slow.bridge.service.delay("/certs", FOR_EVER);
    let (answer, took) = timed(callback, &slow.bridge).await;
    assert!(parameters(answer.location()).contains_key("code"));
    // A second for the secrets, and one for the service.
    assert!(took <= Duration::from_millis(2_002), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn fail_a_callback_in_time() {
    let slow = Slow::new().await;
    let callback = slow.answered(DAY).await;
    let (answer, took) = timed(callback, &slow.bridge).await;
    answer.is_page(503, "secrets_unavailable");
    is_the_whole_time(took);
}

/// A front door shows a secret that is newer than the known ones. The bridge reads its secrets
/// again, and the answer still keeps its deadline.
#[tokio::test(start_paused = true)]
async fn fail_in_time_behind_a_front_door_whose_secret_does_not_come() {
    let slow = Slow::new().await;
    slow.aged(HOUR);
    let bridge = slow.bridge.behind("front-door-of-summer");
    for call in [
        Call::token(&token_request("junk")),
        Call::userinfo("junk"),
        Call::new("GET", "/jwks.json"),
        Call::new("GET", "/callback"),
    ] {
        let (answer, took) = timed(call, &bridge).await;
        assert_eq!(answer.status, 503);
        assert!(
            answer.body.contains("secrets_unavailable"),
            "{}",
            answer.body
        );
        is_the_whole_time(took);
        bridge.clock.advance(TimeDelta::seconds(10));
    }
}

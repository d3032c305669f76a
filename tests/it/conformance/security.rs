//! The points of RFC 9700 that can be tested from outside: redirect URIs, open redirectors, PKCE,
//! single use, headers, and values that an attacker can put into a request. There is one test for
//! each point. Beside each refusal, a similar request succeeds.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use demo::laptop::{COGNITO_CLIENT_ID, Laptop};
use digital_auth::authorization::{OneTimeValues, Secret256};
use federation::code::Code;
use federation::pending_login::{ClientRequest, ClientState, PendingLogin};
use federation::variables;
use keys::SystemRandomness;
use login_kit::{
    Answer, Arrival, BrowserLogin, Page, Refusal, RelyingParty, UserAgent, browser, laptop,
    laptop_with, parameter, variables,
};
use sealing::SealingKeys;
use sealing::sealed::{Audience, Seal, Travels as _};
use secrecy::ExposeSecret as _;
use service_simulator::Endpoint;
use service_simulator::fault::Fault;
use url::Url;

use crate::privacy::Run;

const STATE: &str = "the-clients-state.of-some-length.4";

/// A text that all hostile values contain, and that random base64url can't contain.
const EVIL: &str = "evil.";

/// Values that an attacker would like to see in `Location`, or in a header of its own.
const HOSTILE: &[&str] = &[
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "javascript:alert('evil.example')",
    "http://bridge.localhost@evil.example/",
    "\r\nLocation: https://evil.example/",
    "\r\n\r\n<script>evil.example</script>",
    "\u{202e}evil.example\u{0}",
];

/// Sends a GET to the bridge with these headers. Redirects aren't followed.
async fn get(laptop: &Laptop, target: &str, headers: &[(&str, &str)]) -> Answer {
    send(laptop, reqwest::Method::GET, target, headers).await
}

async fn send(
    laptop: &Laptop,
    method: reqwest::Method,
    target: &str,
    headers: &[(&str, &str)],
) -> Answer {
    let redirects = reqwest::redirect::Policy::none();
    let http = reqwest::Client::builder()
        .redirect(redirects)
        .build()
        .unwrap();
    let mut request = http.request(method, format!("{}{target}", laptop.bridge.base_url()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::of(request).await
}

/// The path and the query of a URL, for [`get`].
fn target(url: &Url) -> String {
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}

fn location(page: &Page) -> Url {
    page.redirect_target().unwrap().expect("a redirect")
}

/// A login that has begun: the browser has its cookie and is at the service.
struct Begun {
    browser: UserAgent,
    at_service: Url,
}

impl Begun {
    async fn new(client: &RelyingParty<'_>) -> Self {
        let browser = browser();
        let page = client
            .authorize(&browser, &client.authorization_request())
            .await;
        let at_service = location(&page);
        Self {
            browser,
            at_service,
        }
    }

    fn state(&self) -> String {
        kit::parameter(&self.at_service, "state").unwrap()
    }

    /// The URL of `/callback` with this login's state and these parameters.
    fn callback(&self, client: &RelyingParty<'_>, parameters: &[(&str, &str)]) -> Url {
        let mut url = Url::parse(&format!("{}/callback", client.issuer())).unwrap();
        url.query_pairs_mut()
            .append_pair("state", &self.state())
            .extend_pairs(parameters);
        url
    }
}

/// Requests a URL of the bridge. Asserts that the bridge sends the browser to the client, or shows
/// a page, and nothing else.
async fn end_of(client: &RelyingParty<'_>, browser: &UserAgent, url: &Url) -> Arrival {
    let redirect_uri = client.redirect_uri();
    let at_client = |url: &Url| url.as_str().starts_with(&redirect_uri);
    let journey = browser.follow(url, "text/html", at_client).await.unwrap();
    assert!(journey.redirects.len() <= 1);
    journey.end
}

async fn login(client: &RelyingParty<'_>, browser: &UserAgent) -> BrowserLogin {
    let request = client.authorization_request();
    client.browser_login(browser, &request, "adult", None).await
}

async fn token_status(client: &RelyingParty<'_>, code: &str) -> u16 {
    client.token_request(code).send().await.status
}

/// RFC 9700 §2.1, §4.1.3.
#[tokio::test]
async fn rfc9700_redirect_uris_are_compared_exactly() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let exact = client.redirect_uri();
    let origin = exact.strip_suffix("/oauth2/idpresponse").unwrap();
    let port = laptop.cognito.address().port();
    let near = [
        format!("{exact}/"),
        format!("{exact}?"),
        format!("{exact}?a=b"),
        format!("{exact}#"),
        format!("{exact}#a"),
        format!("{exact}/../idpresponse"),
        format!("{exact}.evil.example"),
        format!("{exact} "),
        format!(" {exact}"),
        format!("{exact}\0"),
        exact.to_uppercase(),
        exact.replace("http://", "https://"),
        exact.replace("http://", "HTTP://"),
        exact.replace("idpresponse", "idp%72esponse"),
        exact.replace("/oauth2/", "//oauth2/"),
        exact.replace("/oauth2/", "/./oauth2/"),
        exact.replace("localhost", "localhost."),
        exact.replace("localhost", "Cognito.localhost"),
        exact.replace("localhost", "a.localhost"),
        exact.replace("localhost", "user@localhost"),
        exact.replace("localhost", "127.0.0.1"),
        exact.replace(&format!(":{port}"), ""),
        exact.replace(&format!(":{port}"), &format!(":0{port}")),
        format!("{origin}.evil.example/oauth2/idpresponse"),
        format!("{origin}@evil.example/oauth2/idpresponse"),
        format!("https://evil.example/?{exact}"),
        origin.to_owned(),
        "/oauth2/idpresponse".to_owned(),
    ];
    let refusal = Refusal::on_page(400, "redirect_uri_mismatch");
    for uri in &near {
        assert_ne!(*uri, exact);
        let request = client.authorization_request().with("redirect_uri", uri);
        let page = client.authorize(&browser(), &request).await;
        assert_eq!(Refusal::of_page(&page), refusal, "{uri}");
        assert!(!page.headers.contains_key("location"), "{uri}");
        assert!(!page.text().contains("idpresponse"), "{uri}");
    }
    // The token request has to repeat the URI exactly (RFC 6749 §4.1.3).
    let request = client.token_request(&client.code().await);
    let refusal = Refusal::json(400, "invalid_grant", "code_redirect_uri_mismatch");
    for uri in &near {
        let other = request.clone().with("redirect_uri", uri).send().await;
        assert_eq!(Refusal::of_answer(&other), refusal, "{uri}");
    }
    assert_eq!(laptop.service.count(Endpoint::Token), 0);
    assert_eq!(request.send().await.status, 200);
    laptop.stop().await;
}

/// Asserts that a `Location` leads to the service's authorization endpoint or to the registered
/// redirect URI, and contains nothing of the request but the client's own `state`.
fn assert_location_is_ours(
    laptop: &Laptop,
    client: &RelyingParty<'_>,
    answer: &Answer,
    sent: &str,
) {
    let known: BTreeSet<_> = [
        "apigw-requestid",
        "cache-control",
        "content-length",
        "content-security-policy",
        "content-type",
        "date",
        "location",
        "referrer-policy",
        "set-cookie",
        "strict-transport-security",
        "x-content-type-options",
    ]
    .into();
    for (name, value) in &answer.headers {
        assert!(known.contains(name.as_str()), "{sent}: {name}");
        let harmless = name == "location" || !value.contains(EVIL);
        assert!(harmless, "{sent}: {name}");
    }
    assert!(!answer.body.contains(EVIL), "{sent}");
    let Some(location) = answer.headers.get("location") else {
        return;
    };
    assert!(
        location
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\'),
        "{sent}"
    );
    let service = format!("{}?", laptop.service.endpoints().authorization_endpoint);
    let redirect_uri = format!("{}?", client.redirect_uri());
    assert!(
        location.starts_with(&service) || location.starts_with(&redirect_uri),
        "{sent}: {location}"
    );
    let url = Url::parse(location).unwrap();
    assert_eq!(url.fragment(), None);
    let to_service = location.starts_with(&service);
    for (name, value) in url.query_pairs() {
        let is_clients_state = !to_service && name == "state";
        assert!(is_clients_state || !value.contains(EVIL), "{sent}: {name}");
        let callback = format!("{}/callback", client.issuer());
        assert!(name != "redirect_uri" || value == callback, "{sent}");
    }
}

/// RFC 9700 §4.11.
#[tokio::test]
async fn rfc9700_there_is_no_open_redirector() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    // `/authorize`: each parameter that the bridge knows, and those that other software uses for
    // redirects.
    for name in [
        "redirect_uri",
        "state",
        "client_id",
        "scope",
        "response_type",
        "response_mode",
        "nonce",
        "prompt",
        "max_age",
        "acr_values",
        "iss",
        "error",
        "error_description",
        "error_uri",
        "request_uri",
        "target_link_uri",
        "redirect",
        "next",
    ] {
        for hostile in HOSTILE {
            let request = client.authorization_request().with(name, hostile);
            let answer = get(&laptop, &target(&request.url()), &[]).await;
            assert_location_is_ours(&laptop, &client, &answer, name);
            let known_client = name != "redirect_uri" && name != "client_id";
            assert_eq!(answer.headers.contains_key("location"), known_client);
        }
    }
    // A hostile state comes back byte for byte, as a mere value.
    for hostile in HOSTILE {
        let request = client
            .authorization_request()
            .with("state", hostile)
            .with("prompt", "none");
        let arrival = client.sign_in(&browser(), &request, "adult", None).await;
        let refusal = Refusal::at_client("login_required", "login_required", Some(hostile));
        assert_eq!(Refusal::of(&arrival), refusal);
    }
    // `/callback`, with and without a pending login.
    for name in ["iss", "error", "error_description", "error_uri", "code"] {
        for hostile in HOSTILE {
            let begun = Begun::new(&client).await;
            let mut parameters = vec![(name, *hostile)];
            if name.starts_with("error_") {
                parameters.push(("error", "access_denied"));
            }
            let url = begun.callback(&client, &parameters);
            let strangers = get(&laptop, &target(&url), &[]).await;
            assert_location_is_ours(&laptop, &client, &strangers, name);
            assert_eq!(
                Refusal::of_answer(&strangers),
                Refusal::on_page(400, "no_pending_login")
            );

            let cookie = begun.browser.cookie_header(&url);
            let answer = get(&laptop, &target(&url), &[("cookie", &cookie)]).await;
            assert_eq!(answer.status, 302, "{name}");
            assert_location_is_ours(&laptop, &client, &answer, name);
            let (error, class) = match name {
                "iss" => ("server_error", "issuer_mismatch"),
                "error" => ("server_error", "service_unknown_error"),
                "error_description" | "error_uri" => ("access_denied", "cancelled"),
                _ => ("invalid_request", "malformed_callback"),
            };
            let arrival = Arrival::At(Url::parse(&answer.headers["location"]).unwrap());
            assert_eq!(
                Refusal::of(&arrival),
                Refusal::at_client(error, class, Some(STATE)),
                "{name}"
            );
        }
    }
    for path in [
        "//evil.example",
        "//evil.example/callback",
        "/\\evil.example",
        "/callback//evil.example",
        "/callback/https://evil.example",
        "/%2f%2fevil.example",
        "/authorize/..//evil.example",
    ] {
        let answer = get(&laptop, path, &[]).await;
        assert_eq!(
            Refusal::of_answer(&answer),
            Refusal::on_page(404, "not_found"),
            "{path}"
        );
        assert_location_is_ours(&laptop, &client, &answer, path);
        assert!(!answer.headers.contains_key("location"));
    }
    let usual = client.authorization_request();
    let answer = get(&laptop, &target(&usual.url()), &[]).await;
    assert!(
        answer.headers["location"].starts_with(&laptop.service.endpoints().authorization_endpoint)
    );
    assert_eq!(token_status(&client, &client.code().await).await, 200);
    laptop.stop().await;
}

/// Headers that claim that the request was sent to another host.
const OTHER_HOST: &[(&str, &str)] = &[
    ("host", "evil.example"),
    (
        "forwarded",
        "for=192.0.2.1;host=evil.example;proto=gopher;by=evil.example",
    ),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-proto", "gopher"),
    ("x-forwarded-port", "1"),
    ("x-forwarded-prefix", "/evil"),
    ("x-forwarded-server", "evil.example"),
    ("x-original-host", "evil.example"),
    ("x-original-url", "https://evil.example/"),
    ("x-rewrite-url", "/evil"),
    ("x-http-method-override", "DELETE"),
    ("origin", "https://evil.example"),
    ("referer", "https://evil.example/"),
];

/// A forged `Host` doesn't change the issuer (RFC 9700 §2.6 with RFC 9207 and RFC 8414).
#[tokio::test]
async fn rfc9700_the_issuer_comes_from_the_configuration() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    for path in [
        "/.well-known/openid-configuration",
        "/jwks.json",
        "/client-jwks.json",
    ] {
        let usual = get(&laptop, path, &[]).await;
        let other = get(&laptop, path, OTHER_HOST).await;
        assert_eq!((usual.status, other.status), (200, 200), "{path}");
        assert_eq!(usual.body, other.body, "{path}");
    }
    let request = client.authorization_request();
    let answer = get(&laptop, &target(&request.url()), OTHER_HOST).await;
    assert_eq!(answer.status, 302);
    assert_location_is_ours(&laptop, &client, &answer, "headers");
    let answer = get(&laptop, "/elsewhere", OTHER_HOST).await;
    assert_location_is_ours(&laptop, &client, &answer, "headers");

    // A whole login whose callback and token request name another host.
    let begun = Begun::new(&client).await;
    let until = |url: &Url| url.path() == "/callback";
    let at_service = begun.at_service.clone();
    let login = BrowserLogin::run(&begun.browser, &at_service, "adult", None, until).await;
    let Arrival::At(callback) = login.end else {
        panic!("the service sends the browser back");
    };
    let cookie = begun.browser.cookie_header(&callback);
    let mut headers = OTHER_HOST.to_vec();
    headers.push(("cookie", &cookie));
    let answer = get(&laptop, &target(&callback), &headers).await;
    let back = Url::parse(&answer.headers["location"]).unwrap();
    assert!(back.as_str().starts_with(&client.redirect_uri()));
    let mut request = client.token_request(&kit::parameter(&back, "code").unwrap());
    for (name, value) in OTHER_HOST {
        request = request.header(name, value);
    }
    let tokens = request.send().await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    // `verified` compares the issuer with the configured one.
    let claims = client.verified(&tokens.text("id_token").unwrap()).await;
    assert_eq!(claims["iss"], client.issuer());
    laptop.stop().await;
}

/// RFC 9700 §2.1.1, §4.5.3.1, §4.8.
#[tokio::test]
async fn rfc9700_every_transaction_has_its_own_pkce_challenge_nonce_and_state() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let browser = browser();
    let mut seen = BTreeSet::new();
    for _ in 0..5 {
        let login = login(&client, &browser).await;
        let at_service = location(login.answer("bridge", "/authorize"));
        assert_eq!(
            kit::parameter(&at_service, "code_challenge_method").as_deref(),
            Some("S256")
        );
        let [state, nonce, challenge] = ["state", "nonce", "code_challenge"].map(|name| {
            let value = kit::parameter(&at_service, name).unwrap();
            let bytes = URL_SAFE_NO_PAD.decode(&value).unwrap();
            assert_eq!(bytes.len(), 32, "{name}: 256 bits");
            value
        });
        assert_eq!(
            token_status(&client, &parameter(&login.end, "code").unwrap()).await,
            200
        );
        let requests = laptop.service.requests();
        let last = requests
            .iter()
            .rfind(|request| request.endpoint == Endpoint::Token)
            .unwrap();
        let verifier = last.form_value("code_verifier").unwrap().to_owned();
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
        assert_eq!(
            URL_SAFE_NO_PAD.encode(hash),
            challenge,
            "the verifier is this transaction's"
        );
        for value in [state, nonce, challenge, verifier] {
            assert!(seen.insert(value), "every value is new");
        }
    }
    assert_eq!(seen.len(), 20);
    laptop.stop().await;
}

/// A login that began in one browser can't end in another, and a code can't be moved into another
/// login (RFC 9700 §2.1.1, §4.5, §4.7).
#[tokio::test]
async fn rfc9700_a_login_is_bound_to_its_browser() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let until = |url: &Url| url.path() == "/callback";
    let back_from_service = async |begun: &Begun| {
        let login =
            BrowserLogin::run(&begun.browser, &begun.at_service, "adult", None, until).await;
        match login.end {
            Arrival::At(url) => url,
            Arrival::Page(page) => panic!("{page:?}"),
        }
    };
    let attacker = Begun::new(&client).await;
    let attackers_callback = back_from_service(&attacker).await;
    let victim = Begun::new(&client).await;
    let victims_callback = back_from_service(&victim).await;

    // The other person's callback, in a browser without a cookie, and in a browser with the cookie
    // of another login.
    let refusal = Refusal::on_page(400, "no_pending_login");
    for (browser, callback) in [
        (&browser(), &attackers_callback),
        (&victim.browser, &attackers_callback),
        (&attacker.browser, &victims_callback),
    ] {
        let end = end_of(&client, browser, callback).await;
        assert_eq!(Refusal::of(&end), refusal);
    }

    // The attacker's code with the victim's state. The code is bound to the attacker's verifier,
    // which the victim's login doesn't have.
    let attackers_code = kit::parameter(&attackers_callback, "code").unwrap();
    let mixed = victim.callback(&client, &[("code", &attackers_code)]);
    let end = end_of(&client, &victim.browser, &mixed).await;
    let code = parameter(&end, "code").expect("nobody can see it yet");
    let tokens = client.token_request(&code).send().await;
    assert_eq!(
        Refusal::of_answer(&tokens),
        Refusal::json(400, "invalid_grant", "service_refused_code")
    );
    assert_eq!(laptop.service.count(Endpoint::Userinfo), 0);

    // The value of another login's cookie, under the name of this login's cookie.
    let one = Begun::new(&client).await;
    let other = Begun::new(&client).await;
    let callback = back_from_service(&one).await;
    let [own] = &one.browser.cookies(&callback)[..] else {
        panic!("one cookie");
    };
    let [others] = &other.browser.cookies(&callback)[..] else {
        panic!("one cookie");
    };
    assert!(
        one.browser
            .replace_cookie_value(&callback, &own.name, &others.value)
    );
    let end = end_of(&client, &one.browser, &callback).await;
    assert_eq!(Refusal::of(&end), Refusal::on_page(400, "altered_login"));

    let honest = Begun::new(&client).await;
    let callback = back_from_service(&honest).await;
    let end = end_of(&client, &honest.browser, &callback).await;
    assert_eq!(
        token_status(&client, &parameter(&end, "code").unwrap()).await,
        200
    );
    laptop.stop().await;
}

/// RFC 9700 §2.1.1, §4.2.4, §4.5.
#[tokio::test]
async fn rfc9700_state_code_and_verifier_are_useless_after_their_first_use() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let browser = browser();
    let begun = client
        .authorize(&browser, &client.authorization_request())
        .await;
    let thief = login_kit::browser();
    thief.copy_cookies_from(&browser);
    let until = |url: &Url| url.path() == "/callback";
    let login = BrowserLogin::run(&browser, &location(&begun), "adult", None, until).await;
    let Arrival::At(callback) = login.end else {
        panic!("the service sends the browser back");
    };
    let end = end_of(&client, &browser, &callback).await;
    let code = parameter(&end, "code").unwrap();

    // State: its first use ended the browser's cookie.
    let again = end_of(&client, &browser, &callback).await;
    assert_eq!(
        Refusal::of(&again),
        Refusal::on_page(400, "no_pending_login")
    );
    assert_eq!(browser.cookie_header(&callback), "");

    // Code: it can be used once.
    assert_eq!(token_status(&client, &code).await, 200);
    let refusal = Refusal::json(400, "invalid_grant", "service_refused_code");
    let again = client.token_request(&code).send().await;
    assert_eq!(Refusal::of_answer(&again), refusal);

    // A thief who copied cookie and callback before can get another code of the bridge. It contains
    // the used code of the service, and its verifier.
    let end = end_of(&client, &thief, &callback).await;
    let stolen = parameter(&end, "code").unwrap();
    assert_ne!(stolen, code);
    let tokens = client.token_request(&stolen).send().await;
    assert_eq!(Refusal::of_answer(&tokens), refusal);
    assert_eq!(laptop.service.count(Endpoint::Userinfo), 1);

    // Verifier: sealed into the next login's code, as the bridge would seal it, it is refused.
    let keys = SealingKeys::new([laptop.configuration.sealing_key().expose_secret()]).unwrap();
    let seal = Seal {
        keys: &keys,
        audience: Audience::new(&client.issuer(), COGNITO_CLIENT_ID),
        now: laptop.clock.now(),
    };
    let used = Code::open(&code, seal).unwrap().exchange.code_verifier;
    for (verifier, status) in [(Some(used), 400), (None, 200)] {
        let mut next = Code::open(&client.code().await, seal).unwrap();
        let own = next.exchange.code_verifier.clone();
        next.exchange.code_verifier = verifier.unwrap_or(own);
        let next = next.seal(seal, &SystemRandomness).unwrap();
        assert_eq!(token_status(&client, &next).await, status);
    }
    laptop.stop().await;
}

/// Answers of the bridge of every kind: a name, the status, and the headers.
async fn every_kind_of_answer(laptop: &Laptop) -> Vec<(&'static str, Answer)> {
    let client = RelyingParty::new(laptop);
    let request = client.authorization_request();
    let mut answers = Vec::new();

    let begun = Begun::new(&client).await;
    let login = BrowserLogin::run(&begun.browser, &begun.at_service, "adult", None, |url| {
        url.path() == "/callback"
    })
    .await;
    let Arrival::At(callback) = login.end else {
        panic!("the service sends the browser back");
    };
    let cookie = begun.browser.cookie_header(&callback);
    let returned = get(laptop, &target(&callback), &[("cookie", &cookie)]).await;
    let code = kit::parameter(&Url::parse(&returned.headers["location"]).unwrap(), "code").unwrap();
    let tokens = client.token_request(&code).send().await;
    let access_token = tokens.text("access_token").unwrap();
    let denied = Begun::new(&client).await;
    let denied_callback = denied.callback(&client, &[("error", "access_denied")]);
    let denied_cookie = denied.browser.cookie_header(&denied_callback);

    answers.push((
        "/authorize",
        get(laptop, &target(&request.url()), &[]).await,
    ));
    answers.push(("/callback", returned));
    answers.push(("/token", tokens));
    answers.push(("/userinfo", client.userinfo(&access_token).await));
    answers.push((
        "/authorize, told to the client",
        get(
            laptop,
            &target(&request.clone().with("prompt", "none").url()),
            &[],
        )
        .await,
    ));
    answers.push((
        "/callback, told to the client",
        get(
            laptop,
            &target(&denied_callback),
            &[("cookie", &denied_cookie)],
        )
        .await,
    ));
    for (kind, answer) in every_page(laptop).await {
        answers.push((kind, answer));
    }
    let used = client.token_request(&code);
    for (kind, request) in [
        ("/token, 400", used.clone()),
        ("/token, 400 without a code", used.clone().without("code")),
        ("/token, 401", used.without("client_secret")),
    ] {
        answers.push((kind, request.send().await));
    }
    answers.push(("/userinfo, 401", client.userinfo("another").await));
    for (kind, path) in [
        ("/token, 405", "/token"),
        ("/userinfo, 405", "/userinfo"),
        ("/jwks.json, 405", "/jwks.json"),
    ] {
        answers.push((kind, send(laptop, reqwest::Method::DELETE, path, &[]).await));
    }
    answers
}

/// Every page that the bridge can show, except for that of a defect, by the class of failure.
async fn every_page(laptop: &Laptop) -> Vec<(&'static str, Answer)> {
    let client = RelyingParty::new(laptop);
    let request = client.authorization_request();
    let authorize = |name: &str, value: &str| target(&request.clone().with(name, value).url());
    let mut pages = Vec::new();
    let long = format!("/authorize?{}", "a".repeat(8 * 1024 + 1));
    let twice = target(&request.clone().and("state", "again").url());
    for (class, path) in [
        ("not_found", "/elsewhere".to_owned()),
        ("unknown_client", authorize("client_id", "another")),
        (
            "redirect_uri_mismatch",
            authorize("redirect_uri", "https://evil.example/"),
        ),
        ("malformed_request", twice),
        ("too_large", long),
        ("malformed_callback", "/callback".to_owned()),
        (
            "no_pending_login",
            format!("/callback?state={}", URL_SAFE_NO_PAD.encode([7; 32])),
        ),
    ] {
        pages.push((class, get(laptop, &path, &[]).await));
    }
    for path in ["/authorize", "/callback"] {
        let answer = send(laptop, reqwest::Method::PUT, path, &[]).await;
        pages.push(("method_not_allowed", answer));
    }
    // Cookies that the bridge made long ago, that another bridge made, and that were altered.
    let keys = SealingKeys::new([laptop.configuration.sealing_key().expose_secret()]).unwrap();
    let ours = client.issuer();
    for (class, issuer, minutes_ago, altered) in [
        ("login_expired", ours.as_str(), 6, false),
        ("foreign_login", "https://bridge.example", 0, false),
        ("altered_login", ours.as_str(), 0, true),
    ] {
        let (state, mut cookie) = pending_login(laptop, &keys, issuer, minutes_ago);
        if altered {
            cookie.pop();
            cookie.push_str("AAA");
        }
        let path = format!("/callback?code=a&state={state}");
        let answer = get(laptop, &path, &[("cookie", &cookie)]).await;
        pages.push((class, answer));
    }
    for (class, page) in &pages {
        let status = match *class {
            "not_found" => 404,
            "method_not_allowed" => 405,
            "too_large" => 413,
            _ => 400,
        };
        assert_eq!(Refusal::of_answer(page), Refusal::on_page(status, class));
    }
    pages
}

/// The service's `state` and the cookie of a login that began some minutes ago.
fn pending_login(
    laptop: &Laptop,
    keys: &SealingKeys,
    issuer: &str,
    minutes_ago: i64,
) -> (String, String) {
    let pending = PendingLogin {
        one_time: OneTimeValues::new(&SystemRandomness).unwrap(),
        redirect_uri: laptop.cognito.idpresponse_url(),
        client_state: ClientState::new(STATE),
        client_request: ClientRequest {
            nonce: None,
            code_challenge: None,
            authenticated_after: None,
        },
    };
    let seal = Seal {
        keys,
        audience: Audience::new(issuer, COGNITO_CLIENT_ID),
        now: laptop.clock.now() - TimeDelta::minutes(minutes_ago),
    };
    let lines = pending
        .begin(seal, std::iter::empty(), &SystemRandomness)
        .unwrap();
    let cookie = lines[0].split(';').next().unwrap().to_owned();
    (pending.one_time.state.expose_base64url(), cookie)
}

/// RFC 9700 §4.2.4; RFC 6749 §5.1.
#[tokio::test]
async fn rfc9700_no_referrer_is_sent_and_nothing_is_cached() {
    let laptop = laptop().await;
    for (kind, answer) in every_kind_of_answer(&laptop).await {
        assert_eq!(answer.headers["referrer-policy"], "no-referrer", "{kind}");
        assert_eq!(answer.headers["cache-control"], "no-store", "{kind}");
        assert_eq!(
            answer.headers["x-content-type-options"], "nosniff",
            "{kind}"
        );
    }
    // Only the public keys may be cached, for five minutes.
    let keys = get(&laptop, "/jwks.json", &[]).await;
    assert_eq!(keys.headers["cache-control"], "public, max-age=300");
    laptop.stop().await;
}

/// RFC 9700 §4.16.
#[tokio::test]
async fn rfc9700_no_page_can_be_framed() {
    let laptop = laptop().await;
    let not_connected = variables([(variables::SERVICE_CLIENT_ID, None)]);
    let unconnected = laptop_with(|options| options.environment = not_connected).await;
    let request = RelyingParty::new(&unconnected).authorization_request();
    let page = get(&unconnected, &target(&request.url()), &[]).await;
    assert_eq!(
        Refusal::of_answer(&page),
        Refusal::on_page(403, "not_connected")
    );
    let mut answers = every_kind_of_answer(&laptop).await;
    answers.push(("not_connected", page));
    let secret = Some(r#"{"current":"what CloudFront shows"}"#);
    let front_door = variables([(variables::FRONT_DOOR_SECRETS, secret)]);
    let guarded = laptop_with(|options| options.environment = front_door).await;
    let page = get(&guarded, &target(&request.url()), &[]).await;
    let refusal = Refusal::on_page(403, "not_through_front_door");
    assert_eq!(Refusal::of_answer(&page), refusal);
    answers.push(("not_through_front_door", page));
    guarded.stop().await;
    for (kind, answer) in answers {
        let policy = &answer.headers["content-security-policy"];
        let directives: BTreeSet<_> = policy.split("; ").collect();
        for directive in [
            "default-src 'none'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        ] {
            assert!(directives.contains(directive), "{kind}: {directive}");
        }
        assert!(!policy.contains("unsafe"), "{kind}");
    }
    unconnected.stop().await;
    laptop.stop().await;
}

/// RFC 9700 §4.12.
#[tokio::test]
async fn rfc9700_redirects_are_302_or_303_and_never_307() {
    let laptop = laptop().await;
    let client = RelyingParty::new(&laptop);
    let request = client.authorization_request();
    let mut redirects = 0;
    for fault in [None, Some(Fault::Cancel), Some(Fault::CallbackWrongIssuer)] {
        let login = client
            .browser_login(&browser(), &request, "adult", fault)
            .await;
        for page in &login.answers {
            if page.url.host_str() == Some("bridge.localhost") {
                assert_eq!(page.status, 302, "{}", page.url.path());
                redirects += 1;
            }
        }
    }
    assert_eq!(redirects, 6);
    // A form is redirected without its content: to the same request as a query, or back to the
    // client.
    for prompt in ["login", "none"] {
        let form = request.clone().with("prompt", prompt);
        let answer = form.post(&browser()).await;
        assert_eq!(answer.status, 303, "{prompt}");
    }
    // No other form is redirected: neither a token request nor a form that is sent to a page.
    for (kind, answer) in every_kind_of_answer(&laptop).await {
        let is_redirect = matches!(
            kind,
            "/authorize"
                | "/callback"
                | "/authorize, told to the client"
                | "/callback, told to the client"
        );
        assert_eq!(answer.status == 302, is_redirect, "{kind}");
        assert_eq!((300..400).contains(&answer.status), is_redirect, "{kind}");
        assert_eq!(
            answer.headers.contains_key("location"),
            is_redirect,
            "{kind}"
        );
    }
    laptop.stop().await;
}

/// One login (RFC 9700 §4.2, §4.3.2). The module `privacy` tests every persona and every fault.
#[tokio::test]
async fn rfc9700_no_token_code_or_attribute_is_in_a_url_of_ours_or_in_a_log() {
    let laptop = laptop().await;
    let mut run = Run::new(&laptop);
    assert_eq!(run.at_client(&laptop, "adult", None).await, None);
    run.finish(&laptop);
    assert_eq!(run.leaks(), [""; 0]);
    // The search would find it.
    let codes = run.with_logged_callbacks().leaks();
    assert!(codes.iter().any(|leak| leak.contains("ServiceCode: log")));
    laptop.stop().await;
}

/// Secrets that a request could guess are compared with one function, whose time doesn't depend on
/// where the values differ. This test finds sources that compare a secret in another way.
#[test]
fn rfc9700_secrets_are_compared_in_constant_time() {
    let repository = kit::workspace();
    let mut files = Vec::new();
    for folder in [
        "functions/federation/src",
        "functions/inbound-federation/src",
        "functions/pre-token-generation/src",
        "crates/digital-auth/src",
        "crates/four-attributes/src",
        "crates/function-kit/src",
        "crates/keys/src",
        "crates/refreshed/src",
        "crates/record-trigger/src",
        "crates/sealing/src",
    ] {
        let entries = std::fs::read_dir(repository.join(folder)).unwrap();
        files.extend(entries.map(|entry| entry.unwrap().path()));
    }
    let sources: Vec<_> = files
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| (path, std::fs::read_to_string(path).unwrap()))
        .collect();
    assert!(sources.len() > 50);
    for (path, source) in &sources {
        assert_eq!(variable_time(source), [""; 0], "{}", path.display());
    }

    // Each place where a secret of a request is compared, and the function that compares it.
    for (file, values) in [
        (
            "functions/federation/src/secrets.rs",
            "(hash.as_ref(), given.as_ref())",
        ),
        (
            "functions/federation/src/token.rs",
            "(hash.as_ref(), &challenge)",
        ),
        (
            "crates/digital-auth/src/authorization.rs",
            "(&self.0, &other.0)",
        ),
    ] {
        let source = std::fs::read_to_string(repository.join(file)).unwrap();
        let call = format!("verify_slices_are_equal{values}");
        assert!(source.contains(&call), "{file}");
    }
    // The type of a login's secrets has no other comparison.
    let one = Secret256::from_bytes([1; 32]);
    assert!(one == one.clone() && one != Secret256::from_bytes([2; 32]));

    // The search finds mistakes.
    for mistake in [
        "if given == current.expose_secret() { return true; }",
        "let same = self.state\n    .expose_bytes()\n    != stored;",
        "parameters.get(\"client_secret\") == Some(known)",
        "secret.expose_secret().eq(given)",
        "given.starts_with(previous.expose_secret())",
        "matches!(code_verifier, known if known == challenge)",
    ] {
        assert_eq!(variable_time(mistake).len(), 1, "{mistake}");
    }
    for right in [
        "if secret.expose_secret().len() < 16 { return Err(Malformed); }",
        "// given == current.expose_secret() would tell",
        "verify_slices_are_equal(&stored.state, state.expose_bytes())",
    ] {
        assert_eq!(variable_time(right), [""; 0], "{right}");
    }
}

/// The statements of a source, without its tests, that compare a secret in variable time.
fn variable_time(source: &str) -> Vec<&str> {
    const SECRETS: &[&str] = &[
        "expose_secret",
        "expose_bytes",
        "expose_base64url",
        "client_secret\"",
        "code_verifier",
    ];
    const COMPARISONS: &[&str] = &[
        " == ",
        " != ",
        ".eq(",
        ".ne(",
        ".cmp(",
        ".starts_with(",
        ".ends_with(",
    ];
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    code.split([';', '{', '}'])
        .filter(|statement| {
            let statement = statement
                .lines()
                .filter(is_code)
                .map(str::trim)
                .collect::<Vec<_>>()
                .join(" ");
            let has = |words: &[&str]| words.iter().any(|word| statement.contains(word));
            // The length of a secret may be compared.
            has(SECRETS) && has(COMPARISONS)
        })
        .collect()
}

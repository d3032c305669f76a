//! The authorization endpoint: checks every rule for the request, then shows the test-card page.
//! Until `client_id` and `redirect_uri` are verified, an error is shown on a page; after that,
//! errors are sent to the client's redirect URI. A parameter that isn't documented for this API is
//! refused, because a client must send no other.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use http::StatusCode;
use loopback::journal::Parameter;
use loopback::parameters::Parameters;
use loopback::random;
use url::Url;

use crate::exchange::{Answer, Checks, Received};
use crate::login::{AuthorizationRequest, Login};
use crate::pages::ErrorPage;
use crate::persona::ATTRIBUTES;
use crate::realm::Realm;
use crate::test_card;

/// Cited for the rules that come from the API's own documentation.
const RULE: &str = "Digital Authentication App, authorization request";

/// The documented parameters.
const KNOWN: &[&str] = &[
    "response_type",
    "scope",
    "client_id",
    "redirect_uri",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "acr_values",
];

/// The scopes of the authentication API. The scope `sign` belongs to the signing API, and is
/// refused.
pub const SCOPES: &[&str] = &{
    let [name, address, birthdate, gender] = ATTRIBUTES;
    ["openid", name, address, birthdate, gender]
};

/// The answer to `GET …/auth`.
pub(crate) fn answer(realm: &Realm, received: &Received, checks: &mut Checks) -> Answer {
    let begun = examine(realm, &received.query, checks).and_then(|request| {
        let login = begin(realm, request.clone(), realm.clock.now());
        let login = login.ok_or(Refusal::Page(ErrorPage::Internal))?;
        Ok((login, request))
    });
    match begun {
        Ok((login, request)) => {
            let issuer = Parameter::new("issuer", &realm.endpoints.issuer);
            realm.note(received, [issuer]);
            test_card::begun(realm, received, &login, &request)
        }
        Err(Refusal::Page(error)) => error.in_language(received.language()),
        Err(Refusal::Client(error)) => redirect_error(realm, &error),
    }
}

/// Why a request is refused.
enum Refusal {
    /// The error is shown on a page of the service.
    Page(ErrorPage),
    /// The error is sent to the client's redirect URI (RFC 6749 §4.1.2.1).
    Client(Box<ClientError>),
}

struct ClientError {
    redirect_uri: String,
    state: Option<String>,
    error: &'static str,
    description: Option<String>,
}

fn begin(realm: &Realm, request: AuthorizationRequest, now: DateTime<Utc>) -> Option<String> {
    let id = random::base64url(32).ok()?;
    let mut memory = realm.memory();
    memory.tidy(now);
    let login = Login {
        request,
        expires: now + realm.settings.login_lifetime,
        choice: None,
    };
    memory.logins.insert(id.clone(), login);
    Some(id)
}

fn redirect_error(realm: &Realm, refused: &ClientError) -> Answer {
    let Ok(mut location) = Url::parse(&refused.redirect_uri) else {
        return Answer::internal_error();
    };
    {
        let mut query = location.query_pairs_mut();
        query.append_pair("error", refused.error);
        if let Some(description) = &refused.description {
            query.append_pair("error_description", description);
        }
        if let Some(state) = &refused.state {
            query.append_pair("state", state);
        }
        query.append_pair("iss", &realm.endpoints.issuer);
    }
    Answer::redirect(StatusCode::FOUND, &location)
}

fn examine(
    realm: &Realm,
    query: &Parameters,
    checks: &mut Checks,
) -> Result<AuthorizationRequest, Refusal> {
    checks.require(
        "the query is form encoded UTF-8",
        "RFC 6749 §3.1",
        query.are_well_formed(),
        || Refusal::Page(ErrorPage::MalformedQuery),
    )?;
    let (client_id, redirect_uri) = trusted_redirect_uri(realm, query, checks)?;

    let state = query.first("state").filter(|state| is_printable(state));
    let refuse = |error, description: Option<&str>| {
        Refusal::Client(Box::new(ClientError {
            redirect_uri: redirect_uri.clone(),
            // A state that breaks the rules isn't sent back.
            state: state
                .filter(|_| query.is_single("state"))
                .map(str::to_owned),
            error,
            description: description.map(str::to_owned),
        }))
    };
    let invalid = |description| refuse("invalid_request", Some(description));

    checks.require(
        "no parameter comes twice",
        "RFC 6749 §3.1",
        query.are_unique(),
        || invalid("duplicated parameter"),
    )?;
    let unsigned = !query.has("request") && !query.has("request_uri");
    checks.require("there is no request object", RULE, unsigned, || {
        invalid("Request objects are not supported")
    })?;
    checks.require("nothing else is sent", RULE, query.are_among(KNOWN), || {
        invalid("Unknown parameter")
    })?;

    let response_type = checks.find(
        "response_type is there",
        RULE,
        query.first("response_type"),
        || invalid("Missing parameter: response_type"),
    )?;
    checks.require(
        "response_type is code",
        RULE,
        response_type == "code",
        || {
            // Keycloak sends no error_description here.
            refuse("unsupported_response_type", None)
        },
    )?;

    let scope = checks.find("scope is there", RULE, query.first("scope"), || {
        refuse("invalid_scope", Some("Missing parameter: scope"))
    })?;
    let scopes: Vec<String> = scope.split(' ').map(str::to_owned).collect();
    let known = scopes.iter().all(|scope| SCOPES.contains(&scope.as_str()));
    checks.require("every scope is known", RULE, known, || {
        refuse("invalid_scope", Some(&format!("Invalid scopes: {scope}")))
    })?;
    let once = scopes
        .iter()
        .all(|scope| scopes.iter().filter(|other| *other == scope).count() == 1);
    checks.require("no scope comes twice", RULE, once, || {
        refuse("invalid_scope", Some(&format!("Invalid scopes: {scope}")))
    })?;
    let openid = scopes.iter().any(|scope| scope == "openid");
    checks.require("scope has openid", RULE, openid, || {
        refuse("invalid_scope", Some("Missing scope: openid"))
    })?;

    let state = printable(
        query,
        "state",
        checks,
        || invalid("Missing parameter: state"),
        || invalid("Invalid parameter: state"),
    )?;
    let nonce = printable(
        query,
        "nonce",
        checks,
        || invalid("Missing parameter: nonce"),
        || invalid("Invalid parameter: nonce"),
    )?;

    let method = query.first("code_challenge_method");
    let method = checks.find("code_challenge_method is there", RULE, method, || {
        invalid("Missing parameter: code_challenge_method")
    })?;
    checks.require(
        "code_challenge_method is S256",
        RULE,
        method == "S256",
        || invalid("Invalid parameter: code challenge method is not matching the configured one"),
    )?;
    let challenge = query.first("code_challenge");
    let challenge = checks.find("code_challenge is there", RULE, challenge, || {
        invalid("Missing parameter: code_challenge")
    })?;
    let is_hash = is_sha256(challenge);
    checks.require(
        "code_challenge is a SHA-256 in base64url",
        "RFC 7636 §4.2",
        is_hash,
        || invalid("Invalid parameter: code_challenge"),
    )?;

    let acr_values =
        !query.has("acr_values") || query.first("acr_values").is_some_and(is_printable);
    checks.require("acr_values is printable", RULE, acr_values, || {
        invalid("Invalid parameter: acr_values")
    })?;

    let mut acr_values = query.first("acr_values").unwrap_or_default().split(' ');
    let is_usual = acr_values.clone().any(|one| one == realm.settings.acr);
    let other = acr_values.next().filter(|one| !one.is_empty() && !is_usual);

    Ok(AuthorizationRequest {
        acr: other.map(str::to_owned),
        client_id,
        redirect_uri: redirect_uri.clone(),
        scopes,
        state,
        nonce,
        code_challenge: challenge.to_owned(),
    })
}

/// Verifies `client_id` and `redirect_uri`, and returns them. Only if both are valid may an error
/// be sent to the redirect URI (RFC 6749 §4.1.2.1).
fn trusted_redirect_uri(
    realm: &Realm,
    query: &Parameters,
    checks: &mut Checks,
) -> Result<(String, String), Refusal> {
    let single = query.is_single("client_id") && query.is_single("redirect_uri");
    checks.require(
        "client_id and redirect_uri come once",
        "RFC 6749 §3.1",
        single,
        || Refusal::Page(ErrorPage::Duplicate),
    )?;
    let client_id = checks.find("client_id is there", RULE, query.first("client_id"), || {
        Refusal::Page(ErrorPage::ClientIdMissing)
    })?;
    let memory = realm.memory();
    let client = checks.find(
        "client_id is registered",
        RULE,
        memory.client(client_id),
        || Refusal::Page(ErrorPage::UnknownClient(memory.client_ids())),
    )?;
    let redirect_uri = query.first("redirect_uri").filter(|uri| {
        client
            .redirect_uris
            .iter()
            .any(|registered| registered == uri)
    });
    let redirect_uri = checks.find(
        "redirect_uri is exactly one that is registered",
        "RFC 9700 §2.1",
        redirect_uri,
        || Refusal::Page(ErrorPage::RedirectUri(client.redirect_uris.clone())),
    )?;
    Ok((client_id.to_owned(), redirect_uri.to_owned()))
}

/// A required parameter of 1..=255 printable ASCII characters.
fn printable(
    query: &Parameters,
    name: &'static str,
    checks: &mut Checks,
    missing: impl FnOnce() -> Refusal,
    malformed: impl FnOnce() -> Refusal,
) -> Result<String, Refusal> {
    let value = checks.find(
        &format!("{name} is there"),
        RULE,
        query.first(name),
        missing,
    )?;
    let what = format!("{name} has 1..=255 printable ASCII characters");
    checks.require(&what, RULE, is_printable(value), malformed)?;
    Ok(value.to_owned())
}

/// 1..=255 characters of `[\x20-\x7E]`.
fn is_printable(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
}

/// Base64url of 32 bytes: 43 characters.
fn is_sha256(text: &str) -> bool {
    URL_SAFE_NO_PAD
        .decode(text)
        .is_ok_and(|bytes| bytes.len() == 32)
}

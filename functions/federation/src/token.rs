//! `/token`: Amazon Cognito exchanges the bridge's code for tokens. To make them, the bridge
//! exchanges the service's code, which is sealed inside. Contract C2 says what Cognito sends.
//! The client is authenticated before anything is opened or called (RFC 6749 §3.2.1). Then the code
//! must be the bridge's own, for this client and redirect URI. Then the service has to give its
//! tokens. All of it takes four seconds at most.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use function_kit::check::{ensure, held, none_of, present};
use function_kit::invocation::Invocation;
use function_kit::metrics::Step;
use function_kit::secrets::{Asker, Shown};

use crate::bridge::Bridge;
use crate::code::Code;
use crate::issued_token::{self, IssueError, Parties, RecordSeal};
use crate::logins::Logins;
use crate::refusal::{Refusal, Told};
use relying_party::Class;
use relying_party::at_service::{AtService, login_failure};
use relying_party::http_api::{Request, Response};
use relying_party::parameters::Parameters;
use sealing::sealed::OpenError;

/// Who shows a client secret here: anybody.
const CLIENT: Asker = Asker("client");
/// Who shows a code here: the client, after it has shown the right secret.
const AUTHENTICATED_CLIENT: Asker = Asker("authenticated client");

/// Answers a token request. If the deadline has passed, the class names what took most of the time,
/// wherever the request was interrupted.
///
/// # Errors
///
/// Why there are no tokens.
pub async fn token(
    (bridge, logins): (&Bridge, &Logins),
    request: &Request,
    invocation: &Invocation<'_>,
) -> Result<Response, Refusal> {
    let at_service = AtService::new(invocation.measurements);
    let answer = exchange((bridge, logins), request, invocation, &at_service).await;
    answer.map_err(|class| {
        let class = match class {
            Class::SecretsUnavailable
            | Class::SigningFailed
            | Class::KeySetUnavailable
            | Class::ServiceTimeout
                if invocation.deadline.has_passed() =>
            {
                slowest(invocation)
            }
            other => other,
        };
        Refusal {
            person: at_service.person(),
            ..Refusal::told(Told::Json, class)
        }
    })
}

const SIGNING: &[Step] = &[Step::SignAssertion, Step::SignIdToken];

/// The class of what took most of the time. The service's keys and its answers count together, as
/// the service's time.
fn slowest(invocation: &Invocation<'_>) -> Class {
    let who: [(&[Step], _); 3] = [
        (&[Step::Secrets], Class::SecretsUnavailable),
        (SIGNING, Class::SigningFailed),
        (
            &[Step::ServiceJwks, Step::ServiceToken, Step::ServiceUserinfo],
            Class::ServiceTimeout,
        ),
    ];
    match invocation.slowest(&who) {
        None => Class::TooSlow,
        Some(Class::ServiceTimeout) if its_keys_took_longer(invocation) => Class::KeySetUnavailable,
        Some(class) => class,
    }
}

/// Whether the service took longer for its keys than for its answers. Signatures are among the
/// groups because steps that run at the same time share that time.
fn its_keys_took_longer(invocation: &Invocation<'_>) -> bool {
    let which: [&[Step]; 3] = [
        &[Step::ServiceJwks],
        &[Step::ServiceToken, Step::ServiceUserinfo],
        SIGNING,
    ];
    let taken = invocation.measurements.shares(&which);
    matches!(taken[..], [keys, answers, _] if keys > answers)
}

async fn exchange(
    (bridge, logins): (&Bridge, &Logins),
    request: &Request,
    invocation: &Invocation<'_>,
    at_service: &AtService<'_>,
) -> Result<Response, Class> {
    let Invocation {
        now,
        deadline,
        measurements,
        ..
    } = *invocation;
    let parameters = request.form(Class::MalformedTokenRequest)?;
    authenticate_client(logins, &parameters, invocation).await?;
    let grant_type = parameters.get("grant_type");
    let grant_type = grant_type.ok_or(Class::MalformedTokenRequest)?;
    let is_code = grant_type == "authorization_code";
    ensure(is_code, Class::UnsupportedGrantType)?;
    let given = (parameters.get("code")).zip(parameters.get("redirect_uri"));
    let (code, redirect_uri) = present(given, Class::MalformedTokenRequest)?;
    let code = open(logins, code, invocation).await?;
    let is_the_same = code.redirect_uri == redirect_uri;
    ensure(is_the_same, Class::CodeRedirectUriMismatch)?;
    let client_request = code.client_request;
    let fits = fits_challenge(
        client_request.code_challenge,
        parameters.get("code_verifier"),
    );
    ensure(fits, Class::CodeVerifierMismatch)?;

    let service = bridge.service().ok_or(Class::NotConnected)?;
    let authenticated_after = client_request.authenticated_after;
    let login = service
        .finish_login(
            code.exchange,
            authenticated_after,
            now,
            deadline,
            at_service,
        )
        .await
        .map_err(|error| login_failure(&error))?;

    let service_settings = &bridge.config().service;
    let values = logins.usable_secrets(now)?;
    let issuing = issued_token::issue(
        &login,
        client_request.nonce.as_deref(),
        Parties {
            issuer: &service_settings.issuer,
            client_id: &logins.settings.client_id,
        },
        logins.id_token_keys.signer(),
        logins.seal(&values, now),
        RecordSeal {
            keys: &values.records,
            service_issuer: service_settings.provider.issuer(),
            provider_name: &logins.settings.provider_name,
        },
        bridge.randomness(),
    );
    let tokens = measurements
        .timed(Step::SignIdToken, deadline.bound(issuing))
        .await
        .map_err(|_| Class::SigningFailed)?;
    let tokens = tokens.map_err(|error| match error {
        IssueError::Seal => Class::Internal,
        IssueError::RecordTooLong => Class::RecordTooLong,
        IssueError::Signing(_) => Class::SigningFailed,
    })?;
    tracing::info!(event = "login_finished");
    let scope = digital_auth::authorization::scope(service_settings.attributes);
    Ok(Response::json(
        http::StatusCode::OK,
        issued_token::token_answer(&tokens, &scope),
    )
    // RFC 6749 §5.1 requires this old header, too.
    .with_header("pragma", "no-cache"))
}

/// `client_secret_post` (RFC 6749 §2.3.1), with the current or the previous secret.
async fn authenticate_client(
    logins: &Logins,
    parameters: &Parameters,
    invocation: &Invocation<'_>,
) -> Result<(), Class> {
    let refused = Class::ClientAuthenticationFailed;
    if parameters.get("client_id") != Some(logins.settings.client_id.as_str()) {
        return Err(refused);
    }
    let given = parameters.get("client_secret").ok_or(refused)?;
    let shown = Shown {
        by: CLIENT,
        value: given,
    };
    // The secret may have been rotated since it was read.
    let mut tries = logins.secrets.tries(shown, invocation);
    while let Some(secrets) = tries.next().await? {
        if secrets.client.match_any(given) {
            held(refused);
            return Ok(());
        }
    }
    Err(refused)
}

async fn open(logins: &Logins, code: &str, invocation: &Invocation<'_>) -> Result<Code, Class> {
    let shown = Shown {
        by: AUTHENTICATED_CLIENT,
        value: code,
    };
    let opened = logins.open(shown, invocation).await;
    none_of(&OpenError::OF_A_SEAL, opened, |error| match error {
        OpenError::SecretsUnavailable => Class::SecretsUnavailable,
        OpenError::Malformed => Class::CodeMalformed,
        OpenError::UnknownKey | OpenError::Foreign | OpenError::OtherVersion => Class::CodeForeign,
        OpenError::Forged => Class::CodeForged,
        OpenError::Expired => Class::CodeExpired,
    })
}

/// Whether the verifier fits the challenge (RFC 7636 §4.6). A verifier without a challenge is
/// refused, too: a client that sends one assumes that the code is bound to it (RFC 9700 §4.8.2).
fn fits_challenge(challenge: Option<[u8; 32]>, verifier: Option<&str>) -> bool {
    match (challenge, verifier) {
        (None, None) => true,
        // RFC 7636 §4.1: 43 to 128 characters.
        (Some(challenge), Some(verifier)) if (43..=128).contains(&verifier.len()) => {
            let hash = digest(&SHA256, verifier.as_bytes());
            verify_slices_are_equal(hash.as_ref(), &challenge).is_ok()
        }
        _ => false,
    }
}

//! `GET /oauth2/idpresponse`: the provider sends the browser back, and Cognito signs the person in.
//! The cookie, `state` and the time are checked first. A failure there is shown on a page of
//! Cognito. After that, the code is exchanged for tokens, the ID token is checked with freshly
//! fetched keys, userinfo is read, and the user pool is written, with the triggers in between. A
//! failure there goes to the app's callback.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::header::HeaderMap;
use loopback::journal::{Check, Parameter, Party, Step};
use loopback::pages::{language, note_page};
use loopback::parameters::Parameters;
use serde_json::{Map, Value};

use crate::authorize::answer_of;
use crate::failure::SignInFailure;
use crate::hosted_sign_in;
use crate::id_token::{self, Expected};
use crate::inbound_federation::{self, Said};
use crate::login_cookie::cookie;
use crate::pages::{ErrorPage, redirect};
use crate::parameters::journal_parameters;
use crate::pending_login::{PendingLogin, Way};
use crate::shared::Shared;
use crate::user_pool::{Rules, Writer};

pub(crate) async fn idp_response(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let request = "GET /oauth2/idpresponse";
    let entry = (shared.options.journal).begin(Party::Browser, Party::Cognito, request);
    let query = Parameters::parse(query.unwrap_or_default().as_bytes());
    let now = shared.options.clock.now();
    let cookie = cookie(&headers);
    let language = language(None, &headers);
    let mut checks = Vec::new();
    let taken = {
        let mut kept = shared.state();
        kept.requests.idp_response += 1;
        let state = query.only("state");
        kept.logins
            .take((cookie, state), Way::Provider, now, &mut checks)
    };
    let (response, answer) = match taken {
        Ok(login) => {
            let signed_in = sign_in(&shared, &query, &login).await;
            let url = hosted_sign_in::callback(&shared, &login.app, signed_in);
            (redirect(&url), answer_of(&url))
        }
        Err(no_login) => (ErrorPage::from(no_login).in_language(language), Vec::new()),
    };
    let step = Step {
        from: Party::Browser,
        to: Party::Cognito,
        request: request.to_owned(),
        parameters: journal_parameters(&query),
        checks,
        status: Some(response.status().as_u16()),
        answer,
    };
    note_page(&shared.options.journal, entry, &response);
    shared.options.journal.end(entry, step);
    response
}

/// Signs the person in by the provider's answer, and returns a code for the app.
async fn sign_in(
    shared: &Shared,
    query: &Parameters,
    login: &PendingLogin,
) -> Result<String, SignInFailure> {
    if let Some(error) = query.only("error") {
        return Err(SignInFailure::ProviderRefused {
            error: error.to_owned(),
            description: query.only("error_description").map(str::to_owned),
        });
    }
    let code = query
        .only("code")
        .filter(|code| !code.is_empty())
        .ok_or(SignInFailure::NoCode)?;
    let client = shared.options.app_client(&login.app.client_id);
    let client = client.ok_or(SignInFailure::Internal)?;
    let provider = &shared.options.provider;
    let extra = {
        let mut kept = shared.state();
        kept.requests.provider_token += 1;
        kept.variation.token_request_extra.clone()
    };
    let tokens = shared
        .provider
        .redeem(provider, code, &shared.idpresponse_url(), &extra)
        .await?;
    let id_token = verified_claims(shared, &tokens.id_token).await?;
    let userinfo = match &tokens.access_token {
        Some(access_token) => userinfo_claims(shared, access_token, &id_token).await?,
        None => None,
    };
    let said = Said {
        tokens: &tokens,
        id_token: &id_token,
        userinfo: userinfo.as_ref(),
    };
    let claims = inbound_federation::claims_to_map(shared, &client.client_id, said).await?;

    let now = shared.options.clock.now();
    let written = {
        let mut kept = shared.state();
        let rules = Rules {
            options: &shared.options,
            writer: Writer::Client(client),
            empty_values: kept.variation.empty_values,
        };
        kept.users.sign_in(rules, &claims, now)
    };
    let mapped: Vec<Parameter> = shared
        .options
        .provider
        .attribute_mapping
        .iter()
        .map(|(attribute, claim)| Parameter {
            name: format!("{attribute} ← {claim}"),
            // Only sizes, because the journal must not show attributes.
            value: claims.get(claim).map_or_else(
                || "not received".to_owned(),
                |value| format!("{} bytes", value.len()),
            ),
        })
        .collect();
    work(
        shared,
        "user pool: write the mapped attributes",
        mapped,
        vec![Check::new(
            "username and attributes fit the schema and the app client",
            "Cognito: attribute mapping",
            written.is_ok(),
        )],
    );
    let user = written.map_err(SignInFailure::Attribute)?;

    hosted_sign_in::code(shared, &login.app, user, true).await
}

async fn verified_claims(
    shared: &Shared,
    token: &str,
) -> Result<Map<String, Value>, SignInFailure> {
    let provider = &shared.options.provider;
    shared.state().requests.provider_key_set += 1;
    let key_set = shared.provider.key_set(provider).await;
    let mut checks = vec![Check::new(
        "the key set is fetched for this token",
        "Cognito: a JWKS request for every ID token",
        key_set.is_ok(),
    )];
    let expected = Expected {
        issuer: &provider.oidc_issuer,
        client_id: &provider.client_id,
        now: shared.options.clock.now(),
    };
    let claims = key_set.and_then(|key_set| {
        id_token::verify(token, &key_set, &expected, &mut checks).map_err(SignInFailure::IdToken)
    });
    work(
        shared,
        "ID token of the provider",
        vec![Parameter::new("id_token", token)],
        checks,
    );
    claims
}

/// The claims of userinfo, or `None` if it couldn't be read. Only userinfo with another `sub` makes
/// the sign-in fail.
async fn userinfo_claims(
    shared: &Shared,
    access_token: &str,
    id_token: &Map<String, Value>,
) -> Result<Option<Map<String, Value>>, SignInFailure> {
    shared.state().requests.provider_userinfo += 1;
    let userinfo = shared
        .provider
        .userinfo(&shared.options.provider, access_token)
        .await
        .ok();
    let mut checks = vec![Check::new(
        "userinfo answers a JSON object (a sign-in goes on without it)",
        "OIDC Core §5.3.2",
        userinfo.is_some(),
    )];
    let same = userinfo
        .as_ref()
        .is_none_or(|userinfo| userinfo.get("sub") == id_token.get("sub"));
    if userinfo.is_some() {
        checks.push(Check::new(
            "sub is that of the ID token",
            "OIDC Core §5.3.2",
            same,
        ));
    }
    work(shared, "userinfo of the provider", Vec::new(), checks);
    if same {
        Ok(userinfo)
    } else {
        Err(SignInFailure::UserinfoSubject)
    }
}

/// Records work of Cognito alone in the journal.
fn work(shared: &Shared, request: &str, parameters: Vec<Parameter>, checks: Vec<Check>) {
    shared.options.journal.record(Step {
        from: Party::Cognito,
        to: Party::Cognito,
        request: request.to_owned(),
        parameters,
        checks,
        status: None,
        answer: Vec::new(),
    });
}

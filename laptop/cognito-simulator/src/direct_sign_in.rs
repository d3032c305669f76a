//! Sign-ins that don't go through the provider: with a password in managed login or by the API, or
//! through another provider.
//! The stand-in has no pages, passwords or other providers for them. A test says who signs in, and
//! gets what the app would get. The rest is the same as at every sign-in: the trigger, the tokens,
//! and a refresh token for `/oauth2/token`.

use loopback::journal::{Check, Parameter, Party, Step};
use loopback::random;
use serde_json::Value;

use crate::app_client::AppClient;
use crate::app_tokens::{self, TokenError};
use crate::cognito::Cognito;
use crate::options::has_openid_if_needed;
use crate::refresh_tokens::{SignIn, Through};
use crate::shared::Shared;
use crate::token_generation::{self, Source};
use crate::user_pool::User;
use crate::user_pool_api::USER_SCOPE;

/// Why a user can't be signed in directly.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DirectSignInFailure {
    /// There is no such user.
    #[error("there is no such user")]
    Unknown,
    /// The user has only identities of the provider, and no password, so they can sign in only
    /// through the provider.
    #[error("the user can sign in through the provider alone")]
    OnlyThroughProvider,
    /// A federated user, who has no password, can't use the API.
    #[error("the user has no password")]
    NoPassword,
    /// A scope isn't allowed to the app client, or needs `openid`.
    #[error("a scope isn't allowed to the app client, or needs openid")]
    Scope,
    /// The trigger ended the sign-in. This is the error description for the app.
    #[error("{0}")]
    Trigger(String),
    /// The stand-in itself failed.
    #[error("the stand-in itself failed")]
    Internal,
}

impl From<TokenError> for DirectSignInFailure {
    fn from(error: TokenError) -> Self {
        match error {
            // The user was deleted meanwhile.
            TokenError::InvalidGrant => Self::Unknown,
            _ => Self::Internal,
        }
    }
}

impl Cognito {
    /// Signs a user in at the first app client, without the provider, and returns what the app gets
    /// from `/oauth2/token`: `access_token`, `refresh_token`, and `id_token` if `openid` is among
    /// the scopes. An empty `scopes` means all scopes that the app client may have.
    ///
    /// It is as if one of the pool's own users had typed a password in managed login, or as if a
    /// user of another provider, or a user to whom such an identity is linked, had come from that
    /// provider. None of that happens here: no password is checked, InboundFederation isn't called
    /// for another provider's claims, and no attribute is written. PreTokenGeneration is called,
    /// with the source `TokenGeneration_HostedAuth`.
    ///
    /// # Errors
    /// Any [`DirectSignInFailure`] except [`DirectSignInFailure::NoPassword`].
    pub async fn sign_in_directly(
        &self,
        username: &str,
        scopes: &[&str],
    ) -> Result<Value, DirectSignInFailure> {
        let shared = &self.shared;
        let user = user(shared, username)?;
        let provider = &shared.options.provider.name;
        let is_others = user
            .all_identities()
            .any(|identity| identity.provider_name != *provider);
        if user.identity.is_some() && !is_others {
            return Err(DirectSignInFailure::OnlyThroughProvider);
        }
        let allowed = &client(shared)?.allowed_scopes;
        let scopes: Vec<String> = match scopes {
            [] => allowed.clone(),
            asked => asked.iter().map(|scope| (*scope).to_owned()).collect(),
        };
        if !scopes.iter().all(|scope| allowed.contains(scope)) || !has_openid_if_needed(&scopes) {
            return Err(DirectSignInFailure::Scope);
        }
        sign_in(shared, user, scopes, Through::ManagedLogin).await
    }

    /// Signs one of the pool's own users in at the first app client by the API, as `InitiateAuth`
    /// does with `USER_PASSWORD_AUTH`. Returns the members of its `AuthenticationResult`, under the
    /// names that `/oauth2/token` uses. The access token has only the scope
    /// `aws.cognito.signin.user.admin`. There is always an ID token, with all attributes that the
    /// app client may read.
    ///
    /// No password is checked. PreTokenGeneration is called, with the source
    /// `TokenGeneration_Authentication`. The refresh token can be used at `/oauth2/token`; the
    /// API's own operation for it doesn't exist here.
    ///
    /// # Errors
    /// Any [`DirectSignInFailure`] except [`DirectSignInFailure::OnlyThroughProvider`] and
    /// [`DirectSignInFailure::Scope`].
    pub async fn sign_in_through_api(&self, username: &str) -> Result<Value, DirectSignInFailure> {
        let shared = &self.shared;
        let user = user(shared, username)?;
        if user.identity.is_some() {
            return Err(DirectSignInFailure::NoPassword);
        }
        let scopes = vec![USER_SCOPE.to_owned()];
        sign_in(shared, user, scopes, Through::Api).await
    }
}

/// The first app client, at which the user signs in.
fn client(shared: &Shared) -> Result<&AppClient, DirectSignInFailure> {
    let client = shared.options.app_clients.first();
    client.ok_or(DirectSignInFailure::Internal)
}

fn user(shared: &Shared, username: &str) -> Result<User, DirectSignInFailure> {
    let kept = shared.state();
    let user = kept.users.find(&shared.options, username).cloned();
    user.ok_or(DirectSignInFailure::Unknown)
}

async fn sign_in(
    shared: &Shared,
    user: User,
    scopes: Vec<String>,
    through: Through,
) -> Result<Value, DirectSignInFailure> {
    shared.options.journal.record(Step {
        from: Party::Cognito,
        to: Party::Cognito,
        request: "user pool: sign in without the provider".to_owned(),
        parameters: vec![Parameter::new("scopes", scopes.join(" "))],
        checks: vec![Check::new(
            "the user is in the pool",
            "Cognito: user pools API",
            true,
        )],
        status: None,
        answer: Vec::new(),
    });
    let source = match through {
        Through::ManagedLogin => Source::HostedAuth,
        Through::Api => Source::Authentication,
    };
    let client = client(shared)?;
    let changes = token_generation::changes(shared, source, (&user, client), &scopes)
        .await
        .map_err(|failure| DirectSignInFailure::Trigger(failure.to_string()))?;
    let uuid = || random::uuid().map_err(|_| DirectSignInFailure::Internal);
    // In a federated sign-in, Cognito adds a nonce of its own if the app sent none.
    let nonce = match user.identity {
        Some(_) => Some(uuid()?),
        None => None,
    };
    let now = shared.options.token_time();
    let sign_in = SignIn {
        client_id: client.client_id.clone(),
        username: user.username,
        sub: user.sub,
        scopes,
        auth_time: now,
        origin_jti: uuid()?,
        through,
    };
    let tokens = app_tokens::first_tokens(shared, sign_in, nonce.as_deref(), &changes, now)?;
    Ok(Value::Object(tokens))
}

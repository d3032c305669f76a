//! The end of a sign-in in managed login: the trigger is called, and the browser goes back to the
//! app, with a code or with an error.

use loopback::random;

use crate::authorize::error_redirect;
use crate::failure::SignInFailure;
use crate::issued_code::{CODE_LIFETIME, IssuedCode};
use crate::parameters::with_query;
use crate::pending_login::AppRequest;
use crate::shared::Shared;
use crate::token_generation::{self, Source};
use crate::user_pool::User;

/// A code for the app to which this user signs in.
pub(crate) async fn code(
    shared: &Shared,
    app: &AppRequest,
    user: User,
    is_federated: bool,
) -> Result<String, SignInFailure> {
    let client = shared.options.app_client(&app.client_id);
    let client = client.ok_or(SignInFailure::Internal)?;
    let who = (&user, client);
    let changes = token_generation::changes(shared, Source::HostedAuth, who, &app.scopes);
    let changes = changes.await.map_err(SignInFailure::Trigger)?;
    let code = random::uuid().map_err(|_| SignInFailure::Internal)?;
    let now = shared.options.token_time();
    let issued = IssuedCode {
        app: app.clone(),
        username: user.username,
        sub: user.sub,
        issued: now,
        is_federated,
        changes,
    };
    let mut kept = shared.state();
    // An expired code is refused like an unknown one, so it need not be kept.
    kept.codes
        .retain(|_, code| now - code.issued <= CODE_LIFETIME);
    kept.codes.insert(code.clone(), issued);
    Ok(code)
}

/// The URL of the app's callback, with the code or the error.
pub(crate) fn callback(
    shared: &Shared,
    app: &AppRequest,
    outcome: Result<String, SignInFailure>,
) -> String {
    let state = app.state.as_deref();
    match outcome {
        Ok(code) => {
            let state = state.map(|state| ("state", state));
            let code = std::iter::once(("code", code.as_str()));
            with_query(&app.redirect_uri, code.chain(state))
        }
        Err(failure) => {
            let description = failure.description(&shared.options.provider.name);
            let error = failure.error();
            error_redirect(&app.redirect_uri, error, description.as_deref(), state)
        }
    }
}

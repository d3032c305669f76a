//! Which client calls the token or the revocation endpoint (RFC 6749 §2.3.1).
//! A client with a secret shows it in the header `Authorization` (`client_secret_basic`) or in the
//! form (`client_secret_post`), but not in both. A public client shows its id alone.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HeaderMap};
use loopback::journal::Check;
use loopback::parameters::Parameters;
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret as _, SecretString};

use crate::app_client::AppClient;
use crate::options::{CognitoOptions, MachineClient};

/// The client id that a request shows, whoever sends it.
pub(crate) fn shown_id(headers: &HeaderMap, form: &Parameters) -> Option<String> {
    Shown::by(headers, form).map(|shown| shown.client_id)
}

/// A client that has shown who it is.
pub(crate) enum Client<'a> {
    App(&'a AppClient),
    Machine(&'a MachineClient),
}

/// The client that sent the request, or `None` if it isn't a client of the pool, or hasn't shown
/// its secret, or shows a secret that it doesn't have. The two checks are added to `checks`.
pub(crate) fn made<'a>(
    options: &'a CognitoOptions,
    headers: &HeaderMap,
    form: &Parameters,
    checks: &mut Vec<Check>,
) -> Option<Client<'a>> {
    let shown = Shown::by(headers, form);
    let known = shown.as_ref().and_then(|shown| {
        let mut machines = options.machine_clients.iter();
        let app = options.app_client(&shown.client_id).map(Client::App);
        app.or_else(|| {
            let machine = machines.find(|machine| machine.client_id == shown.client_id);
            machine.map(Client::Machine)
        })
    });
    let rule = "RFC 6749 §2.3.1";
    let known = Check::made(checks, ("client_id is registered", rule), known, ()).ok()?;
    let secret = match known {
        Client::App(app) => app.client_secret.as_ref(),
        Client::Machine(machine) => Some(&machine.client_secret),
    };
    let fits = shown.is_some_and(|shown| shown.fits(secret));
    let what = ("the client shows its secret, if it has one", rule);
    Check::made(checks, what, fits.then_some(known), ()).ok()
}

/// The app client with this id, if the secret is its own, or neither is there.
pub(crate) fn app_client<'a>(
    options: &'a CognitoOptions,
    client_id: &str,
    client_secret: Option<&str>,
) -> Option<&'a AppClient> {
    let client = options.app_client(client_id)?;
    let shown = Shown {
        client_id: client_id.to_owned(),
        client_secret: client_secret.map(str::to_owned),
    };
    shown.fits(client.client_secret.as_ref()).then_some(client)
}

/// The id and the secret that a request shows.
struct Shown {
    client_id: String,
    client_secret: Option<String>,
}

impl Shown {
    fn by(headers: &HeaderMap, form: &Parameters) -> Option<Self> {
        let in_form = form.only("client_id");
        let mut shown = headers.get_all(AUTHORIZATION).iter();
        let Some(header) = shown.next() else {
            return Some(Self {
                client_id: in_form?.to_owned(),
                // A public client may send an empty one.
                client_secret: form.first("client_secret").map(str::to_owned),
            });
        };
        if shown.next().is_some() {
            return None;
        }
        let (client_id, client_secret) = basic(header.to_str().ok()?)?;
        // A client mustn't use two ways in one request (RFC 6749 §2.3).
        if form.has("client_secret") || in_form.is_some_and(|id| id != client_id) {
            return None;
        }
        Some(Self {
            client_id,
            client_secret: Some(client_secret),
        })
    }

    /// Whether the secret is the client's, or neither is there.
    fn fits(&self, secret: Option<&SecretString>) -> bool {
        match (&self.client_secret, secret) {
            (None, None) => true,
            (Some(shown), Some(secret)) => {
                let (shown, secret) = (shown.as_bytes(), secret.expose_secret().as_bytes());
                verify_slices_are_equal(shown, secret).is_ok()
            }
            _ => false,
        }
    }
}

/// The id and the secret of the header. Both are form-encoded before they are put together.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    // The name of a scheme is case-insensitive (RFC 9110 §11.1).
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((form_decoded(id)?, form_decoded(secret)?))
}

/// A value in form encoding (WHATWG URL §5.1), which isn't a list of names and values.
fn form_decoded(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    let decoded = percent_decode_str(&text).decode_utf8();
    decoded.ok().map(|text| text.into_owned())
}

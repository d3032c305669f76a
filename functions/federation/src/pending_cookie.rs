//! The cookies in which a browser carries what is pending between its way to the service and its
//! way back: logins, and verifications of members. The cookie alone says to which of the two the
//! service's answer belongs.
//! Everything pending has a cookie of its own, so that two tabs don't disturb each other.
//!
//! Sizes: one cookie under 4,096 bytes (RFC 6265 §6.1), all of them together under 4,900.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use cookie::{Cookie, SameSite};
use digital_auth::authorization::Secret256;
use keys::Randomness;
use sealing::SealError;
use sealing::sealed::{self, Purpose, Seal};

/// How long it may take until the browser is back: as long as a login at Cognito may take
/// (contract C1).
pub const LIFETIME: TimeDelta = TimeDelta::minutes(5);
/// How long the cookie lives, in seconds: longer, so that "too slow" and "another browser" can be
/// told apart.
const COOKIE_SECONDS: i64 = 15 * 60;
/// The limit of one `Set-Cookie` line, in bytes: the line has to be shorter.
pub const MAX_COOKIE_BYTES: usize = 4_096;
/// The limit of the cookies of everything pending together, as the browser sends them, in bytes:
/// they have to be shorter. Then a request fits into the HTTP API's 10,240 bytes: a state of 2,600
/// characters in the request line, these cookies, a browser's usual 2 KB of headers, and the
/// headers that Amazon CloudFront adds.
pub const MAX_ALL_COOKIES_BYTES: usize = 4_900;

/// What is pending.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pending {
    /// A login.
    Login,
    /// The verification of a member.
    Verification,
}

impl Pending {
    const ALL: [Self; 2] = [Self::Login, Self::Verification];

    /// The beginning of the cookie's name. `__Host-`: only this host can set it, and only over TLS.
    const fn prefix(self) -> &'static str {
        match self {
            Self::Login => "__Host-login-",
            Self::Verification => "__Host-verify-",
        }
    }
}

/// Why something can't be begun.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BeginError {
    /// It doesn't fit into a cookie.
    TooLarge,
    /// It couldn't be sealed.
    Seal,
}

impl From<SealError> for BeginError {
    fn from(_: SealError) -> Self {
        Self::Seal
    }
}

/// The `Set-Cookie` lines with which something begins: the first sets its own cookie, which belongs
/// to `state` and holds `inside`, sealed for `purpose`. The others end the oldest cookies of the
/// browser's other pending logins and verifications (`others`), if they would become too many.
///
/// # Errors
///
/// [`BeginError`].
pub fn begin<'a>(
    pending: Pending,
    state: &Secret256,
    (purpose, inside): (Purpose, &[u8]),
    seal: Seal<'_>,
    others: impl Iterator<Item = (&'a str, &'a str)>,
    randomness: &dyn Randomness,
) -> Result<Vec<String>, BeginError> {
    let value = seal.seal(purpose, seal.now + LIFETIME, inside, randomness)?;
    let name = name(pending, state);
    let size = sent_size(&name, &value);
    let cookie = set_cookie(&name, value, COOKIE_SECONDS);
    if cookie.len() >= MAX_COOKIE_BYTES {
        return Err(BeginError::TooLarge);
    }
    let mut cookies = vec![cookie];
    cookies.extend(evicted(others, size).map(|name| set_cookie(&name, String::new(), 0)));
    Ok(cookies)
}

/// The cookies that a browser has for one `state`.
#[derive(Debug, Eq, PartialEq)]
pub enum Found<'a> {
    /// None.
    None,
    /// The cookie of what is pending.
    One(Pending, &'a str),
    /// One for a login, and one for a verification. Both have the same random `state`, so somebody
    /// made one of them by hand.
    Both,
}

/// What is pending for this `state`.
#[must_use]
pub fn find<'a>(state: &Secret256, cookies: impl Iterator<Item = (&'a str, &'a str)>) -> Found<'a> {
    let wanted = Pending::ALL.map(|pending| (pending, name(pending, state)));
    let mut found = Found::None;
    for (name, value) in cookies {
        let named = wanted.iter().find(|(_, wanted)| wanted == name);
        found = match (named, found) {
            (None, found) => found,
            (Some((pending, _)), Found::None) => Found::One(*pending, value),
            // Of two cookies of one name, the first counts.
            (Some((pending, _)), Found::One(known, first)) if known == *pending => {
                Found::One(known, first)
            }
            (Some(_), _) => Found::Both,
        };
    }
    found
}

/// The `Set-Cookie` line that ends what is pending for this `state`.
#[must_use]
pub fn end(pending: Pending, state: &Secret256) -> String {
    set_cookie(&name(pending, state), String::new(), 0)
}

/// The cookie's name: a prefix of the hash of `state`, which doesn't reveal `state`.
fn name(pending: Pending, state: &Secret256) -> String {
    let hash = digest(&SHA256, state.expose_bytes());
    let short = hash.as_ref().get(..6).unwrap_or_default();
    format!("{}{}", pending.prefix(), URL_SAFE_NO_PAD.encode(short))
}

fn set_cookie(name: &str, value: String, seconds: i64) -> String {
    // `Lax`, because the service sends the browser back with a top-level navigation.
    Cookie::build((name, value))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(cookie::time::Duration::seconds(seconds))
        .to_string()
}

/// The size of a cookie in the request, in bytes: `name=value` and the separator.
fn sent_size(name: &str, value: &str) -> usize {
    name.len() + value.len() + 3
}

/// The names of the cookies that have to end so that one more of `size` bytes fits, the oldest
/// first.
fn evicted<'a>(
    others: impl Iterator<Item = (&'a str, &'a str)>,
    size: usize,
) -> impl Iterator<Item = String> {
    let mut others: Vec<_> = others
        .filter(|(name, _)| is_ours(name))
        .map(|(name, value)| (sealed::claimed_expiry(value), name, sent_size(name, value)))
        .collect();
    // A cookie that can't be read has `None`, and so is ended first.
    others.sort_unstable();
    let mut total = size + others.iter().map(|(_, _, size)| size).sum::<usize>();
    let mut names = Vec::new();
    for (_, name, size) in others {
        if total < MAX_ALL_COOKIES_BYTES {
            break;
        }
        total -= size;
        names.push(name.to_owned());
    }
    names.into_iter()
}

/// Whether a cookie could be one of the bridge's: base64url after a prefix. No other text from the
/// browser may get into a header. A cookie that the bridge can't end must not displace what is
/// pending.
fn is_ours(name: &str) -> bool {
    let mut prefixes = Pending::ALL.into_iter();
    let rest = prefixes.find_map(|pending| name.strip_prefix(pending.prefix()));
    rest.is_some_and(|rest| {
        rest.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    })
}

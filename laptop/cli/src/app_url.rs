//! The URLs that can be registered for an app: those that `AppCallbackUrls` of the template takes,
//! and Amazon Cognito with it.

use url::Url;

use crate::expected::Expected;

/// The most characters of a URL (`CallbackURLs` of the API).
const LONGEST: usize = 1024;

/// Schemes that belong to no app.
const NO_APP: [&str; 18] = [
    "about",
    "blob",
    "content",
    "data",
    "file",
    "filesystem",
    "ftp",
    "intent",
    "jar",
    "javascript",
    "mailto",
    "mhtml",
    "sms",
    "tel",
    "vbscript",
    "view-source",
    "ws",
    "wss",
];

/// Reads a callback or logout URL. It is kept as it was written, since it is compared byte for
/// byte.
///
/// # Errors
///
/// What can be registered.
pub fn parse(text: &str) -> Result<String, Expected> {
    if is_app_url(text) {
        Ok(text.to_owned())
    } else {
        Err(Expected {
            ja: "https の URL、http://localhost・127.0.0.1・[::1] の URL、アプリのスキーム（例 \
                myapp://callback）。# がなく、1,024文字以内",
            en: "an https URL, an http URL of localhost, 127.0.0.1 or [::1], or one of an app's \
                own scheme (such as myapp://callback); without #, and with 1,024 characters at \
                most",
        })
    }
}

fn is_app_url(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'#' | b',');
    if text.len() > LONGEST || !text.bytes().all(is_plain) {
        return false;
    }
    let Ok(url) = Url::parse(text) else {
        return false;
    };
    match url.scheme() {
        "https" => text.strip_prefix("https://").is_some_and(|rest| {
            let authority = rest.split(['/', '?']).next().unwrap_or_default();
            let (host, port) = match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            };
            is_name(host) && port.is_none_or(is_port)
        }),
        "http" => text.strip_prefix("http://").is_some_and(|rest| {
            let hosts = ["localhost", "127.0.0.1", "[::1]"];
            let mut rests = hosts.iter().filter_map(|host| rest.strip_prefix(host));
            rests.any(|rest| {
                let port = rest.split(['/', '?']).next().unwrap_or_default();
                port.is_empty() || port.strip_prefix(':').is_some_and(is_port)
            })
        }),
        scheme => !NO_APP.contains(&scheme) && text.len() > scheme.len() + 1,
    }
}

/// Whether this is a host of labels of letters, digits and hyphens.
fn is_name(host: &str) -> bool {
    host.split('.').all(|label| {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
        !label.is_empty()
            && label.chars().all(is_part)
            && !label.starts_with('-')
            && !label.ends_with('-')
    })
}

/// Whether this is a port from 1 to 65535, without leading zeros.
fn is_port(port: &str) -> bool {
    !port.starts_with('0')
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && port.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cognito_takes_as_a_callback_url() {
        let longest = format!("https://app.example/{}", "a".repeat(LONGEST - 20));
        for url in [
            "http://localhost:3000/callback",
            "http://localhost",
            "http://127.0.0.1:5000/auth?x=1",
            "http://[::1]:8080/",
            "https://app.example/callback",
            "https://app.example:8443",
            "https://10.0.0.1/",
            "myapp://callback",
            "com.example.app:/oauth",
            longest.as_str(),
        ] {
            assert_eq!(parse(url).as_deref(), Ok(url));
        }
        let too_long = format!("{longest}a");
        for url in [
            "",
            "callback",
            "/callback",
            "http://app.example/callback",
            "http://app.localhost/callback",
            "http://localhost.example/callback",
            "http://localhost:99999/",
            "http://localhost:3000/#top",
            "https://",
            "https://user@app.example/",
            "http://localhost:",
            "http://localhost:0",
            "https://app.example:080/",
            "javascript:alert(1)",
            "DATA:text/html,x",
            "myapp:",
            "myapp://a b",
            "myapp://あ",
            too_long.as_str(),
        ] {
            assert!(parse(url).is_err(), "{url}");
        }
    }
}

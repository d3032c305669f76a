//! The apps whose members may be verified: which app clients, and to which URLs the browser of each
//! may be sent back. Both functions check it, byte for byte: one before it makes a ticket, the
//! other before it sends the browser to the card, and again before it sends it back.

use std::collections::BTreeMap;

use function_kit::failure::Bilingual;
use function_kit::settings::IfUnset;
use url::{Host, Url};

function_kit::variables! {
    /// The app clients whose members may verify, each with the URLs to which the browser may be
    /// sent back
    MEMBER_APPS {
        ja: "会員の本人確認を使えるアプリクライアントと、ブラウザーを戻してよい URL",
        form: Bilingual {
            en: "`CLIENT_ID:URL`, separated by spaces: an app client’s ID and an `https` URL of \
                up to 512 characters in normal form, without a fragment (or a URL of an app’s \
                own scheme, such as `com.example.app://verified`); several URLs are several pairs",
            ja: "`CLIENT_ID:URL`。空白区切り。アプリクライアントの ID と、`https` の \
                URL（正規形、512文字まで、フラグメントなし。アプリ独自のスキームの \
                URL、たとえば `com.example.app://verified` も可）。URL が複数あれば、組を複数書く",
        },
        if_unset: IfUnset::Said(Bilingual {
            en: "empty (no members are verified)",
            ja: "空（会員の本人確認をしない）",
        }),
        example: "1example23456789:https://shop.example/verified",
    }
}

/// The longest return URL, in bytes.
const LONGEST_RETURN_URL: usize = 512;
/// The longest id of an app client (AWS, UserPoolClientType).
const LONGEST_CLIENT_ID: usize = 128;

/// The app clients and their return URLs.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct MemberApps(BTreeMap<String, Vec<String>>);

impl MemberApps {
    /// Reads `CLIENT_ID:URL …`.
    ///
    /// # Errors
    ///
    /// What is wrong, without the value.
    pub fn read(value: &str) -> Result<Self, String> {
        let mut apps: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for word in value.split_whitespace() {
            let (client_id, return_url) = word
                .split_once(':')
                .ok_or("must hold pairs of the form `CLIENT_ID:URL`, separated by spaces")?;
            if !is_client_id(client_id) {
                return Err(format!(
                    "has an app client's ID that isn't 1 to {LONGEST_CLIENT_ID} letters, digits, \
                     `_` and `+`"
                ));
            }
            is_return_url(return_url)?;
            let of_client = apps.entry(client_id.to_owned()).or_default();
            if of_client.iter().any(|known| known == return_url) {
                return Err("has the same pair twice".to_owned());
            }
            of_client.push(return_url.to_owned());
        }
        Ok(Self(apps))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether members may verify in this app client.
    #[must_use]
    pub fn has(&self, client_id: &str) -> bool {
        self.0.contains_key(client_id)
    }

    /// Whether the browser of this app client may be sent to this URL.
    #[must_use]
    pub fn allow(&self, client_id: &str, return_url: &str) -> bool {
        let of_client = self.0.get(client_id);
        of_client.is_some_and(|urls| urls.iter().any(|known| known == return_url))
    }
}

fn is_client_id(text: &str) -> bool {
    let mut bytes = text.bytes();
    (1..=LONGEST_CLIENT_ID).contains(&text.len())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_+".contains(&byte))
}

/// Checks a return URL: `https`, or `http` to this machine, or a scheme of an app's own
/// (RFC 8252 §7.1). In a URL's normal form, and without a fragment, to which no parameter could be
/// added.
fn is_return_url(text: &str) -> Result<(), String> {
    if text.len() > LONGEST_RETURN_URL {
        return Err(format!(
            "has a URL of more than {LONGEST_RETURN_URL} characters"
        ));
    }
    let url = Url::parse(text).map_err(|_| "has something that isn't a URL".to_owned())?;
    if url.as_str() != text || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("has a URL that isn't in normal form".to_owned());
    }
    if url.fragment().is_some() {
        return Err("has a URL with a fragment".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("has a URL with a user name".to_owned());
    }
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let is_safe = match url.scheme() {
        "https" => url.host().is_some(),
        "http" => is_here,
        // An app's own scheme is a domain name in reverse, so it isn't one that browsers know.
        other => other.contains('.') && url.has_host(),
    };
    if is_safe {
        Ok(())
    } else {
        Err("has a URL that is neither `https` nor of an app's own scheme".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_client_has_its_own_urls_byte_for_byte() {
        let apps = "shop:https://shop.example/verified shop:https://shop.example/again?x=1 \
                    app:com.example.app://verified local:http://localhost:3000/";
        let apps = MemberApps::read(apps).unwrap();
        assert!(apps.has("shop") && apps.has("app") && !apps.has("other") && !apps.is_empty());
        for (client_id, url, allowed) in [
            ("shop", "https://shop.example/verified", true),
            ("shop", "https://shop.example/again?x=1", true),
            ("app", "com.example.app://verified", true),
            ("local", "http://localhost:3000/", true),
            ("shop", "https://shop.example/verified/", false),
            ("shop", "https://shop.example/verified?", false),
            ("shop", "https://shop.example/verified?x=1", false),
            ("shop", "https://shop.example/verified#", false),
            ("shop", "https://SHOP.example/verified", false),
            ("shop", "com.example.app://verified", false),
            ("app", "https://shop.example/verified", false),
            ("other", "https://shop.example/verified", false),
            ("", "", false),
        ] {
            assert_eq!(apps.allow(client_id, url), allowed, "{client_id} {url}");
        }
    }

    #[test]
    fn what_no_browser_may_be_sent_to_is_refused() {
        for wrong in [
            "shop",
            "shop:",
            ":https://shop.example/",
            "sh-op:https://shop.example/",
            "shop:shop.example",
            "shop:/verified",
            "shop:http://shop.example/",
            "shop:https://shop.example",
            "shop:https://shop.example:443/",
            "shop:https://SHOP.example/",
            "shop:https://shop.example/#",
            "shop:https://shop.example/#x",
            "shop:https://user@shop.example/",
            "shop:https://shop.example/区",
            "shop:javascript:alert(1)",
            "shop:data:text/html,x",
            "shop:file:///etc/passwd",
            "shop:myapp://verified",
            "shop:com.example.app:verified",
            "shop:https://shop.example/ shop:https://shop.example/",
            &format!("shop:https://shop.example/{}", "x".repeat(512)),
            &format!("{}:https://shop.example/", "a".repeat(129)),
        ] {
            let refused = MemberApps::read(wrong);
            assert!(refused.is_err(), "{wrong}");
            assert!(!refused.unwrap_err().contains("shop"), "{wrong}");
        }
        assert!(MemberApps::read("").unwrap().is_empty());
    }
}

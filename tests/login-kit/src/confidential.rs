//! The values that no log line, page, URL or error answer may show: tokens, codes, secrets, keys
//! and personal attributes. They are collected from what the service issued and received and from
//! the bridge's configuration. Tests then search texts for them.
//! A value also counts as shown if it is encoded as in a form or URL.

use std::fmt;

use demo::laptop::{Laptop, SERVICE_CLIENT_ID};
use keys::LocalKey;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use service_simulator::Endpoint;
use service_simulator::persona::personas;

/// The shortest value that is searched for, in bytes. A shorter one could be in a text by chance.
const SHORTEST: usize = 5;

/// Confidential values, each with a name.
#[derive(Default)]
pub struct Confidential(Vec<(String, String)>);

impl fmt::Debug for Confidential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Confidential")
            .field("values", &self.0.len())
            .finish()
    }
}

impl Confidential {
    /// All confidential values of a laptop so far: the secrets of the bridge, every token that the
    /// service issued, the codes, verifiers, nonces, states and assertions that the service
    /// received, and the attributes of its test persons.
    #[must_use]
    pub fn of(laptop: &Laptop) -> Self {
        let configuration = &laptop.configuration;
        let mut all = Self::default()
            .and(
                "client secret",
                configuration.client_secret().expose_secret(),
            )
            .and("sealing key", configuration.sealing_key().expose_secret())
            .and("record key", configuration.record_key().expose_secret())
            .and_private_key("ID-token key", configuration.id_token_key());
        for tokens in laptop.service.issued_tokens() {
            all = all
                .and_token("service's ID token", &tokens.id_token)
                .and_token("service's access token", &tokens.access_token)
                .and_token("service's refresh token", &tokens.refresh_token);
        }
        for request in laptop.service.requests() {
            let form = |name| request.form_value(name).unwrap_or_default();
            let query = |name| request.query_value(name).unwrap_or_default();
            all = match request.endpoint {
                Endpoint::Authorization => all
                    .and("state for the service", query("state"))
                    .and("nonce for the service", query("nonce")),
                Endpoint::Token => all
                    .and("service's code", form("code"))
                    .and("PKCE verifier", form("code_verifier"))
                    .and_token("client assertion", form("client_assertion")),
                _ => all,
            };
        }
        for persona in personas(laptop.clock.now()) {
            all = all.and("subject", &persona.subject(SERVICE_CLIENT_ID));
            let texts = persona
                .userinfo
                .values()
                .filter_map(Value::as_str)
                .chain(persona.claims.values().map(String::as_str));
            for text in texts.filter(|text| !is_word(text)) {
                all = all.and("attribute", text);
            }
        }
        all
    }

    /// Adds a value. Values shorter than 5 bytes are left out.
    #[must_use]
    pub fn and(mut self, what: &str, value: &str) -> Self {
        if value.len() >= SHORTEST && !self.0.iter().any(|(_, known)| known == value) {
            self.0.push((what.to_owned(), value.to_owned()));
        }
        self
    }

    /// Adds a token: the whole token, and if it is a JWT also its payload and its signature.
    #[must_use]
    pub fn and_token(self, what: &str, token: &str) -> Self {
        // The header is not confidential: it only names algorithm and key.
        let parts: Vec<&str> = token.split('.').skip(1).collect();
        parts
            .into_iter()
            .fold(self.and(what, token), |all, part| all.and(what, part))
    }

    /// Adds the private part of a key.
    #[must_use]
    pub fn and_private_key(self, what: &str, key: &LocalKey) -> Self {
        let jwk: Value = serde_json::from_str(key.private_jwk().expose_secret()).expect("a JWK");
        self.and(what, jwk.get("d").and_then(Value::as_str).expect("a d"))
    }

    /// The names of the values that a text shows. The values themselves are never given.
    #[must_use]
    pub fn found_in(&self, text: &str) -> Vec<&str> {
        let shown = |value: &str| {
            let encoded: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
            stands_in(text, value) || stands_in(text, &encoded)
        };
        self.0
            .iter()
            .filter(|(_, value)| shown(value))
            .map(|(what, _)| what.as_str())
            .collect()
    }

    /// Requires that a text shows none of the values.
    ///
    /// # Panics
    ///
    /// If the text shows one. The message has its name and not the value.
    pub fn assert_not_in(&self, place: &str, text: &str) {
        let found = self.found_in(text);
        assert!(found.is_empty(), "{place} shows: {found:?}");
    }
}

/// Whether a text is one of Cognito's words for a gender. They are ordinary words, so finding one
/// in a text discloses nothing.
fn is_word(text: &str) -> bool {
    ["male", "female", "other"].contains(&text)
}

/// Whether a text contains a value. A value of digits only, such as a birth date, doesn't count
/// within a longer number, such as the time of a metric.
fn stands_in(text: &str, value: &str) -> bool {
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    let mut found = text.match_indices(value);
    found.any(|(at, _)| {
        let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
        let before = at.checked_sub(1).and_then(|at| text.as_bytes().get(at));
        let behind = text.as_bytes().get(at + value.len());
        !(is_number && (is_digit(before) || is_digit(behind)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_as_it_is_and_in_the_encoding_of_forms() {
        let all = Confidential::default()
            .and("name", "山田　太郎")
            .and("code", "a b&c=d");
        assert_eq!(all.found_in("氏名 山田　太郎 様"), ["name"]);
        assert_eq!(
            all.found_in("?n=%E5%B1%B1%E7%94%B0%E3%80%80%E5%A4%AA%E9%83%8E"),
            ["name"]
        );
        assert_eq!(all.found_in("code=a+b%26c%3Dd"), ["code"]);
        assert_eq!(all.found_in("山田 様"), [""; 0]);
    }

    #[test]
    fn a_token_is_found_also_by_its_payload_or_signature_alone() {
        let all = Confidential::default().and_token("ID token", "header.payload.signature");
        assert!(all.found_in("{\"alg\":\"header\"}").is_empty());
        assert_eq!(all.found_in("payload"), ["ID token"]);
        assert_eq!(all.found_in("…signature"), ["ID token"]);
        assert_eq!(all.found_in("header.payload.signature").len(), 3);
    }

    #[test]
    fn a_private_key_is_found_and_its_public_part_is_not_looked_for() {
        let key = LocalKey::generate(keys::Algorithm::Es256).unwrap();
        let all = Confidential::default().and_private_key("key", &key);
        assert_eq!(all.found_in(key.private_jwk().expose_secret()), ["key"]);
        let public =
            keys::KeyRing::new(vec![std::sync::Arc::new(key) as std::sync::Arc<_>]).unwrap();
        assert!(all.found_in(public.jwk_set()).is_empty());
    }

    #[test]
    #[should_panic(expected = "the log shows: [\"access token\"]")]
    fn a_text_that_shows_something_fails_the_test_by_its_name() {
        let all = Confidential::default().and("access token", "eyJhbGciOi");
        all.assert_not_in("the log", "GET /userinfo eyJhbGciOi");
    }

    #[tokio::test]
    async fn of_a_stack_it_knows_tokens_codes_secrets_and_people() {
        let laptop = crate::laptop().await;
        let client = crate::RelyingParty::new(&laptop);
        let code = client.code().await;
        assert_eq!(client.token_request(&code).send().await.status, 200);
        let all = Confidential::of(&laptop);
        let tokens = laptop.service.issued_tokens().pop().unwrap();
        let token_request = laptop
            .service
            .requests()
            .into_iter()
            .find(|request| request.endpoint == Endpoint::Token)
            .unwrap();
        for (what, text) in [
            ("service's ID token", tokens.id_token.as_str()),
            ("service's access token", &tokens.access_token),
            ("service's refresh token", &tokens.refresh_token),
            ("service's code", token_request.form_value("code").unwrap()),
            (
                "PKCE verifier",
                token_request.form_value("code_verifier").unwrap(),
            ),
            (
                "client assertion",
                token_request.form_value("client_assertion").unwrap(),
            ),
            (
                "client secret",
                laptop.configuration.client_secret().expose_secret(),
            ),
            (
                "sealing key",
                laptop.configuration.sealing_key().expose_secret(),
            ),
            (
                "record key",
                laptop.configuration.record_key().expose_secret(),
            ),
            ("attribute", "東京都千代田区永田町１丁目７番１号"),
            ("attribute", "19850315"),
            ("attribute", "1985-03-15"),
        ] {
            assert!(all.found_in(text).contains(&what), "{what}");
        }
        laptop.stop().await;
    }

    #[test]
    fn a_birth_date_is_no_part_of_a_time() {
        for (text, shows) in [
            ("born 19850315.", true),
            ("19850315", true),
            (r#"{"Timestamp":1198503151000}"#, false),
            (
                r#"{"Timestamp":1985031500000,"birthdate":"19850315"}"#,
                true,
            ),
            ("1985031", false),
        ] {
            assert_eq!(stands_in(text, "19850315"), shows, "{text}");
        }
        assert!(stands_in("xmarkedy", "marked") && !stands_in("x", "marked"));
    }
}

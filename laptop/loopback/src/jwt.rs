//! JWTs that somebody signed with RS256, for the stand-ins that verify them: the header, the key
//! that it names in a key set, and the claims, once the signature was verified.
//! The signature is verified by `jsonwebtoken`. Each stand-in checks the claims itself, one by one
//! and by its own clock, so that each check can be shown.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value};

/// The header, read as plain JSON, if the token has three parts. A library would refuse an unknown
/// algorithm like a broken token, and these are two different failures here.
#[must_use]
pub fn header(token: &str) -> Option<Map<String, Value>> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, _, _] = parts.as_slice() else {
        return None;
    };
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()
}

/// A public RSA key that verifies RS256 signatures.
#[derive(Clone, Debug)]
pub struct PublicKey(DecodingKey);

impl PublicKey {
    /// The key with this modulus and exponent, both big-endian.
    #[must_use]
    pub fn new(modulus: &[u8], exponent: &[u8]) -> Self {
        Self(DecodingKey::from_rsa_raw_components(modulus, exponent))
    }

    /// The RSA key of that id in a key set (RFC 7517 §5), if it can be used for RS256.
    #[must_use]
    pub fn find(key_set: &Value, key_id: &str) -> Option<Self> {
        let keys = key_set.get("keys")?.as_array()?;
        let key = keys.iter().find(|key| member(key, "kid") == Some(key_id))?;
        let usable = member(key, "kty") == Some("RSA")
            && member(key, "use").is_none_or(|usage| usage == "sig")
            && member(key, "alg").is_none_or(|algorithm| algorithm == "RS256");
        if !usable {
            return None;
        }
        let key = DecodingKey::from_rsa_components(member(key, "n")?, member(key, "e")?);
        key.ok().map(Self)
    }

    /// The claims of a JWT, if this key signed it with RS256. The caller has to check their meaning
    /// and the time.
    #[must_use]
    pub fn open(&self, token: &str) -> Option<Map<String, Value>> {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        jsonwebtoken::decode(token, &self.0, &validation)
            .ok()
            .map(|data| data.claims)
    }
}

fn member<'a>(key: &'a Value, name: &str) -> Option<&'a str> {
    key.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::RSA_PKCS1_SHA256;
    use serde_json::json;

    use super::*;
    use crate::rsa::RsaKey;

    fn signed(key: &RsaKey, header: &Value, claims: &Value) -> String {
        let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", encoded(header), encoded(claims));
        let signature = key.sign(&RSA_PKCS1_SHA256, input.as_bytes()).unwrap();
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    #[test]
    fn claims_come_only_out_of_a_token_that_the_key_signed_with_rs256() {
        let (key, other) = (RsaKey::generate().unwrap(), RsaKey::generate().unwrap());
        let claims = json!({ "sub": "a", "exp": 1, "aud": "b" });
        let token = signed(&key, &json!({ "alg": "RS256" }), &claims);
        let public = PublicKey::new(key.modulus(), key.exponent());
        assert_eq!(public.open(&token).map(Value::from), Some(claims.clone()));
        let of_other = PublicKey::new(other.modulus(), other.exponent());
        assert!(of_other.open(&token).is_none());
        for algorithm in ["RS512", "none", "HS256"] {
            let token = signed(&key, &json!({ "alg": algorithm }), &claims);
            assert!(public.open(&token).is_none(), "{algorithm}");
        }
    }

    #[test]
    fn a_key_is_found_by_its_id_if_it_is_for_rs256_signatures() {
        let key = RsaKey::generate().unwrap();
        let jwk = json!({
            "kid": "a",
            "kty": "RSA",
            "n": URL_SAFE_NO_PAD.encode(key.modulus()),
            "e": URL_SAFE_NO_PAD.encode(key.exponent()),
        });
        let found = |jwk: &Value| PublicKey::find(&json!({ "keys": [jwk] }), "a").is_some();
        assert!(found(&jwk));
        for (name, value) in [
            ("kid", "b"),
            ("kty", "EC"),
            ("use", "enc"),
            ("alg", "PS256"),
            ("n", "not base64"),
        ] {
            let mut changed = jwk.clone();
            changed[name] = json!(value);
            assert!(!found(&changed), "{name}");
        }
        assert!(PublicKey::find(&json!({}), "a").is_none());
    }

    #[test]
    fn a_header_is_read_only_from_a_token_of_three_parts() {
        let encoded = URL_SAFE_NO_PAD.encode(json!({ "alg": "none" }).to_string());
        let read = header(&format!("{encoded}.e30."));
        assert_eq!(read.unwrap()["alg"], "none");
        for bad in [
            "",
            "token",
            "a.b.c.d",
            &format!("{encoded}.e30"),
            "e30=.e30.",
            "W10.e30.",
        ] {
            assert!(header(bad).is_none(), "{bad}");
        }
    }
}

//! Verifies an ID token of the user pool: OIDC Core §3.1.3.7 at a sign-in, and §12.2 at a refresh.
//! Only the claims that are checked are parsed, so that the form of an unchecked claim can't make a
//! token invalid: a user pool may show an `address` as an object or as text. The crate
//! openidconnect handles keys, signature, `nonce` and `at_hash`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use loopback::journal::Check;
use openidconnect::core::{CoreJsonWebKey, CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{
    AccessToken, AccessTokenHash, JsonWebKey as _, JsonWebKeyId, JsonWebKeyUse as _, Nonce,
    NonceVerifier as _,
};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The only signature algorithm of a user pool.
const ALGORITHM: CoreJwsSigningAlgorithm = CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256;

/// The check of the ID token that failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum IdTokenCheck {
    /// The token is a signed JWT, and its checked claims have the right form, among them a subject.
    Form,
    /// `iss`, `aud`, `azp` or `exp`.
    Claims,
    /// `token_use`.
    Use,
    /// The signature, with a key of the user pool.
    Signature,
    /// `nonce`.
    Nonce,
    /// `sub`, at a refresh.
    Subject,
    /// `at_hash`.
    AccessTokenHash,
}

/// On which occasion the ID token was issued.
#[derive(Clone, Copy)]
pub(super) enum Occasion<'a> {
    /// A sign-in whose authorization request had this nonce.
    SignIn { nonce: &'a str },
    /// A refresh of tokens that have this subject and this nonce.
    Refresh {
        subject: &'a str,
        nonce: Option<&'a str>,
    },
}

/// The values that an ID token must match.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) access_token: &'a AccessToken,
    pub(super) occasion: Occasion<'a>,
}

/// The header's members that say how to verify (RFC 7515 §4.1).
#[derive(Deserialize)]
struct Header {
    alg: CoreJwsSigningAlgorithm,
    kid: JsonWebKeyId,
    crit: Option<IgnoredAny>,
}

/// The claims that are checked, and no others.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    nonce: Option<Nonce>,
    at_hash: Option<AccessTokenHash>,
    token_use: Option<String>,
}

/// One audience as a string, or any number of them as an array (RFC 7519 §4.1.3).
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn is_only(&self, client_id: &str) -> bool {
        match self {
            Self::One(audience) => audience == client_id,
            Self::Several(all) => matches!(all.as_slice(), [only] if only == client_id),
        }
    }
}

/// The parts of an ID token that has the right form.
struct Parts<'a> {
    header: Header,
    claims: Claims,
    /// The JWS signing input (RFC 7515 §5.2 step 8).
    signed: &'a str,
    signature: Vec<u8>,
}

/// Verifies an ID token with these keys, and returns its subject. Each check that was made is added
/// to `checks`.
pub(super) fn verify(
    id_token: &str,
    keys: &CoreJsonWebKeySet,
    expected: &Expected<'_>,
    now: DateTime<Utc>,
    checks: &mut Vec<Check>,
) -> Result<String, IdTokenCheck> {
    let Parts {
        header,
        claims,
        signed,
        signature,
    } = Check::made(
        checks,
        ("it is a signed JWT", "OIDC Core §3.1.3.7 step 1"),
        parts(id_token),
        IdTokenCheck::Form,
    )?;

    let is_for_the_app = claims.iss == expected.issuer
        && claims.aud.is_only(expected.client_id)
        && claims
            .azp
            .is_none_or(|authorized| authorized == expected.client_id)
        && claims.exp > now.timestamp();
    Check::made(
        checks,
        (
            "iss is the pool, aud is the app, exp is in the future",
            "OIDC Core §3.1.3.7",
        ),
        is_for_the_app.then_some(()),
        IdTokenCheck::Claims,
    )?;
    Check::made(
        checks,
        ("token_use is id", "Cognito: verifying tokens"),
        (claims.token_use.as_deref() == Some("id")).then_some(()),
        IdTokenCheck::Use,
    )?;

    let key = key_of(keys, &header.kid).filter(|key| {
        let verify = || key.verify_signature(&ALGORITHM, signed.as_bytes(), &signature);
        header.alg == ALGORITHM && verify().is_ok()
    });
    let key = Check::made(
        checks,
        (
            "the signature fits the pool's key",
            "OIDC Core §3.1.3.7 step 6",
        ),
        key,
        IdTokenCheck::Signature,
    )?;

    let is_nonce = |sent: &str| {
        let sent = Nonce::new(sent.to_owned());
        sent.verify(claims.nonce.as_ref()).is_ok()
    };
    match expected.occasion {
        Occasion::SignIn { nonce } => Check::made(
            checks,
            ("nonce is the app's", "OIDC Core §3.1.3.7 step 11"),
            is_nonce(nonce).then_some(()),
            IdTokenCheck::Nonce,
        )?,
        Occasion::Refresh { subject, nonce } => {
            let is_same_nonce = claims.nonce.is_none() || nonce.is_some_and(is_nonce);
            Check::made(
                checks,
                (
                    "nonce, if present, is that of the sign-in",
                    "OIDC Core §12.2",
                ),
                is_same_nonce.then_some(()),
                IdTokenCheck::Nonce,
            )?;
            Check::made(
                checks,
                ("sub is that of the sign-in", "OIDC Core §12.2"),
                (claims.sub == subject).then_some(()),
                IdTokenCheck::Subject,
            )?;
        }
    }

    let is_of_the_access_token = claims.at_hash.is_none_or(|at_hash| {
        AccessTokenHash::from_token(expected.access_token, &ALGORITHM, key)
            .is_ok_and(|hash| hash == at_hash)
    });
    Check::made(
        checks,
        (
            "at_hash, if present, fits the access token",
            "OIDC Core §3.1.3.8",
        ),
        is_of_the_access_token.then_some(()),
        IdTokenCheck::AccessTokenHash,
    )?;
    Ok(claims.sub)
}

/// Splits an ID token into its parts. `None` if it isn't a signed JWT whose checked claims have the
/// right form, or if its header has `crit` (RFC 7515 §4.1.11): no extension is understood here.
fn parts(id_token: &str) -> Option<Parts<'_>> {
    let (signed, signature) = id_token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let parts = Parts {
        header: read(header)?,
        claims: read(claims)?,
        signed,
        signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
    };
    (parts.header.crit.is_none() && !parts.claims.sub.is_empty()).then_some(parts)
}

/// The only signature key with this `kid`; `None` if there is none, or more than one.
fn key_of<'a>(keys: &'a CoreJsonWebKeySet, key_id: &JsonWebKeyId) -> Option<&'a CoreJsonWebKey> {
    let mut fitting = keys.keys().iter().filter(|key| {
        key.key_id() == Some(key_id) && key.key_use().is_none_or(|usage| usage.allows_signature())
    });
    match (fitting.next(), fitting.next()) {
        (Some(key), None) => Some(key),
        _ => None,
    }
}

/// Reads a part of a JWT: base64url without padding, and JSON in which none of the members of `T`
/// comes twice.
fn read<T: for<'de> Deserialize<'de>>(part: &str) -> Option<T> {
    let json = URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest::{SHA256, digest};
    use keys::{Algorithm, LocalKey, SigningKey as _};
    use serde_json::{Value, json};

    use super::*;

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;
    const SIGN_IN: Occasion<'_> = Occasion::SignIn { nonce: "n" };
    const REFRESH: Occasion<'_> = Occasion::Refresh {
        subject: "s",
        nonce: Some("n"),
    };

    struct Pool {
        key: LocalKey,
        access_token: AccessToken,
    }

    impl Pool {
        fn new() -> Self {
            Self {
                key: LocalKey::generate(Algorithm::Rs256).unwrap(),
                access_token: AccessToken::new("a".to_owned()),
            }
        }

        fn key_set(&self) -> CoreJsonWebKeySet {
            let key = serde_json::to_value(self.key.public_jwk()).unwrap();
            serde_json::from_value(json!({ "keys": [key] })).unwrap()
        }

        fn claims() -> Value {
            let at_hash = URL_SAFE_NO_PAD.encode(&digest(&SHA256, b"a").as_ref()[..16]);
            json!({
                "iss": "https://pool", "aud": "app", "sub": "s", "exp": 1, "nonce": "n",
                "at_hash": at_hash, "token_use": "id",
            })
        }

        async fn signed(&self, header: &Value, claims: &Value) -> String {
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            let signed = format!("{}.{}", part(header), part(claims));
            let signature = self.key.sign(signed.as_bytes()).await.unwrap();
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
        }

        fn header(&self) -> Value {
            json!({ "alg": "RS256", "kid": self.key.key_id().as_str() })
        }

        async fn token(&self, changes: &[(&str, Value)]) -> String {
            let mut claims = Self::claims();
            for (name, value) in changes {
                match value {
                    Value::Null => claims.as_object_mut().unwrap().remove(*name),
                    value => claims
                        .as_object_mut()
                        .unwrap()
                        .insert((*name).to_owned(), value.clone()),
                };
            }
            self.signed(&self.header(), &claims).await
        }

        fn verify(&self, token: &str, occasion: Occasion<'_>) -> Result<String, IdTokenCheck> {
            let expected = Expected {
                issuer: "https://pool",
                client_id: "app",
                access_token: &self.access_token,
                occasion,
            };
            let mut checks = Vec::new();
            let verified = verify(token, &self.key_set(), &expected, NOW, &mut checks);
            assert_told(&checks, occasion, verified.as_ref().err().copied());
            verified
        }
    }

    /// Asserts that `checks` has the checks that passed, in order, and then the failed one, if one
    /// failed.
    fn assert_told(checks: &[Check], occasion: Occasion<'_>, failed: Option<IdTokenCheck>) {
        let start = [
            (IdTokenCheck::Form, "it is a signed JWT"),
            (
                IdTokenCheck::Claims,
                "iss is the pool, aud is the app, exp is in the future",
            ),
            (IdTokenCheck::Use, "token_use is id"),
            (IdTokenCheck::Signature, "the signature fits the pool's key"),
        ];
        let middle: &[_] = match occasion {
            Occasion::SignIn { .. } => &[(IdTokenCheck::Nonce, "nonce is the app's")],
            Occasion::Refresh { .. } => &[
                (
                    IdTokenCheck::Nonce,
                    "nonce, if present, is that of the sign-in",
                ),
                (IdTokenCheck::Subject, "sub is that of the sign-in"),
            ],
        };
        let end = [(
            IdTokenCheck::AccessTokenHash,
            "at_hash, if present, fits the access token",
        )];
        let mut expected = Vec::new();
        for (check, what) in [&start, middle, &end].concat() {
            let held = failed != Some(check);
            expected.push((what, held));
            if !held {
                break;
            }
        }
        let told: Vec<_> = checks.iter().map(|c| (&*c.what, c.passed)).collect();
        assert_eq!(told, expected, "{failed:?}");
    }

    #[tokio::test]
    async fn a_token_is_believed_whatever_the_claims_are_that_nobody_checks() {
        let pool = Pool::new();
        for address in [json!("東京都"), json!({ "formatted": "東京都" }), json!(1)] {
            let changes = [("address", address), ("gender", json!([]))];
            let token = pool.token(&changes).await;
            for occasion in [SIGN_IN, REFRESH] {
                assert_eq!(pool.verify(&token, occasion), Ok("s".to_owned()));
            }
        }
        let changes = [("aud", json!(["app"])), ("azp", json!("app"))];
        let token = pool.token(&changes).await;
        assert_eq!(pool.verify(&token, SIGN_IN), Ok("s".to_owned()));
    }

    #[tokio::test]
    async fn each_check_that_does_not_hold_is_named() {
        use IdTokenCheck::{AccessTokenHash, Claims, Form, Nonce, Use};
        let pool = Pool::new();
        for (name, value, check) in [
            ("iss", json!("https://pool/"), Claims),
            ("iss", Value::Null, Form),
            ("aud", json!("other"), Claims),
            ("aud", json!(["app", "other"]), Claims),
            ("aud", json!([]), Claims),
            ("aud", Value::Null, Form),
            ("azp", json!("other"), Claims),
            ("exp", json!(0), Claims),
            ("exp", Value::Null, Form),
            ("exp", json!("1"), Form),
            ("sub", Value::Null, Form),
            ("sub", json!(""), Form),
            ("token_use", json!("access"), Use),
            ("token_use", Value::Null, Use),
            ("nonce", json!("other"), Nonce),
            ("nonce", Value::Null, Nonce),
            ("at_hash", json!("AAAA"), AccessTokenHash),
        ] {
            let token = pool.token(&[(name, value.clone())]).await;
            let told = pool.verify(&token, SIGN_IN);
            assert_eq!(told, Err(check), "{name} {value}");
        }
        let token = pool.token(&[("at_hash", Value::Null)]).await;
        assert_eq!(pool.verify(&token, SIGN_IN), Ok("s".to_owned()));
        for text in ["", "a", "a.b", "a.b.c", "{}.{}."] {
            assert_eq!(pool.verify(text, SIGN_IN), Err(Form), "{text}");
        }
        // A signature that isn't base64url, or has padding.
        let own = pool.token(&[]).await;
        for end in ["!", "="] {
            assert_eq!(pool.verify(&format!("{own}{end}"), SIGN_IN), Err(Form));
        }
    }

    #[tokio::test]
    async fn a_refreshed_token_is_about_the_person_who_signed_in() {
        let pool = Pool::new();
        for (name, value, told) in [
            ("sub", json!("other"), Err(IdTokenCheck::Subject)),
            ("sub", json!(""), Err(IdTokenCheck::Form)),
            ("nonce", json!("other"), Err(IdTokenCheck::Nonce)),
            ("nonce", Value::Null, Ok("s".to_owned())),
            ("token_use", json!("access"), Err(IdTokenCheck::Use)),
            ("at_hash", json!("AAAA"), Err(IdTokenCheck::AccessTokenHash)),
        ] {
            let token = pool.token(&[(name, value)]).await;
            assert_eq!(pool.verify(&token, REFRESH), told, "{name}");
        }
    }

    #[tokio::test]
    async fn a_signature_is_that_of_the_pools_key_and_algorithm() {
        let (pool, other) = (Pool::new(), Pool::new());
        let own = pool.token(&[]).await;
        let mut forged = pool.header();
        let told = |header: &Value| {
            let (pool, header) = (&pool, header.clone());
            async move {
                let token = pool.signed(&header, &Pool::claims()).await;
                pool.verify(&token, SIGN_IN)
            }
        };
        // Signed with another key, under the pool's kid.
        let token = other.signed(&pool.header(), &Pool::claims()).await;
        assert_eq!(pool.verify(&token, SIGN_IN), Err(IdTokenCheck::Signature));
        // The claims were changed after signing.
        let parts: Vec<&str> = own.split('.').collect();
        let claims = URL_SAFE_NO_PAD.encode(Pool::claims().to_string().replace("\"s\"", "\"t\""));
        let token = [parts[0], &claims, parts[2]].join(".");
        assert_eq!(pool.verify(&token, SIGN_IN), Err(IdTokenCheck::Signature));
        for algorithm in ["none", "RS384", "HS256", "ES256", "PS256"] {
            forged["alg"] = json!(algorithm);
            assert_eq!(
                told(&forged).await,
                Err(IdTokenCheck::Signature),
                "{algorithm}"
            );
        }
        forged = json!({ "alg": "RS256", "kid": "unknown" });
        assert_eq!(told(&forged).await, Err(IdTokenCheck::Signature));
        forged = json!({ "alg": "RS256" });
        assert_eq!(told(&forged).await, Err(IdTokenCheck::Form));
        forged = pool.header();
        forged["crit"] = json!(["exp"]);
        assert_eq!(told(&forged).await, Err(IdTokenCheck::Form));
    }
}

//! An app of the user's own, which signs in at the laptop's Amazon Cognito, and what a laptop keeps
//! for it from one start to the next: keys, secret, and the user pool.
//! Whatever else a bridge needs (its assertion key, its seals, its secret at Cognito) is new at
//! every start, since nothing outlives a login.

use std::fmt;

use cognito_simulator::{AppClient, SavedPool};
use function_kit::secrets::sealing_keys;
use keys::{LocalKey, NoRandomness, Randomness as _, SystemRandomness};
use loopback::rsa::RsaKey;
use loopback::tls::{Certificate, Tls};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{ConfigurationError, RsaKeys, ring_of};

/// The own app's client id, which never changes.
pub const OWN_CLIENT_ID: &str = "2ownapp3456789abcdefghijkl";

/// Characters of a client secret, as many as Cognito's have.
const SECRET_LENGTH: usize = 51;
/// The characters that Cognito's client secrets have: 32, so that 5 random bits choose one.
const SECRET_CHARACTERS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";

/// How the own app is registered: its app client in the user pool.
#[derive(Clone, Debug)]
pub struct OwnApp {
    /// The client secret of a confidential client; a public one has none.
    pub client_secret: Option<SecretString>,
    /// `CallbackURLs`, of which there is at least one.
    pub callback_urls: Vec<String>,
    /// `LogoutURLs`.
    pub logout_urls: Vec<String>,
    /// `AllowedOAuthScopes`.
    pub scopes: Vec<String>,
}

impl OwnApp {
    /// Its app client. It may read and write what another app client may.
    pub(crate) fn app_client(&self, other: &AppClient) -> AppClient {
        AppClient {
            client_id: OWN_CLIENT_ID.to_owned(),
            client_secret: self.client_secret.clone(),
            callback_urls: self.callback_urls.clone(),
            logout_urls: self.logout_urls.clone(),
            allowed_scopes: self.scopes.clone(),
            ..other.clone()
        }
    }
}

/// What a laptop keeps from one start to the next.
#[derive(Clone)]
pub struct Kept {
    /// The own app's client secret, which a public client leaves unused.
    pub client_secret: SecretString,
    /// The key of the verified records in the user pool, base64url.
    pub record_key: SecretString,
    /// The RSA keys.
    pub rsa_keys: RsaKeys,
    /// The users and refresh tokens of the user pool.
    pub pool: SavedPool,
    /// The certificate, once HTTPS was asked for.
    pub certificate: Option<Certificate>,
}

impl fmt::Debug for Kept {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Kept")
    }
}

/// A text isn't what [`Kept::to_json`] wrote.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("this isn't the state of a laptop's Amazon Cognito, or one of another version")]
pub struct InvalidKept;

impl Kept {
    /// New keys, a new secret, and an empty pool.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError`].
    pub fn generate() -> Result<Self, ConfigurationError> {
        Ok(Self {
            client_secret: client_secret()?,
            record_key: keys::random_base64url::<32>(&SystemRandomness)?.into(),
            rsa_keys: RsaKeys::generate()?,
            pool: SavedPool::default(),
            certificate: None,
        })
    }

    /// All of it as JSON, with the secrets in it: for a file that only its owner can read.
    ///
    /// # Errors
    ///
    /// [`InvalidKept`], in practice never.
    pub fn to_json(&self) -> Result<Zeroizing<Vec<u8>>, InvalidKept> {
        let key = |key: &RsaKey| key.private_key().map_err(|_| InvalidKept);
        let (service, user_pool) = (key(&self.rsa_keys.service)?, key(&self.rsa_keys.user_pool)?);
        let certificate = self.certificate.as_ref();
        let written = Written {
            version: VERSION,
            client_secret: self.client_secret.expose_secret(),
            record_key: self.record_key.expose_secret(),
            service_key: service.expose_secret(),
            user_pool_key: user_pool.expose_secret(),
            id_token_key: self.rsa_keys.id_tokens.expose_secret(),
            certificate: certificate.map(|certificate| WrittenCertificate {
                authority: &certificate.authority,
                certificate: &certificate.certificate,
                private_key: certificate.private_key.expose_secret(),
                hosts: &certificate.hosts,
                expires: certificate.expires.timestamp(),
            }),
            pool: &self.pool,
        };
        let json = serde_json::to_vec_pretty(&written).map_err(|_| InvalidKept)?;
        Ok(Zeroizing::new(json))
    }

    /// What [`Kept::to_json`] wrote.
    ///
    /// # Errors
    ///
    /// [`InvalidKept`].
    pub fn from_json(json: &[u8]) -> Result<Self, InvalidKept> {
        let read: Read = serde_json::from_slice(json).map_err(|_| InvalidKept)?;
        if read.version != VERSION {
            return Err(InvalidKept);
        }
        let key = |key: &SecretString| RsaKey::from_private_key(key).map_err(|_| InvalidKept);
        LocalKey::from_jwk(&read.id_token_key).map_err(|_| InvalidKept)?;
        sealing_keys(&ring_of(&read.record_key).into()).map_err(|_| InvalidKept)?;
        let certificate = read.certificate.map(|certificate| {
            let expires = chrono::DateTime::from_timestamp(certificate.expires, 0);
            Ok(Certificate {
                authority: certificate.authority,
                certificate: certificate.certificate,
                private_key: certificate.private_key,
                hosts: certificate.hosts,
                expires: expires.ok_or(InvalidKept)?,
            })
        });
        let certificate: Option<Certificate> = certificate.transpose()?;
        if certificate
            .as_ref()
            .is_some_and(|certificate| Tls::new(certificate).is_err())
        {
            return Err(InvalidKept);
        }
        Ok(Self {
            client_secret: read.client_secret,
            record_key: read.record_key,
            rsa_keys: RsaKeys {
                service: key(&read.service_key)?,
                user_pool: key(&read.user_pool_key)?,
                id_tokens: read.id_token_key,
            },
            pool: read.pool,
            certificate,
        })
    }
}

/// The version of the JSON.
const VERSION: u32 = 1;

/// The JSON, as it is written.
#[derive(Serialize)]
struct Written<'a> {
    version: u32,
    client_secret: &'a str,
    record_key: &'a str,
    service_key: &'a str,
    user_pool_key: &'a str,
    id_token_key: &'a str,
    certificate: Option<WrittenCertificate<'a>>,
    pool: &'a SavedPool,
}

#[derive(Serialize)]
struct WrittenCertificate<'a> {
    authority: &'a str,
    certificate: &'a str,
    private_key: &'a str,
    hosts: &'a [String],
    expires: i64,
}

/// The JSON, as it is read.
#[derive(Deserialize)]
struct Read {
    version: u32,
    client_secret: SecretString,
    record_key: SecretString,
    service_key: SecretString,
    user_pool_key: SecretString,
    id_token_key: SecretString,
    certificate: Option<ReadCertificate>,
    pool: SavedPool,
}

#[derive(Deserialize)]
struct ReadCertificate {
    authority: String,
    certificate: String,
    private_key: SecretString,
    hosts: Vec<String>,
    expires: i64,
}

/// A client secret of Cognito's form.
fn client_secret() -> Result<SecretString, NoRandomness> {
    let mut bytes = Zeroizing::new([0; SECRET_LENGTH]);
    SystemRandomness.fill(bytes.as_mut())?;
    let characters = bytes.iter().filter_map(|byte| {
        let character = SECRET_CHARACTERS.get(usize::from(byte % 32));
        character.copied().map(char::from)
    });
    Ok(characters.collect::<String>().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_the_same_after_it_was_written_and_read() {
        let mut kept = Kept::generate().unwrap();
        let now = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        kept.certificate = Some(Certificate::make(&["localhost".to_owned()], now).unwrap());
        let written = kept.to_json().unwrap();
        let read = Kept::from_json(&written).unwrap();
        assert_eq!(read.to_json().unwrap(), written);
        assert_eq!(format!("{kept:?}"), "Kept");
    }

    #[test]
    fn another_text_is_refused() {
        let written = Kept::generate().unwrap().to_json().unwrap();
        for text in ["", "{}", "[]"] {
            assert!(Kept::from_json(text.as_bytes()).is_err(), "{text}");
        }
        let written: serde_json::Value = serde_json::from_slice(&written).unwrap();
        let keys = ["record_key", "service_key", "user_pool_key", "id_token_key"];
        for name in keys {
            let mut other = written.clone();
            other[name] = "AAAA".into();
            assert!(
                Kept::from_json(other.to_string().as_bytes()).is_err(),
                "{name}"
            );
        }
        let mut other = written;
        other["version"] = 2.into();
        assert!(Kept::from_json(other.to_string().as_bytes()).is_err());
    }

    #[test]
    fn a_client_secret_has_cognitos_characters() {
        let secret = client_secret().unwrap();
        let secret = secret.expose_secret();
        assert_eq!(secret.len(), SECRET_LENGTH);
        assert!(secret.bytes().all(|byte| SECRET_CHARACTERS.contains(&byte)));
    }
}

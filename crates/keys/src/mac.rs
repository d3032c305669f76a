//! A key of HMAC-SHA-256: a local secret, or a key that never leaves AWS KMS. With the
//! same 32 bytes, both make the same MACs. So a local secret can later be imported into AWS KMS.

use std::fmt;

use aws_lc_rs::hmac;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::MacAlgorithmSpec;
use secrecy::{ExposeSecret as _, SecretString};

use crate::error::{InvalidKey, MacError};
use crate::kms::{Failure, failure};

/// How many bytes a MAC has.
pub const MAC_BYTES: usize = 32;

/// The longest message, in bytes: that of `GenerateMac`. It holds for local keys, too.
const LONGEST_MESSAGE: usize = 4_096;

/// A key of HMAC-SHA-256. `Debug` shows where it is kept, and nothing of a local secret.
///
/// There is no ring of such keys. MACs are compared with MACs of years ago, so another key makes
/// everything that was stored under the old MACs unfindable.
pub struct MacKey(Kept);

enum Kept {
    Local(Box<hmac::Key>),
    Kms {
        client: aws_sdk_kms::Client,
        arn: String,
    },
}

impl MacKey {
    /// A local secret of 32 bytes, in one of the spellings of [`sealing::key_bytes`].
    ///
    /// # Errors
    ///
    /// [`InvalidKey::MalformedSecret`].
    pub fn local(secret: &SecretString) -> Result<Self, InvalidKey> {
        let bytes =
            sealing::key_bytes(secret.expose_secret()).ok_or(InvalidKey::MalformedSecret)?;
        Ok(Self(Kept::Local(Box::new(hmac::Key::new(
            hmac::HMAC_SHA256,
            bytes.as_slice(),
        )))))
    }

    /// The key in AWS KMS with this ARN (`arn:…:key/…`), whose spec is `HMAC_256`. Nothing is
    /// called yet; MACs need the permission `kms:GenerateMac`. Time limits and retries are those
    /// of the SDK client.
    ///
    /// # Errors
    ///
    /// [`InvalidKey::NotAKeyArn`] for an alias or the key's bare id.
    pub fn kms(client: aws_sdk_kms::Client, arn: &str) -> Result<Self, InvalidKey> {
        // arn:partition:kms:region:account:key/id
        let mut parts = arn.split(':');
        let starts = parts.next() == Some("arn") && parts.nth(1) == Some("kms");
        let key = parts.nth(2).and_then(|last| last.strip_prefix("key/"));
        if !starts || key.is_none_or(str::is_empty) || parts.next().is_some() {
            return Err(InvalidKey::NotAKeyArn);
        }
        let arn = arn.to_owned();
        Ok(Self(Kept::Kms { client, arn }))
    }

    /// The HMAC-SHA-256 of a message of 4,096 bytes at most. For a key in KMS, it is one call of
    /// `GenerateMac`.
    ///
    /// # Errors
    ///
    /// See [`MacError`].
    pub async fn mac(&self, message: &[u8]) -> Result<[u8; MAC_BYTES], MacError> {
        if message.len() > LONGEST_MESSAGE {
            return Err(MacError::TooLong);
        }
        match &self.0 {
            Kept::Local(key) => bytes(hmac::sign(key, message).as_ref()),
            Kept::Kms { client, arn } => {
                let answer = client
                    .generate_mac()
                    .key_id(arn)
                    .mac_algorithm(MacAlgorithmSpec::HmacSha256)
                    .message(Blob::new(message))
                    .send()
                    .await
                    .map_err(|error| match failure("GenerateMac", &error) {
                        Failure::Unavailable => MacError::Unavailable,
                        Failure::Refused => MacError::Refused,
                    })?;
                if answer.key_id() != Some(arn.as_str())
                    || answer.mac_algorithm() != Some(&MacAlgorithmSpec::HmacSha256)
                {
                    return Err(MacError::MalformedMac);
                }
                bytes(answer.mac().ok_or(MacError::MalformedMac)?.as_ref())
            }
        }
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kept::Local(_) => formatter.write_str("MacKey(local)"),
            Kept::Kms { arn, .. } => write!(formatter, "MacKey({arn})"),
        }
    }
}

fn bytes(mac: &[u8]) -> Result<[u8; MAC_BYTES], MacError> {
    mac.try_into().map_err(|_length| MacError::MalformedMac)
}

//! A signing key that never leaves AWS KMS. The public key is fetched once; after that every
//! signature is one call of `Sign`. The SHA-256 of the message is made here, since KMS takes 4,096
//! bytes of message at most and an ID token can be longer. KMS gives ECDSA signatures as DER; here
//! they become r‖s (contract A3).

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use aws_failure::AwsFailure;
use aws_lc_rs::digest::{SHA256, digest};
use aws_sdk_kms::config::http::HttpResponse;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeySpec, KeyUsageType, MessageType, SigningAlgorithmSpec};

use crate::{Algorithm, InvalidKey, KeyId, PublicJwk, SigningError, SigningKey};

/// The codes of errors with status 4xx that are temporary.
const TEMPORARY: [&str; 8] = [
    "DependencyTimeoutException",
    "KeyUnavailableException",
    "KMSInternalException",
    "LimitExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "Throttling",
    "ThrottlingException",
];

/// A private key in AWS KMS. Time limits and retries are those of the SDK client.
///
/// Signing needs the permission `kms:Sign`, loading needs `kms:GetPublicKey`.
pub struct KmsKey {
    client: aws_sdk_kms::Client,
    arn: String,
    signature_bytes: usize,
    public_jwk: PublicJwk,
}

/// Why a call of KMS failed.
pub(crate) enum Failure {
    Unavailable,
    Refused,
}

impl KmsKey {
    /// Fetches the public key of a key id, key ARN, alias name (`alias/…`) or alias ARN: one
    /// `GetPublicKey`.
    ///
    /// Signatures are made with the ARN in that answer. If an alias is pointed at another key, the
    /// old key keeps signing until the next load. So the signatures always fit the public key that
    /// is published.
    ///
    /// # Errors
    /// `Unavailable` and `Refused` by KMS; `KmsKeyUsage`, `KmsKeySpec` and `KmsAlgorithm` for a
    /// key of another kind; `MalformedPublicKey` if the answer isn't one.
    pub async fn load(
        client: aws_sdk_kms::Client,
        key_id_or_arn: &str,
    ) -> Result<Self, InvalidKey> {
        let answer = client
            .get_public_key()
            .key_id(key_id_or_arn)
            .send()
            .await
            .map_err(|error| match failure("GetPublicKey", &error) {
                Failure::Unavailable => InvalidKey::Unavailable,
                Failure::Refused => InvalidKey::Refused,
            })?;
        if answer.key_usage() != Some(&KeyUsageType::SignVerify) {
            return Err(InvalidKey::KmsKeyUsage);
        }
        let (algorithm, signature_bytes) = match answer.key_spec() {
            Some(KeySpec::Rsa2048) => (Algorithm::Rs256, 256),
            Some(KeySpec::Rsa3072) => (Algorithm::Rs256, 384),
            Some(KeySpec::Rsa4096) => (Algorithm::Rs256, 512),
            Some(KeySpec::EccNistP256) => (Algorithm::Es256, 64),
            _ => return Err(InvalidKey::KmsKeySpec),
        };
        if !answer
            .signing_algorithms()
            .contains(&kms_algorithm(algorithm))
        {
            return Err(InvalidKey::KmsAlgorithm);
        }
        let (Some(arn), Some(spki)) = (answer.key_id(), answer.public_key()) else {
            return Err(InvalidKey::MalformedPublicKey);
        };
        let public_jwk = PublicJwk::from_spki(algorithm, spki.as_ref())?;
        if public_jwk.signature_bytes() != signature_bytes {
            return Err(InvalidKey::MalformedPublicKey);
        }
        Ok(Self {
            arn: arn.to_owned(),
            client,
            signature_bytes,
            public_jwk,
        })
    }

    async fn sign_remotely(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        let algorithm = self.algorithm();
        tracing::debug!(event = "signature", %algorithm);
        let answer = self
            .client
            .sign()
            .key_id(&self.arn)
            .message(Blob::new(digest(&SHA256, message).as_ref()))
            .message_type(MessageType::Digest)
            .signing_algorithm(kms_algorithm(algorithm))
            .send()
            .await
            .map_err(|error| match failure("Sign", &error) {
                Failure::Unavailable => SigningError::Unavailable,
                Failure::Refused => SigningError::Refused,
            })?;
        let signature = answer
            .signature()
            .ok_or(SigningError::MalformedSignature)?
            .as_ref();
        let signature = match algorithm {
            Algorithm::Rs256 => signature.to_vec(),
            Algorithm::Es256 => fixed_from_der(signature)?,
        };
        if signature.len() != self.signature_bytes {
            return Err(SigningError::MalformedSignature);
        }
        Ok(signature)
    }
}

impl SigningKey for KmsKey {
    fn algorithm(&self) -> Algorithm {
        self.public_jwk.algorithm()
    }

    fn key_id(&self) -> &KeyId {
        self.public_jwk.key_id()
    }

    fn public_jwk(&self) -> &PublicJwk {
        &self.public_jwk
    }

    fn sign<'a>(
        &'a self,
        message: &'a [u8],
    ) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, SigningError>> + Send + 'a>> {
        Box::pin(self.sign_remotely(message))
    }
}

impl fmt::Debug for KmsKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("KmsKey")
            .field("key_id", &self.key_id().as_str())
            .field("algorithm", &self.algorithm())
            .field("arn", &self.arn)
            .finish_non_exhaustive()
    }
}

fn kms_algorithm(algorithm: Algorithm) -> SigningAlgorithmSpec {
    match algorithm {
        Algorithm::Rs256 => SigningAlgorithmSpec::RsassaPkcs1V15Sha256,
        Algorithm::Es256 => SigningAlgorithmSpec::EcdsaSha256,
    }
}

/// The 64 bytes r‖s of RFC 7518 §3.4, from the DER of RFC 3279 §2.2.3, in which the two numbers are
/// as short as they can be.
///
/// Strict: nothing after the sequence, no needless leading zero, r and s from 1 up to the
/// curve's order less 1.
fn fixed_from_der(der: &[u8]) -> Result<Vec<u8>, SigningError> {
    p256::ecdsa::Signature::from_der(der)
        .map(|signature| signature.to_bytes().to_vec())
        .map_err(|_malformed| SigningError::MalformedSignature)
}

/// Classifies a failed call, and logs the error code that KMS gave.
pub(crate) fn failure<E: ProvideErrorMetadata>(
    operation: &'static str,
    error: &SdkError<E, HttpResponse>,
) -> Failure {
    let known = AwsFailure::of(error);
    let (failure, class) = if known.is_refusal() && !TEMPORARY.contains(&known.code()) {
        (Failure::Refused, "refused")
    } else {
        (Failure::Unavailable, "unavailable")
    };
    known.log("kms_call_failed", operation, &class);
    failure
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The order of P-256 (FIPS 186-5, SP 800-186 §3.2.1.3).
    const ORDER: [u8; 32] = [
        0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        0xFF, 0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63,
        0x25, 0x51,
    ];

    /// The contents of a DER INTEGER: as short as can be, with a zero before a set high bit.
    fn shortest(number: &[u8]) -> Vec<u8> {
        let start = number
            .iter()
            .position(|byte| *byte != 0)
            .unwrap_or(number.len() - 1);
        let mut contents = number[start..].to_vec();
        if contents[0] >= 0x80 {
            contents.insert(0, 0);
        }
        contents
    }

    fn sequence(r: &[u8], s: &[u8]) -> Vec<u8> {
        let mut der = vec![0x30, u8::try_from(r.len() + s.len() + 4).unwrap()];
        for contents in [r, s] {
            der.extend([0x02, u8::try_from(contents.len()).unwrap()]);
            der.extend(contents);
        }
        der
    }

    /// Numbers from 1 up to the order less 1, of any length: short ones too, which is where a
    /// conversion goes wrong.
    fn scalar() -> impl Strategy<Value = [u8; 32]> {
        (any::<[u8; 32]>(), 0_usize..32).prop_filter_map("0 < scalar < order", |(mut n, zeros)| {
            n[..zeros].fill(0);
            (n != [0; 32] && n < ORDER).then_some(n)
        })
    }

    proptest! {
        #[test]
        fn der_becomes_r_and_s_of_32_bytes_each(r in scalar(), s in scalar()) {
            let der = sequence(&shortest(&r), &shortest(&s));

            prop_assert_eq!(fixed_from_der(&der), Ok([r, s].concat()));
        }

        #[test]
        fn bytes_that_are_no_signature_are_refused(
            bytes in prop::collection::vec(any::<u8>(), 0..100),
        ) {
            // Random bytes are hardly ever a DER signature.
            prop_assert_eq!(fixed_from_der(&bytes), Err(SigningError::MalformedSignature));
        }

        #[test]
        fn a_signature_with_a_byte_more_or_less_is_refused(
            r in scalar(),
            s in scalar(),
            cut in 1_usize..8,
        ) {
            let der = sequence(&shortest(&r), &shortest(&s));
            let longer = [der.as_slice(), &[0]].concat();

            prop_assert_eq!(fixed_from_der(&longer), Err(SigningError::MalformedSignature));
            prop_assert_eq!(
                fixed_from_der(&der[..der.len() - cut.min(der.len())]),
                Err(SigningError::MalformedSignature)
            );
        }
    }

    #[test]
    fn numbers_outside_the_curves_range_are_refused() {
        let mut largest = ORDER;
        largest[31] -= 1;
        let one = [1];

        assert!(fixed_from_der(&sequence(&one, &shortest(&largest))).is_ok());
        for wrong in [
            sequence(&one, &shortest(&ORDER)),
            sequence(&shortest(&ORDER), &one),
            sequence(&one, &[0]),
            sequence(&[0], &one),
            sequence(&one, &[]),
            // Negative: the high bit without a zero before it.
            sequence(&one, &[0x80]),
            // Longer than needed.
            sequence(&one, &[0, 1]),
            // 33 bytes that aren't a zero and 32 bytes.
            sequence(&one, &[1; 33]),
        ] {
            assert_eq!(
                fixed_from_der(&wrong),
                Err(SigningError::MalformedSignature)
            );
        }
    }
}

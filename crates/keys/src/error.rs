//! Errors: why a key can't be used, and why there is no signature or no MAC.

use thiserror::Error;

/// Why there is no signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SigningError {
    /// AWS KMS didn't answer, or can't now: time-out, connection, throttling, 5xx, no credentials.
    /// It may work later.
    #[error("the key can't be reached now")]
    Unavailable,
    /// AWS KMS refused: access denied, key disabled, key about to be deleted. An operator has to
    /// fix it.
    #[error("the use of the key was refused")]
    Refused,
    /// AWS KMS answered with something that doesn't have the form of this key's signatures.
    #[error("the answer isn't a signature")]
    MalformedSignature,
    /// The local cryptography failed.
    #[error("signing failed")]
    Failed,
    /// The claims can't be written as JSON.
    #[error("the claims can't be serialized")]
    Claims,
}

/// Why there is no MAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MacError {
    /// AWS KMS didn't answer, or can't now: time-out, connection, throttling, 5xx, no credentials.
    /// It may work later.
    #[error("the key can't be reached now")]
    Unavailable,
    /// AWS KMS refused: access denied, key disabled, key about to be deleted, a key that isn't for
    /// HMAC-SHA-256. An operator has to fix it.
    #[error("the use of the key was refused")]
    Refused,
    /// AWS KMS answered with something that isn't an HMAC-SHA-256 of this key.
    #[error("the answer isn't a MAC of this key")]
    MalformedMac,
    /// The message has more than the 4,096 bytes that AWS KMS takes.
    #[error("the message is too long for a MAC")]
    TooLong,
}

/// Why a key, or a ring of keys, can't be used.
///
/// Messages name members of a JWK, but never show their values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidKey {
    /// Not a JSON object whose members have the types of RFC 7517 and RFC 7518.
    #[error("not a JWK: a JSON object with the members of RFC 7517")]
    NotAJwk,
    /// A `kty` other than `RSA` and `EC`.
    #[error("`kty` must be RSA or EC")]
    UnsupportedKeyType,
    /// A `crv` other than `P-256`.
    #[error("`crv` must be P-256")]
    UnsupportedCurve,
    /// `oth`: an RSA key of more than two primes (RFC 7518 §6.3.2.7).
    #[error("RSA keys with more than two primes are not supported")]
    UnsupportedPrimes,
    /// Only the public half is there.
    #[error("the JWK is public: `d` is missing")]
    NotPrivate,
    /// A member that such a key needs isn't there. RSA needs `p`, `q`, `dp`, `dq` and `qi` too.
    #[error("the JWK's member `{0}` is missing")]
    MissingMember(&'static str),
    /// A member isn't unpadded base64url, or not of the length that RFC 7518 §6 demands.
    #[error("the JWK's member `{0}` is malformed")]
    MalformedMember(&'static str),
    /// `use` isn't `sig`, or `key_ops` doesn't have `sign` (RFC 7517 §4.2, §4.3).
    #[error("the JWK is not meant for signing: see `use` and `key_ops`")]
    NotForSigning,
    /// `alg` isn't the one algorithm of this kind of key.
    #[error("`alg` must be RS256 for an RSA key and ES256 for an EC key")]
    WrongAlgorithm,
    /// `kid` is there, and isn't the thumbprint. If the key is registered somewhere under that
    /// `kid`, it would not be found under ours.
    #[error("`kid` must be the key's RFC 7638 SHA-256 thumbprint, or absent")]
    WrongKeyId,
    /// An RSA modulus under 2048 or over 4096 bits.
    #[error("RSA keys must have 2048 to 4096 bits")]
    KeySize,
    /// An RSA public exponent under 65537 or over 32 bits (FIPS 186-5 §5.1 for the former).
    #[error("the RSA public exponent must be at least 65537, and have at most 32 bits")]
    PublicExponent,
    /// The members don't belong together: the private half isn't that of the public one, or
    /// the public one isn't a point of the curve.
    #[error("the key's parts don't belong together")]
    Inconsistent,
    /// No key could be made.
    #[error("generating a key failed")]
    GenerationFailed,
    /// AWS KMS didn't answer, or can't now. It may work later.
    #[error("the key can't be reached now")]
    Unavailable,
    /// AWS KMS refused: access denied, no such key, key disabled or about to be deleted.
    #[error("the use of the key was refused")]
    Refused,
    /// The KMS key's usage isn't `SIGN_VERIFY`.
    #[error("the KMS key's usage must be SIGN_VERIFY")]
    KmsKeyUsage,
    /// The KMS key's spec isn't one that is supported.
    #[error("the KMS key's spec must be RSA_2048, RSA_3072, RSA_4096 or ECC_NIST_P256")]
    KmsKeySpec,
    /// The KMS key doesn't offer `RSASSA_PKCS1_V1_5_SHA_256` or `ECDSA_SHA_256`.
    #[error("the KMS key doesn't offer the algorithm that it needs")]
    KmsAlgorithm,
    /// KMS answered without an ARN, or with a public key that isn't one of the key's spec.
    #[error("KMS answered with a malformed public key")]
    MalformedPublicKey,
    /// The reference to a KMS key of HMACs isn't the ARN of a key. An alias can be pointed at
    /// another key, and every MAC would be another one.
    #[error("a KMS key of HMACs needs the key's ARN: an alias can be pointed at another key")]
    NotAKeyArn,
    /// The local secret of an HMAC isn't 32 bytes in one of the two spellings.
    #[error("a secret of HMACs must be 64 lower-case hexadecimal digits, or base64url of 32 bytes")]
    MalformedSecret,
    /// The ring has no key, so it can't sign.
    #[error("no key")]
    NoKeys,
    /// The same key twice in one ring.
    #[error("the same key twice")]
    DuplicateKey,
}

//! Signs JWTs in the compact form of RFC 7515 §7.1. The header always has the same three members;
//! the claims are whatever serializes to a JSON object. Nothing is verified here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::{SigningError, SigningKey};

/// Signs `claims` as a JWT with the header `{"alg","kid","typ":"JWT"}`: one signature of `key`.
///
/// # Errors
/// `Claims` if they don't serialize; else those of [`SigningKey::sign`].
pub async fn sign_jwt(
    key: &dyn SigningKey,
    claims: &impl Serialize,
) -> Result<String, SigningError> {
    let header = Header {
        alg: key.algorithm().as_str(),
        kid: key.key_id().as_str(),
        typ: "JWT",
    };
    let mut jwt = encode(&header)?;
    jwt.push('.');
    jwt.push_str(&encode(claims)?);
    let signature = key.sign(jwt.as_bytes()).await?;
    jwt.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut jwt);
    Ok(jwt)
}

/// The JOSE header of everything that is signed here (RFC 7515 §4.1).
#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    kid: &'a str,
    typ: &'static str,
}

fn encode(part: &impl Serialize) -> Result<String, SigningError> {
    let json = serde_json::to_vec(part).map_err(|_may_hold_values| SigningError::Claims)?;
    Ok(URL_SAFE_NO_PAD.encode(json))
}

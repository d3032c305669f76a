//! Requests of administrators: the form of AWS Signature Version 4, and the pool that they name.
//! There are no credentials here, so no signature is verified: one that was made with any key is
//! accepted.

use http::header::{AUTHORIZATION, HeaderMap, HeaderName};

use super::refusal::Refusal;
use super::told::{API, Told};
use crate::shared::Shared;

const DATE: HeaderName = HeaderName::from_static("x-amz-date");

pub(super) fn check_signed(
    shared: &Shared,
    headers: &HeaderMap,
    told: &mut Told,
) -> Result<(), Refusal> {
    let signed = check_signature(headers, shared.options.region());
    let check = (
        "the request has a signature's form (the signature isn't verified)",
        "AWS Signature Version 4",
    );
    let refusal = signed.as_ref().err().cloned();
    let refusal = refusal.unwrap_or(Refusal::IncompleteSignature);
    told.check(check, signed.is_ok(), refusal)
}

pub(super) fn check_pool(shared: &Shared, id: &str, told: &mut Told) -> Result<(), Refusal> {
    let is_pool = id == shared.options.user_pool_id;
    let refusal = Refusal::ResourceNotFound(id.to_owned());
    told.check(("the pool is this one", API), is_pool, refusal)
}

/// Whether a request has the form of Signature Version 4, for this Region and service: it says who
/// signed it and when, and the signature covers host, time and operation.
fn check_signature(headers: &HeaderMap, region: &str) -> Result<(), Refusal> {
    let authorization = headers
        .get(AUTHORIZATION)
        .ok_or(Refusal::MissingAuthenticationToken)?;
    let incomplete = Refusal::IncompleteSignature;
    let text = authorization.to_str().map_err(|_| incomplete.clone())?;
    let parts = text.strip_prefix("AWS4-HMAC-SHA256 ");
    let parts: Vec<&str> = parts
        .ok_or_else(|| incomplete.clone())?
        .split(',')
        .map(str::trim)
        .collect();
    let part = |name: &str| parts.iter().find_map(|part| part.strip_prefix(name));
    let (Some(credential), Some(signed), Some(signature)) = (
        part("Credential="),
        part("SignedHeaders="),
        part("Signature="),
    ) else {
        return Err(incomplete);
    };
    let is_signature = signature.len() == 64
        && signature
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, 'a'..='f'));
    let covers = |name: &str| signed.split(';').any(|header| header == name);
    let date = headers.get(DATE).and_then(|value| value.to_str().ok());
    let day = date.and_then(|date| {
        let is_time = chrono::NaiveDateTime::parse_from_str(date, "%Y%m%dT%H%M%SZ").is_ok();
        is_time.then(|| date.split('T').next()).flatten()
    });
    let Some(day) = day else {
        return Err(incomplete);
    };
    if !is_signature
        || !["host", "x-amz-date", "x-amz-target"]
            .into_iter()
            .all(covers)
    {
        return Err(incomplete);
    }
    match credential.split('/').collect::<Vec<_>>().as_slice() {
        [key, on, at, "cognito-idp", "aws4_request"]
            if !key.is_empty() && *on == day && *at == region =>
        {
            Ok(())
        }
        [_, _, _, _, _] => Err(Refusal::InvalidSignature),
        _ => Err(incomplete),
    }
}

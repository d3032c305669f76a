//! The person of a login, as records keep them.

use aws_lc_rs::digest::{SHA256, digest};
use digital_auth::VerifiedLogin;
use digital_auth::id_token::Subject;
use four_attributes::{VerifiedAt, VerifiedPerson};

/// The longest subject that fits: Amazon Cognito's user name is `<ProviderName>_<sub>`, 128
/// characters at most, and a provider name has up to 32.
pub const MAX_SUBJECT_CHARACTERS: usize = 95;

/// The beginning of a hashed subject. Neither this nor the rule of [`pool_subject`] may ever
/// change: existing users would get other subjects, and become other users.
const HASHED_SUBJECT_PREFIX: &str = "sha256-";

/// What a login at the service with this issuer says about a person. Its time is `auth_time`, or
/// else `iat`, marked as such (contract S5).
#[must_use]
pub fn verified_person(login: &VerifiedLogin, service_issuer: &str) -> VerifiedPerson {
    let id_token = &login.id_token;
    let verified_at = id_token.auth_time.map_or(
        VerifiedAt::IssuedAt(id_token.issued_at),
        VerifiedAt::Authentication,
    );
    VerifiedPerson {
        issuer: service_issuer.to_owned(),
        subject: pool_subject(login.subject()),
        attributes: login.attributes.clone(),
        verified_at,
        acr: id_token.acr.clone(),
    }
}

/// The service's subject in a form that Cognito accepts as part of a user name: unchanged if it is
/// 1 to 95 visible ASCII characters, else `sha256-` and the hex SHA-256. A subject that itself
/// begins with `sha256-` is hashed, too, so that two subjects never become one.
#[must_use]
pub fn pool_subject(subject: &Subject) -> String {
    let subject = subject.expose();
    let fits = subject.len() <= MAX_SUBJECT_CHARACTERS
        && !subject.is_empty()
        && subject.bytes().all(|byte| byte.is_ascii_graphic())
        && !subject.starts_with(HASHED_SUBJECT_PREFIX);
    if fits {
        return subject.to_owned();
    }
    let mut hashed = HASHED_SUBJECT_PREFIX.to_owned();
    for byte in digest(&SHA256, subject.as_bytes()).as_ref() {
        hashed.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
        hashed.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
    }
    hashed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_that_fits_is_kept_and_any_other_is_hashed_by_a_rule_that_never_changes() {
        let of = |subject: &str| pool_subject(&Subject::new(subject.to_owned()));
        assert_eq!(
            of("1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"),
            "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"
        );
        assert_eq!(of(&"x".repeat(95)), "x".repeat(95));
        // printf %s 'a b' | sha256sum
        let hash = "c8687a08aa5d6ed2044328fa6a697ab8e96dc34291e8c2034ae8c38e6fcc6d65";
        assert_eq!(of("a b"), format!("sha256-{hash}"));
        for hashed in ["a b", "", "é", "a\tb", "sha256-00", &"x".repeat(96)] {
            let subject = of(hashed);
            assert!(subject.starts_with("sha256-") && subject.len() == 71 && subject != hashed);
        }
    }
}

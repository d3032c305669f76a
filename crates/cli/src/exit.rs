//! The exit status: 0 for a login, and one of its own for each class of failure.
//! A script can tell apart what happened without reading a word. A status never changes its meaning, so new classes
//! get new numbers at the end.

use federation::failure::Class;

/// The command line is wrong (clap's own).
pub(crate) const USAGE: u8 = 2;
/// The function couldn't be built.
pub(crate) const BUILD: u8 = 3;
/// A port is taken, or something else keeps the stand-ins from starting.
pub(crate) const START: u8 = 4;
/// The login ended outside of the bridge's classes: at Cognito's or the service's stand-in.
pub(crate) const ELSEWHERE: u8 = 5;
/// Something is wrong with the demo itself.
pub(crate) const DEFECT: u8 = 6;
/// Ctrl-C (128 + SIGINT).
pub(crate) const INTERRUPTED: u8 = 130;

/// Why a command ended early: told in one sentence, in English or in Japanese.
pub(crate) trait Complaint: std::error::Error {
    /// The exit status.
    fn status(&self) -> u8;

    /// The same in Japanese, where it is something that people meet.
    fn in_japanese(&self) -> String;
}

/// The status of a class.
#[must_use]
pub(crate) fn status(class: Class) -> u8 {
    match class {
        Class::NotFound => 10,
        Class::MethodNotAllowed => 11,
        Class::TooLarge => 12,
        Class::Internal => 13,
        Class::SecretsUnavailable => 14,
        Class::NotConnected => 15,
        Class::MalformedRequest => 16,
        Class::UnknownClient => 17,
        Class::RedirectUriMismatch => 18,
        Class::StateMissing => 19,
        Class::StateTooLong => 20,
        Class::UnsupportedResponseType => 21,
        Class::InvalidScope => 22,
        Class::RequestNotSupported => 23,
        Class::RequestUriNotSupported => 24,
        Class::LoginRequired => 25,
        Class::InvalidNonce => 26,
        Class::InvalidCodeChallenge => 27,
        Class::InvalidMaxAge => 28,
        Class::NoPendingLogin => 29,
        Class::LoginExpired => 30,
        Class::ForeignLogin => 31,
        Class::AlteredLogin => 32,
        Class::MalformedCallback => 33,
        Class::IssuerMismatch => 34,
        Class::Cancelled => 35,
        Class::ServiceLoginRequired => 36,
        Class::ServiceInteractionRequired => 37,
        Class::ServiceInvalidRequest => 38,
        Class::ServiceInvalidScope => 39,
        Class::ServiceUnauthorizedClient => 40,
        Class::ServiceServerError => 41,
        Class::ServiceTemporarilyUnavailable => 42,
        Class::ServiceUnknownError => 43,
        Class::ClientAuthenticationFailed => 44,
        Class::UnsupportedGrantType => 45,
        Class::MalformedTokenRequest => 46,
        Class::CodeMalformed => 47,
        Class::CodeForged => 48,
        Class::CodeExpired => 49,
        Class::CodeForeign => 50,
        Class::CodeRedirectUriMismatch => 51,
        Class::CodeVerifierMismatch => 52,
        Class::SigningFailed => 53,
        Class::ServiceUnreachable => 54,
        Class::ServiceTimeout => 55,
        Class::ServiceFailed => 56,
        Class::ServiceRefusedCode => 57,
        Class::ServiceRefusedClient => 58,
        Class::ServiceRefusedRequest => 59,
        Class::TokenAnswerMalformed => 60,
        Class::TokenAnswerTooLarge => 61,
        Class::KeySetUnavailable => 62,
        Class::KeySetMalformed => 63,
        Class::IdTokenMalformed => 64,
        Class::IdTokenAlgorithm => 65,
        Class::IdTokenUnknownKey => 66,
        Class::IdTokenSignature => 67,
        Class::IdTokenIssuer => 68,
        Class::IdTokenAudience => 69,
        Class::IdTokenAuthorizedParty => 70,
        Class::IdTokenExpired => 71,
        Class::IdTokenIssuedAt => 72,
        Class::IdTokenNonce => 73,
        Class::IdTokenAccessTokenHash => 74,
        Class::IdTokenSubject => 75,
        Class::AssuranceNotAccepted => 76,
        Class::AuthenticationTooOld => 77,
        Class::UserinfoRefused => 78,
        Class::UserinfoMalformed => 79,
        Class::UserinfoTooLarge => 80,
        Class::UserinfoSubjectMismatch => 81,
        Class::AttributeMissing => 82,
        Class::AttributeMalformed => 83,
        Class::AccessTokenMissing => 84,
        Class::AccessTokenInvalid => 85,
        Class::AccessTokenExpired => 86,
        Class::RecordTooLong => 87,
    }
}

/// The status of the class with this name, if there is one.
#[must_use]
pub(crate) fn status_of_name(name: &str) -> Option<u8> {
    Class::ALL
        .iter()
        .find(|class| class.name() == name)
        .map(|class| status(*class))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use simulators::fault::Fault;

    use super::*;

    #[test]
    fn every_class_has_a_status_of_its_own() {
        let statuses: BTreeSet<_> = Class::ALL.iter().map(|class| status(*class)).collect();
        assert_eq!(statuses.len(), Class::ALL.len());
        for reserved in [0, 1, USAGE, BUILD, START, ELSEWHERE, DEFECT, INTERRUPTED] {
            assert!(!statuses.contains(&reserved));
        }
    }

    /// The rows of a table of Markdown whose first cell is a name in code, as their cells.
    fn rows(document: &str) -> Vec<Vec<&str>> {
        document
            .lines()
            .filter(|line| line.starts_with("| `"))
            .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
            .collect()
    }

    #[test]
    fn every_class_is_documented() {
        for document in [
            include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../docs/failures.md"
            )),
            include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../docs/failures.en.md"
            )),
        ] {
            let documented: Vec<_> = rows(document)
                .into_iter()
                .map(|cells| {
                    assert_eq!(cells.len(), 7, "{cells:?}");
                    assert!(cells.iter().all(|cell| !cell.is_empty()), "{cells:?}");
                    // In brackets where the answer is always a redirect, and the status never sent.
                    let http = cells[3].trim_matches(['(', ')']);
                    [cells[0], cells[2], http, cells[4]].map(str::to_owned)
                })
                .collect();
            let expected: Vec<_> = Class::ALL
                .iter()
                .map(|class| {
                    [
                        format!("`{}`", class.name()),
                        format!("`{}`", class.oauth_error().as_str()),
                        class.status().as_u16().to_string(),
                        status(*class).to_string(),
                    ]
                })
                .collect();
            assert_eq!(documented, expected);
        }
    }

    #[test]
    fn every_fault_names_a_class_that_exists() {
        for class in Fault::ALL.iter().filter_map(|fault| fault.class()) {
            assert!(status_of_name(class).is_some(), "{class}");
        }
    }
}

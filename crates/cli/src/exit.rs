//! The exit status: 0 for a login, and one of its own for each class of failure.
//! A script can tell apart what happened without reading a word. A status never changes its meaning, so new classes
//! get new numbers at the end.

use federation::failure::Class;
use function_kit::failure::Class as _;
use record_trigger::Class as TriggerClass;

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

/// The status of a class of the bridge.
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
        Class::IdTokenAuthenticationTime => 98,
        Class::NotThroughFrontDoor => 101,
        Class::TooSlow => 100,
        Class::EventMalformed => 88,
        Class::KeySetKeyUnusable => 102,
        Class::ServiceLoginExpired => 103,
        Class::IdTokenMissing => 105,
        Class::IdTokenNotYetValid => 106,
        Class::ScopeNotGranted => 107,
        Class::ScopeNotConfirmed => 108,
        Class::AuthenticationTimeMissing => 109,
    }
}

/// The status of a class of the triggers, if it can end a login. A failure that the bridge knows by the same name has the
/// same status.
#[must_use]
pub(crate) fn trigger_status(class: TriggerClass) -> Option<u8> {
    let status = match class {
        TriggerClass::Internal => status(Class::Internal),
        TriggerClass::SecretsUnavailable => status(Class::SecretsUnavailable),
        TriggerClass::EventMalformed => status(Class::EventMalformed),
        TriggerClass::EventVersion => 89,
        TriggerClass::SubjectMismatch => 90,
        TriggerClass::RecordMissing => 91,
        TriggerClass::RecordMalformed => 92,
        TriggerClass::RecordUnknownKey => 93,
        TriggerClass::RecordForged => 94,
        TriggerClass::RecordOtherIssuer => 95,
        TriggerClass::RecordUnlinked => 96,
        TriggerClass::UserUnavailable => 97,
        TriggerClass::ProviderMismatch => 99,
        TriggerClass::RecordOtherVersion => 104,
        TriggerClass::TooSlow => status(Class::TooSlow),
        // Nobody asks for them at a sign-in, and at tokens they only keep claims back.
        TriggerClass::RecordAuthenticationTimeMissing
        | TriggerClass::RecordAssuranceNotAccepted
        | TriggerClass::RecordTooOld => return None,
    };
    Some(status)
}

/// The status of the class with this name, the bridge's or the triggers', if there is one.
#[must_use]
pub(crate) fn status_of_name(name: &str) -> Option<u8> {
    let of_the_bridge = Class::ALL.iter().find(|class| class.name() == name);
    let of_a_trigger = || {
        let mut classes = TriggerClass::ALL.iter();
        classes.find(|class| class.name() == name)
    };
    of_the_bridge
        .map(|class| status(*class))
        .or_else(|| of_a_trigger().and_then(|class| trigger_status(*class)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use function_kit::failure::Concern;
    use simulators::fault::Fault;

    use super::*;

    const DOCUMENTS: [Document; 2] = [
        Document {
            text: include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../docs/failures.md"
            )),
            bridge: "## 一覧",
            triggers: "## トリガー",
            ends: "終わる",
            keeps_claims_back: "クレームを出さない",
        },
        Document {
            text: include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../docs/failures.en.md"
            )),
            bridge: "## The list",
            triggers: "## The triggers",
            ends: "ends",
            keeps_claims_back: "no claims",
        },
    ];

    struct Document {
        text: &'static str,
        bridge: &'static str,
        triggers: &'static str,
        ends: &'static str,
        keeps_claims_back: &'static str,
    }

    /// How loud the log is.
    fn level(concern: Concern) -> &'static str {
        match concern {
            Concern::Nobody => "INFO",
            Concern::Unproven | Concern::Client => "WARN",
            Concern::Service | Concern::Operator => "ERROR",
        }
    }

    impl Document {
        /// The rows of the tables below a heading (up to the next of its rank) whose first cell is a name in code, as
        /// their cells. There are seven in each, and none is empty.
        fn rows(&self, heading: &str) -> Vec<Vec<&'static str>> {
            let (_, section) = self
                .text
                .split_once(&format!("\n{heading}\n"))
                .expect(heading);
            let section = section.split("\n## ").next().unwrap();
            let rows = section.lines().filter(|line| line.starts_with("| `"));
            rows.map(|line| {
                let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
                assert_eq!(cells.len(), 7, "{cells:?}");
                assert!(cells.iter().all(|cell| !cell.is_empty()), "{cells:?}");
                cells
            })
            .collect()
        }
    }

    #[test]
    fn every_class_has_a_status_of_its_own() {
        let of_the_bridge = Class::ALL
            .iter()
            .map(|class| (class.name(), status(*class)));
        let of_the_triggers = (TriggerClass::ALL.iter())
            .filter_map(|class| Some((class.name(), trigger_status(*class)?)));
        let mut names = BTreeMap::new();
        for (name, status) in of_the_bridge.chain(of_the_triggers) {
            let other = names.insert(status, name);
            assert!(other.is_none_or(|other| other == name), "{status}: {name}");
            assert_eq!(status_of_name(name), Some(status));
        }
        for reserved in [0, 1, USAGE, BUILD, START, ELSEWHERE, DEFECT, INTERRUPTED] {
            assert!(!names.contains_key(&reserved));
        }
        assert_eq!(status_of_name("record_too_old"), None);
        assert_eq!(status_of_name("no_such_class"), None);
    }

    #[test]
    fn the_last_status_is_documented_with_those_that_belong_to_no_class() {
        let of_the_bridge = Class::ALL.iter().map(|class| status(*class));
        let of_the_triggers = TriggerClass::ALL
            .iter()
            .filter_map(|class| trigger_status(*class));
        let last = of_the_bridge.chain(of_the_triggers).max().unwrap();
        let ja = include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../docs/stand-ins.md"
        ));
        let en = include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../docs/stand-ins.en.md"
        ));
        assert!(ja.contains(&format!("\n| 10〜{last} | ")));
        assert!(en.contains(&format!("\n| 10 to {last} | ")));
    }

    #[test]
    fn every_class_of_the_bridge_is_documented() {
        for document in DOCUMENTS {
            let documented: Vec<_> = document
                .rows(document.bridge)
                .into_iter()
                .map(|cells| {
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

    /// The table by level: a row for whose problem it is, with the name that the metrics have for it, and its classes.
    #[test]
    fn every_class_of_the_bridge_is_documented_with_its_level_and_whose_problem_it_is() {
        let in_code = |text: &str| -> Vec<_> {
            let parts = text.split('`').skip(1).step_by(2);
            parts.map(str::to_owned).collect()
        };
        for document in DOCUMENTS {
            let (section, _) = document.text.split_once(document.bridge).unwrap();
            let rows = section.lines().filter_map(|line| {
                let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
                let is_level = ["INFO", "WARN", "ERROR"].contains(cells.first()?);
                is_level.then(|| (cells[0].to_owned(), in_code(cells[1]), in_code(cells[2])))
            });
            let expected = Concern::ALL.iter().map(|&concern| {
                let classes = Class::ALL.iter().filter(|class| class.concern() == concern);
                let classes = classes.map(|class| class.name().to_owned()).collect();
                let name = vec![concern.name().to_owned()];
                (level(concern).to_owned(), name, classes)
            });
            assert_eq!(rows.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        }
    }

    #[test]
    fn every_class_of_the_triggers_is_documented_with_what_it_does_to_a_sign_in() {
        for document in DOCUMENTS {
            let documented: Vec<_> = document
                .rows(document.triggers)
                .into_iter()
                .map(|cells| [cells[0], cells[1], cells[2], cells[3], cells[4]].map(str::to_owned))
                .collect();
            let expected: Vec<_> = TriggerClass::ALL
                .iter()
                .map(|&class| {
                    let at_the_sign_in = match class {
                        TriggerClass::EventVersion
                        | TriggerClass::RecordAuthenticationTimeMissing
                        | TriggerClass::RecordAssuranceNotAccepted
                        | TriggerClass::RecordTooOld
                        | TriggerClass::UserUnavailable => "–",
                        _ => document.ends,
                    };
                    let at_the_tokens = match class {
                        TriggerClass::ProviderMismatch | TriggerClass::SubjectMismatch => "–",
                        class if class.is_refusal() => document.keeps_claims_back,
                        _ => document.ends,
                    };
                    let status = trigger_status(class);
                    [
                        format!("`{}`", class.name()),
                        at_the_sign_in.to_owned(),
                        at_the_tokens.to_owned(),
                        level(class.concern()).to_owned(),
                        status.map_or("–".to_owned(), |status| status.to_string()),
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

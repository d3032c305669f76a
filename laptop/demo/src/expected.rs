//! Checks that fail where everything is right: the function asks for something that shouldn't be
//! there, or the person cancels, which isn't a failure.

use loopback::journal::{Check, Party, Step};

use crate::app::relying_party::class_and_support_id;

/// The class of a login, or of a verification, that the person cancelled.
pub const CANCELLED: &str = "cancelled";
/// What the app checks of Amazon Cognito's answer.
pub(crate) const CODE_NOT_ERROR: &str = "there is a code, not an error";

/// The name of the user whom a login with the card makes, as the journal shows it: the provider's
/// name, `_`, and the service's subject of 43 bytes.
const CARD_USER: &str = "51 bytes";

/// Whether this check of the step is expected to fail.
#[must_use]
pub fn is_expected(step: &Step, check: &Check) -> bool {
    !check.passed && (finds_no_card_user(step) || is_cancelled(step, check))
}

/// Whether there is no code because the person cancelled: the bridge finds so, or the app is told
/// so. `access_denied` alone doesn't say it, since a provider may have other reasons.
fn is_cancelled(step: &Step, check: &Check) -> bool {
    match check.what.as_str() {
        CANCELLED => step.to == Party::Bridge,
        CODE_NOT_ERROR => {
            let mut all = step.parameters.iter();
            let told = all.find(|one| one.name == "error_description");
            told.is_some_and(|told| says_cancelled(&told.value))
        }
        _ => false,
    }
}

/// Whether this `error_description` names the class of a cancel.
fn says_cancelled(description: &str) -> bool {
    class_and_support_id(description).0.as_deref() == Some(CANCELLED)
}

/// Whether the members' API asked for the user whom a login with the card would have made, and
/// there is none. The journal has the length of a username; that of such a user is known.
pub(crate) fn finds_no_card_user(step: &Step) -> bool {
    let is = |name: &str, value: &str| {
        let mut all = step.parameters.iter().chain(&step.answer);
        all.any(|one| one.name == name && one.value == value)
    };
    step.from == Party::Verification
        && step.request == "AdminGetUser"
        && is("Username", CARD_USER)
        && is("__type", "UserNotFoundException")
}

#[cfg(test)]
mod tests {
    use super::*;
    use loopback::journal::Parameter;

    #[test]
    fn who_cancels_may() {
        let step = |to, parameters: &[(&str, &str)], answer: &[(&str, &str)]| {
            let of = |all: &[(&str, &str)]| {
                let all = all.iter();
                all.map(|(name, value)| Parameter::new(*name, value))
                    .collect()
            };
            Step {
                from: Party::Browser,
                to,
                request: "GET /callback".to_owned(),
                parameters: of(parameters),
                checks: vec![],
                status: Some(302),
                answer: of(answer),
            }
        };
        let failed = |what: &str| Check::new(what, "docs/failures.md", false);
        let denied = ("error", "access_denied");
        for answer in [denied, ("verification_error", "cancelled")] {
            let at_bridge = step(Party::Bridge, &[], &[answer]);
            assert!(is_expected(&at_bridge, &failed(CANCELLED)));
            assert!(!is_expected(&at_bridge, &failed("issuer_mismatch")));
        }
        for (description, expected) in [
            ("cancelled 7QK4-M2TX", true),
            ("service_invalid_scope 7QK4-M2TX", false),
            ("cancelled", false),
            ("", false),
        ] {
            let told = [denied, ("error_description", description)];
            let at_app = step(Party::App, &told, &[]);
            assert_eq!(is_expected(&at_app, &failed(CODE_NOT_ERROR)), expected);
            let what = "state was issued by this app";
            assert!(!is_expected(&at_app, &failed(what)));
        }
    }

    #[test]
    fn only_the_user_of_a_card_is_expected_to_be_missing() {
        let step = |from, username: &str, kind: &str| Step {
            from,
            to: Party::Cognito,
            request: "AdminGetUser".to_owned(),
            parameters: vec![Parameter::new("Username", username)],
            checks: vec![],
            status: Some(400),
            answer: vec![Parameter::new("__type", kind)],
        };
        let failed = Check::new("the user is in the pool", "Cognito: user pools API", false);
        let missing = "UserNotFoundException";
        let card = step(Party::Verification, "51 bytes", missing);
        assert!(is_expected(&card, &failed));
        assert!(!is_expected(&card, &Check::new("x", "x", true)));
        for other in [
            step(Party::Verification, "6 bytes", missing),
            step(Party::Verification, "51 bytes", "InternalErrorException"),
            step(Party::Triggers, "51 bytes", missing),
        ] {
            assert!(!is_expected(&other, &failed), "{other:?}");
        }
    }
}

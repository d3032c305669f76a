//! Checks that fail where everything is right: the function asks for something that shouldn't be
//! there, or a member cancels, which isn't a failure.

use loopback::journal::{Check, Parameter, Party, Step};

/// The name of the user whom a login with the card makes, as the journal shows it: the provider's
/// name, `_`, and the service's subject of 43 bytes.
const CARD_USER: &str = "51 bytes";

/// Whether this check of the step is expected to fail.
#[must_use]
pub fn is_expected(step: &Step, check: &Check) -> bool {
    !check.passed && (finds_no_card_user(step) || is_cancelled(step, check))
}

/// Whether the bridge sends a member back who cancelled.
fn is_cancelled(step: &Step, check: &Check) -> bool {
    const CANCELLED: &str = "cancelled";
    let is = |one: &Parameter| one.name == "verification_error" && one.value == CANCELLED;
    check.what == CANCELLED && step.answer.iter().any(is)
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

    #[test]
    fn a_member_may_cancel() {
        let step = |name: &str, value: &str| Step {
            from: Party::Browser,
            to: Party::Bridge,
            request: "GET /callback".to_owned(),
            parameters: vec![],
            checks: vec![],
            status: Some(302),
            answer: vec![Parameter::new(name, value)],
        };
        let cancelled = Check::new("cancelled", "docs/failures.md", false);
        let other = Check::new("issuer_mismatch", "docs/failures.md", false);
        assert!(is_expected(
            &step("verification_error", "cancelled"),
            &cancelled
        ));
        assert!(!is_expected(
            &step("verification_error", "cancelled"),
            &other
        ));
        assert!(!is_expected(&step("error", "access_denied"), &cancelled));
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

//! Where triggers don't see what the app client can't read, the built function asks the user pool, as the AWS SDK does it.
//! What a token holds then is what it holds otherwise.

use simulators::cognito::{RepeatedTriggers, TriggerAttributes};
use simulators::journal::{Party, Step};
use simulators::stack::Outcome;
use test_kit::{Stack, browser, stack_with};

/// Signs somebody in who is older than 20, and gives the calls of the user pool's API.
async fn sign_in(seen: TriggerAttributes) -> Vec<Step> {
    let stack: Stack = stack_with(|options| {
        options.variation.trigger_attributes = seen;
        options.variation.repeated_triggers = RepeatedTriggers::Never;
    })
    .await;
    let scopes = "openid digital-auth/age_over_20";
    let outcome = stack.login_asking(&browser(), "adult", None, scopes).await;
    let Outcome::SignedIn(signed_in) = outcome.unwrap() else {
        panic!("not signed in")
    };
    assert_eq!(signed_in.id_token["age_over_20"], true);
    let steps = stack.journal.steps().into_iter();
    let calls = steps.filter(|step| step.from == Party::Triggers).collect();
    stack.stop().await;
    calls
}

#[tokio::test]
async fn the_record_is_read_from_the_user_pool_only_where_the_event_lacks_it() {
    assert_eq!(sign_in(TriggerAttributes::All).await, []);
    let calls = sign_in(TriggerAttributes::Readable).await;
    let [call] = calls.as_slice() else {
        panic!("{calls:?}")
    };
    assert_eq!(
        (call.request.as_str(), call.status),
        ("AdminGetUser", Some(200))
    );
    assert!(call.checks.iter().all(|check| check.passed), "{call:?}");
}

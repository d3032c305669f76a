//! Whole logins.

use simulators::clock::SimClock;
use simulators::persona::personas;
use test_kit::{Outcome, RelyingParty, browser, stack};

#[tokio::test]
async fn every_persona_signs_in_and_cognito_holds_what_it_must() {
    let stack = stack().await;
    for persona in personas(SimClock::default().now()) {
        let outcome = stack.login(&browser(), persona.id, None).await.unwrap();
        assert!(
            matches!(outcome, Outcome::SignedIn(_)),
            "{}: {outcome:?}",
            persona.id
        );
        let users = stack.cognito.users();
        let subject = persona.subject(simulators::stack::SERVICE_CLIENT_ID);
        let user = &users[&format!("MynaApp_{subject}")];
        for claim in ["name", "address", "birthdate", "gender"] {
            let held = user.get(claim).map(String::as_str);
            let expected = persona.claims.get(claim).map(String::as_str);
            assert_eq!(held, expected, "{} {claim}", persona.id);
        }
    }
    stack.stop().await;
}

#[tokio::test]
async fn a_client_in_cognitos_place_signs_in() {
    let stack = stack().await;
    let client = RelyingParty::new(&stack);
    let tokens = client.token_request(&client.code().await).send().await;
    assert_eq!(tokens.status, 200, "{tokens:?}");
    let claims = client.verified(&tokens.text("id_token").unwrap()).await;
    assert_eq!(claims["name"], "山田　太郎");
    let userinfo = client.userinfo(&tokens.text("access_token").unwrap()).await;
    assert_eq!(userinfo.json()["birthdate"], "1985-03-15");
    stack.stop().await;
}

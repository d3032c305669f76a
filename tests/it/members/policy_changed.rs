//! The operator sets `MEMBERS_PER_PERSON` from `many` to `one`: everything starts again with the
//! same user pool, table, keys and addresses.

use cognito_simulator::SavedPool;
use demo::laptop::Ports;
use dynamodb::Storage;
use login_kit::{Laptop, variables};
use secrecy::SecretString;
use serde_json::json;
use tempfile::TempDir;
use verification::variables::{MEMBERS_PER_PERSON, PERSON_KEY};

use super::{HANAKO, JIRO, Member, TARO, laptop_changed, record, refused, table};
use crate::command::ports_of_our_own;

/// What outlives a change of the configuration.
struct Kept {
    ports: Ports,
    folder: TempDir,
    pool: SavedPool,
}

impl Kept {
    fn new() -> Self {
        let listeners: Vec<_> = ports_of_our_own(8_000).take(3).collect();
        let ports = listeners
            .iter()
            .map(|listener| listener.local_addr().unwrap().port());
        let [service, bridge, cognito] = ports.collect::<Vec<_>>().try_into().unwrap();
        Self {
            ports: Ports {
                service,
                bridge,
                cognito,
            },
            folder: TempDir::new().unwrap(),
            pool: SavedPool::default(),
        }
    }

    async fn laptop(&mut self, per_person: &str) -> Laptop {
        let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
        let person_key = json!({ "key": key }).to_string();
        laptop_changed(
            |laptop| {
                laptop.ports = self.ports;
                laptop.pool = std::mem::take(&mut self.pool);
                laptop.record_key = Some(SecretString::from(key.replace("AAEC", "AQEC")));
            },
            |members| {
                members.storage = Storage::File(self.folder.path().join("table"));
                members.environment = variables([
                    (MEMBERS_PER_PERSON, Some(per_person)),
                    (PERSON_KEY, Some(&person_key)),
                ]);
            },
        )
        .await
    }
}

/// Whether the member's next tokens say that they are verified.
async fn has_claims(member: &Member<'_>) -> bool {
    let claims = member.refreshed().await.id_token_claims;
    claims.get("identity_verified") == Some(&json!(true))
}

#[tokio::test]
async fn from_many_to_one_further_members_keep_their_claims_and_a_new_one_is_refused() {
    let mut kept = Kept::new();
    let laptop = kept.laptop("many").await;
    for username in [HANAKO, TARO] {
        let member = Member::signed_in(&laptop, username).await;
        assert_eq!(member.verify("adult").await.status, 200, "{username}");
    }
    let before = [HANAKO, TARO].map(|username| record(&laptop, username));
    kept.pool = laptop.stop().await;

    let laptop = kept.laptop("one").await;
    let hanako = Member::signed_in(&laptop, HANAKO).await;
    let taro = Member::signed_in(&laptop, TARO).await;
    let jiro = Member::signed_in(&laptop, JIRO).await;
    for member in [&hanako, &taro] {
        assert_eq!(member.state().await["state"], "verified");
        assert!(has_claims(member).await);
    }
    assert_eq!(
        before,
        [HANAKO, TARO].map(|username| record(&laptop, username))
    );
    assert_eq!(table::holders(&laptop).await, [hanako.sub()]);
    let new = jiro.verify("adult").await;
    refused(&new, 409, "person_already_verified");
    assert_eq!(record(&laptop, JIRO), None);

    // The one whom the table knows as the holder verifies again. The further one doesn't, and
    // keeps what they have.
    assert_eq!(hanako.verify("adult").await.status, 200);
    let further = taro.verify("adult").await;
    refused(&further, 409, "person_already_verified");
    assert_eq!(taro.state().await["state"], "verified");
    assert!(has_claims(&taro).await);

    // The further one takes it back: that frees nobody, and the holder keeps it.
    let taken_back = taro.call("DELETE", "/verifications/me", None).await;
    assert_eq!(taken_back.status, 204);
    assert!(!has_claims(&taro).await);
    for member in [&taro, &jiro] {
        let answer = member.verify("adult").await;
        refused(&answer, 409, "person_already_verified");
    }
    assert!(has_claims(&hanako).await);
    // Only when the holder takes it back, another may verify.
    let taken_back = hanako.call("DELETE", "/verifications/me", None).await;
    assert_eq!(taken_back.status, 204);
    assert_eq!(jiro.verify("adult").await.status, 200);
    laptop.stop().await;
}

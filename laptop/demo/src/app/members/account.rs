//! What the account page shows of a member's tokens: whether the member is verified, and each claim
//! before and after.

use chrono::{DateTime, FixedOffset};
use loopback::pages::Language;
use serde_json::{Map, Value};
use user_pool::claim::Claim;
use user_pool::scope::{RESOURCE_SERVER, Scope, VERIFY};

use super::super::choice::label;
use super::super::received::JAPAN;
use super::sessions::Tokens;
use crate::scopes::{OPENID, Scopes};

/// The claims of the table, in its order: the member's own, and the verified ones.
const OWN: [&str; 4] = ["cognito:username", "name", "email", "scope"];
const VERIFIED: [Claim; 3] = [
    Claim::IdentityVerified,
    Claim::VerifiedAt,
    Claim::VerificationAcr,
];

/// The scopes that the app asks for at Amazon Cognito's page: the member's own profile, the right
/// to verify, and whether the member is verified. No attribute.
pub(super) fn wishes() -> (Vec<String>, Scopes) {
    let verify = format!("{RESOURCE_SERVER}/{VERIFY}");
    let verified = Scope::Verified.of_server(RESOURCE_SERVER);
    let names = [OPENID, "profile", "email", &verify, &verified].map(str::to_owned);
    (names.into(), Scopes::of([Scope::Verified]))
}

/// A claim before and now.
pub(super) struct Row {
    pub(super) label: String,
    pub(super) claim: String,
    /// In the ID token before, if there is one, in the ID token now, and in the access token now.
    pub(super) cells: Vec<Option<String>>,
    /// Whether the claim came or went.
    pub(super) has_changed: bool,
}

/// The rows of the table.
pub(super) fn rows(before: Option<&Tokens>, now: &Tokens, language: Language) -> Vec<Row> {
    let own = OWN.map(|name| {
        let words = match name {
            "cognito:username" => ("ユーザー名", "Username"),
            "name" => ("本人が書いた氏名", "Name, written by the member"),
            "email" => ("メールアドレス", "Email address"),
            _ => ("スコープ", "Scopes"),
        };
        (language.say(words.0, words.1).to_owned(), name.to_owned())
    });
    let verified = VERIFIED.map(|claim| {
        let name = claim.name().into_owned();
        (label(claim, language).into_owned(), name)
    });
    let rows = own.into_iter().chain(verified);
    rows.map(|(label, claim)| {
        let cell = |claims: &Map<String, Value>| value(claims, &claim, language);
        let earlier = before.map(|before| cell(before.id_token()));
        let id_token = cell(now.id_token());
        Row {
            has_changed: earlier.as_ref().is_some_and(|earlier| *earlier != id_token),
            cells: (earlier.into_iter())
                .chain([id_token, cell(now.access_token_claims())])
                .collect(),
            label,
            claim,
        }
    })
    .collect()
}

/// Whether the member is verified, by the ID token: since when and how.
pub(super) fn verified(tokens: &Tokens, language: Language) -> Option<String> {
    let claims = tokens.id_token();
    let is_verified = claims.get(Claim::IdentityVerified.name().as_ref()) == Some(&true.into());
    is_verified.then(|| when_and_how(claims, language))
}

/// When and how somebody was verified. The members' API has the names of the claims.
fn when_and_how(claims: &Map<String, Value>, language: Language) -> String {
    let parts = [Claim::VerifiedAt, Claim::VerificationAcr];
    let parts = parts.map(|claim| value(claims, &claim.name(), language));
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    parts.join(language.say("、", ", "))
}

/// What the members' API says of a member (`GET /verifications/me`).
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Said {
    /// Verified: when, and how.
    Verified(String),
    /// Not verified.
    NotVerified,
    /// It gave no answer.
    Nothing,
    /// It wasn't asked, because something is under way.
    UnderWay,
}

impl Said {
    /// Reads the answer.
    pub(super) fn of(answer: Option<&Value>, language: Language) -> Self {
        let answer = answer.and_then(Value::as_object);
        let state = answer.and_then(|answer| answer.get("state")?.as_str());
        match (answer, state) {
            (Some(answer), Some("verified")) => Self::Verified(when_and_how(answer, language)),
            (_, Some("not_verified")) => Self::NotVerified,
            _ => Self::Nothing,
        }
    }
}

fn value(claims: &Map<String, Value>, name: &str, language: Language) -> Option<String> {
    let value = claims.get(name)?;
    Some(match value {
        Value::Bool(true) => language.say("はい", "yes").to_owned(),
        Value::Bool(false) => language.say("いいえ", "no").to_owned(),
        Value::Number(number) if name == Claim::VerifiedAt.name() => {
            time(number.as_i64()?, language)?
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    })
}

/// A time in Japan, to the minute.
fn time(seconds: i64, language: Language) -> Option<String> {
    let japan = FixedOffset::east_opt(JAPAN)?;
    let at = DateTime::from_timestamp(seconds, 0)?.with_timezone(&japan);
    let at = at.format("%Y-%m-%d %H:%M");
    Some(match language {
        Language::Japanese => format!("{at}（日本時間）"),
        Language::English => format!("{at} (Japan)"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::member_client::MemberTokens;

    fn tokens(id_token: Value, access_token: Value) -> Tokens {
        let claims = |value: Value| value.as_object().unwrap().clone();
        Tokens::Api(MemberTokens {
            access_token: "".into(),
            refresh_token: "".into(),
            id_token_claims: claims(id_token),
            access_token_claims: claims(access_token),
        })
    }

    #[test]
    fn the_table_shows_what_came_and_what_stayed() {
        let own = json!({ "cognito:username": "hanako", "name": "<b>" });
        let verified = json!({
            "cognito:username": "hanako", "name": "<b>", "identity_verified": true,
            "verified_at": 1_790_000_000, "verification_acr": "aal3",
        });
        let (before, now) = (tokens(own, json!({})), tokens(verified, json!({})));
        let rows = rows(Some(&before), &now, Language::English);
        let changed: Vec<_> = rows
            .iter()
            .filter(|row| row.has_changed)
            .map(|row| (row.claim.as_str(), row.cells[1].as_deref().unwrap()))
            .collect();
        assert_eq!(
            changed,
            [
                ("identity_verified", "yes"),
                ("verified_at", "2026-09-21 23:13 (Japan)"),
                ("verification_acr", "aal3")
            ]
        );
        assert_eq!(
            super::verified(&now, Language::Japanese).unwrap(),
            "2026-09-21 23:13（日本時間）、aal3"
        );
        assert_eq!(super::verified(&before, Language::Japanese), None);
    }

    #[test]
    fn what_the_members_api_says_is_read() {
        let said = |answer: Value| Said::of(Some(&answer), Language::English);
        assert_eq!(
            said(json!({ "state": "verified", "verified_at": 1_790_000_000 })),
            Said::Verified("2026-09-21 23:13 (Japan)".to_owned())
        );
        assert_eq!(said(json!({ "state": "not_verified" })), Said::NotVerified);
        for other in [json!({}), json!({ "state": 1 }), json!("verified")] {
            assert_eq!(said(other), Said::Nothing);
        }
        assert_eq!(Said::of(None, Language::English), Said::Nothing);
    }

    #[test]
    fn a_verification_that_no_longer_counts_is_none() {
        let old = tokens(json!({ "identity_verified": false }), json!({}));
        assert_eq!(verified(&old, Language::English), None);
    }
}

//! The cases of members, without a browser: what a member's tokens say before and after, and
//! whether the case ended as it should.

use cognito_simulator::NewUser;
use loopback::user_agent::UserAgent;
use secrecy::SecretString;
use serde_json::{Map, Value};
use service_simulator::fault::Fault;

use crate::laptop::{Laptop, MemberOptions};
use crate::member_app::{CameBack, MemberApp, MemberAppError, MemberError, MemberTokens};

/// A case.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Case {
    /// A member verifies with the card.
    Member,
    /// The person has verified one member already, and tries with a second account.
    SecondAccount,
}

/// The members of the cases: their usernames and the names in their own profiles.
const MEMBERS: [(&str, &str); 2] = [("hanako", "はなこ"), ("taro", "たろう")];
/// The password of every member. It opens nothing but the user pool of this process.
const PASSWORD: &str = "Laptop-passw0rd";
/// The class of the failure with which a second account is refused.
const REFUSED: &str = "person_already_verified";

/// The members of the cases, for a laptop.
#[must_use]
pub fn members() -> MemberOptions {
    let users = MEMBERS.map(|(username, name)| NewUser {
        username: username.to_owned(),
        password: PASSWORD.into(),
        attributes: [
            ("name", name.to_owned()),
            ("email", format!("{username}@example.com")),
        ]
        .map(|(attribute, value)| (attribute.to_owned(), value))
        .into(),
    });
    MemberOptions {
        users: users.into(),
        ..MemberOptions::default()
    }
}

/// The claims of a member's tokens.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Claims {
    /// Of the ID token.
    pub id_token: Map<String, Value>,
    /// Of the access token.
    pub access_token: Map<String, Value>,
}

impl From<MemberTokens> for Claims {
    fn from(tokens: MemberTokens) -> Self {
        Self {
            id_token: tokens.id_token_claims,
            access_token: tokens.access_token_claims,
        }
    }
}

/// How a case ended.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Ended {
    /// The member's username.
    pub member: &'static str,
    /// What the tokens said before the verification.
    pub before: Claims,
    /// What they say after the next refresh.
    pub after: Claims,
    /// The class with which the verification was refused, if it was.
    pub refused: Option<String>,
    /// Whether this is how the case should end.
    #[serde(skip)]
    pub as_it_should: bool,
}

impl Case {
    /// Every case.
    pub const ALL: [Self; 2] = [Self::Member, Self::SecondAccount];

    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::SecondAccount => "second-account",
        }
    }

    /// Plays the case: `persona` is whose card it is, and `fault` what the service does wrong at
    /// the last verification.
    ///
    /// # Errors
    ///
    /// [`MemberAppError`]. A verification that is refused isn't an error, but an end.
    pub async fn play(
        self,
        laptop: &Laptop,
        browser: &UserAgent,
        persona: &str,
        fault: Option<Fault>,
    ) -> Result<Ended, MemberAppError> {
        let app = MemberApp::new(laptop)?;
        let [(first, _), (second, _)] = MEMBERS;
        let member = match self {
            Self::Member => first,
            Self::SecondAccount => {
                let tokens = app.sign_in(first, &SecretString::from(PASSWORD)).await?;
                let verified = verified(&app, laptop, browser, &tokens, (persona, None)).await?;
                if let Some(class) = verified {
                    return Err(MemberError::Refused(class).into());
                }
                second
            }
        };
        let before = app.sign_in(member, &SecretString::from(PASSWORD)).await?;
        let refused = verified(&app, laptop, browser, &before, (persona, fault)).await?;
        let after = Claims::from(app.refresh(&before).await?);
        let is_verified = after.id_token.get("identity_verified") == Some(&Value::Bool(true));
        Ok(Ended {
            member,
            as_it_should: match self {
                Self::Member => is_verified,
                Self::SecondAccount => !is_verified && refused.as_deref() == Some(REFUSED),
            },
            before: before.into(),
            after,
            refused,
        })
    }
}

/// Verifies a member, and gives the class with which that was refused, if it was.
async fn verified(
    app: &MemberApp,
    laptop: &Laptop,
    browser: &UserAgent,
    tokens: &MemberTokens,
    (persona, fault): (&str, Option<Fault>),
) -> Result<Option<String>, MemberAppError> {
    let begun = app.begin(&tokens.access_token).await?;
    let code = match app
        .show_card(laptop, browser, &begun, persona, fault)
        .await?
    {
        CameBack::Code(code) => code,
        CameBack::Error(class) => return Ok(Some(class)),
        CameBack::Page(failed) => return Ok(Some(failed.class.unwrap_or(failed.description))),
    };
    let completing = app.complete(&tokens.access_token, &code, &begun.code_verifier);
    let answer = completing.await?;
    match answer.class() {
        Some(class) => Ok(Some(class.to_owned())),
        None if answer.status.is_success() => Ok(None),
        None => Err(MemberError::Unexpected("the verification has no answer").into()),
    }
}

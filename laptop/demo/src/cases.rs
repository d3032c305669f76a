//! The cases of members, without a browser: what a member's tokens say before and after, and
//! whether the case ended as it should.

use cognito_simulator::NewUser;
use loopback::user_agent::UserAgent;
use secrecy::SecretString;
use serde_json::{Map, Value};
use service_simulator::fault::Fault;

use crate::laptop::{Failed, Laptop, MemberOptions, Place};
use crate::member_app::{Answer, CameBack, MemberApp, MemberAppError, MemberError, MemberTokens};

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
    /// The username of the member who verifies, and whose tokens these are.
    pub member: &'static str,
    /// The username of the member who verified before, as the same person.
    pub first_member: Option<&'static str>,
    /// What the tokens said before the verification.
    pub before: Claims,
    /// What they say after the next refresh.
    pub after: Claims,
    /// How the verification was refused, if it was.
    pub refused: Option<Failed>,
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
        let (member, first_member) = match self {
            Self::Member => (first, None),
            Self::SecondAccount => {
                let tokens = app.sign_in(first, &SecretString::from(PASSWORD)).await?;
                let verified = verified(&app, laptop, browser, &tokens, (persona, None)).await?;
                if let Some(refused) = verified {
                    let class = refused.class.unwrap_or(refused.description);
                    return Err(MemberError::Refused(class).into());
                }
                (second, Some(first))
            }
        };
        let before = app.sign_in(member, &SecretString::from(PASSWORD)).await?;
        let refused = verified(&app, laptop, browser, &before, (persona, fault)).await?;
        let after = Claims::from(app.refresh(&before).await?);
        let is_verified = after.id_token.get("identity_verified") == Some(&Value::Bool(true));
        Ok(Ended {
            member,
            first_member,
            as_it_should: match self {
                Self::Member => is_verified,
                Self::SecondAccount => {
                    let class = refused
                        .as_ref()
                        .and_then(|refused| refused.class.as_deref());
                    !is_verified && class == Some(REFUSED)
                }
            },
            before: before.into(),
            after,
            refused,
        })
    }
}

/// Verifies a member, and says how that was refused, if it was.
async fn verified(
    app: &MemberApp,
    laptop: &Laptop,
    browser: &UserAgent,
    tokens: &MemberTokens,
    (persona, fault): (&str, Option<Fault>),
) -> Result<Option<Failed>, MemberAppError> {
    let begun = app.begin(&tokens.access_token).await?;
    let code = match app
        .show_card(laptop, browser, &begun, persona, fault)
        .await?
    {
        CameBack::Code(code) => code,
        CameBack::Error { class, support_id } => {
            return Ok(Some(Failed {
                place: Place::App,
                class: Some(class),
                support_id,
                error: None,
                description: String::new(),
            }));
        }
        CameBack::Page(failed) => return Ok(Some(failed)),
    };
    let completing = app.complete(&tokens.access_token, &code, &begun.code_verifier);
    let answer = completing.await?;
    match refusal(&answer) {
        None if !answer.status.is_success() => {
            Err(MemberError::Unexpected("the verification has no answer").into())
        }
        refusal => Ok(refusal),
    }
}

/// How the members' API refused, if it did.
fn refusal(answer: &Answer) -> Option<Failed> {
    Some(Failed {
        place: Place::MembersApi,
        class: Some(answer.class()?.to_owned()),
        support_id: answer.support_id().map(str::to_owned),
        error: None,
        description: answer.status.to_string(),
    })
}

//! The scopes that a person can choose on the start page: each scope in plain words, and ready-made
//! choices such as an app's designer would make. A ready-made choice is a link to the start page
//! with its scopes chosen; single scopes are checkboxes of a form. No script is needed. The
//! parameter `scope` comes once for each scope, as checkboxes send it.

use std::borrow::Cow;

use four_attributes::Attribute;
use loopback::pages::{LANGUAGE, Language};
use user_pool::claim::Claim;
use user_pool::scope::Scope;

use crate::scopes::{self, InvalidScopes, OPENID, Scopes};

/// The name of the query parameter for a scope.
pub(super) const SCOPE: &str = "scope";

/// The choices on the start page.
pub(super) struct Choice {
    /// The scope that is always asked for.
    pub(super) openid: &'static str,
    pub(super) ready: Vec<Ready>,
    pub(super) groups: [Group; 2],
}

/// A ready-made choice of scopes.
pub(super) struct Ready {
    /// What an app with this choice is for.
    pub(super) purpose: &'static str,
    /// What such an app needs, and why no more.
    pub(super) need: &'static str,
    /// The address of the start page with these scopes chosen.
    pub(super) href: String,
    /// Whether exactly these scopes are chosen now.
    pub(super) is_chosen: bool,
}

/// Scopes of one kind.
pub(super) struct Group {
    pub(super) legend: &'static str,
    pub(super) note: &'static str,
    pub(super) options: Vec<ScopeOption>,
}

/// One scope to choose.
pub(super) struct ScopeOption {
    pub(super) label: Cow<'static, str>,
    pub(super) name: Cow<'static, str>,
    /// The scope as it is written in the authorization request.
    pub(super) value: String,
    pub(super) is_chosen: bool,
}

impl Choice {
    /// The choices, with these scopes chosen.
    pub(super) fn new(language: Language, chosen: &Scopes) -> Self {
        let group = |legend, note, is_in_access_token| Group {
            legend,
            note,
            options: scopes::known()
                .filter(|scope| scope.claim().is_in_access_token() == is_in_access_token)
                .map(|scope| ScopeOption {
                    label: match scope {
                        Scope::Verified => language
                            .say("本人確認の日時と方法", "Time and method of verification")
                            .into(),
                        other => label(other.claim(), language),
                    },
                    name: scope.name(),
                    value: scopes::text(scope),
                    is_chosen: chosen.has(scope),
                })
                .collect(),
        };
        Self {
            openid: OPENID,
            ready: ready(language, chosen),
            groups: [
                group(
                    language.say("情報そのもの", "The data itself"),
                    language.say(
                        "IDトークンだけに入ります。",
                        "These are only in the ID token.",
                    ),
                    false,
                ),
                group(
                    language.say("判定の結果だけ", "Only the result"),
                    language.say(
                        "IDトークンとアクセストークンに入ります。",
                        "These are in the ID token and in the access token.",
                    ),
                    true,
                ),
            ],
        }
    }
}

fn ready(language: Language, chosen: &Scopes) -> Vec<Ready> {
    [
        (
            language.say("施設の予約", "Booking a room"),
            language.say(
                "氏名と住所。だれがどこから来るのかが分かります。",
                "Name and address: who comes, and from where.",
            ),
            Scopes::of([Attribute::Name, Attribute::Address].map(Scope::Attribute)),
        ),
        (
            language.say("お酒の販売", "Selling alcohol"),
            language.say(
                "20歳以上かどうかだけ。生年月日は求めません。",
                "Only whether the user is 20 or over. No date of birth.",
            ),
            Scopes::of([Scope::AgeOver(20)]),
        ),
        (
            language.say("すべて", "Everything"),
            language.say(
                "違いを見るための選択です。本番では、必要な情報だけを求めます。",
                "To see the difference. A real app asks only for what it needs.",
            ),
            Scopes::all(),
        ),
    ]
    .map(|(purpose, need, scopes)| Ready {
        purpose,
        need,
        href: format!("/?{LANGUAGE}={}&{}#ask", language.code(), query_of(&scopes)),
        is_chosen: scopes == *chosen,
    })
    .into()
}

/// A claim in plain words.
pub(super) fn label(claim: Claim, language: Language) -> Cow<'static, str> {
    let words = match claim {
        Claim::Attribute(Attribute::Name) => language.say("氏名", "Name"),
        Claim::Attribute(Attribute::Address) => language.say("住所", "Address"),
        Claim::Attribute(Attribute::BirthDate) => language.say("生年月日", "Date of birth"),
        Claim::Attribute(Attribute::Gender) => language.say("性別", "Gender"),
        Claim::Prefecture => language.say("都道府県", "Prefecture"),
        Claim::Municipality => language.say("市区町村", "Municipality"),
        Claim::MunicipalityCode => language.say("市区町村コード", "Municipality’s code"),
        Claim::AgeOver(years) => {
            return match language {
                Language::Japanese => format!("{years}歳以上か").into(),
                Language::English => format!("{years} or over?").into(),
            };
        }
        Claim::IdentityVerified => language.say("本人確認", "Verification"),
        Claim::VerifiedAt => language.say("本人確認の日時", "Time of verification"),
        Claim::VerificationAcr => language.say("本人確認の方法", "Method of verification"),
    };
    words.into()
}

/// The parameters that choose these scopes.
pub(super) fn query_of(scopes: &Scopes) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for scope in scopes.names() {
        query.append_pair(SCOPE, &scope);
    }
    query.finish()
}

/// The scopes that the values of a request's parameter `scope` choose; `None` if there are no
/// values. `openid` is always among the scopes.
pub(super) fn chosen<'a>(
    values: impl Iterator<Item = &'a str>,
) -> Result<Option<Scopes>, InvalidScopes> {
    let mut values = values.peekable();
    if values.peek().is_none() {
        return Ok(None);
    }
    let mut text = OPENID.to_owned();
    for value in values {
        text.push(' ');
        text.push_str(value);
    }
    Scopes::parse(&text).map(Some)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use loopback::parameters::Parameters;

    use super::*;

    fn read(query: &str) -> Result<Option<Scopes>, InvalidScopes> {
        chosen(Parameters::parse(query.as_bytes()).values(SCOPE))
    }

    #[test]
    fn a_choice_is_read_as_it_is_written() {
        for scopes in [
            Scopes::all(),
            Scopes::of([]),
            Scopes::of([Scope::Attribute(Attribute::Name), Scope::AgeOver(20)]),
        ] {
            assert_eq!(read(&query_of(&scopes)), Ok(Some(scopes)));
        }
        assert_eq!(read("lang=ja"), Ok(None));
        // Several scopes in one value, as in an authorization request, are read, too.
        assert_eq!(
            read("scope=openid+digital-auth/name"),
            Ok(Some(Scopes::of([Scope::Attribute(Attribute::Name)])))
        );
        assert_eq!(
            read("scope=openid&scope=phone"),
            Err(InvalidScopes::Unknown("phone".to_owned()))
        );
    }

    #[test]
    fn every_scope_can_be_chosen_and_every_ready_choice_chooses_itself() {
        for language in [Language::Japanese, Language::English] {
            let choice = Choice::new(language, &Scopes::of([]));
            let options = choice.groups.iter().flat_map(|group| &group.options);
            let values: Vec<_> = options
                .map(|option| {
                    assert!(!option.is_chosen);
                    option.value.clone()
                })
                .collect();
            let different: BTreeSet<_> = values.iter().cloned().collect();
            assert_eq!(values.len(), different.len());
            assert_eq!(different, scopes::known().map(scopes::text).collect());
            for (place, ready) in choice.ready.iter().enumerate() {
                assert!(!ready.is_chosen);
                let (_, query) = ready.href.split_once('?').unwrap();
                let (query, _) = query.split_once('#').unwrap();
                let scopes = read(query).unwrap().unwrap();
                let chosen = Choice::new(language, &scopes).ready;
                let places: Vec<_> = (0..chosen.len())
                    .filter(|place| chosen[*place].is_chosen)
                    .collect();
                assert_eq!(places, [place]);
            }
        }
    }
}

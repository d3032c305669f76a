//! What can be chosen on the start page: what the stack asks people for, and the scopes, which
//! decide what the app gets of it. Each is in plain words, and there are ready-made choices of
//! both. A ready-made choice is a link to the start page with its values chosen; single values are
//! checkboxes of a form. No script is needed. The parameters `ask` and `scope` come once for each
//! value, as checkboxes send them.

use std::borrow::Cow;

use four_attributes::{Attribute, AttributeSet, UnknownAttribute};
use loopback::pages::{LANGUAGE, Language};
use user_pool::claim::Claim;
use user_pool::scope::Scope;

use crate::scopes::{self, InvalidScopes, OPENID, Scopes};
use crate::use_case::UseCase;

/// The name of the query parameter for a scope.
pub(super) const SCOPE: &str = "scope";

/// The name of the query parameter for a use case, whose values are its own.
pub(super) const CASE: &str = "case";
/// The name of the query parameter for an attribute that people are asked for.
pub(super) const ASK: &str = "ask";
/// The value of that parameter which the form always sends, so that no attribute is a choice too.
pub(super) const NO_ATTRIBUTE: &str = "none";

/// The choices on the start page.
pub(super) struct Choice {
    /// The scope that is always asked for.
    pub(super) openid: &'static str,
    pub(super) ready: Vec<Ready>,
    /// What the stack asks people for.
    pub(super) asked: Vec<Item>,
    /// The value of it that is always sent.
    pub(super) no_attribute: &'static str,
    pub(super) groups: [Group; 2],
}

/// A ready-made choice of scopes.
pub(super) struct Ready {
    /// What an app with this choice is for.
    pub(super) purpose: &'static str,
    /// What such an app needs, and why no more.
    pub(super) need: &'static str,
    /// The address of the start page with these values chosen.
    pub(super) href: String,
    /// Whether exactly these values are chosen now.
    pub(super) is_chosen: bool,
    /// The page of the use case, if it has one.
    pub(super) page: Option<String>,
}

/// Scopes of one kind.
pub(super) struct Group {
    pub(super) legend: &'static str,
    pub(super) note: &'static str,
    pub(super) options: Vec<Item>,
}

/// One value to choose.
pub(super) struct Item {
    pub(super) label: Cow<'static, str>,
    pub(super) name: Cow<'static, str>,
    /// The value as a form sends it.
    pub(super) value: String,
    pub(super) is_chosen: bool,
}

impl Choice {
    /// The choices, with these values chosen.
    pub(super) fn new(language: Language, (chosen, asked): (&Scopes, AttributeSet)) -> Self {
        let group = |legend, note, is_in_access_token| Group {
            legend,
            note,
            options: scopes::known()
                .filter(|scope| scope.claim().is_in_access_token() == is_in_access_token)
                .map(|scope| Item {
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
            ready: ready(language, (chosen, asked)),
            asked: Attribute::ALL
                .map(|attribute| Item {
                    label: label(Claim::Attribute(attribute), language),
                    name: attribute.to_string().into(),
                    value: attribute.to_string(),
                    is_chosen: asked.contains(attribute),
                })
                .into(),
            no_attribute: NO_ATTRIBUTE,
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

fn ready(language: Language, (chosen, asked): (&Scopes, AttributeSet)) -> Vec<Ready> {
    let everything = (
        None,
        language.say("すべて", "Everything"),
        language.say(
            "違いを見るための選択です。本番では、必要な情報だけを求めます。",
            "To see the difference. A real app asks only for what it needs.",
        ),
    );
    let of_cases = UseCase::ALL.map(|case| {
        let (purpose, need) = purpose(case, language);
        (Some(case), purpose, need)
    });
    let choices = of_cases.into_iter().chain([everything]);
    choices
        .map(|(case, purpose, need)| {
            let scopes = case.map_or_else(Scopes::all, UseCase::scopes);
            let asks = scopes.needs();
            let query = query_of(&scopes, asks);
            Ready {
                purpose,
                need,
                href: format!("/?{LANGUAGE}={}&{query}#ask", language.code()),
                is_chosen: scopes == *chosen && asks == asked,
                page: case.map(|case| format!("/{}?{LANGUAGE}={}", case.name(), language.code())),
            }
        })
        .collect()
}

/// What a use case is for, and what it needs of people.
pub(super) fn purpose(case: UseCase, language: Language) -> (&'static str, &'static str) {
    match case {
        UseCase::Age => (
            language.say("お酒の販売", "Selling alcohol"),
            language.say(
                "20歳以上かどうかだけ。氏名や住所は求めません。",
                "Only whether the person is 20 or over. No name, no address.",
            ),
        ),
        UseCase::Booking => (
            language.say("施設の予約", "Booking a room"),
            language.say(
                "住んでいる市区町村だけ。アプリは、住所そのものを受け取りません。",
                "Only the municipality. The app doesn’t get the address itself.",
            ),
        ),
        UseCase::Certificates => (
            language.say("証明書の発行", "Issuing certificates"),
            language.say(
                "氏名と生年月日。学籍と照らし合わせます。",
                "Name and date of birth, to find the student in the register.",
            ),
        ),
    }
}

/// Attributes in one line.
pub(super) fn labels(attributes: AttributeSet, language: Language) -> String {
    if attributes.is_empty() {
        return language.say("なし", "nothing").to_owned();
    }
    let labels = attributes
        .iter()
        .map(|attribute| label(Claim::Attribute(attribute), language));
    let labels: Vec<_> = labels.collect();
    labels.join(language.say("、", ", "))
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

/// The parameters that choose these values.
pub(super) fn query_of(scopes: &Scopes, asked: AttributeSet) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair(ASK, NO_ATTRIBUTE);
    for attribute in asked.iter() {
        query.append_pair(ASK, &attribute.to_string());
    }
    for scope in scopes.names() {
        query.append_pair(SCOPE, &scope);
    }
    query.finish()
}

/// The attributes that the values of a request's parameter `ask` choose; `None` if there are no
/// values.
pub(super) fn asked<'a>(
    values: impl Iterator<Item = &'a str>,
) -> Result<Option<AttributeSet>, UnknownAttribute> {
    let mut values = values.peekable();
    if values.peek().is_none() {
        return Ok(None);
    }
    let words = values.flat_map(|value| value.split_ascii_whitespace());
    let attributes = words.filter(|word| *word != NO_ATTRIBUTE);
    attributes
        .map(str::parse)
        .collect::<Result<_, _>>()
        .map(Some)
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

    fn read_asked(query: &str) -> Result<Option<AttributeSet>, UnknownAttribute> {
        asked(Parameters::parse(query.as_bytes()).values(ASK))
    }

    #[test]
    fn a_choice_is_read_as_it_is_written() {
        for scopes in [
            Scopes::all(),
            Scopes::of([]),
            Scopes::of([Scope::Attribute(Attribute::Name), Scope::AgeOver(20)]),
        ] {
            for attributes in ["", "address", "name address birthdate gender"] {
                let attributes: AttributeSet = attributes.parse().unwrap();
                let query = query_of(&scopes, attributes);
                assert_eq!(read(&query), Ok(Some(scopes.clone())));
                assert_eq!(read_asked(&query), Ok(Some(attributes)));
            }
        }
        assert_eq!(read_asked("lang=ja"), Ok(None));
        assert_eq!(read_asked("ask=email"), Err(UnknownAttribute));
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
            let choice = Choice::new(language, (&Scopes::of([]), AttributeSet::default()));
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
                let asked = read_asked(query).unwrap().unwrap();
                let chosen = Choice::new(language, (&scopes, asked)).ready;
                let places: Vec<_> = (0..chosen.len())
                    .filter(|place| chosen[*place].is_chosen)
                    .collect();
                assert_eq!(places, [place]);
            }
        }
    }
}

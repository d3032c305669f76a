//! What the app received, in readable form: each fact that was asked for, with its value or the
//! reason why there is none; the names of the facts that weren't asked for; and a table of which
//! token holds which claim. The access token's `scope` says what was asked for (RFC 9068 §2.2.3).
//! An `address` can be an object or text: a user pool may show either.

use std::borrow::Cow;

use chrono::{DateTime, FixedOffset};
use four_attributes::{Attribute, AttributeSet};
use loopback::pages::Language;
use serde_json::{Map, Value};
use user_pool::attribute::RECORD;
use user_pool::claim::Claim;
use user_pool::scope::Scope;

use super::choice::label;
use super::relying_party::SignedIn;
use crate::scopes;

/// Japan's offset from UTC, in seconds. Japan has no summer time.
pub(super) const JAPAN: i32 = 9 * 60 * 60;

/// A fact about the person that an app can ask for.
pub(super) struct Fact {
    pub(super) label: Cow<'static, str>,
    pub(super) claim: Cow<'static, str>,
    pub(super) value: Option<String>,
    /// Why there is no value.
    pub(super) remark: Option<&'static str>,
}

/// A row of the table: which token holds a claim.
pub(super) struct Row {
    pub(super) label: Cow<'static, str>,
    pub(super) claim: Cow<'static, str>,
    pub(super) cells: [bool; 4],
}

/// The facts whose scope was granted, and those that the ID token has besides. `asked` is what
/// people were asked for.
pub(super) fn facts(signed_in: &SignedIn, asked: AttributeSet, language: Language) -> Vec<Fact> {
    let fact = |scope| {
        let value = value(scope, &signed_in.id_token, language);
        let remark = match value {
            Some(_) => None,
            None if !is_asked(scope, asked) => Some(language.say(
                "ありません（スタックが、もとになる情報を利用者に求めていません）",
                "none (the stack doesn’t ask people for what it is made from)",
            )),
            None => Some(why_absent(scope, language)),
        };
        Fact {
            label: label(scope.claim(), language),
            claim: scope.claim().name(),
            value,
            remark,
        }
    };
    let is_told = |fact: &Fact, scope| fact.value.is_some() || is_granted(signed_in, scope);
    let facts = scopes::known().map(|scope| (fact(scope), scope));
    facts
        .filter(|(fact, scope)| is_told(fact, *scope))
        .map(|(fact, _)| fact)
        .collect()
}

/// The labels of the facts that weren't asked for and that the ID token doesn't have.
pub(super) fn not_asked(signed_in: &SignedIn, language: Language) -> Vec<Cow<'static, str>> {
    let came = |scope| value(scope, &signed_in.id_token, language).is_some();
    scopes::known()
        .filter(|scope| !is_granted(signed_in, *scope) && !came(*scope))
        .map(|scope| label(scope.claim(), language))
        .collect()
}

/// The labels of the attributes that people were asked for and that aren't in the app's tokens
/// themselves, because none of its scopes names them.
pub(super) fn kept_back(
    signed_in: &SignedIn,
    asked: AttributeSet,
    language: Language,
) -> Vec<Cow<'static, str>> {
    asked
        .iter()
        .filter(|attribute| !is_granted(signed_in, Scope::Attribute(*attribute)))
        .map(|attribute| label(Claim::Attribute(attribute), language))
        .collect()
}

/// Whether people were asked for what the claims of this scope are made from.
fn is_asked(scope: Scope, asked: AttributeSet) -> bool {
    scopes::source(scope).is_none_or(|attribute| asked.contains(attribute))
}

/// Whether this scope was granted.
fn is_granted(signed_in: &SignedIn, scope: Scope) -> bool {
    let granted = signed_in.access_token.get("scope").and_then(Value::as_str);
    granted
        .unwrap_or_default()
        .split(' ')
        .any(|word| scopes::named(word) == Some(scope))
}

fn value(scope: Scope, claims: &Map<String, Value>, language: Language) -> Option<String> {
    let claim = claims.get(&*scope.claim().name())?;
    let text = || claim.as_str().map(str::to_owned);
    match scope {
        Scope::Attribute(Attribute::Name) | Scope::Prefecture => text(),
        Scope::Municipality => text().map(|name| {
            let code = claims
                .get(&*Claim::MunicipalityCode.name())
                .and_then(Value::as_str);
            match (code, language) {
                (Some(code), Language::Japanese) => format!("{name}（{code}）"),
                (Some(code), Language::English) => format!("{name} ({code})"),
                (None, _) => name,
            }
        }),
        Scope::Attribute(Attribute::Address) => {
            text().or_else(|| claim.get("formatted")?.as_str().map(str::to_owned))
        }
        Scope::Attribute(Attribute::BirthDate) => text().map(|date| match language {
            Language::Japanese => japanese_date(&date),
            Language::English => date,
        }),
        Scope::Attribute(Attribute::Gender) => text().map(|gender| match gender.as_str() {
            "male" => language.say("男", "male").to_owned(),
            "female" => language.say("女", "female").to_owned(),
            "other" => language.say("その他", "other").to_owned(),
            _ => gender,
        }),
        Scope::AgeOver(_) => claim.as_bool().map(|is_over| {
            let (yes, no) = (language.say("はい", "yes"), language.say("いいえ", "no"));
            if is_over { yes } else { no }.to_owned()
        }),
        Scope::Verified => claim.as_bool().map(|is_verified| {
            if is_verified {
                verification(claims, language)
            } else {
                let outdated = language.say(
                    "本人確認が古いか、いまの条件に合いません。もう一度、カードでログインする必要があります",
                    "too old, or no longer meets the conditions. A new login with the card is \
                    needed",
                );
                outdated.to_owned()
            }
        }),
    }
}

/// When and how the person was verified, in words.
fn verification(claims: &Map<String, Value>, language: Language) -> String {
    let at = claims
        .get(&*Claim::VerifiedAt.name())
        .and_then(Value::as_i64)
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
        .zip(FixedOffset::east_opt(JAPAN))
        .map(|(at, japan)| {
            let form = language.say("%Y年%-m月%-d日 %H:%M", "%Y-%m-%d %H:%M (Japan)");
            at.with_timezone(&japan).format(form).to_string()
        });
    let how = claims
        .get(&*Claim::VerificationAcr.name())
        .and_then(Value::as_str);
    let mut told = vec![language.say("確認済み", "verified").to_owned()];
    told.extend(at);
    told.extend(how.map(str::to_owned));
    told.join(language.say("・", ", "))
}

fn why_absent(scope: Scope, language: Language) -> &'static str {
    match scope {
        Scope::Attribute(Attribute::Name | Attribute::Address) | Scope::Verified => {
            language.say("受け取っていません", "not received")
        }
        Scope::Attribute(Attribute::BirthDate) => language.say(
            "受け取っていません（月や日が分からない人には、このクレームがありません）",
            "not received (people whose month or day of birth is unknown have no such claim)",
        ),
        Scope::Attribute(Attribute::Gender) => language.say(
            "受け取っていません（登録がない人には、このクレームがありません）",
            "not received (people without a registered gender have no such claim)",
        ),
        Scope::Prefecture => language.say(
            "分かりません（住所から確実に分からない人には、このクレームがありません）",
            "not known (there is no claim if the address doesn’t show it for certain)",
        ),
        Scope::Municipality => language.say(
            "分かりません（住所から確実に分からない人には、名前のクレームもコードのクレームもありません）",
            "not known (there are no claims for name and code if the address doesn’t show them for \
            certain)",
        ),
        Scope::AgeOver(_) => language.say(
            "分かりません（年齢を確かめられないときは、「いいえ」ではなく、クレームがありません）",
            "not known (if an age can’t be proved, there is no claim, rather than a “no”)",
        ),
    }
}

/// The table of claims. Its columns: asked for, in the ID token, in the access token, in userinfo.
pub(super) fn rows(signed_in: &SignedIn, language: Language) -> Vec<Row> {
    let row = |label, claim: Cow<'static, str>, is_asked| {
        let holds = |claims: &Map<String, Value>| claims.contains_key(&*claim);
        Row {
            label,
            cells: [
                is_asked,
                holds(&signed_in.id_token),
                holds(&signed_in.access_token),
                holds(&signed_in.userinfo),
            ],
            claim,
        }
    };
    let mut rows = Vec::new();
    for scope in scopes::known() {
        let is_asked = is_granted(signed_in, scope);
        for claim in scope.claims() {
            rows.push(row(label(claim, language), claim.name(), is_asked));
        }
    }
    let record = language.say("検証済みの記録", "Verified record");
    rows.push(row(record.into(), RECORD.into(), false));
    rows
}

/// `1985-03-15` as 1985年3月15日.
fn japanese_date(date: &str) -> String {
    let mut parts = date.splitn(3, '-');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(year), Some(month), Some(day)) => format!(
            "{year}年{}月{}日",
            month.trim_start_matches('0'),
            day.trim_start_matches('0')
        ),
        _ => date.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::relying_party::Tokens;
    use super::*;
    use crate::scopes::Scopes;

    fn signed_in(scopes: &str, id_token: Value) -> SignedIn {
        let object = |value: Value| value.as_object().unwrap().clone();
        SignedIn {
            id_token_header: Map::new(),
            id_token: object(id_token),
            access_token_header: Map::new(),
            access_token: object(json!({ "scope": scopes, "age_over_20": true })),
            userinfo: object(json!({ "sub": "s" })),
            tokens: Tokens {
                id_token: "".into(),
                access_token: "".into(),
                refresh_token: None,
            },
        }
    }

    fn told(signed_in: &SignedIn, language: Language) -> Vec<Option<String>> {
        facts(signed_in, AttributeSet::all(), language)
            .into_iter()
            .map(|fact| {
                assert_eq!(fact.value.is_none(), fact.remark.is_some());
                fact.value
            })
            .collect()
    }

    #[test]
    fn what_came_is_told_in_words() {
        for address in [
            json!("東京都千代田区"),
            json!({ "formatted": "東京都千代田区" }),
        ] {
            let received = signed_in(
                &Scopes::all().to_string(),
                json!({
                    "name": "山田　太郎",
                    "address": address,
                    "birthdate": "1985-03-05",
                    "gender": "female",
                    "prefecture": "東京都",
                    "municipality": "東京都千代田区",
                    "municipality_code": "131016",
                    "age_over_18": true,
                    "age_over_20": false,
                    "identity_verified": true,
                    "verified_at": 1_770_000_000,
                    "verification_acr": "aal3",
                }),
            );
            let texts = |texts: [&str; 9]| texts.map(|text| Some(text.to_owned())).to_vec();
            assert_eq!(
                told(&received, Language::Japanese),
                texts([
                    "山田　太郎",
                    "東京都千代田区",
                    "1985年3月5日",
                    "女",
                    "東京都",
                    "東京都千代田区（131016）",
                    "はい",
                    "いいえ",
                    "確認済み・2026年2月2日 11:40・aal3",
                ])
            );
            assert_eq!(
                told(&received, Language::English),
                texts([
                    "山田　太郎",
                    "東京都千代田区",
                    "1985-03-05",
                    "female",
                    "東京都",
                    "東京都千代田区 (131016)",
                    "yes",
                    "no",
                    "verified, 2026-02-02 11:40 (Japan), aal3",
                ])
            );
        }
        let old = signed_in("openid", json!({ "identity_verified": false }));
        let old = told(&old, Language::English).pop().flatten().unwrap();
        assert!(old.starts_with("too old"), "{old}");
    }

    #[test]
    fn what_is_absent_was_not_asked_for_or_has_its_reason() {
        let received = signed_in(
            "openid digital-auth/gender digital-auth/age_over_18",
            json!({}),
        );
        let told = facts(&received, AttributeSet::all(), Language::English);
        let claims: Vec<_> = told.iter().map(|fact| &*fact.claim).collect();
        assert_eq!(claims, ["gender", "age_over_18"]);
        assert!(
            told.iter()
                .all(|fact| fact.value.is_none() && fact.remark.is_some())
        );
        assert_eq!(
            not_asked(&received, Language::Japanese),
            [
                "氏名",
                "住所",
                "生年月日",
                "都道府県",
                "市区町村",
                "20歳以上か",
                "本人確認"
            ]
        );
        // What people weren't asked for has a reason of its own; what they were asked for and the
        // app doesn't get is named.
        let birthdate = AttributeSet::from_iter([Attribute::BirthDate]);
        let told = facts(&received, birthdate, Language::English);
        let remarks: Vec<_> = told.iter().filter_map(|fact| fact.remark).collect();
        assert!(remarks[0].contains("doesn’t ask people"), "{remarks:?}");
        assert!(remarks[1].starts_with("not known"), "{remarks:?}");
        assert_eq!(
            kept_back(&received, AttributeSet::all(), Language::Japanese),
            ["氏名", "住所", "生年月日"]
        );
        // A claim that came without being asked for isn't hidden.
        let received = signed_in("openid", json!({ "name": "山田" }));
        assert_eq!(
            facts(&received, AttributeSet::all(), Language::English)[0].claim,
            "name"
        );
        assert_eq!(not_asked(&received, Language::English).len(), 8);
    }

    #[test]
    fn the_table_says_which_token_holds_which_claim() {
        let received = signed_in(
            "openid digital-auth/age_over_20",
            json!({ "age_over_20": true }),
        );
        for row in rows(&received, Language::English) {
            let expected = match &*row.claim {
                "age_over_20" => [true, true, true, false],
                _ => [false; 4],
            };
            assert_eq!(row.cells, expected, "{}", row.claim);
        }
        let claims = rows(&received, Language::Japanese).into_iter();
        let claims: Vec<_> = claims.map(|row| row.claim).collect();
        let expected: Vec<_> = (scopes::known().flat_map(Scope::claims))
            .map(Claim::name)
            .chain([RECORD.into()])
            .collect();
        assert_eq!(claims, expected);
    }
}

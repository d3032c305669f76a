//! Generates the parts of the documents about the resource server: the table of its scopes and
//! their claims, and the JSON that creates it. Also tests that `docs/claims*.md` says of every
//! claim when it is absent.

use std::borrow::Cow;
use std::fs;

use four_attributes::Attribute;
use language::Language;
use user_pool::claim::Claim;
use user_pool::scope::{AGES, RESOURCE_SERVER, Scope};

use crate::generated::{self, folder};
use crate::table::{LANGUAGES, code, file, head, row};

/// The names of the generated parts of documents that this file makes.
pub(crate) const PARTS: &[&str] = &["scopes", "resource server"];

#[test]
fn the_scopes() {
    for language in LANGUAGES {
        let mut table = head([
            language.say("スコープ", "Scope"),
            language.say("クレーム", "Claim"),
            language.say("IDトークン", "ID token"),
            language.say("アクセストークン", "Access token"),
            language.say("形式", "Format"),
            language.say("もとになる属性", "Derived from"),
        ]);
        for scope in Scope::all(&AGES) {
            for claim in scope.claims() {
                let follows_from = claim.follows_from();
                table += &row([
                    &code(&scope.of_server(RESOURCE_SERVER)),
                    &code(&claim.name()),
                    "✓",
                    if claim.is_in_access_token() {
                        "✓"
                    } else {
                        "–"
                    },
                    form(claim, language),
                    &follows_from.map_or("–".to_owned(), |attribute| code(attribute.claim())),
                ]);
            }
        }
        generated::holds(&file("claims", language), "scopes", &table);
    }
}

/// The JSON with which the AWS CLI creates the resource server.
#[test]
fn the_resource_server() {
    for language in LANGUAGES {
        let name = language.say("カードで証明されること", "What the card proves");
        let scopes: Vec<_> = Scope::all(&AGES)
            .map(|scope| {
                let (name, says) = (scope.name(), description(scope, language));
                format!(r#"    {{ "ScopeName": "{name}", "ScopeDescription": "{says}" }}"#)
            })
            .collect();
        let json = format!(
            "```json\n{{\n  \"UserPoolId\": \"ap-northeast-1_EXAMPLE\",\n  \
             \"Identifier\": \"{RESOURCE_SERVER}\",\n  \"Name\": \"{name}\",\n  \
             \"Scopes\": [\n{}\n  ]\n}}\n```\n",
            scopes.join(",\n")
        );
        generated::holds(&file("configuration", language), "resource server", &json);
    }
}

/// The description of a scope, in the language of an operator who creates the resource server by
/// hand.
fn description(scope: Scope, language: Language) -> Cow<'static, str> {
    if language == Language::English {
        return scope.description();
    }
    let says = match scope {
        Scope::Attribute(Attribute::Name) => "氏名",
        Scope::Attribute(Attribute::Address) => "住所",
        Scope::Attribute(Attribute::BirthDate) => "生年月日",
        Scope::Attribute(Attribute::Gender) => "性別",
        Scope::Prefecture => "都道府県",
        Scope::Municipality => "市区町村とそのコード",
        Scope::AgeOver(years) => return format!("{years}歳以上か").into(),
        Scope::Verified => "いつ、どう確かめたか",
    };
    says.into()
}

fn form(claim: Claim, language: Language) -> &'static str {
    match claim {
        Claim::Attribute(Attribute::Name) => {
            language.say("文字列。カードにあるとおり", "text, as it is in the card")
        }
        Claim::Attribute(Attribute::Address) => {
            language.say("1行の文字列（後述）", "text in one line (see below)")
        }
        Claim::Attribute(Attribute::BirthDate) => "`YYYY-MM-DD`",
        Claim::Attribute(Attribute::Gender) => {
            language.say("`male`、`female`、`other`", "`male`, `female`, `other`")
        }
        Claim::Prefecture => language.say("文字列。例：`神奈川県`", "text, such as `神奈川県`"),
        Claim::Municipality => language.say(
            "文字列。例：`神奈川県横浜市`（後述）",
            "text, such as `神奈川県横浜市` (see below)",
        ),
        Claim::MunicipalityCode => language.say(
            "6桁の数字の文字列。例：`141003`",
            "six digits as text, such as `141003`",
        ),
        Claim::AgeOver(_) | Claim::IdentityVerified => {
            language.say("`true`、`false`", "`true`, `false`")
        }
        Claim::VerifiedAt => language.say(
            "1970年からの秒数（NumericDate）",
            "seconds since 1970 (NumericDate)",
        ),
        Claim::VerificationAcr => language.say("文字列。例：`aal3`", "text, such as `aal3`"),
    }
}

/// The documents have a section that says when a claim is absent. It must name every claim except
/// `identity_verified`.
#[test]
fn of_every_claim_it_is_said_when_it_is_absent() {
    for (file, heading) in [
        ("claims.md", "## クレームがないとき"),
        ("claims.en.md", "## A claim that isn't there"),
    ] {
        let text = fs::read_to_string(folder().join(file)).unwrap();
        let (_, section) = text.split_once(heading).unwrap();
        let section = section.split("\n## ").next().unwrap();
        for claim in Scope::all(&AGES).flat_map(Scope::claims) {
            let name = match claim {
                Claim::AgeOver(_) => "age_over_…".into(),
                Claim::IdentityVerified => continue,
                other => other.name(),
            };
            assert!(section.contains(&code(&name)), "{file}: {name}");
        }
    }
}

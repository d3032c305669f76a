//! Generates the tables of the classes of failure of the bridge and of the triggers, with their log
//! levels. Also tests that `docs/conformance*.md` names only classes that exist.

use std::collections::BTreeSet;
use std::fs;

use cli::exit;
use function_kit::failure::{Concern, Kind};
use language::Language;
use markdown::Document;
use record_trigger::{AtSignIn, AtTokens, Class as TriggerClass};
use relying_party::Class as BridgeClass;

use crate::generated;
use crate::table::{LANGUAGES, code, file, head, row, say};

/// The names of the generated parts of documents that this file makes.
pub(crate) const PARTS: &[&str] = &[
    "classes of the bridge",
    "classes of the triggers",
    "levels",
    "refused records",
];

#[test]
fn the_classes_of_the_bridge() {
    for language in LANGUAGES {
        let mut table = head([
            language.say("エラー分類", "Class"),
            language.say("どこで", "Where"),
            language.say("OAuth のエラー", "OAuth error"),
            "HTTP",
            language.say("終了", "Exit"),
            language.say("意味", "Meaning"),
            language.say("運用者がすること", "What an operator does"),
        ]);
        for class in BridgeClass::ALL {
            let (place, status) = (class.place(), class.status().as_u16());
            let status = if place.has_status {
                status.to_string()
            } else {
                format!("({status})")
            };
            table += &row([
                &code(class.name()),
                say(place.words, language),
                &code(class.oauth_error().as_str()),
                &status,
                &exit_status(class.kind()),
                say(class.meaning(), language),
                say(class.advice(), language),
            ]);
        }
        generated::holds(&file("failures", language), "classes of the bridge", &table);
    }
}

#[test]
fn the_classes_of_the_triggers() {
    for language in LANGUAGES {
        let ends = language.say("終わる", "ends");
        let no_claims = language.say("クレームを出さない", "no claims");
        let mut table = head([
            language.say("エラー分類", "Class"),
            "`inbound-federation`",
            "`pre-token-generation`",
            language.say("重大度", "Level"),
            language.say("終了", "Exit"),
            language.say("意味", "Meaning"),
            language.say("運用者がすること", "What an operator does"),
        ]);
        for class in TriggerClass::ALL {
            let at_sign_in = match class.at_sign_in() {
                AtSignIn::Ends => ends,
                AtSignIn::Never => "–",
            };
            let at_tokens = match class.at_tokens() {
                AtTokens::Ends => ends,
                AtTokens::Refused { .. } => no_claims,
                AtTokens::Never => "–",
            };
            let status = if class.ends() {
                exit_status(class.kind())
            } else {
                "–".to_owned()
            };
            table += &row([
                &code(class.name()),
                at_sign_in,
                at_tokens,
                level(class.concern()),
                &status,
                say(class.meaning(), language),
                say(class.advice(), language),
            ]);
        }
        let file = file("failures", language);
        generated::holds(&file, "classes of the triggers", &table);
    }
}

#[test]
fn the_levels() {
    for language in LANGUAGES {
        let mut table = head([
            language.say("重大度", "Level"),
            language.say("だれの問題か", "Whose problem"),
            language.say("エラー分類", "Classes"),
        ]);
        for concern in Concern::ALL {
            let classes = BridgeClass::ALL.iter();
            let classes = classes.filter(|class| class.concern() == *concern);
            let classes: Vec<_> = classes.map(|class| code(class.name())).collect();
            let name = code(concern.name());
            let whose = match language {
                Language::Japanese => format!("{}（{name}）", whose(*concern, language)),
                Language::English => format!("{} ({name})", whose(*concern, language)),
            };
            let separator = language.say("、", ", ");
            table += &row([level(*concern), &whose, &classes.join(separator)]);
        }
        generated::holds(&file("failures", language), "levels", &table);
    }
}

#[test]
fn the_records_that_are_refused() {
    for language in LANGUAGES {
        let mut table = head([
            language.say("エラー分類", "Class"),
            language.say("意味", "Meaning"),
            language.say("確かめるとき", "When it is checked"),
        ]);
        for class in TriggerClass::ALL {
            if !matches!(class.at_tokens(), AtTokens::Refused { .. }) {
                continue;
            }
            let looked_at = match class.at_sign_in() {
                AtSignIn::Ends => {
                    language.say("ログインとトークンの発行", "at sign-ins and for tokens")
                }
                AtSignIn::Never => language.say("トークンの発行だけ", "for tokens only"),
            };
            table += &row([
                &code(class.name()),
                say(class.meaning(), language),
                looked_at,
            ]);
        }
        generated::holds(&file("architecture", language), "refused records", &table);
    }
}

fn exit_status(kind: Kind) -> String {
    exit::of(kind).code.to_string()
}

/// The level at which a failure is logged.
fn level(concern: Concern) -> &'static str {
    match concern {
        Concern::Nobody => "INFO",
        Concern::Unproven | Concern::Client => "WARN",
        Concern::Service | Concern::Operator => "ERROR",
    }
}

fn whose(concern: Concern, language: Language) -> &'static str {
    match concern {
        Concern::Nobody => language.say("だれの問題でもない", "nobody's"),
        Concern::Unproven => language.say(
            "だれでもブラウザーで起こせること",
            "what anybody with a browser can cause",
        ),
        Concern::Client => language.say(
            "クライアント、または攻撃者",
            "the client's, or an attacker's",
        ),
        Concern::Service => language.say("サービス", "the service's"),
        Concern::Operator => language.say("運用者", "the operator's"),
    }
}

/// The names with an underscore in `docs/conformance*.md` that are neither classes nor tests: words
/// of OAuth and OpenID Connect.
const OTHERS: [&str; 20] = [
    "access_denied",
    "at_hash",
    "auth_time",
    "claims_supported",
    "client_assertion_type",
    "client_secret_basic",
    "client_secret_post",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "expires_in",
    "formatted_address",
    "id_token_hint",
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "redirect_uri",
    "request_uri",
    "response_type",
    "server_error",
];

/// These rows are written by hand, so they could still name a class that was renamed or split.
#[test]
fn every_class_that_a_row_of_conformance_names_is_one() {
    let bridge = BridgeClass::ALL.iter().map(|class| class.name());
    let triggers = TriggerClass::ALL.iter().map(|class| class.name());
    let classes: BTreeSet<_> = bridge.chain(triggers).collect();
    for language in LANGUAGES {
        let path = generated::folder().join(file("conformance", language));
        let text = fs::read_to_string(path).unwrap();
        let mut count = 0;
        for row in Document::read(&text)
            .tables()
            .iter()
            .flat_map(|table| &table.rows)
        {
            // The first two columns are the suite's name and the test's.
            let codes = row.iter().skip(2).flat_map(|cell| &cell.codes);
            let is_name = |code: &str| {
                let is_of_it = |one: u8| one.is_ascii_lowercase() || one == b'_';
                code.contains('_') && code.bytes().all(is_of_it)
            };
            for code in codes.filter(|code| is_name(code)) {
                let is_known = classes.contains(&**code) || OTHERS.contains(&&**code);
                assert!(is_known, "{code} is no class");
                count += usize::from(classes.contains(&**code));
            }
        }
        assert!(count > 40, "{count}");
    }
}

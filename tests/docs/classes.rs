//! The classes of failure: the bridge's and the triggers', and how loud each is.

use cli::exit;
use federation::failure::Class as BridgeClass;
use function_kit::failure::{Concern, Kind};
use language::Language;
use record_trigger::{AtSignIn, AtTokens, Class as TriggerClass};

use crate::generated;
use crate::table::{LANGUAGES, code, file, head, row, say};

/// The names of the parts that are made here.
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

/// How loud the log is.
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

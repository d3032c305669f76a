//! The members' pages. The templates escape all values, and no page shows a raw token.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use loopback::pages::{Forms, Frame, LANGUAGE, Language, page};

use super::super::pages::{self, SCRIPT, SITE, Tale, TaleWords};
use super::super::settings::Explanation;
use super::account::{self, Row};
use super::sessions::{Deed, Refusal, Session};
use super::state::Invented;

/// The address of these pages.
const ADDRESS: &str = "/members";

/// What isn't known at the return URL.
#[derive(Clone, Copy, Debug)]
pub(super) enum Unknown {
    /// A verification.
    Verification,
}

/// The page of somebody who isn't signed in. `refused` is why a sign-in failed.
pub(super) fn nobody(language: Language, invented: &[Invented], refused: Option<&str>) -> Response {
    let title = language.say("会員のページ", "Members");
    let refused = refused.map(|exception| {
        let told = match exception {
            "NotAuthorizedException" | "UserNotFoundException" => language.say(
                "ユーザー名かパスワードが違います。",
                "The username or the password is wrong.",
            ),
            _ => language.say("サインインできませんでした。", "The sign-in failed."),
        };
        (told, exception.to_owned())
    });
    let status = match refused {
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    let template = Nobody {
        frame: Frame::new(SITE, language, title, switch(language)),
        invented,
        refused,
    };
    page(status, &template, Forms::Own, None)
}

#[derive(Template)]
#[template(path = "members.html")]
struct Nobody<'a> {
    frame: Frame,
    invented: &'a [Invented],
    refused: Option<(&'static str, String)>,
}

/// The account of a member. `words` explain the class of a refusal.
pub(super) fn account(
    language: Language,
    session: &Session,
    words: Option<Explanation>,
    tale: &Tale,
) -> Response {
    let tokens = &session.tokens;
    let own = |name: &str| {
        let value = tokens.id_token().get(name);
        value.and_then(serde_json::Value::as_str)
    };
    let name = own("name")
        .or_else(|| own("cognito:username"))
        .unwrap_or("?");
    let title = match language {
        Language::Japanese => format!("{name} さんの会員ページ"),
        Language::English => format!("The account of {name}"),
    };
    let act = &session.act;
    let refusal = act.ended.as_ref().and_then(|ended| ended.as_ref().err());
    let template = Account {
        frame: Frame::new(SITE, language, title, switch(language)),
        script: SCRIPT,
        verified: account::verified(tokens, language),
        done: match (&act.ended, act.deed) {
            (Some(Ok(())), Deed::Verify) => {
                Some(language.say("カードで本人確認しました", "Verified with the card"))
            }
            (Some(Ok(())), Deed::TakeBack) => {
                Some(language.say("本人確認を取り消しました", "The verification is taken back"))
            }
            _ => None,
        },
        refusal: refusal.map(|refusal| refused(language, refusal, words)),
        rows: account::rows(session.before.as_deref(), tokens, language),
        has_before: session.before.is_some(),
        seen: tale.seen.number(),
        under_way: act.ended.is_none(),
        tale: &self::tale(language, tale),
    };
    // A form begins a verification: the app answers it with a redirect to the bridge.
    page(StatusCode::OK, &template, Forms::Leaving, Some(SCRIPT))
}

#[derive(Template)]
#[template(path = "account.html")]
struct Account<'a> {
    frame: Frame,
    script: &'static str,
    /// When and how the member was verified, by the ID token.
    verified: Option<String>,
    done: Option<&'static str>,
    refusal: Option<Refused<'a>>,
    rows: Vec<Row>,
    has_before: bool,
    tale: &'a str,
    seen: u64,
    under_way: bool,
}

/// Why a verification isn't complete.
struct Refused<'a> {
    meaning: String,
    facts: Vec<(&'static str, &'a str)>,
    goes_on_after: Option<u64>,
}

fn refused(language: Language, refusal: &Refusal, words: Option<Explanation>) -> Refused<'_> {
    let meaning = words.map(|words| words.meaning);
    let told = language.say(
        "応答を読み取れませんでした。",
        "The answer couldn’t be read.",
    );
    let facts = [
        (
            language.say("エラー分類", "class of failure"),
            refusal.class.as_deref(),
        ),
        (
            language.say("サポート番号", "support id"),
            refusal.support_id.as_deref(),
        ),
    ];
    Refused {
        meaning: meaning.unwrap_or_else(|| told.to_owned()),
        facts: facts
            .into_iter()
            .filter_map(|(label, value)| Some((label, value?)))
            .collect(),
        goes_on_after: refusal.goes_on_after,
    }
}

/// The part of the account page that grows.
pub(super) fn tale(language: Language, tale: &Tale) -> String {
    let words = TaleWords {
        none: "",
        under_way: (
            language.say("本人確認の途中です。", "A verification is in progress."),
            language.say(
                "続きは、サービスの画面で操作してください。",
                "Continue on the pages of the service.",
            ),
        ),
        done: language.say("終わりました。", "Done."),
        see: language.say("会員ページを新しくする", "Show the account as it is now"),
        failed: language.say("完了しませんでした。", "Not completed."),
        why: language.say("理由を見る", "See why"),
    };
    pages::tale(language, &words, tale)
}

/// The page for an answer that belongs to no verification of this browser.
pub(super) fn unknown(what: Unknown, language: Language) -> Response {
    let Unknown::Verification = what;
    let title = language.say(
        "その本人確認は見つかりません",
        "That verification wasn’t found",
    );
    let sentences = [
        language.say(
            "このブラウザーで始めた本人確認ではないか、もう終わっているか、時間がたちすぎています。届いた結果は受け取っていません。",
            "The verification wasn’t begun in this browser, or has ended, or was begun too long \
            ago. The result wasn’t accepted.",
        ),
        language.say(
            "会員のページに戻り、必要なら、もう一度本人確認してください。",
            "Go back to the members’ page, and verify again if needed.",
        ),
    ];
    let link = (
        ADDRESS,
        language.say("会員のページへ", "To the members’ page"),
    );
    pages::message(language, title, sentences.into(), link)
}

fn switch(language: Language) -> String {
    format!("{ADDRESS}?{LANGUAGE}={}", language.other().code())
}

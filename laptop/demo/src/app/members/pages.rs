//! The members' pages. The templates escape all values, and no page shows a raw token.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use loopback::pages::{Forms, Frame, LANGUAGE, Language, page};

use super::super::pages::{self, SCRIPT, SITE, Tale, TaleWords};
use super::super::settings::Explanation;
use super::account::{self, Row, Said};
use super::sessions::{Deed, Refusal, Session};
use super::state::Invented;
use super::words;
use crate::expected::CANCELLED;

/// The address of these pages.
const ADDRESS: &str = "/members";

/// The address of the page for an answer that isn't accepted.
pub(super) const NOT_FOUND: &str = "/members/not-found";

/// The page of somebody who isn't signed in. `refused` is why a sign-in failed, and the username.
pub(super) fn nobody(
    language: Language,
    invented: &[Invented],
    refused: Option<(&str, &str)>,
) -> Response {
    let username = refused.map_or("", |(_, username)| username);
    let title = language.say("会員のページ", "Members");
    let refused = refused.map(|(exception, _)| {
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
        username,
    };
    page(status, &template, Forms::Own, None)
}

#[derive(Template)]
#[template(path = "members.html")]
struct Nobody<'a> {
    frame: Frame,
    invented: &'a [Invented],
    refused: Option<(&'static str, String)>,
    username: &'a str,
}

/// What the account page shows.
pub(super) struct Shown<'a> {
    pub(super) session: &'a Session,
    pub(super) said: Said,
    /// Whether the page tells how the newest act ended.
    pub(super) tells: bool,
    /// The explanation of the class of a refusal.
    pub(super) words: Option<Explanation>,
}

/// The account of a member.
pub(super) fn account(language: Language, shown: Shown<'_>, tale: &Tale) -> Response {
    let session = shown.session;
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
    let ended = act.ended.as_ref().filter(|_| shown.tells);
    let refusal = ended.and_then(|ended| ended.as_ref().err());
    let is_cancelled = |refusal: &&Refusal| refusal.class.as_deref() == Some(CANCELLED);
    let has_before = session.before.is_some();
    let before = language.say("前の IDトークン", "ID token before");
    let heads = [
        language.say("今の IDトークン", "ID token now"),
        language.say("今のアクセス\u{200b}トークン", "access token now"),
    ];
    let by_tokens = account::verified(tokens, language);
    let template = Account {
        frame: Frame::new(SITE, language, title, switch(language)),
        script: SCRIPT,
        member: session.member(),
        can_take_back: by_tokens.is_some() || matches!(shown.said, Said::Verified(_)),
        said: shown.said,
        by_tokens,
        done: match (ended, act.deed) {
            (Some(Ok(())), Deed::Verify) => {
                Some(language.say("カードで本人確認しました", "Verified with the card"))
            }
            (Some(Ok(())), Deed::TakeBack) => {
                Some(language.say("本人確認を取り消しました", "The verification is taken back"))
            }
            (Some(Ok(())), Deed::Refresh) => {
                Some(language.say("トークンを更新しました", "The tokens are refreshed"))
            }
            _ => None,
        },
        cancelled: refusal
            .filter(is_cancelled)
            .and_then(|_| words::told(CANCELLED, language)),
        refusal: refusal
            .filter(|refusal| !is_cancelled(refusal))
            .map(|refusal| refused(language, refusal, shown.words)),
        rows: account::rows(session.before.as_deref(), tokens, language),
        heads: has_before
            .then_some(before)
            .into_iter()
            .chain(heads)
            .collect(),
        seen: tale.seen.number(),
        under_way: act.ended.is_none(),
        tale: &self::tale(language, tale, Some(&act.mark())),
    };
    // A form begins a verification: the app answers it with a redirect to the bridge.
    page(StatusCode::OK, &template, Forms::Leaving, Some(SCRIPT))
}

#[derive(Template)]
#[template(path = "account.html")]
struct Account<'a> {
    frame: Frame,
    script: &'static str,
    /// The member whose page this is, for its forms.
    member: &'a str,
    said: Said,
    /// When and how the member was verified, by the ID token.
    by_tokens: Option<String>,
    can_take_back: bool,
    done: Option<&'static str>,
    /// What is said after a cancel.
    cancelled: Option<&'static str>,
    refusal: Option<Refused<'a>>,
    rows: Vec<Row>,
    /// The heads of the columns.
    heads: Vec<&'static str>,
    tale: &'a str,
    seen: u64,
    under_way: bool,
}

/// Why a verification isn't complete.
struct Refused<'a> {
    /// What the member is told.
    told: String,
    /// What the class means, if the member is told something else.
    meaning: Option<String>,
    facts: Vec<(&'static str, &'a str)>,
    goes_on_after: Option<u64>,
}

fn refused(language: Language, refusal: &Refusal, words: Option<Explanation>) -> Refused<'_> {
    let meaning = words.map(|words| words.meaning);
    let class = refusal.class.as_deref();
    let told = class.and_then(|class| words::told(class, language));
    let (told, meaning) = match (told, meaning) {
        (Some(told), meaning) => (told.to_owned(), meaning),
        (None, Some(meaning)) => (meaning, None),
        (None, None) => {
            let told = language.say(
                "応答を読み取れませんでした。",
                "The answer couldn’t be read.",
            );
            (told.to_owned(), None)
        }
    };
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
        told,
        meaning,
        facts: facts
            .into_iter()
            .filter_map(|(label, value)| Some((label, value?)))
            .collect(),
        goes_on_after: refusal.goes_on_after,
    }
}

/// The part of the account page that grows. By its `mark`, a page that watches notices that what it
/// shows above is of an earlier act.
pub(super) fn tale(language: Language, tale: &Tale, mark: Option<&str>) -> String {
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
        cancelled: words::told(CANCELLED, language).unwrap_or_default(),
        failed: language.say("完了しませんでした。", "Not completed."),
        why: language.say("理由を見る", "See why"),
    };
    let mark = mark.map(|mark| format!("<i hidden data-act=\"{mark}\"></i>"));
    mark.unwrap_or_default() + &pages::tale(language, &words, tale)
}

/// The page for an answer that belongs to no verification of this browser.
pub(super) fn unknown(language: Language) -> Response {
    let title = language.say(
        "その本人確認は見つかりません",
        "That verification wasn’t found",
    );
    let sentences = [
        language.say(
            "届いた結果は受け取っていません。次のどれかが理由です。",
            "The result wasn’t accepted. The reason is one of these:",
        ),
        language.say(
            "・途中でログアウトしたか、サインインから1時間が過ぎた。",
            "– You logged out meanwhile, or signed in more than an hour ago.",
        ),
        language.say(
            "・途中で、別の会員でサインインした。",
            "– You signed in as another member meanwhile.",
        ),
        language.say(
            "・別のタブで、新しく始めたか、取り消した。",
            "– You began anew in another tab, or took a verification back there.",
        ),
        language.say(
            "・別のブラウザーで始めた。",
            "– You began in another browser.",
        ),
        language.say(
            "・再読み込みや戻るボタンで、同じ結果がもう一度届いた。",
            "– The same result came again, by a reload or the back button.",
        ),
        language.say(
            "会員のページで、今の状態を確かめてください。必要なら、もう一度本人確認できます。",
            "See the present state on the members’ page. You can verify again if needed.",
        ),
    ];
    let switch = format!("{NOT_FOUND}?{LANGUAGE}={}", language.other().code());
    let words = (title, switch.as_str());
    pages::message(language, words, sentences.into(), to_members(language))
}

/// The page for a form in an old tab, of a member who isn't signed in any more.
pub(super) fn another_member(language: Language) -> Response {
    let title = language.say(
        "別の会員のページから届いた操作です",
        "That was a page of another member",
    );
    let sentences = [
        language.say(
            "そのページを開いた後で、このブラウザーで別の会員がサインインしました。何も行っていません。",
            "Another member signed in in this browser after that page was opened. Nothing was \
            done.",
        ),
        language.say(
            "会員のページで、いまサインインしている会員を確かめてください。",
            "See on the members’ page who is signed in now.",
        ),
    ];
    pages::message(
        language,
        (title, ""),
        sentences.into(),
        to_members(language),
    )
}

fn to_members(language: Language) -> (&'static str, &'static str) {
    (
        ADDRESS,
        language.say("会員のページへ", "To the members’ page"),
    )
}

fn switch(language: Language) -> String {
    format!("{ADDRESS}?{LANGUAGE}={}", language.other().code())
}

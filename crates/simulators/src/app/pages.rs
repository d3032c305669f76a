//! The app's pages: the start, who is signed in and with what, why somebody isn't, and everything that can go wrong.
//! Values are escaped by the templates; a raw token is on none of them.
//! Attributes are on the page of the person who is signed in, and nowhere else.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value};

use super::Explanation;
use super::handlers::Tale;
use super::memory::{Failed, Refused, Stage};
use super::relying_party::{OAuthError, SignedIn};
use crate::diagram::{Count, count, diagram};
use crate::journal::Hop;
use crate::pages::{Forms, Frame, LANGUAGE, Language, Site, page};

/// The one script of the app: it lets the diagram of the start page grow.
const SCRIPT: &str = include_str!("grow.js");

/// A diagram with what is said above it.
struct Story {
    /// HTML of [`diagram`], in which everything is escaped.
    html: String,
    count: Count,
    others: bool,
}

impl Story {
    fn new(language: Language, hops: &[Hop], others: bool) -> Self {
        Self {
            html: diagram(hops, language),
            count: count(hops),
            others,
        }
    }

    fn is_empty(&self) -> bool {
        self.count == Count::default()
    }
}

/// How the newest login of a browser stands.
enum Standing {
    None,
    UnderWay,
    SignedIn,
    Failed(String),
}

/// The part of the start page that grows.
#[derive(Template)]
#[template(path = "app/tale.html")]
struct TalePart {
    language: Language,
    story: Story,
    standing: Standing,
    end: Option<String>,
}

#[derive(Template)]
#[template(path = "app/start.html")]
struct Start<'a> {
    frame: Frame,
    script: &'static str,
    signed_in: bool,
    tale: &'a str,
    seen: u64,
    under_way: bool,
}

/// One of the four attributes.
struct Attribute {
    label: &'static str,
    claim: &'static str,
    value: Option<String>,
    remark: Option<&'static str>,
}

/// Something decoded: JSON, indented.
struct Decoded {
    title: &'static str,
    what: &'static str,
    header: Option<String>,
    claims: String,
}

#[derive(Template)]
#[template(path = "app/signed_in.html")]
struct SignedInPage {
    frame: Frame,
    attributes: Vec<Attribute>,
    decoded: Vec<Decoded>,
    story: Story,
}

#[derive(Template)]
#[template(path = "app/failed.html")]
struct FailedPage<'a> {
    frame: Frame,
    meaning: String,
    remedy: Option<String>,
    facts: Vec<(&'static str, &'a str)>,
    story: Story,
}

#[derive(Template)]
#[template(path = "app/message.html")]
struct Message<'a> {
    frame: Frame,
    sentences: Vec<&'a str>,
    facts: Vec<(&'static str, &'a str)>,
    /// A place of this app, and what the link to it says.
    link: (&'a str, &'static str),
    /// Whether a new login is offered.
    again: bool,
}

/// What goes wrong at the app itself.
#[derive(Clone, Copy, Debug)]
pub(super) enum Problem<'a> {
    /// Asked for under another name; this is the app's own.
    OtherHost(&'a str),
    /// There is no such page.
    NotFound,
    /// There is such a page, for another method.
    MethodNotAllowed,
    /// Its address or its headers are too long.
    TooLarge,
    /// A form of another site.
    OtherOrigin,
    /// No randomness.
    Internal,
    /// Nobody is signed in.
    NotSignedIn,
    /// The callback's parameters make no sense.
    Malformed,
    /// An answer that belongs to no login, perhaps with an error.
    NoState(Option<&'a OAuthError>),
    /// No login waits for this answer.
    UnknownLogin,
    /// A login that was begun in another browser.
    OtherBrowser,
    /// A login that has ended.
    Ended,
    /// A login that took too long.
    TooLate,
}

/// Title and two sentences in Japanese and English: what happened, what to do.
type Words = [(&'static str, &'static str); 3];

impl Problem<'_> {
    fn status(self) -> StatusCode {
        match self {
            Self::OtherHost(_) => StatusCode::MISDIRECTED_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::OtherOrigin | Self::NotSignedIn => StatusCode::FORBIDDEN,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Malformed
            | Self::NoState(_)
            | Self::UnknownLogin
            | Self::OtherBrowser
            | Self::Ended
            | Self::TooLate => StatusCode::BAD_REQUEST,
        }
    }

    fn words(self) -> Words {
        const AGAIN: (&str, &str) = (
            "はじめのページに戻り、もう一度ログインしてください。",
            "Go back to the start page, and sign in again.",
        );
        match self {
            Self::OtherHost(_) => [
                ("別の名前では開けません", "Not under this name"),
                (
                    "このアプリは、自分の名前で呼ばれたときだけ答えます。別のサイトがこのパソコンの中に入り込むのを防ぐためです。",
                    "This app answers only when it is called by its own name, so that no other site gets into this computer.",
                ),
                ("次のリンクから開いてください。", "Use the link below."),
            ],
            Self::NotFound => [
                ("ページがありません", "No such page"),
                (
                    "アドレスが間違っているか、ページがなくなりました。",
                    "The address is wrong, or the page is gone.",
                ),
                (
                    "はじめのページから進んでください。",
                    "Begin at the start page.",
                ),
            ],
            Self::MethodNotAllowed => [
                ("このページは、この方法では開けません", "Not this way"),
                (
                    "ボタンで開くページをアドレスで開いた、またはその逆の可能性があります。",
                    "This page is opened by a button and not by its address, or the other way round.",
                ),
                (
                    "はじめのページから進んでください。",
                    "Begin at the start page.",
                ),
            ],
            Self::TooLarge => [
                ("リクエストが長すぎます", "The request is too long"),
                (
                    "アドレスか Cookie が、合わせて16 KiB を超えています。",
                    "Its address and cookies have more than 16 KiB together.",
                ),
                (
                    "このサイトの Cookie を消してから、はじめのページを開いてください。",
                    "Delete the cookies of this site, and open the start page.",
                ),
            ],
            Self::OtherOrigin => [
                ("ほかのサイトからは操作できません", "Not from another site"),
                (
                    "ほかのサイトのボタンから、ログアウトの操作が届きました。ログアウトしていません。",
                    "Another site’s button asked to log you out. You were not logged out.",
                ),
                (
                    "ログアウトするときは、このサイトのボタンを使ってください。",
                    "To log out, use the button of this site.",
                ),
            ],
            Self::Internal => [
                ("うまくいきませんでした", "Something went wrong"),
                (
                    "アプリの中で問題が起きました。",
                    "The app itself has a problem.",
                ),
                AGAIN,
            ],
            Self::NotSignedIn => [
                ("ログインしていません", "You are not signed in"),
                (
                    "ログインしていないか、ログインから1時間たったか、ブラウザーが Cookie を受け付けていません。",
                    "You have not signed in, or it was more than an hour ago, or the browser does not accept cookies.",
                ),
                AGAIN,
            ],
            Self::Malformed => [
                (
                    "ログインの結果を読み取れません",
                    "An answer that makes no sense",
                ),
                (
                    "Cognito から戻ったときのパラメーターが重複しているか、足りません。何も受け取っていません。",
                    "The parameters that came back from Cognito are doubled or missing. Nothing was taken from them.",
                ),
                AGAIN,
            ],
            Self::NoState(_) => [
                ("どのログインの結果か分かりません", "An answer to no login"),
                (
                    "state のない結果が届きました。どのログインのものか確かめられないため、何も受け取っていません。",
                    "The answer has no state, so it can’t be told to which login it belongs. Nothing was taken from it.",
                ),
                AGAIN,
            ],
            Self::UnknownLogin => [
                ("そのログインは見つかりません", "That login is not known"),
                (
                    "このアプリで始めたログインではないか、始めてから時間がたちすぎています。",
                    "It was not begun at this app, or too long ago.",
                ),
                AGAIN,
            ],
            Self::OtherBrowser => [
                (
                    "別のブラウザーで始めたログインです",
                    "Begun in another browser",
                ),
                (
                    "ログインを始めたブラウザーとは別のブラウザーに戻ったか、ブラウザーが Cookie を受け付けていません。ほかの人のログインを受け取らないように、ここで止めました。",
                    "You came back in another browser than the one in which you began, or it does not accept cookies. The app stops here, so that nobody is given somebody else’s login.",
                ),
                (
                    "ログインを始めたブラウザーに戻り、もう一度ログインしてください。",
                    "Go back to the browser in which you began, and sign in again.",
                ),
            ],
            Self::Ended => [
                (
                    "このログインはもう終わっています",
                    "This login has ended already",
                ),
                (
                    "戻るボタンや再読み込みで、同じ結果がもう一度届きました。結果は1回だけ受け取るので、何も変わっていません。",
                    "The same answer came again, by reload or the back button. It is taken only once, so nothing has changed.",
                ),
                (
                    "はじめのページで、今の状態を確かめてください。",
                    "See on the start page how things stand.",
                ),
            ],
            Self::TooLate => [
                ("時間がたちすぎました", "Too late"),
                (
                    "ログインを始めてから15分以上たったため、結果を受け取りませんでした。",
                    "More than 15 minutes have gone by since the login began, so its answer was not taken.",
                ),
                AGAIN,
            ],
        }
    }
}

/// The page of a problem.
pub(super) fn problem(problem: Problem<'_>, language: Language) -> Response {
    let [title, what_happened, what_to_do] = problem.words().map(|(ja, en)| language.say(ja, en));
    let home = match problem {
        Problem::OtherHost(base_url) => base_url,
        _ => "/",
    };
    let mut facts = Vec::new();
    if let Problem::NoState(Some(error)) = problem {
        facts.push(("error", error.error.as_str()));
        if !error.description.is_empty() {
            facts.push(("error_description", error.description.as_str()));
        }
    }
    let template = Message {
        frame: Frame::new(Site::App, language, title, ""),
        sentences: vec![what_happened, what_to_do],
        facts,
        link: (home, to_start(language)),
        again: false,
    };
    page(problem.status(), &template, Forms::None, None)
}

fn to_start(language: Language) -> &'static str {
    language.say("はじめのページへ", "To the start page")
}

/// The page after a log-out.
pub(super) fn logged_out(language: Language) -> Response {
    let title = language.say("ログアウトしました", "You are logged out");
    let switch = format!("/logged-out?{LANGUAGE}={}", language.other().code());
    let sentences = vec![
        language.say(
            "このサイトのログインを終えました。",
            "Your session at this site has ended.",
        ),
        language.say(
            "Cognito の代役は自分のセッションを持たないので、ほかにすることはありません。本物の Cognito を使うアプリは、ここで Cognito の /logout にも行きます。",
            "Cognito’s stand-in keeps no session of its own, so that is all. An app of the real Cognito would go to Cognito’s /logout now, too.",
        ),
    ];
    let template = Message {
        frame: Frame::new(Site::App, language, title, switch),
        sentences,
        facts: Vec::new(),
        link: ("/", to_start(language)),
        again: true,
    };
    page(StatusCode::OK, &template, Forms::None, None)
}

/// The start page.
pub(super) fn start(language: Language, signed_in: bool, tale: &Tale) -> Response {
    let title = language.say("青葉野市 公共施設予約", "Aobano City facility booking");
    let switch = format!("/?{LANGUAGE}={}", language.other().code());
    let template = Start {
        frame: Frame::new(Site::App, language, title, switch),
        script: SCRIPT,
        signed_in,
        tale: &self::tale(language, tale),
        seen: tale.seen.number(),
        under_way: matches!(tale.stage, Some(Stage::Waiting(_) | Stage::Finishing)),
    };
    page(StatusCode::OK, &template, Forms::None, Some(SCRIPT))
}

/// The part of the start page that grows.
pub(super) fn tale(language: Language, tale: &Tale) -> String {
    let standing = match &tale.stage {
        None => Standing::None,
        Some(Stage::Waiting(_) | Stage::Finishing) => Standing::UnderWay,
        Some(Stage::SignedIn) => Standing::SignedIn,
        Some(Stage::Failed(failed)) => Standing::Failed(
            failed
                .class
                .clone()
                .or_else(|| failed.error.clone())
                .unwrap_or_default(),
        ),
    };
    let part = TalePart {
        language,
        story: Story::new(language, &tale.hops, tale.others),
        standing,
        end: tale.end.clone(),
    };
    // The template has no part that fails.
    part.render().unwrap_or_default()
}

/// The page of somebody who is signed in.
pub(super) fn signed_in(
    language: Language,
    signed_in: &SignedIn,
    hops: &[Hop],
    others: bool,
) -> Response {
    let title = match signed_in.id_token.get("name").and_then(Value::as_str) {
        Some(name) => match language {
            Language::Japanese => format!("ようこそ、{name} さん"),
            Language::English => format!("Welcome, {name}"),
        },
        None => language
            .say("ログインしました", "You are signed in")
            .to_owned(),
    };
    let switch = format!("/signed-in?{LANGUAGE}={}", language.other().code());
    let decoded = vec![
        Decoded {
            title: language.say("ID トークン", "ID token"),
            what: language.say(
                "だれがログインしたかを、ユーザープールが署名して伝えるものです。アプリが信じてよいのは、これだけです。",
                "Who signed in, signed by the user pool. This is what an app may believe.",
            ),
            header: Some(indented(&signed_in.id_token_header)),
            claims: indented(&signed_in.id_token),
        },
        Decoded {
            title: language.say("アクセストークン", "Access token"),
            what: language.say(
                "API を呼ぶための鍵です。中身はアプリが読むものではありませんが、学ぶために開いて見せています。",
                "The key to APIs. Its inside isn’t meant for the app; it is opened here to learn from.",
            ),
            header: Some(indented(&signed_in.access_token_header)),
            claims: indented(&signed_in.access_token),
        },
        Decoded {
            title: "/oauth2/userInfo",
            what: language.say(
                "Cognito が今持っている属性です。利用者が書き換えられる設定もあるので、検証済みとは限りません。",
                "What Cognito holds now. There are set-ups in which users can change it, so it isn’t verified by itself.",
            ),
            header: None,
            claims: indented(&signed_in.userinfo),
        },
    ];
    let template = SignedInPage {
        frame: Frame::new(Site::App, language, title, switch),
        attributes: attributes(&signed_in.id_token, language),
        decoded,
        story: Story::new(language, hops, others),
    };
    page(StatusCode::OK, &template, Forms::Own, None)
}

/// The four attributes of an ID token, in the form that people read.
fn attributes(claims: &Map<String, Value>, language: Language) -> Vec<Attribute> {
    let text = |claim: &str| claims.get(claim).and_then(Value::as_str);
    let address = claims
        .get("address")
        .and_then(|address| address.get("formatted"))
        .and_then(Value::as_str);
    let birthdate = text("birthdate").map(|date| match language {
        Language::Japanese => japanese_date(date),
        Language::English => date.to_owned(),
    });
    let gender = text("gender").map(|gender| match gender {
        "male" => language.say("男", "male"),
        "female" => language.say("女", "female"),
        "other" => language.say("その他", "other"),
        other => other,
    });
    let attribute = |label, claim, value: Option<String>, remark| Attribute {
        label,
        claim,
        remark: if value.is_none() { Some(remark) } else { None },
        value,
    };
    let not_received = language.say("受け取っていません", "not received");
    vec![
        attribute(
            language.say("氏名", "Name"),
            "name",
            text("name").map(str::to_owned),
            not_received,
        ),
        attribute(
            language.say("住所", "Address"),
            "address.formatted",
            address.map(str::to_owned),
            not_received,
        ),
        attribute(
            language.say("生年月日", "Date of birth"),
            "birthdate",
            birthdate,
            language.say(
                "受け取っていません（月や日が分からない場合も、このクレームは出ません）",
                "not received (nor is it where month or day are unknown)",
            ),
        ),
        attribute(
            language.say("性別", "Gender"),
            "gender",
            gender.map(str::to_owned),
            language.say(
                "受け取っていません（登録がない場合も、このクレームは出ません）",
                "not received (nor is it where none is registered)",
            ),
        ),
    ]
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

fn indented(object: &Map<String, Value>) -> String {
    // Can't fail: the keys are strings.
    serde_json::to_string_pretty(object).unwrap_or_default()
}

/// The page of a login that failed; `words` are those of the bridge's class.
pub(super) fn failed(
    language: Language,
    id: &str,
    failed: &Failed,
    words: Option<Explanation>,
    hops: &[Hop],
    others: bool,
) -> Response {
    let title = language.say("ログインできませんでした", "You could not be signed in");
    let switch = format!("/failed?login={id}&{LANGUAGE}={}", language.other().code());
    let (meaning, remedy) = match (words, failed.refused) {
        (Some(words), _) => (words.meaning, Some(words.remedy)),
        (None, Some(refused)) => (refusal(refused, language).to_owned(), None),
        (None, None) => {
            let told = language.say(
                "Cognito が、トークンのかわりにエラーを返しました。",
                "Cognito answered with an error instead of tokens.",
            );
            (told.to_owned(), None)
        }
    };
    let mut facts = Vec::new();
    for (label, value) in [
        ("error", failed.error.as_deref()),
        (
            language.say("失敗のクラス", "class of failure"),
            failed.class.as_deref(),
        ),
        (
            language.say("サポート番号", "support id"),
            failed.support_id.as_deref(),
        ),
        ("error_description", Some(failed.description.as_str())),
    ] {
        facts.extend(
            value
                .filter(|value| !value.is_empty())
                .map(|value| (label, value)),
        );
    }
    let template = FailedPage {
        frame: Frame::new(Site::App, language, title, switch),
        meaning,
        remedy,
        facts,
        story: Story::new(language, hops, others),
    };
    page(StatusCode::OK, &template, Forms::None, None)
}

fn refusal(refused: Refused, language: Language) -> &'static str {
    match refused {
        Refused::BackChannel => language.say(
            "アプリのサーバーが Cognito に接続できませんでした。",
            "The app’s server could not reach Cognito.",
        ),
        Refused::Code => language.say(
            "Cognito が、アプリの出したコードを受け取りませんでした。",
            "Cognito did not take the code that the app handed in.",
        ),
        Refused::Answer => language.say(
            "Cognito の応答が、あるべき形をしていませんでした。",
            "An answer of Cognito was not what it should be.",
        ),
        Refused::IdToken => language.say(
            "届いた ID トークンを確かめられませんでした。だれもログインしていません。",
            "The ID token could not be verified. Nobody is signed in.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_four_attributes_are_told_in_words_and_those_that_lack_are_named() {
        let claims = json!({
            "name": "山田　太郎",
            "address": { "formatted": "東京都千代田区" },
            "birthdate": "1985-03-05",
            "gender": "female",
        });
        let shown = |claims: &Value, language| -> Vec<Option<String>> {
            attributes(claims.as_object().unwrap(), language)
                .into_iter()
                .map(|attribute| {
                    assert_eq!(attribute.value.is_none(), attribute.remark.is_some());
                    attribute.value
                })
                .collect()
        };
        let texts = |texts: [&str; 4]| texts.map(|text| Some(text.to_owned())).to_vec();
        assert_eq!(
            shown(&claims, Language::Japanese),
            texts(["山田　太郎", "東京都千代田区", "1985年3月5日", "女"])
        );
        assert_eq!(
            shown(&claims, Language::English),
            texts(["山田　太郎", "東京都千代田区", "1985-03-05", "female"])
        );
        assert_eq!(
            shown(&json!({}), Language::Japanese),
            [None, None, None, None]
        );
    }
}

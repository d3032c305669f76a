//! The app's HTML pages: the start page, the page after a sign-in, the page after a failed login,
//! and the error pages. The templates escape all values. No page shows a raw token. Attributes are
//! only on the page of the person who is signed in.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use chrono::FixedOffset;
use four_attributes::AttributeSet;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use loopback::journal::Hop;
use loopback::journal::Moment;
use loopback::pages::{Forms, Frame, LANGUAGE, Language, Site, as_read, page, with_words};
use serde_json::{Map, Value};

use super::choice::{self, Choice};
use super::memory::{Failed, Login, Refreshed, Refused, Session, Stage};
use super::received::{self, Fact, JAPAN, Row};
use super::relying_party::OAuthError;
use super::settings::Explain;
use crate::diagram::{Count, count, diagram};
use crate::failures::{Chosen, NOT_SIGNED_IN, Teller};
use crate::scopes::Scopes;

/// The icon, the colour and the label of these pages.
pub(super) const SITE: Site = Site {
    class: "app",
    icon: loopback::icon!("106b3d", "M5 8l3 3 4-5"),
    label_ja: "アプリ（架空のデモサイト）",
    label_en: "App (an invented demo site)",
};

/// The app's only script: it lets the diagram on the start page grow.
pub(super) const SCRIPT: &str = include_str!("grow.js");
/// The response header that says up to which moment a story goes.
const SEEN: HeaderName = HeaderName::from_static("story-seen");

/// What a page shows of a browser's newest login, or of a member's newest act.
pub(super) struct Tale {
    pub(super) hops: Vec<Hop>,
    /// What the classes of failure mean.
    pub(super) explain: Explain,
    /// The moment up to which the hops were read.
    pub(super) seen: Moment,
    /// Whether hops of other logins may be among them.
    pub(super) others: bool,
    pub(super) standing: Standing,
    /// The address of the page that shows how it ended, if it has ended.
    pub(super) end: Option<String>,
}

/// What can go wrong at the app itself.
#[derive(Clone, Copy, Debug)]
pub(super) enum Problem<'a> {
    /// The `Host` isn't the app's own. The value: the app's own URL.
    OtherHost(&'a str),
    /// There is no such page.
    NotFound,
    /// There is such a page, for another method.
    MethodNotAllowed,
    /// The request's address and headers are too long.
    TooLarge,
    /// A form of another site sent the request.
    OtherOrigin,
    /// The query names a scope, an attribute or a use case that this app doesn't have.
    UnknownValue,
    /// The system gives no randomness.
    Internal,
    /// Nobody is signed in.
    NotSignedIn,
    /// The callback's parameters are malformed.
    Malformed,
    /// The callback has no `state`, so it belongs to no login. The value: its error, if it has one.
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
            | Self::UnknownValue
            | Self::NoState(_)
            | Self::UnknownLogin
            | Self::OtherBrowser
            | Self::Ended
            | Self::TooLate => StatusCode::BAD_REQUEST,
        }
    }

    fn words(self) -> Words {
        const AGAIN: (&str, &str) = (
            "最初のページに戻り、もう一度ログインしてください。",
            "Go back to the start page, and sign in again.",
        );
        match self {
            Self::OtherHost(_) => [
                ("この名前では開けません", "This name can’t be used"),
                (
                    "このアプリは、決まった名前（ホスト名）で開かれたときだけ応答します。別のサイトが、このパソコンの中のアプリにアクセスするのを防ぐためです。",
                    "This app answers only under its own host name. This prevents other sites from \
                    accessing the app on this computer.",
                ),
                (
                    "次のリンクから開いてください。",
                    "Open it with the link below.",
                ),
            ],
            Self::NotFound => [
                ("ページがありません", "No such page"),
                (
                    "アドレスが間違っているか、ページがなくなりました。",
                    "The address is wrong, or the page is gone.",
                ),
                (
                    "最初のページからやり直してください。",
                    "Begin again at the start page.",
                ),
            ],
            Self::MethodNotAllowed => [
                (
                    "このページは、この方法では開けません",
                    "This page can’t be opened in this way",
                ),
                (
                    "ボタンで開くページを、アドレスを入力して開いた可能性があります。または、その逆です。",
                    "A page that is opened by a button may have been opened by its address, or the \
                    other way round.",
                ),
                (
                    "最初のページからやり直してください。",
                    "Begin again at the start page.",
                ),
            ],
            Self::TooLarge => [
                ("リクエストが長すぎます", "The request is too long"),
                (
                    "アドレスと Cookie が、合わせて16 KiB を超えています。",
                    "The address and the cookies together have more than 16 KiB.",
                ),
                (
                    "このサイトの Cookie を消してから、最初のページを開いてください。",
                    "Delete the cookies of this site, and then open the start page.",
                ),
            ],
            Self::OtherOrigin => [
                (
                    "ほかのサイトからは操作できません",
                    "This can’t be done from another site",
                ),
                (
                    "ほかのサイトのボタンから操作が届いたため、何も行いませんでした。",
                    "The request came from a button of another site, so nothing was done.",
                ),
                (
                    "このサイトのボタンを使ってください。",
                    "Use the button of this site.",
                ),
            ],
            Self::UnknownValue => [
                ("使えない値です", "An unknown value"),
                (
                    "アドレスに、このアプリでは使えないスコープ、属性、または用途があります。ログインは始まっていません。",
                    "The address names a scope, an attribute or a use case that this app doesn’t \
                    have. No login was begun.",
                ),
                (
                    "最初のページで選び直してください。",
                    "Choose again on the start page.",
                ),
            ],
            Self::Internal => [
                ("うまくいきませんでした", "Something went wrong"),
                (
                    "アプリに問題が起きました。",
                    "There was a problem in the app.",
                ),
                AGAIN,
            ],
            Self::NotSignedIn => [
                ("ログインしていません", "You are not signed in"),
                (
                    "まだログインしていないか、ログインしてから1時間以上たったか、ブラウザーが Cookie を受け付けていません。",
                    "You haven’t signed in, or you signed in more than an hour ago, or the browser \
                    doesn’t accept cookies.",
                ),
                AGAIN,
            ],
            Self::Malformed => [
                (
                    "ログインの結果を読み取れません",
                    "The result of the login can’t be read",
                ),
                (
                    "Cognito から戻ったときのパラメーターが、重複しているか、足りません。そのため、結果を受け取っていません。",
                    "Parameters that came back from Cognito are duplicated or missing. So the \
                    result wasn’t accepted.",
                ),
                AGAIN,
            ],
            Self::NoState(_) => [
                (
                    "どのログインの結果か分かりません",
                    "It isn’t clear which login this result belongs to",
                ),
                (
                    "届いた結果に state がありません。どのログインの結果かを確かめられないため、受け取っていません。",
                    "The result has no state, so the login that it belongs to can’t be identified. \
                    It wasn’t accepted.",
                ),
                AGAIN,
            ],
            Self::UnknownLogin => [
                ("そのログインは見つかりません", "That login wasn’t found"),
                (
                    "このアプリで始めたログインではないか、ログインを始めてから時間がたちすぎています。",
                    "The login wasn’t begun at this app, or was begun too long ago.",
                ),
                AGAIN,
            ],
            Self::OtherBrowser => [
                (
                    "別のブラウザーで始めたログインです",
                    "This login was begun in another browser",
                ),
                (
                    "ログインを始めたブラウザーとは別のブラウザーに戻ったか、ブラウザーが Cookie を受け付けていません。ほかの人のログインの結果を受け取らないように、\
                    ログインを中止しました。",
                    "You came back in a browser other than the one in which you began, or the \
                    browser doesn’t accept cookies. The login was stopped, so that nobody receives \
                    the result of another person’s login.",
                ),
                (
                    "ログインを始めたブラウザーに戻り、もう一度ログインしてください。",
                    "Go back to the browser in which you began, and sign in again.",
                ),
            ],
            Self::Ended => [
                (
                    "このログインはもう終わっています",
                    "This login has already ended",
                ),
                (
                    "戻るボタンや再読み込みによって、同じ結果がもう一度届きました。結果は1回しか受け取らないので、何も変わっていません。",
                    "The same result arrived again, because of a reload or the back button. A \
                    result is accepted only once, so nothing has changed.",
                ),
                (
                    "最初のページで、今の状態を確かめてください。",
                    "See the present state on the start page.",
                ),
            ],
            Self::TooLate => [
                ("時間がたちすぎました", "Too much time has passed"),
                (
                    "ログインを始めてから15分以上たったため、結果を受け取りませんでした。",
                    "More than 15 minutes have passed since the login began, so its result wasn’t \
                    accepted.",
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
        frame: Frame::new(SITE, language, title, ""),
        sentences: vec![what_happened, what_to_do],
        facts,
        link: (home, to_start(language)),
        again: false,
    };
    let read = as_read(language, title, &[what_happened, what_to_do]);
    let page = page(problem.status(), &template, Forms::None, None);
    with_words(page, read)
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    frame: Frame,
    sentences: Vec<&'a str>,
    facts: Vec<(&'static str, &'a str)>,
    /// A link to a page of this app: its address and its text.
    link: (&'a str, &'static str),
    /// Whether a new login is offered.
    again: bool,
}

fn to_start(language: Language) -> &'static str {
    language.say("最初のページへ", "To the start page")
}

/// A page with a few sentences and a link; `switch` is its address in the other language.
pub(super) fn message(
    language: Language,
    (title, switch): (&str, &str),
    sentences: Vec<&str>,
    link: (&str, &'static str),
) -> Response {
    let template = Message {
        frame: Frame::new(SITE, language, title, switch),
        sentences,
        facts: Vec::new(),
        link,
        again: false,
    };
    page(StatusCode::BAD_REQUEST, &template, Forms::None, None)
}

/// The page after a log-out.
pub(super) fn logged_out(language: Language) -> Response {
    let title = language.say("ログアウトしました", "You are logged out");
    let switch = format!("/logged-out?{LANGUAGE}={}", language.other().code());
    let sentences = vec![
        language.say(
            "このサイトからログアウトしました。",
            "Your session at this site has ended.",
        ),
        language.say(
            "Cognito のシミュレーターは自分のセッションを持たないので、ほかに必要な操作はありません。実際の Cognito を使うアプリは、ここで Cognito の \
            /logout にもブラウザーを移動させます。",
            "Cognito’s stand-in has no session of its own, so nothing else is needed. An app that \
            uses the real Cognito would also send the browser to Cognito’s /logout now.",
        ),
    ];
    let template = Message {
        frame: Frame::new(SITE, language, title, switch),
        sentences,
        facts: Vec::new(),
        link: ("/", to_start(language)),
        again: true,
    };
    page(StatusCode::OK, &template, Forms::None, None)
}

/// What is chosen on the start page.
#[derive(Clone, Copy)]
pub(super) struct StartChoice<'a> {
    pub(super) scopes: &'a Scopes,
    /// What people are asked for.
    pub(super) asked: AttributeSet,
    /// Whether the page's address chooses it. Then the link to the other language chooses it, too.
    pub(super) is_in_the_address: bool,
}

/// The start page. It has a link to the members' part, if there is one.
pub(super) fn start(
    language: Language,
    (signed_in, has_members): (bool, bool),
    chosen: StartChoice<'_>,
    tale: &Tale,
) -> Response {
    let title = language.say("青葉野市 オンライン窓口", "Aobano City online services");
    let mut switch = format!("/?{LANGUAGE}={}", language.other().code());
    if chosen.is_in_the_address {
        switch.push('&');
        switch.push_str(&choice::query_of(chosen.scopes, chosen.asked));
    }
    let template = Start {
        frame: Frame::new(SITE, language, title, switch),
        script: SCRIPT,
        signed_in,
        has_members,
        choice: Choice::new(language, (chosen.scopes, chosen.asked)),
        tale: &login_tale(language, tale),
        seen: tale.seen.number(),
        under_way: matches!(tale.standing, Standing::UnderWay),
    };
    // The form begins a login: the app answers it with a redirect to Amazon Cognito.
    page(StatusCode::OK, &template, Forms::Leaving, Some(SCRIPT))
}

#[derive(Template)]
#[template(path = "start.html")]
struct Start<'a> {
    frame: Frame,
    script: &'static str,
    signed_in: bool,
    has_members: bool,
    choice: Choice,
    tale: &'a str,
    seen: u64,
    under_way: bool,
}

/// The words around a growing diagram.
pub(super) struct TaleWords {
    /// Nothing has happened yet.
    pub(super) none: &'static str,
    /// It is under way, and what to do.
    pub(super) under_way: (&'static str, &'static str),
    pub(super) done: &'static str,
    /// The link after it is done.
    pub(super) see: &'static str,
    /// The person cancelled.
    pub(super) cancelled: &'static str,
    pub(super) failed: &'static str,
    /// The link after it failed.
    pub(super) why: &'static str,
}

/// The part of the start page that grows.
pub(super) fn login_tale(language: Language, tale: &Tale) -> String {
    let words = TaleWords {
        none: language.say(
            "まだ何も起きていません。ログインすると、だれがだれに何を送り、何を確かめたかが、ここに1つずつ表示されます。",
            "Nothing has happened yet. Once you sign in, you see here, one by one, who sends what \
            to whom, and what is checked.",
        ),
        under_way: (
            language.say("ログインの途中です。", "A login is in progress."),
            language.say(
                "続きは、Cognito かサービスの画面で操作してください。",
                "Continue on the pages of Cognito or of the service.",
            ),
        ),
        done: language.say("ログインしました。", "Signed in."),
        see: language.say(
            "受け取った情報とトークンを見る",
            "See what was received, and the tokens",
        ),
        cancelled: language.say("キャンセルしました。", "Cancelled."),
        failed: language.say("ログインできませんでした。", "Not signed in."),
        why: language.say("理由を見る", "See why"),
    };
    self::tale(language, &words, tale)
}

/// The part of a page that grows.
pub(super) fn tale(language: Language, words: &TaleWords, tale: &Tale) -> String {
    let part = TalePart {
        language,
        words,
        story: Story::new(teller(&tale.hops, tale.explain, language), tale.others),
        standing: &tale.standing,
        end: tale.end.as_deref(),
    };
    // The template has no part that fails.
    part.render().unwrap_or_default()
}

/// The answer with a part of a page that has grown up to this moment.
pub(super) fn grown(part: String, seen: Moment) -> Response {
    let mut response = part.into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(SEEN, HeaderValue::from(seen.number()));
    response
}

/// The part of a page that grows.
#[derive(Template)]
#[template(path = "tale.html")]
struct TalePart<'a> {
    language: Language,
    words: &'a TaleWords,
    story: Story,
    standing: &'a Standing,
    end: Option<&'a str>,
}

/// The state of a browser's newest login, or of a member's newest act.
pub(super) enum Standing {
    None,
    UnderWay,
    Done,
    /// The person cancelled.
    Cancelled,
    /// The value: the class of the failure.
    Failed(String),
}

impl From<Option<&Stage>> for Standing {
    fn from(stage: Option<&Stage>) -> Self {
        match stage {
            None => Self::None,
            Some(Stage::Waiting(_) | Stage::Finishing) => Self::UnderWay,
            Some(Stage::SignedIn) => Self::Done,
            Some(Stage::Failed(failed)) if failed.is_cancel() => Self::Cancelled,
            Some(Stage::Failed(failed)) => {
                let class = failed.class.clone().or_else(|| failed.error.clone());
                Self::Failed(class.unwrap_or_default())
            }
        }
    }
}

pub(super) const fn teller(hops: &[Hop], explain: Explain, language: Language) -> Teller<'_> {
    Teller {
        hops,
        explain,
        language,
    }
}

/// A diagram, with the counts and the remark above it.
pub(super) struct Story {
    /// HTML of [`diagram`], in which everything is escaped.
    pub(super) html: String,
    pub(super) count: Count,
    pub(super) others: bool,
}

impl Story {
    pub(super) fn new(teller: Teller<'_>, others: bool) -> Self {
        Self {
            html: diagram(teller),
            count: count(teller.hops),
            others,
        }
    }

    fn is_empty(&self) -> bool {
        self.count == Count::default()
    }
}

/// The page of a person who is signed in.
pub(super) fn signed_in(
    (language, explain): (Language, Explain),
    session: &Session,
    (hops, others): (&[Hop], bool),
    refresh: Option<(&[Hop], bool)>,
) -> Response {
    let (signed_in, asked) = (&session.signed_in, session.wish.asked);
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
            title: language.say("IDトークン", "ID token"),
            what: language.say(
                "だれがログインしたかを、ユーザープールが署名して、ログインした先のアプリに伝えるトークンです。アプリが求めた情報は、すべてここに入ります。",
                "It tells the app who signed in, and is signed by the user pool. Everything that \
                the app asked for is here.",
            ),
            header: Some(indented(&signed_in.id_token_header)),
            claims: indented(&signed_in.id_token),
        },
        Decoded {
            title: language.say("アクセストークン", "Access token"),
            what: language.say(
                "API を呼び出すためのトークンです。さまざまな API に送られるので、氏名・住所・生年月日・性別は入りません。中身は本来 API が読むものですが、\
                仕組みが分かるように、ここに表示しています。",
                "The token for calling APIs. It is sent to many APIs, so it never has name, \
                address, date of birth or gender. Its content is meant for APIs. It is shown here \
                so that you can see how it works.",
            ),
            header: Some(indented(&signed_in.access_token_header)),
            claims: indented(&signed_in.access_token),
        },
        Decoded {
            title: "/oauth2/userInfo",
            what: language.say(
                "ユーザープールの属性をそのまま返すエンドポイントです。利用者が書き換えた値かもしれないので、アプリクライアントが属性を読めない設定にしています。",
                "This endpoint returns the attributes in the user pool, which the user may have \
                changed. So the app client isn’t allowed to read any attributes.",
            ),
            header: None,
            claims: indented(&signed_in.userinfo),
        },
    ];
    let template = SignedInPage {
        frame: Frame::new(SITE, language, title, switch),
        facts: received::facts(signed_in, asked, language),
        asked: choice::labels(asked, language),
        kept_back: received::kept_back(signed_in, asked, language).join(language.say("、", ", ")),
        not_asked: received::not_asked(signed_in, language).join(language.say("、", ", ")),
        rows: received::rows(signed_in, language),
        decoded,
        can_refresh: signed_in.tokens.refresh_token.is_some(),
        refresh: session.refreshed.as_ref().map(|refreshed| RefreshPart {
            at: time_of_day(refreshed),
            failure: refreshed
                .failed
                .as_ref()
                .map(|failed| failed.refused.unwrap_or(Refused::Answer))
                .map(|refused| refusal(refused, language)),
            facts: refreshed
                .failed
                .as_ref()
                .map_or_else(Vec::new, |failed| facts_of(failed, language)),
            story: refresh.map(|(hops, others)| {
                let teller = teller(hops, explain, language);
                Story::new(teller, others)
            }),
        }),
        story: Story::new(teller(hops, explain, language), others),
    };
    page(StatusCode::OK, &template, Forms::Own, None)
}

#[derive(Template)]
#[template(path = "signed_in.html")]
struct SignedInPage<'a> {
    frame: Frame,
    facts: Vec<Fact>,
    /// What people were asked for, in one line.
    asked: String,
    /// What of it isn't in the app's tokens itself, in one line; empty if all of it is.
    kept_back: String,
    /// What wasn't asked for, in one line; empty if everything was.
    not_asked: String,
    rows: Vec<Row>,
    decoded: Vec<Decoded>,
    can_refresh: bool,
    refresh: Option<RefreshPart<'a>>,
    story: Story,
}

/// A decoded token, or userinfo: indented JSON.
struct Decoded {
    title: &'static str,
    what: &'static str,
    header: Option<String>,
    claims: String,
}

/// How the newest refresh ended.
struct RefreshPart<'a> {
    /// The time of day in Japan.
    at: String,
    /// Why it failed, if it did.
    failure: Option<&'static str>,
    facts: Vec<(&'static str, &'a str)>,
    /// The diagram of the refresh, once it is over.
    story: Option<Story>,
}

/// The time of day of a refresh, in Japan, to the second.
fn time_of_day(refreshed: &Refreshed) -> String {
    FixedOffset::east_opt(JAPAN).map_or_else(String::new, |japan| {
        let at = refreshed.at.with_timezone(&japan);
        at.format("%H:%M:%S").to_string()
    })
}

fn indented(object: &Map<String, Value>) -> String {
    // Can't fail: the keys are strings.
    serde_json::to_string_pretty(object).unwrap_or_default()
}

/// The page of a login that failed or was cancelled.
pub(super) fn failed(
    (language, explain): (Language, Explain),
    login: &Login,
    failed: &Failed,
    (hops, others): (&[Hop], bool),
) -> Response {
    let is_cancel = failed.is_cancel();
    let title = match is_cancel {
        true => language.say("キャンセルしました", "You cancelled"),
        false => language.say(NOT_SIGNED_IN.0, NOT_SIGNED_IN.1),
    };
    let switch = format!(
        "/failed?login={}&{LANGUAGE}={}",
        login.id,
        language.other().code()
    );
    let class = failed.class.as_deref();
    let words = class.and_then(|class| explain(class, language));
    let (meaning, remedy) = match (words, failed.refused) {
        _ if is_cancel => {
            let told = language.say(
                "ログインは行われず、アプリには何の情報も届いていません。いつでもログインし直せます。",
                "Nobody is signed in, and the app got no information. You can sign in again at \
                any time.",
            );
            (told.to_owned(), None)
        }
        (Some(words), _) => (words.meaning, Some(words.remedy)),
        (None, Some(refused)) => (refusal(refused, language).to_owned(), None),
        (None, None) => {
            let told = language.say(
                "Cognito が、トークンの代わりにエラーを返しました。",
                "Cognito returned an error instead of tokens.",
            );
            (told.to_owned(), None)
        }
    };
    let teller = teller(hops, explain, language);
    let template = FailedPage {
        frame: Frame::new(SITE, language, title, switch),
        is_cancel,
        meaning,
        remedy,
        again: match login.wish.case {
            Some(visit) => visit.query(),
            None => choice::query_of(&login.wish.scopes, login.wish.asked),
        },
        facts: facts_of(failed, language),
        fault: teller.last_fault(),
        story: Story::new(teller, others),
    };
    page(StatusCode::OK, &template, Forms::None, None)
}

#[derive(Template)]
#[template(path = "failed.html")]
struct FailedPage<'a> {
    frame: Frame,
    /// Whether the person cancelled, which is no failure.
    is_cancel: bool,
    meaning: String,
    remedy: Option<String>,
    /// The query of a new login that asks for the same scopes.
    again: String,
    facts: Vec<(&'static str, &'a str)>,
    /// The fault that was chosen at the service's stand-in, if one was.
    fault: Option<Chosen>,
    story: Story,
}

/// What Amazon Cognito reported about a failure.
fn facts_of(failed: &Failed, language: Language) -> Vec<(&'static str, &str)> {
    let mut facts = Vec::new();
    for (label, value) in [
        ("error", failed.error.as_deref()),
        (
            language.say("エラー分類", "class of failure"),
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
    facts
}

fn refusal(refused: Refused, language: Language) -> &'static str {
    match refused {
        Refused::BackChannel => language.say(
            "アプリのサーバーが Cognito に接続できませんでした。",
            "The app’s server could not reach Cognito.",
        ),
        Refused::Code => language.say(
            "Cognito が、アプリの送ったコードを受け付けませんでした。",
            "Cognito didn’t accept the code that the app sent.",
        ),
        Refused::Answer => language.say(
            "Cognito の応答の形式が正しくありませんでした。",
            "Cognito’s answer didn’t have the right form.",
        ),
        Refused::IdToken => language.say(
            "届いた IDトークンを検証できませんでした。ログインは失敗しました。",
            "The ID token couldn’t be verified. Nobody is signed in.",
        ),
    }
}

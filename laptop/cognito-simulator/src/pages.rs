//! The pages of Cognito itself: the hosted page with the provider's button and the form for
//! passwords, and the error pages.
//! An error has Cognito's own wording, so that people who search for it find it, and beside it an
//! explanation.
//! A page shows nothing that came with the request, except what was checked.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderValue, LOCATION, REFERRER_POLICY};
use loopback::beside::Beside;
use loopback::journal::Parameter;
use loopback::pages::{Forms, Frame, Language, Site, as_read, page, with_words};

use crate::native_users::NoSignIn;
use crate::options::CognitoOptions;
use crate::pending_login::NoLogin;

/// The icon, the colour and the name of these pages.
const SITE: Site = Site {
    class: "cognito",
    icon: loopback::icon!("7a2fb0", "M5 7v4h6V7zM6 7V5h4v2"),
    label_ja: "Amazon Cognito のシミュレーター",
    label_en: "Stand-in for Amazon Cognito",
};

/// An error that Cognito shows on a page of its own, because it can't send the browser back to an
/// app.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum ErrorPage {
    /// The app's request is wrong, so nothing says where to send the browser back.
    BadRequest(Wrong),
    /// The cookie from the start of the login isn't there.
    Unavailable,
    /// `state` belongs to no login that waits for an answer.
    InvalidState,
    /// The login took longer than five minutes.
    TooLate,
    /// The stand-in itself failed.
    Internal,
}

/// What is wrong with an app's request, with the values that are registered in its place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Wrong {
    /// A parameter comes twice.
    Repeated,
    /// No app client has this `client_id`. The values: the ids of those that there are.
    ClientId(Vec<String>),
    /// `redirect_uri` is none of the app client's callback URLs, which are the values.
    CallbackUrl(Vec<String>),
    /// `logout_uri` is none of the app client's logout URLs, which are the values.
    LogoutUrl(Vec<String>),
}

impl Wrong {
    /// An unknown `client_id`.
    pub(crate) fn client_id(options: &CognitoOptions) -> Self {
        let ids = options.app_clients.iter();
        Self::ClientId(ids.map(|client| client.client_id.clone()).collect())
    }

    /// The registered values.
    fn registered(&self) -> &[String] {
        match self {
            Self::Repeated => &[],
            Self::ClientId(values) | Self::CallbackUrl(values) | Self::LogoutUrl(values) => values,
        }
    }

    /// Their name in AWS's API.
    const fn name(&self) -> &'static str {
        match self {
            Self::Repeated => "",
            Self::ClientId(_) => "ClientId",
            Self::CallbackUrl(_) => "CallbackURLs",
            Self::LogoutUrl(_) => "LogoutURLs",
        }
    }

    /// Cognito's own words (contract C8).
    const fn words(&self) -> &'static str {
        match self {
            Self::Repeated | Self::ClientId(_) => "invalid_request",
            Self::CallbackUrl(_) => "redirect_mismatch",
            Self::LogoutUrl(_) => "Required String parameter 'redirect_uri' is not present",
        }
    }

    /// What happened, and what to do: Japanese, English.
    const fn explanation(&self) -> (&'static str, &'static str) {
        match self {
            Self::Repeated => (
                "アプリからのリクエストに、同じパラメーターが2回あります。アプリの設定を確かめてください。",
                "In the app’s request, a parameter comes twice. Check the app’s settings.",
            ),
            Self::ClientId(_) => (
                "アプリからのリクエストの client_id が、登録済みのクライアント ID ではありません。アプリに次の値を設定してください。",
                "The client_id in the app’s request isn’t a registered client ID. Configure this \
                 value in the app:",
            ),
            Self::CallbackUrl(_) => (
                "アプリからのリクエストの redirect_uri が、登録済みのコールバック URL と一致しません\
                （1文字の違いも許されません）。登録を増やすには --callback を付けて起動し直します。登録済みの値は次のとおりです。",
                "The redirect_uri in the app’s request isn’t a registered callback URL. It has to \
                 be the same to the last character. To register another, start again with \
                 --callback. The registered values:",
            ),
            Self::LogoutUrl(urls) if urls.is_empty() => (
                "ログアウト URL が登録されていません。登録して（--logout-url）、もう一度試してください。",
                "No logout URL is registered. Register it (--logout-url), and try again.",
            ),
            Self::LogoutUrl(_) => (
                "アプリからのリクエストの logout_uri が、登録済みのログアウト URL と一致しません\
                （1文字の違いも許されません）。登録済みの値は次のとおりです。",
                "The logout_uri in the app’s request isn’t a registered logout URL. It has to be \
                 the same to the last character. The registered values:",
            ),
        }
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorTemplate<'a> {
    frame: Frame,
    words: &'static str,
    explanation: &'static str,
    registered: &'a [String],
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInTemplate<'a> {
    frame: Frame,
    provider: Option<&'a (&'a str, String)>,
    form: Option<&'a PasswordForm>,
    problem: Option<String>,
}

impl From<NoLogin> for ErrorPage {
    fn from(no_login: NoLogin) -> Self {
        match no_login {
            NoLogin::NoCookie => Self::Unavailable,
            NoLogin::UnknownState => Self::InvalidState,
            NoLogin::TooLate => Self::TooLate,
        }
    }
}

impl ErrorPage {
    /// The page in this language.
    pub(crate) fn in_language(&self, language: Language) -> Response {
        let (title, words) = self.words();
        let (ja, en) = self.explanation();
        let template = ErrorTemplate {
            frame: Frame::new(SITE, language, title, ""),
            words,
            explanation: language.say(ja, en),
            registered: match self {
                Self::BadRequest(wrong) => wrong.registered(),
                _ => &[],
            },
        };
        let read = as_read(language, words, &[language.say(ja, en)]);
        let page = page(self.status(), &template, Forms::None, None);
        with_words(page, read)
    }

    /// The registered values that the page shows, for the journal.
    pub(crate) fn registered(&self) -> Vec<Parameter> {
        let Self::BadRequest(wrong) = self else {
            return Vec::new();
        };
        let values = wrong.registered().iter();
        let values = values.map(|value| Parameter::new(wrong.name(), value));
        values.collect()
    }

    const fn status(&self) -> StatusCode {
        match self {
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// Title and text in Cognito's words.
    const fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::BadRequest(wrong) => (
                "An error was encountered with the requested page.",
                wrong.words(),
            ),
            Self::Unavailable => (
                "Login pages unavailable",
                "Please contact an administrator: no cookie came back.",
            ),
            Self::InvalidState => (
                "An error was encountered with the requested page.",
                "Invalid state",
            ),
            Self::TooLate => (
                "Something went wrong",
                "The sign-in took longer than five minutes.",
            ),
            Self::Internal => ("Something went wrong", "The stand-in itself failed."),
        }
    }

    /// What happened, and what to do: Japanese, English.
    const fn explanation(&self) -> (&'static str, &'static str) {
        match self {
            Self::BadRequest(wrong) => wrong.explanation(),
            Self::Unavailable => (
                "ログインを始めたときの Cookie が届きませんでした。別のブラウザーに戻ったか、ブラウザーが Cookie を受け付けていない可能性があります。\
                 ログインを始めたブラウザーで、もう一度ログインしてください。",
                "The cookie from the start of the login wasn’t received. You may have come back in \
                another browser, or the browser doesn’t accept cookies. Sign in again in the \
                browser in which you began.",
            ),
            Self::InvalidState => (
                "このログインは、すでに終わっているか、別のブラウザーで始めたものです。アプリに戻り、もう一度ログインしてください。",
                "This login has already ended, or was begun in another browser. Go back to the \
                 app, and sign in again.",
            ),
            Self::TooLate => (
                "ログインに5分以上かかったため、期限が切れました。アプリに戻り、もう一度ログインしてください。",
                "The login took more than five minutes and has expired. Go back to the app, and \
                 sign in again.",
            ),
            Self::Internal => (
                "シミュレーター自体に問題が起きました。もう一度ログインしてください。",
                "There was a problem in the stand-in itself. Sign in again.",
            ),
        }
    }
}

/// What the hosted page offers.
pub(crate) struct Offers<'a> {
    /// The provider's button: its text, and where it leads.
    pub(crate) provider: Option<(&'a str, String)>,
    /// The form for a username and a password.
    pub(crate) form: Option<PasswordForm>,
}

/// The form for a username and a password.
pub(crate) struct PasswordForm {
    /// Where it is sent, as a relative reference.
    pub(crate) action: String,
    /// The value that comes back with it, as a proof that this page sent it.
    pub(crate) token: String,
    /// What was wrong with the password that was sent, if one was.
    pub(crate) problem: Option<NoSignIn>,
}

/// The hosted page. `switch` is the URL of the same page in the other language, or empty.
pub(crate) fn sign_in_page(
    offers: &Offers<'_>,
    switch: String,
    (language, beside): (Language, &Beside),
) -> Response {
    let title = language.say("ログイン", "Sign in");
    let form = offers.form.as_ref();
    let problem = form.and_then(|form| form.problem);
    let template = SignInTemplate {
        frame: beside.frame(Frame::new(SITE, language, title, switch)),
        provider: offers.provider.as_ref(),
        form,
        problem: problem.map(|problem| match (problem, language) {
            (NoSignIn::Wrong, Language::Japanese) => {
                "ユーザー名またはパスワードが正しくありません。".to_owned()
            }
            (NoSignIn::Disabled, Language::Japanese) => {
                "このユーザーは無効になっています。".to_owned()
            }
            (problem, Language::English) => problem.to_string(),
        }),
    };
    let status = match problem {
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    let forms = match form {
        Some(_) => Forms::Leaving,
        None => Forms::None,
    };
    beside.allow(page(status, &template, forms, None))
}

/// A redirect with 302, as Cognito sends it.
pub(crate) fn redirect(url: &str) -> Response {
    let Ok(location) = HeaderValue::from_str(url) else {
        // Can't happen: a registered URL is ASCII, and parameters are encoded.
        return ErrorPage::Internal.in_language(Language::English);
    };
    let mut response = StatusCode::FOUND.into_response();
    let headers = response.headers_mut();
    headers.insert(LOCATION, location);
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    no_store(response)
}

/// Adds `Cache-Control: no-store`, because nothing of a login may stay in a cache.
pub(crate) fn no_store(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

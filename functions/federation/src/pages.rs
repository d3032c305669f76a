//! The pages that people see when a login, or a verification, can't go back to the app: what
//! happened, what to do, and a support id.
//! Each page is in Japanese and English. The browser's language comes first (RFC 9110 §12.5.4), or
//! Japanese if the browser prefers neither. A page has no script, and loads nothing from elsewhere.
//! Its icon is empty and inside the page, because browsers would otherwise request `/favicon.ico`
//! for each page.

use askama::Template;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use language::Language;

use relying_party::failure::Failure;
use relying_party::http_api::Response;
use relying_party::{A_PROBLEM, Class, Sentences};

use crate::pending_cookie::Pending;

/// The placeholder for the app's name in a sentence.
const APP: &str = "{app}";
/// The Japanese name of the service's app, in one place, since it changed before (contract S1).
const APP_JA: &str = "マイナアプリ（旧デジタル認証アプリ）";
/// The English name of the service's app.
const APP_EN: &str = "the Myna App (formerly the Digital Authentication App)";

/// The style of the page; the Content Security Policy names it by its hash.
const STYLE: &str = include_str!("../templates/page.css");

/// The page of a failure of what was `pending`, or of something that isn't known to be a login or a
/// verification (`None`); `accept_language` is the browser's header
/// `Accept-Language`.
#[must_use]
pub fn page(
    failure: &Failure,
    pending: Option<Pending>,
    accept_language: Option<&str>,
) -> Response {
    let sentences = failure.class.page().unwrap_or(A_PROBLEM);
    let japanese = text(sentences, pending, Language::Japanese);
    let english = text(sentences, pending, Language::English);
    let (first, second) = match language(accept_language) {
        Language::Japanese => (japanese, english),
        Language::English => (english, japanese),
    };
    let page = Page {
        style: STYLE,
        first,
        second,
        class: failure.class.name(),
        support_id: failure.support_id.as_str(),
    };
    let status = failure.class.status();
    match page.render() {
        Ok(html) => Response::html(status, html).with_header(
            "content-security-policy",
            format!(
                "default-src 'none'; style-src 'sha256-{}'; img-src data:; \
                 frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
                STANDARD.encode(digest(&SHA256, STYLE.as_bytes()))
            ),
        ),
        // Can't happen, since no part of the template fails. The answer would have class and
        // support id as JSON.
        Err(_) => Response::json(
            StatusCode::INTERNAL_SERVER_ERROR,
            failure.json().body().to_owned(),
        ),
    }
}

/// The sentences of the page of a class in one language: what happened, and what to do.
#[must_use]
pub fn sentences(class: Class, language: Language) -> [String; 2] {
    in_words(class.page().unwrap_or(A_PROBLEM), language)
}

/// The texts of a page in one language.
struct Text {
    lang: &'static str,
    title: &'static str,
    what_happened: String,
    what_to_do: String,
    support_id: &'static str,
}

#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    style: &'static str,
    first: Text,
    second: Text,
    class: &'a str,
    support_id: &'a str,
}

/// The language that comes first; Japanese if the browser prefers neither.
fn language(accept_language: Option<&str>) -> Language {
    accept_language
        .and_then(Language::preferred)
        .unwrap_or(Language::Japanese)
}

fn text(sentences: Sentences, pending: Option<Pending>, language: Language) -> Text {
    let [what_happened, what_to_do] = in_words(sentences, language);
    match language {
        Language::Japanese => Text {
            lang: "ja",
            title: match pending {
                Some(Pending::Login) => "ログインできませんでした",
                Some(Pending::Verification) => "本人確認できませんでした",
                None => "続けられませんでした",
            },
            what_happened,
            what_to_do,
            support_id: "サポート番号",
        },
        Language::English => Text {
            lang: "en",
            title: match pending {
                Some(Pending::Login) => "You could not be signed in",
                Some(Pending::Verification) => "Your identity could not be verified",
                None => "This could not go on",
            },
            what_happened,
            what_to_do,
            support_id: "Support ID",
        },
    }
}

fn in_words(sentences: Sentences, language: Language) -> [String; 2] {
    [sentences.what_happened, sentences.what_to_do].map(|words| match language {
        Language::Japanese => words.ja.replace(APP, APP_JA),
        Language::English => words.en.replace(APP, APP_EN),
    })
}

#[cfg(test)]
mod tests {
    use function_kit::support_id::SupportId;

    use super::*;

    fn failure(class: Class) -> Failure {
        Failure {
            class,
            support_id: SupportId::of_request("request"),
        }
    }

    #[test]
    fn the_browsers_language_comes_first_and_japanese_without_one() {
        for (header, expected) in [
            (None, Language::Japanese),
            (Some(""), Language::Japanese),
            (Some("fr, de;q=0.5"), Language::Japanese),
            (Some("en"), Language::English),
            (Some("ja, en;q=0.8"), Language::Japanese),
            (Some("en-US,en;q=0.9,ja;q=0.8"), Language::English),
            (Some("en;q=0.1, JA-jp;q=0.2"), Language::Japanese),
            (Some("en;q=x"), Language::Japanese),
        ] {
            assert_eq!(language(header), expected, "{header:?}");
        }
    }

    #[test]
    fn a_page_says_what_happened_in_both_languages_and_names_the_request() {
        for class in Class::ALL {
            let other = page(&failure(*class), Some(Pending::Verification), Some("en"));
            assert!(
                other.body().contains("本人確認できませんでした")
                    && other.body().contains("Your identity could not be verified")
            );
            let unknown = page(&failure(*class), None, Some("en"));
            let told = unknown.body();
            assert!(told.contains("続けられませんでした") && told.contains("This could not go on"));
            let response = page(&failure(*class), Some(Pending::Login), Some("en"));
            assert_eq!(response.status(), class.status());
            let body = response.body();
            assert!(
                body.contains("ログインできませんでした")
                    && body.contains("You could not be signed in")
            );
            assert!(body.contains(failure(*class).support_id.as_str()));
            assert!(!body.contains("{app}"));
            assert!(
                !response
                    .header("content-security-policy")
                    .unwrap()
                    .contains("unsafe")
            );
        }
    }
}

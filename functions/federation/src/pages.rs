//! The pages that people see when a login can't go back to the app: what happened, what to do, and a support id.
//! Japanese and English on one page; the browser's language comes first (RFC 9110 §12.5.4), Japanese if it says nothing.
//! No script, nothing from elsewhere, and an empty icon of its own: else each page would cost a request for `/favicon.ico`.

use askama::Template;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;

use crate::failure::{Class, Failure};
use crate::http_api::Response;

/// What the service's app is called, in one place, since it changed before (contract §1).
const APP_JA: &str = "マイナアプリ（旧デジタル認証アプリ）";
/// The same in English.
const APP_EN: &str = "the Myna App (formerly the Digital Authentication App)";

/// The style of the page; the Content Security Policy names it by its hash.
const STYLE: &str = include_str!("../templates/page.css");

/// A language of the pages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Language {
    Japanese,
    English,
}

/// What a page says in one language.
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

/// The page of a failure.
#[must_use]
pub fn page(failure: &Failure, accept_language: Option<&str>) -> Response {
    let japanese = text(failure.class, Language::Japanese);
    let english = text(failure.class, Language::English);
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
                "default-src 'none'; style-src 'sha256-{}'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
                STANDARD.encode(digest(&SHA256, STYLE.as_bytes()))
            ),
        ),
        // Can't happen: the template has no part that fails. The status and the id are told all the same.
        Err(_) => Response::json(StatusCode::INTERNAL_SERVER_ERROR, failure.json().body().to_owned()),
    }
}

/// The first of Japanese and English by weight (RFC 9110 §12.4.2); Japanese if neither is named.
fn language(accept_language: Option<&str>) -> Language {
    let mut best = (Language::Japanese, 0.0);
    for range in accept_language.unwrap_or_default().split(',').take(32) {
        let mut parts = range.split(';');
        let tag = parts.next().unwrap_or_default().trim();
        let primary = tag.split('-').next().unwrap_or_default();
        let weight = parts
            .find_map(|parameter| parameter.trim().strip_prefix("q="))
            .map_or(1.0, |weight| weight.parse().unwrap_or(0.0));
        let language = match primary {
            _ if primary.eq_ignore_ascii_case("ja") => Language::Japanese,
            _ if primary.eq_ignore_ascii_case("en") => Language::English,
            _ => continue,
        };
        if weight > best.1 {
            best = (language, weight);
        }
    }
    best.0
}

fn text(class: Class, language: Language) -> Text {
    let (ja, en) = sentences(class);
    match language {
        Language::Japanese => Text {
            lang: "ja",
            title: "ログインできませんでした",
            what_happened: ja.0.replace("{app}", APP_JA),
            what_to_do: ja.1.replace("{app}", APP_JA),
            support_id: "サポート番号",
        },
        Language::English => Text {
            lang: "en",
            title: "You could not be signed in",
            what_happened: en.0.replace("{app}", APP_EN),
            what_to_do: en.1.replace("{app}", APP_EN),
            support_id: "Support ID",
        },
    }
}

type Sentences = (&'static str, &'static str);

/// What happened, and what to do: Japanese, English.
fn sentences(class: Class) -> (Sentences, Sentences) {
    const TELL_JA: &str =
        "ログインを始めたアプリやサイトの運営者に、このページのサポート番号をお知らせください。";
    const TELL_EN: &str = "Please tell the support ID on this page to the operator of the app or site in which you began.";
    const AGAIN_JA: &str = "ログインを始めたアプリやサイトに戻り、もう一度ログインしてください。";
    const AGAIN_EN: &str = "Go back to the app or site in which you began, and sign in again.";
    match class {
        Class::NoPendingLogin => (
            (
                "ログインを始めたときとは別のブラウザーに戻ったか、ブラウザーが Cookie を受け付けていないか、このログインがすでに終わっている可能性があります。",
                "ログインを始めたブラウザーに戻り、もう一度ログインしてください。プライベートブラウズや、ほかのアプリの中のブラウザーは使わないでください。",
            ),
            (
                "You came back in another browser than the one in which you began, or the browser does not accept cookies, or this login has already ended.",
                "Go back to the browser in which you began, and sign in again. Do not use a private window or a browser inside another app.",
            ),
        ),
        Class::LoginExpired => (
            (
                "{app}での認証に5分以上かかったため、ログインの有効期限が切れました。",
                AGAIN_JA,
            ),
            (
                "The authentication with {app} took more than five minutes, and the login has expired.",
                AGAIN_EN,
            ),
        ),
        Class::ForeignLogin => (
            (
                "このログインは、いまは使われていない設定で始まったため、続けられません。",
                AGAIN_JA,
            ),
            (
                "This login was begun with a configuration that is no longer in use, and cannot go on.",
                AGAIN_EN,
            ),
        ),
        Class::AlteredLogin => (
            (
                "ブラウザーに保存されたログインの情報が壊れているか、書き換えられています。",
                AGAIN_JA,
            ),
            (
                "What the browser kept of this login is damaged or was changed.",
                AGAIN_EN,
            ),
        ),
        Class::NotConnected => (
            (
                "このログインは、まだデジタル認証アプリサービスに接続されていないため、ご利用になれません。",
                "運営者の方へ：届け出る公開鍵は /client-jwks.json にあります。デジタル庁からクライアント ID を受け取ったら、SERVICE_CLIENT_ID に設定してください。",
            ),
            (
                "This login is not connected to the Digital Authentication App service yet, and cannot be used.",
                "For the operator: the public keys to register are at /client-jwks.json. When the Digital Agency has given you a client ID, set it as SERVICE_CLIENT_ID.",
            ),
        ),
        Class::NotThroughFrontDoor => (
            (
                "このアドレスからはログインできません。",
                "ご利用のアプリやサイトに戻り、ログインのボタンからやり直してください。同じページが出る場合は、アプリやサイトの運営者に、このページのサポート番号をお知らせください。",
            ),
            (
                "You cannot sign in at this address.",
                "Go back to the app or site that you use, and sign in with its button. If this page comes again, please tell the support ID on it to the operator of the app or site.",
            ),
        ),
        Class::NotFound => (
            (
                "このアドレスにはページがありません。",
                "ご利用のアプリやサイトに戻り、ログインのボタンからやり直してください。",
            ),
            (
                "There is no page at this address.",
                "Go back to the app or site that you use, and sign in with its button.",
            ),
        ),
        Class::Internal | Class::SecretsUnavailable => (
            (
                "ログインのサービスで問題が起きました。",
                "少し待ってから、もう一度ログインしてください。続く場合は、アプリやサイトの運営者に、このページのサポート番号をお知らせください。",
            ),
            (
                "The login service has a problem.",
                "Wait a little, then sign in again. If it goes on, please tell the support ID on this page to the operator of the app or site.",
            ),
        ),
        Class::MalformedCallback => (
            ("{app}から届いた応答を読み取れませんでした。", AGAIN_JA),
            ("The answer of {app} could not be read.", AGAIN_EN),
        ),
        _ => (
            (
                "アプリやサイトからのログインの呼び出しに誤りがあります。",
                TELL_JA,
            ),
            ("The app or site called this login in a wrong way.", TELL_EN),
        ),
    }
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
            let response = page(&failure(*class), Some("en"));
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

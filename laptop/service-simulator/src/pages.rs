//! The HTML pages of the service: the test-card page, the consent page, and error pages. An error
//! page tells the developer of the relying party which rule the request broke, and quotes
//! Keycloak's message. Of a request's values, a page shows only those that were checked.

use askama::Template;
use four_attributes::{BirthDate, Gender};
use http::StatusCode;
use loopback::beside::Beside;
use loopback::pages::{Forms, Frame, LANGUAGE, Language, Site, as_read};
use serde_json::Value;

use crate::exchange::{Answer, Endpoint};
use crate::fault::{Fault, FaultPlace};
use crate::login::{AuthorizationRequest, Choice};
use crate::names::Named;
use crate::options::Settings;
use crate::persona::{ATTRIBUTES, Persona};

/// The icon, the colour and the label of these pages.
const SITE: Site = Site {
    class: "service",
    icon: loopback::icon!("00616b", "M4 5h8v6H4zM5 9h3"),
    label_ja: "デジタル認証アプリサービスのシミュレーター",
    label_en: "Stand-in for the Digital Authentication App service",
};

/// The name of the answer without a fault.
pub(crate) const NORMAL: &str = "normal";

/// A login as the pages show it.
pub(crate) struct Shown<'a> {
    /// The login's id.
    pub(crate) login: &'a str,
    /// The authorization request.
    pub(crate) request: &'a AuthorizationRequest,
    /// Whether all people are invented.
    pub(crate) invented: bool,
    /// The names of the client's service and of who runs it.
    pub(crate) named: Option<Named>,
    /// What is shown beside the page.
    pub(crate) beside: &'a Beside,
}

impl<'a> Shown<'a> {
    /// A login as the pages of a service with these settings show it.
    pub(crate) fn new(
        settings: &'a Settings,
        login: &'a str,
        request: &'a AuthorizationRequest,
    ) -> Self {
        Self {
            login,
            request,
            invented: settings.people.are_invented(),
            named: settings.names.get(),
            beside: &settings.beside,
        }
    }
}

/// The page on which the tester picks a person and an answer; `person` and `fault` are preselected.
pub(crate) fn test_card(
    shown: &Shown<'_>,
    people: &[Persona],
    (person, fault): (&str, Option<Fault>),
    language: Language,
) -> Answer {
    let title = language.say("テストカード代替機能", "Test card alternative");
    let people = people.iter().map(|each| Entry {
        value: each.id.clone(),
        label: language.say(&each.label_ja, &each.label_en).to_owned(),
        selected: each.id == person,
    });
    let groups = FaultPlace::ALL.iter().map(|place| Group {
        label: place_label(*place, language),
        answers: Fault::ALL
            .iter()
            .filter(|each| each.place() == *place)
            .map(|each| Entry {
                value: each.id().to_owned(),
                label: fault_label(*each, language),
                selected: fault == Some(*each),
            })
            .collect(),
    });
    let asked: Vec<_> = granted(shown.request)
        .map(|attribute| attribute_label(attribute, language))
        .collect();
    let asked = if asked.is_empty() {
        language.say("なし", "No attributes").to_owned()
    } else {
        asked.join(language.say("、", ", "))
    };
    let template = TestCardTemplate {
        frame: frame((Endpoint::TestCard, shown), language, title),
        named: shown.named.map(|named| named.say(language)),
        step: 1,
        action: Endpoint::TestCard.path(),
        login: shown.login,
        client_id: &shown.request.client_id,
        redirect_uri: &shown.request.redirect_uri,
        invented: shown.invented,
        asked,
        people: people.collect(),
        normal: Entry {
            value: NORMAL.to_owned(),
            label: language.say("正常", "Normal").to_owned(),
            selected: fault.is_none(),
        },
        groups: groups.collect(),
    };
    Answer::page(StatusCode::OK, &template, Forms::Leaving).beside(shown.beside)
}

#[derive(Template)]
#[template(path = "test_card.html")]
struct TestCardTemplate<'a> {
    frame: Frame,
    step: u8,
    named: Option<(&'static str, &'static str)>,
    action: &'static str,
    login: &'a str,
    client_id: &'a str,
    redirect_uri: &'a str,
    /// Whether all people are invented.
    invented: bool,
    asked: String,
    people: Vec<Entry>,
    normal: Entry,
    groups: Vec<Group>,
}

/// An option of a list.
struct Entry {
    value: String,
    label: String,
    selected: bool,
}

/// The faults of one place.
struct Group {
    label: &'static str,
    answers: Vec<Entry>,
}

/// The frame of a login's page. Its link to the other language carries the login's id.
fn frame((endpoint, shown): (Endpoint, &Shown<'_>), language: Language, title: &str) -> Frame {
    let switch = format!(
        "{}&{LANGUAGE}={}",
        address(endpoint, shown.login),
        language.other().code()
    );
    shown
        .beside
        .frame(Frame::new(SITE, language, title, switch))
}

/// The path and query of a login's page. The id is base64url, and needs no encoding.
pub(crate) fn address(endpoint: Endpoint, login: &str) -> String {
    format!("{}?login={login}", endpoint.path())
}

/// The attributes that a request asked for.
pub(crate) fn granted(request: &AuthorizationRequest) -> impl Iterator<Item = &'static str> {
    ATTRIBUTES
        .into_iter()
        .filter(|attribute| request.scopes.iter().any(|scope| scope == attribute))
}

fn attribute_label(attribute: &str, language: Language) -> &'static str {
    match attribute {
        "name" => language.say("氏名", "Name"),
        "address" => language.say("住所", "Address"),
        "birthdate" => language.say("生年月日", "Date of birth"),
        _ => language.say("性別", "Gender"),
    }
}

fn place_label(place: FaultPlace, language: Language) -> &'static str {
    let (ja, en) = place.words();
    language.say(ja, en)
}

fn fault_label(fault: Fault, language: Language) -> String {
    let description = language.say(fault.description_ja(), fault.description_en());
    match (fault.class(), language) {
        (None, _) => description.to_owned(),
        (Some(class), Language::Japanese) => format!("{description} ［{class}］"),
        (Some(class), Language::English) => format!("{description} [{class}]"),
    }
}

/// An attribute on the consent page.
struct AttributeRow {
    label: &'static str,
    value: Option<Reading>,
}

/// A value in readable form, and the raw value if it looks different.
#[derive(Debug, Eq, PartialEq)]
struct Reading {
    reading: String,
    raw: Option<String>,
}

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentTemplate<'a> {
    frame: Frame,
    step: u8,
    named: Option<(&'static str, &'static str)>,
    action: &'static str,
    choose_again: String,
    login: &'a str,
    client_id: &'a str,
    redirect_uri: &'a str,
    attributes: Vec<AttributeRow>,
    fault: Option<String>,
    person: String,
}

/// The consent page: which attributes are handed over to which client.
pub(crate) fn consent(shown: &Shown<'_>, choice: &Choice, language: Language) -> Answer {
    let title = language.say("情報の提供への同意", "Consent to hand over information");
    let attributes = granted(shown.request).map(|attribute| AttributeRow {
        label: attribute_label(attribute, language),
        value: choice
            .userinfo
            .get(attribute)
            .map(|value| reading(attribute, value, language)),
    });
    let label = language.say(&choice.persona.label_ja, &choice.persona.label_en);
    let kind = if shown.invented {
        language.say("架空のテスト利用者：", "An invented test person: ")
    } else {
        language.say(
            "ファイルで定義されたテスト利用者：",
            "A test person defined in the file: ",
        )
    };
    let person = format!("{kind}{label}");
    let template = ConsentTemplate {
        frame: frame((Endpoint::Consent, shown), language, title),
        named: shown.named.map(|named| named.say(language)),
        step: 2,
        action: Endpoint::Consent.path(),
        choose_again: address(Endpoint::TestCard, shown.login),
        login: shown.login,
        client_id: &shown.request.client_id,
        redirect_uri: &shown.request.redirect_uri,
        attributes: attributes.collect(),
        fault: choice.fault.map(|fault| fault_label(fault, language)),
        person,
    };
    Answer::page(StatusCode::OK, &template, Forms::Leaving).beside(shown.beside)
}

fn reading(attribute: &str, value: &Value, language: Language) -> Reading {
    let known = match attribute {
        "birthdate" => BirthDate::from_claim(value)
            .ok()
            .map(|date| date_reading(&date, language)),
        "gender" => Gender::from_claim(value)
            .ok()
            .map(|gender| gender_reading(gender, language).to_owned()),
        _ => None,
    };
    let raw = || Some(format!("{attribute}: {value}"));
    match (known, value) {
        (Some(reading), _) => Reading {
            reading,
            raw: raw(),
        },
        (None, Value::String(text)) if !text.trim().is_empty() => Reading {
            reading: text.clone(),
            raw: None,
        },
        // A value that is odd on purpose: a number, an object, or an empty text.
        (None, _) => Reading {
            reading: language
                .say("この値をそのまま渡す", "Handed over as it is")
                .to_owned(),
            raw: raw(),
        },
    }
}

fn date_reading(date: &BirthDate, language: Language) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let year = date.year();
    match (language, date.month(), date.day()) {
        (Language::Japanese, Some(month), Some(day)) => format!("{year}年{month}月{day}日"),
        (Language::Japanese, Some(month), None) => format!("{year}年{month}月（日は不明）"),
        (Language::Japanese, None, _) => format!("{year}年（月と日は不明）"),
        (Language::English, Some(month), day) => {
            let name = usize::try_from(month)
                .ok()
                .and_then(|month| MONTHS.get(month.checked_sub(1)?))
                .copied()
                .unwrap_or_default();
            match day {
                Some(day) => format!("{day} {name} {year}"),
                None => format!("{name} {year} (day unknown)"),
            }
        }
        (Language::English, None, _) => format!("{year} (month and day unknown)"),
    }
}

fn gender_reading(gender: Gender, language: Language) -> &'static str {
    match gender {
        Gender::Male => language.say("男性", "Male"),
        Gender::Female => language.say("女性", "Female"),
        Gender::Other => language.say("その他", "Other"),
        Gender::NotApplicable => language.say("適用不能", "Not applicable"),
    }
}

/// An error that is shown on a page of the service, because it can't be sent to the client.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum ErrorPage {
    /// The query isn't form encoded UTF-8.
    MalformedQuery,
    /// `client_id` or `redirect_uri` comes twice.
    Duplicate,
    /// There is no `client_id`.
    ClientIdMissing,
    /// No client has this `client_id`. The value: the ids of the registered clients.
    UnknownClient(Vec<String>),
    /// `redirect_uri` isn't registered. The value: the registered URIs.
    RedirectUri(Vec<String>),
    /// The query or the body isn't the form of the page.
    MalformedForm,
    /// No unfinished login has this id.
    UnknownLogin,
    /// The login took too long.
    ExpiredLogin,
    /// No person has this id.
    UnknownPersona,
    /// No answer has this name.
    UnknownAnswer,
    /// The decision is neither consent nor cancellation.
    UnknownDecision,
    /// There is nothing at this path.
    NotFound,
    /// There is something at this path, but not for this method.
    MethodNotAllowed,
    /// The stand-in itself failed.
    Internal,
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorTemplate<'a> {
    frame: Frame,
    what_happened: &'static str,
    what_to_do: &'static str,
    registered: &'a [String],
    words: &'static str,
    of_keycloak: bool,
}

/// A text in Japanese and in English.
type Both = (&'static str, &'static str);

const BEGIN_AGAIN: Both = (
    "アプリに戻り、もう一度ログインしてください。",
    "Go back to the app, and sign in again.",
);
const CHOOSE_AGAIN: Both = (
    "前のページに戻り、もう一度選んでください。",
    "Go back to the previous page, and choose again.",
);

impl ErrorPage {
    /// The page in this language.
    pub(crate) fn in_language(&self, language: Language) -> Answer {
        let [title, what_happened, what_to_do] = self
            .texts()
            .map(|(japanese, english)| language.say(japanese, english));
        let registered = match self {
            Self::UnknownClient(registered) | Self::RedirectUri(registered) => registered,
            _ => &Vec::new(),
        };
        let template = ErrorTemplate {
            frame: Frame::new(SITE, language, title, ""),
            what_happened,
            what_to_do,
            registered,
            words: self.words(),
            of_keycloak: self.is_keycloaks(),
        };
        let sentences = as_read(language, title, &[what_happened, what_to_do]);
        Answer::page(self.status(), &template, Forms::None).with_sentences(sentences)
    }

    /// Keycloak's message, or one in its style where Keycloak has no such page.
    pub(crate) fn words(&self) -> &'static str {
        match self {
            Self::MalformedQuery | Self::MalformedForm => "Invalid Request",
            Self::Duplicate => "duplicated parameter",
            Self::ClientIdMissing => "Missing parameters: client_id",
            Self::UnknownClient(_) => "Client not found.",
            Self::RedirectUri(_) => "Invalid parameter: redirect_uri",
            Self::UnknownLogin => "Login not found.",
            Self::ExpiredLogin => "Login timed out.",
            Self::UnknownPersona => "Person not found.",
            Self::UnknownAnswer => "Answer not found.",
            Self::UnknownDecision => "Decision not found.",
            Self::NotFound => "Unable to find matching target resource method",
            Self::MethodNotAllowed => "HTTP 405 Method Not Allowed",
            Self::Internal => "Unexpected error when handling authentication request",
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// Whether the message is Keycloak's own. Keycloak has no test-card page, and no such consent
    /// page.
    fn is_keycloaks(&self) -> bool {
        !matches!(
            self,
            Self::MalformedForm
                | Self::UnknownLogin
                | Self::ExpiredLogin
                | Self::UnknownPersona
                | Self::UnknownAnswer
                | Self::UnknownDecision
                | Self::Internal
        )
    }

    /// The title, what happened, and what to do.
    fn texts(&self) -> [Both; 3] {
        match self {
            Self::MalformedQuery => [
                (
                    "認可リクエストの形式が違います",
                    "The authorization request is malformed",
                ),
                (
                    "クエリーが、UTF-8 のフォーム形式になっていません（RFC 6749 §3.1）。",
                    "The query isn’t form-encoded UTF-8 (RFC 6749 §3.1).",
                ),
                (
                    "認可リクエストの URL を組み立てる部分で、値のエンコードを確かめてください。",
                    "Check how your relying party encodes the values of the authorization request.",
                ),
            ],
            Self::Duplicate => [
                ("同じパラメーターが2回あります", "A parameter comes twice"),
                (
                    "client_id または redirect_uri が2回以上あります（RFC 6749 §3.1）。",
                    "client_id or redirect_uri comes more than once (RFC 6749 §3.1).",
                ),
                ("どちらも1回だけ送ってください。", "Send each of them once."),
            ],
            Self::ClientIdMissing => [
                ("client_id がありません", "client_id is missing"),
                (
                    "認可リクエストに client_id がないか、値が空です（RFC 6749 §4.1.1）。",
                    "The authorization request has no client_id, or an empty one (RFC 6749 \
                    §4.1.1).",
                ),
                (
                    "登録した client_id を送ってください。",
                    "Send the registered client_id.",
                ),
            ],
            Self::UnknownClient(_) => [
                (
                    "client_id が登録されていません",
                    "This client_id isn’t registered",
                ),
                (
                    "送られた client_id の RP は、登録されていません。大文字と小文字も区別します。",
                    "No relying party is registered with the client_id that was sent. Upper and \
                    lower case are different.",
                ),
                (
                    "RP の設定を、登録されている client_id に合わせてください。",
                    "Configure your relying party with a registered client_id.",
                ),
            ],
            Self::RedirectUri(_) => [
                (
                    "redirect_uri が登録と一致しません",
                    "redirect_uri isn’t registered",
                ),
                (
                    "redirect_uri がないか、登録された URI と1文字以上違います。ポート番号や末尾の「/」も比べます（RFC 9700 §2.1）。",
                    "There is no redirect_uri, or it differs from the registered URIs. They are \
                    compared character by character, including the port and a “/” at the end (RFC \
                    9700 §2.1).",
                ),
                (
                    "登録された URI と同じ文字列を送ってください。",
                    "Send exactly a registered URI.",
                ),
            ],
            Self::MalformedForm => [
                (
                    "送られた内容の形式が違います",
                    "What was sent doesn’t have the right form",
                ),
                (
                    "送られた内容が、このページのフォームの形式と違うか、同じ項目が2回あります。",
                    "What was sent doesn’t match this page’s form, or a field comes twice.",
                ),
                CHOOSE_AGAIN,
            ],
            Self::UnknownLogin => [
                (
                    "このログインはもう使えません",
                    "This login can no longer be used",
                ),
                (
                    "このログインは、すでに終わったか、このサービスで始めたものではありません。1回のログインを完了できるのは、1回だけです。",
                    "This login has already ended, or wasn’t begun at this service. A login can be \
                    finished only once.",
                ),
                BEGIN_AGAIN,
            ],
            Self::ExpiredLogin => [
                ("時間切れです", "The login has expired"),
                (
                    "ログインを始めてから時間がたちすぎたため、期限が切れました。",
                    "Too much time has passed since the login began.",
                ),
                BEGIN_AGAIN,
            ],
            Self::UnknownPersona => [
                ("そのテスト利用者はいません", "There is no such test person"),
                (
                    "選ばれたテスト利用者は、一覧にありません。",
                    "The test person that was chosen isn’t in the list.",
                ),
                CHOOSE_AGAIN,
            ],
            Self::UnknownAnswer => [
                ("その応答はありません", "There is no such answer"),
                (
                    "選ばれた応答は、一覧にありません。",
                    "The answer that was chosen isn’t in the list.",
                ),
                CHOOSE_AGAIN,
            ],
            Self::UnknownDecision => [
                (
                    "同意とキャンセルのどちらも選ばれていません",
                    "Neither consent nor cancellation was chosen",
                ),
                (
                    "「同意して戻る」と「キャンセル」のどちらのボタンも押されていません。",
                    "Neither the button “Consent and go back” nor “Cancel” was pressed.",
                ),
                CHOOSE_AGAIN,
            ],
            Self::NotFound => [
                ("ページが見つかりません", "There is no such page"),
                (
                    "この URL には何もありません。",
                    "There is nothing at this URL.",
                ),
                BEGIN_AGAIN,
            ],
            Self::MethodNotAllowed => [
                (
                    "この方法では開けません",
                    "This URL can’t be opened in this way",
                ),
                (
                    "この URL は、別の HTTP メソッドで呼び出す必要があります。",
                    "This URL has to be called with another HTTP method.",
                ),
                BEGIN_AGAIN,
            ],
            Self::Internal => [
                (
                    "シミュレーターに問題が起きました",
                    "There was a problem in the stand-in",
                ),
                (
                    "サービスのシミュレーター自体に問題が起きました。",
                    "There was a problem in the service’s stand-in itself.",
                ),
                BEGIN_AGAIN,
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_read_as_people_read_it_beside_the_form_in_which_it_is_handed_out() {
        for (attribute, value, ja, en, raw) in [
            (
                "name",
                json!("山田　太郎"),
                "山田　太郎",
                "山田　太郎",
                None,
            ),
            (
                "birthdate",
                json!("19850315"),
                "1985年3月15日",
                "15 March 1985",
                Some("birthdate: \"19850315\""),
            ),
            (
                "birthdate",
                json!("19500400"),
                "1950年4月（日は不明）",
                "April 1950 (day unknown)",
                Some("birthdate: \"19500400\""),
            ),
            (
                "birthdate",
                json!("19400000"),
                "1940年（月と日は不明）",
                "1940 (month and day unknown)",
                Some("birthdate: \"19400000\""),
            ),
            (
                "birthdate",
                json!("1985-3-15"),
                "1985-3-15",
                "1985-3-15",
                None,
            ),
            (
                "gender",
                json!("2"),
                "女性",
                "Female",
                Some("gender: \"2\""),
            ),
            (
                "gender",
                json!(2),
                "この値をそのまま渡す",
                "Handed over as it is",
                Some("gender: 2"),
            ),
            (
                "address",
                json!(""),
                "この値をそのまま渡す",
                "Handed over as it is",
                Some("address: \"\""),
            ),
        ] {
            for (language, expected) in [(Language::Japanese, ja), (Language::English, en)] {
                let expected = Reading {
                    reading: expected.to_owned(),
                    raw: raw.map(str::to_owned),
                };
                assert_eq!(reading(attribute, &value, language), expected);
            }
        }
    }

    #[test]
    fn every_attribute_has_a_name() {
        let labels = ATTRIBUTES.map(|attribute| attribute_label(attribute, Language::Japanese));
        assert_eq!(labels, ["氏名", "住所", "生年月日", "性別"]);
    }
}

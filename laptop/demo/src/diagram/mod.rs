//! A login as a sequence diagram in HTML: five lifelines, one more each if triggers or the members'
//! API are called, and an arrow for each hop. An arrow opens to show what the hop carried, what was
//! checked, and why the hop is there. The diagram is made from the journal, which holds no secret
//! and no attribute. On a narrow screen, and for a screen reader, it is an ordered list.

mod lessons;
mod member_lessons;
mod repeated;

use askama::Template;
use loopback::journal::{Check, Hop, Line, Parameter, Party, Step, story};
use loopback::pages::Language;

use repeated::repeated;

use crate::expected::is_expected;
use crate::failures::{Chosen, Failure, Teller};
use crate::journal_ja::{japanese_value, text};

/// The most characters of a value. Longer values are cut: they are addresses, not something to
/// read.
const LONGEST_VALUE: usize = 240;
/// The most characters of a request on an arrow. A longer request loses the start of its path
/// there; the opened arrow shows all of it.
const LONGEST_REQUEST: usize = 30;

/// The lifelines, from left to right. The triggers' lifeline is next to Cognito's, because only
/// Cognito calls them. The members' API is next to the service, which it calls.
const PARTIES: [Party; 7] = [
    Party::Browser,
    Party::App,
    Party::Cognito,
    Party::Triggers,
    Party::Bridge,
    Party::Verification,
    Party::Service,
];

/// The parties without a part in every story. The lifeline of one that has none is left out, which
/// gives the others more room.
const OCCASIONAL: [Party; 2] = [Party::Triggers, Party::Verification];

/// How many hops a story has, and how many checks.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Count {
    /// The hops, without the steps that one party does alone.
    pub(crate) hops: usize,
    /// The checks.
    pub(crate) checks: usize,
}

/// Counts the hops and the checks of a story.
pub(crate) fn count(hops: &[Hop]) -> Count {
    let steps = hops.iter().filter_map(|hop| hop.step.as_ref());
    Count {
        hops: hops.iter().filter(|hop| !hop.is_own_work()).count(),
        checks: steps.map(|step| step.checks.len()).sum(),
    }
}

/// The diagram of a story, as HTML that is safe to put into a page.
#[must_use]
pub fn diagram(teller: Teller<'_>) -> String {
    let Teller { hops, language, .. } = teller;
    let lines = story(hops);
    let parties = parties(hops);
    let mut rows = Vec::with_capacity(lines.len());
    for line in &lines {
        // A hop's request and its answer have the same number.
        let number = 1 + hops
            .iter()
            .filter(|hop| hop.begun < line.hop().begun)
            .count();
        rows.push(row(line, number, &parties, teller));
    }
    let template = Diagram {
        language,
        actors: parties.iter().map(|p| actor(*p, language)).collect(),
        lives: lives(&parties),
        rows,
    };
    // The template has no part that fails.
    template.render().unwrap_or_default()
}

#[derive(Template)]
#[template(path = "diagram.html")]
struct Diagram<'a> {
    language: Language,
    actors: Vec<Actor>,
    /// The CSS classes for the number of lifelines, and for which they are.
    lives: &'static str,
    rows: Vec<Row<'a>>,
}

/// The lifelines of these hops.
fn parties(hops: &[Hop]) -> Vec<Party> {
    let has_part = |party: Party| hops.iter().any(|hop| [hop.from, hop.to].contains(&party));
    let parties = PARTIES.into_iter();
    parties
        .filter(|party| !OCCASIONAL.contains(party) || has_part(*party))
        .collect()
}

fn lives(parties: &[Party]) -> &'static str {
    match OCCASIONAL.map(|party| parties.contains(&party)) {
        [false, false] => "",
        [true, false] => " six",
        [false, true] => " six members",
        [true, true] => " seven",
    }
}

/// A row of the diagram.
struct Row<'a> {
    id: String,
    /// The CSS classes: where the arrow is, which way it points, and how it looks.
    class: String,
    number: String,
    from: Actor,
    to: Option<Actor>,
    title: &'a str,
    /// Whether the call was made before.
    is_again: bool,
    request: String,
    status: Option<u16>,
    good: usize,
    bad: usize,
    waits: bool,
    inside: Inside<'a>,
}

/// A party as the diagram shows it.
#[derive(Clone, Copy, Debug)]
struct Actor {
    /// The CSS class of its colour.
    class: &'static str,
    name: &'static str,
    /// What the party is in this demo.
    what: &'static str,
}

/// What an arrow shows when it is opened.
#[derive(Default)]
struct Inside<'a> {
    request: &'a str,
    why: Option<&'static str>,
    /// Why the call is made again.
    again: Option<&'static str>,
    sources: Vec<Source<'a>>,
    parameters: Vec<Shown<'a>>,
    checks: Vec<ShownCheck<'a>>,
    answer: Vec<Shown<'a>>,
    /// What the answer looks like, and what is inside it.
    look: Vec<Shown<'a>>,
    /// The fault that was chosen for the answer.
    fault: Option<Chosen>,
    /// What is told of a failure.
    failed: Option<Failed>,
}

/// What is told of a failure, beside the checks.
struct Failed {
    failures: Vec<Failure>,
    /// Whose page told the person, and its sentences.
    read: Option<(Actor, String)>,
    /// The fault that was chosen for another answer, which led here.
    fault: Option<Chosen>,
}

/// A parameter as it is shown.
struct Shown<'a> {
    name: &'a str,
    value: String,
    meaning: Option<&'static str>,
}

/// A check as it is shown.
struct ShownCheck<'a> {
    what: &'a str,
    rule: Source<'a>,
    outcome: Outcome,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Outcome {
    Passed,
    Failed,
    /// It didn't pass, and that is right.
    RightlyNot,
}

/// A reference to a paragraph, and the link to its text.
struct Source<'a> {
    text: &'a str,
    link: Option<String>,
}

fn row<'a>(line: &Line<'a>, number: usize, parties: &[Party], teller: Teller<'_>) -> Row<'a> {
    let language = teller.language;
    let place = |party| place(parties, party);
    let hop = line.hop();
    let is_answer = matches!(line, Line::Answer(_));
    let is_request = matches!(line, Line::Request(_));
    // The answer's arrow points back.
    let (from, to) = if is_answer {
        (hop.to, hop.from)
    } else {
        (hop.from, hop.to)
    };
    let lesson = member_lessons::lesson(hop).or_else(|| lessons::lesson(hop));
    let say = |(ja, en)| language.say(ja, en);
    let title = match &lesson {
        lesson if is_answer => say(answer_title(hop, lesson.as_ref())),
        Some(lesson) => say(lesson.title),
        None => text(language, &hop.request),
    };
    let step = hop.step.as_ref();
    let step = step.filter(|_| !is_request);
    let of = |wanted: Outcome| {
        let checks = step.iter().flat_map(|step| {
            let outcomes = step.checks.iter().map(|check| outcome(step, check));
            outcomes.filter(|outcome| *outcome == wanted)
        });
        checks.count()
    };
    let status = step.and_then(|step| step.status);
    let (good, bad) = (of(Outcome::Passed), of(Outcome::Failed));
    let waits = hop.ended.is_none();

    let mut class = String::from("row");
    let (start, end) = (place(from).min(place(to)), place(from).max(place(to)));
    if hop.is_own_work() {
        class.push_str(&format!(" own m{}", 2 * start + 2));
    } else {
        let direction = if place(from) < place(to) {
            "right"
        } else {
            "left"
        };
        class.push_str(&format!(
            " {direction} a{start} b{end} m{}",
            start + end + 2
        ));
    }
    class.push_str(&format!(" by-{}", actor(from, language).class));
    let is_right = of(Outcome::RightlyNot) > 0;
    let failed = bad > 0 || status.is_some_and(|status| status >= 400 && !is_right);
    for (is, name) in [(is_answer, "answer"), (failed, "bad"), (waits, "waits")] {
        if is {
            class.push(' ');
            class.push_str(name);
        }
    }
    let kind = if is_answer { "answer" } else { "hop" };
    Row {
        id: format!("{kind}-{}", hop.begun.number()),
        class,
        number: if is_answer {
            format!("↩{number}")
        } else {
            number.to_string()
        },
        from: actor(from, language),
        to: (!hop.is_own_work()).then(|| actor(to, language)),
        title,
        is_again: !is_answer && repeated(teller.hops, hop).is_some(),
        request: if is_answer || hop.is_own_work() {
            String::new()
        } else {
            shortened(&hop.request)
        },
        status,
        good,
        bad,
        waits,
        inside: inside(line, lesson, teller),
    }
}

fn place(parties: &[Party], party: Party) -> usize {
    parties
        .iter()
        .position(|known| *known == party)
        .unwrap_or_default()
}

fn actor(party: Party, language: Language) -> Actor {
    let (class, name, what) = match party {
        Party::Browser => ("browser", ("ブラウザー", "Browser"), ("あなた", "you")),
        Party::App => ("app", ("アプリ", "App"), ("このサイト", "this site")),
        Party::Cognito => (
            "cognito",
            ("Cognito", "Cognito"),
            ("シミュレーター", "stand-in"),
        ),
        Party::Triggers => (
            "triggers",
            ("トリガー", "Triggers"),
            ("実際の関数", "real functions"),
        ),
        Party::Bridge => (
            "bridge",
            ("ブリッジ", "Bridge"),
            ("実際の関数", "the real function"),
        ),
        Party::Verification => (
            "verification",
            ("会員 API", "Members’ API"),
            ("実際の関数", "the real function"),
        ),
        Party::Service => (
            "service",
            ("サービス", "Service"),
            ("シミュレーター", "stand-in"),
        ),
    };
    Actor {
        class,
        name: language.say(name.0, name.1),
        what: language.say(what.0, what.1),
    }
}

/// The title of an answer. A refusal and an error have titles of their own; the lesson's title is
/// that of a successful answer.
fn answer_title(hop: &Hop, lesson: Option<&lessons::Lesson>) -> (&'static str, &'static str) {
    let step = hop.step.as_ref();
    let is_refused = step
        .and_then(|step| step.status)
        .is_some_and(|status| status >= 400);
    let has_error = step.is_some_and(|step| step.answer.iter().any(|one| one.name == "error"));
    if is_refused {
        ("拒否する", "Refuse")
    } else if has_error {
        ("エラーを付けて送り返す", "Send back with an error")
    } else {
        lesson
            .and_then(|lesson| lesson.answer)
            .unwrap_or(("応答", "Answer"))
    }
}

fn inside<'a>(line: &Line<'a>, lesson: Option<lessons::Lesson>, teller: Teller<'_>) -> Inside<'a> {
    let language = teller.language;
    let hop = line.hop();
    let mut inside = Inside::default();
    if !matches!(line, Line::Answer(_)) {
        if !hop.is_own_work() {
            inside.request = &hop.request;
        }
        if let Some(lesson) = lesson {
            inside.why = Some(language.say(lesson.why.0, lesson.why.1));
            let sources = lesson.source.split("; ");
            inside.sources = sources.map(|rule| source(rule, language)).collect();
        }
        if let Some((words, rule)) = repeated(teller.hops, hop) {
            inside.again = Some(language.say(words.0, words.1));
            inside.sources.push(source(rule, language));
        }
    }
    if !matches!(line, Line::Request(_)) || hop.ended.is_none() {
        inside.fault = teller.fault(hop);
        inside.look = hop.inside().map(|one| shown(one, true, language)).collect();
    }
    let Some(step) = &hop.step else {
        return inside;
    };
    let in_words = step.is_told_in_words();
    let show = |parameter: &'a Parameter| shown(parameter, in_words, language);
    if !matches!(line, Line::Answer(_)) {
        inside.parameters = step.parameters.iter().map(show).collect();
    }
    if !matches!(line, Line::Request(_)) {
        let checks = step.checks.iter();
        let checks = checks.map(|check| shown_check((check, outcome(step, check)), language));
        inside.checks = checks.collect();
        inside.answer = step.answer.iter().map(show).collect();
        let failures = teller.failures(hop);
        if !failures.is_empty() {
            inside.failed = Some(Failed {
                failures,
                read: teller
                    .read(hop)
                    .map(|read| (actor(read.whose, language), read.words)),
                fault: teller.fault_behind(hop).filter(|_| inside.fault.is_none()),
            });
        }
    }
    inside
}

fn outcome(step: &Step, check: &Check) -> Outcome {
    match check.passed {
        true => Outcome::Passed,
        false if is_expected(step, check) => Outcome::RightlyNot,
        false => Outcome::Failed,
    }
}

fn shown<'a>(parameter: &'a Parameter, in_words: bool, language: Language) -> Shown<'a> {
    let value = if in_words && language == Language::Japanese {
        japanese_value(&parameter.value)
    } else {
        parameter.value.as_str().into()
    };
    let mut value_shown: String = value.chars().take(LONGEST_VALUE).collect();
    if value_shown.len() < value.len() {
        value_shown.push('…');
    }
    let meaning = lessons::meaning(&parameter.name);
    Shown {
        name: &parameter.name,
        value: value_shown,
        meaning: meaning.map(|(ja, en)| language.say(ja, en)),
    }
}

fn shown_check((check, outcome): (&Check, Outcome), language: Language) -> ShownCheck<'_> {
    ShownCheck {
        what: text(language, &check.what),
        rule: source(&check.rule, language),
        outcome,
    }
}

fn source(rule: &str, language: Language) -> Source<'_> {
    Source {
        text: text(language, rule),
        link: link(rule),
    }
}

/// `GET /a/b/c/d` as `GET …/c/d` if it is long.
fn shortened(request: &str) -> String {
    match request.split_once(' ') {
        Some((method, path)) if request.chars().count() > LONGEST_REQUEST => {
            let mut parts: Vec<&str> = path.rsplit('/').take(2).collect();
            parts.reverse();
            let end = parts.join("/");
            // A name isn't cut where it can stand alone.
            let is_long = |end: &str| end.chars().count() > LONGEST_REQUEST;
            let last = parts.last().copied().unwrap_or_default();
            let end = if is_long(&end) { last } else { &end };
            let end: String = end.chars().take(LONGEST_REQUEST).collect();
            format!("{method} …/{end}")
        }
        _ => request.to_owned(),
    }
}

/// The URL of a rule's text, for an RFC (`RFC 7636 §4.6 …`) or for OpenID Connect Core. It points
/// to the paragraph if the paragraph's anchor is known.
fn link(rule: &str) -> Option<String> {
    let mut words = rule.split(' ');
    let (name, number) = (words.next()?, words.next()?);
    let section = words.next().and_then(|word| word.strip_prefix('§'));
    let is_number =
        |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.');
    match name {
        "RFC" if is_number(number) => {
            let base = format!("https://www.rfc-editor.org/rfc/rfc{number}");
            Some(match section.filter(|section| is_number(section)) {
                Some(section) => format!("{base}#section-{section}"),
                None => base,
            })
        }
        "OIDC" if number == "Core" => {
            let paragraph = match section? {
                "3.1.2.1" => "AuthRequest",
                "3.1.2.2" => "AuthRequestValidation",
                "3.1.2.3" => "Authenticates",
                "3.1.2.4" => "Consent",
                "3.1.2.6" => "AuthError",
                "3.1.2.7" => "AuthResponseValidation",
                "3.1.3.7" => "IDTokenValidation",
                "3.1.3.8" => "CodeFlowTokenValidation",
                "5.3" => "UserInfo",
                "5.3.1" => "UserInfoRequest",
                "5.3.2" => "UserInfoResponse",
                "5.4" => "ScopeClaims",
                "9" => "ClientAuthentication",
                "10.1.1" => "RotateSigKeys",
                _ => "",
            };
            let document = "https://openid.net/specs/openid-connect-core-1_0.html";
            Some(match paragraph {
                "" => document.to_owned(),
                name => format!("{document}#{name}"),
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use loopback::journal::{Journal, Moment};

    fn step(from: Party, to: Party, request: &str, status: Option<u16>) -> Step {
        Step {
            from,
            to,
            request: request.to_owned(),
            parameters: Vec::new(),
            checks: Vec::new(),
            status,
            answer: Vec::new(),
        }
    }

    fn drawn(journal: &Journal, language: Language) -> String {
        diagram(Teller {
            hops: &journal.hops(Moment::default(), None),
            explain: |_, _| None,
            language,
        })
    }

    /// The classes of the rows.
    fn classes(html: &str) -> Vec<&str> {
        html.split("<li class=\"row ")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect()
    }

    #[test]
    fn an_arrow_points_from_who_calls_to_who_is_called_and_its_answer_back() {
        use Party::{App, Bridge, Browser, Cognito, Service};
        let journal = Journal::default();
        journal.record(step(Browser, App, "GET /login", Some(303)));
        let outer = journal.begin(Browser, Cognito, "GET /oauth2/idpresponse");
        let token = journal.begin(Cognito, Bridge, "POST /token");
        journal.record(step(Bridge, Service, "POST /x/token", Some(200)));
        journal.end(token, step(Cognito, Bridge, "POST /token", Some(400)));
        journal.record(step(Cognito, Cognito, "ID token of the provider", None));
        journal.end(
            outer,
            step(Browser, Cognito, "GET /oauth2/idpresponse", Some(302)),
        );
        let _waits = journal.begin(Browser, App, "GET /callback");
        let html = drawn(&journal, Language::English);
        assert_eq!(
            classes(&html),
            [
                "right a0 b1 m3 by-browser",
                "right a0 b2 m4 by-browser",
                "right a2 b3 m7 by-cognito",
                "right a3 b4 m9 by-bridge",
                "left a2 b3 m7 by-bridge answer bad",
                "own m6 by-cognito",
                "left a0 b2 m4 by-cognito answer",
                "right a0 b1 m3 by-browser waits",
            ]
        );
        // Request and answer have the same number.
        let numbers: Vec<&str> = html
            .split("<span class=\"number\">")
            .skip(1)
            .filter_map(|rest| rest.split('<').next())
            .collect();
        assert_eq!(numbers, ["1", "2", "3", "4", "↩3", "5", "↩2", "6"]);
        assert!(html.contains("Refuse") && html.contains("waiting"));
        assert_eq!(
            count(&journal.hops(Moment::default(), None)),
            Count { hops: 5, checks: 0 }
        );
    }

    #[test]
    fn every_class_of_a_row_has_its_rule() {
        let style = include_str!("../../../loopback/templates/style.css");
        for from in PARTIES {
            for to in PARTIES {
                // The journal has no steps that the browser, the triggers or the service do alone.
                let idle = [Party::Browser, Party::Triggers, Party::Service];
                if from == to && idle.contains(&from) {
                    continue;
                }
                for called in [
                    &[][..],
                    &[Party::Triggers],
                    &[Party::Verification],
                    &OCCASIONAL,
                ] {
                    let journal = Journal::default();
                    journal.record(step(from, to, "x", None));
                    for to in called {
                        journal.record(step(Party::Cognito, *to, "x", None));
                    }
                    let html = drawn(&journal, Language::Japanese);
                    let heads = html.matches("<p class=\"head ").count();
                    for (number, class) in [(6, "six"), (7, "seven")] {
                        assert_eq!(html.contains(&format!("diagram {class}")), heads == number);
                    }
                    for class in classes(&html).join(" ").split(' ') {
                        // With more lifelines, the classes for a label's position have other rules.
                        let moved = match heads {
                            6 => ["m6", "m7", "m8", "m9"].contains(&class).then_some(".six "),
                            7 => (class.len() > 2 && class.starts_with("m1")
                                || ["m6", "m7", "m8", "m9"].contains(&class))
                            .then_some(".seven "),
                            _ => None,
                        };
                        let rule = format!("{}.{class}", moved.unwrap_or_default());
                        assert!(style.contains(&rule), "{from:?} {to:?}: {rule}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_story_with_triggers_has_their_lifeline_and_another_has_none() {
        use Party::{Bridge, Browser, Cognito, Triggers};
        let journal = Journal::default();
        let outer = journal.begin(Browser, Cognito, "GET /oauth2/idpresponse");
        journal.record(step(Cognito, Bridge, "POST /token", Some(200)));
        let heads = |html: &str| html.matches("<p class=\"head ").count();
        assert_eq!(heads(&drawn(&journal, Language::English)), 5);
        let source = "TokenGeneration_HostedAuth";
        let trigger = journal.begin(Cognito, Triggers, source);
        journal.record(Step {
            parameters: vec![Parameter::new("Username", "17 bytes")],
            ..step(Triggers, Cognito, "AdminGetUser", Some(200))
        });
        journal.end(trigger, step(Cognito, Triggers, source, None));
        journal.end(
            outer,
            step(Browser, Cognito, "GET /oauth2/idpresponse", Some(302)),
        );
        let html = drawn(&journal, Language::Japanese);
        assert_eq!(heads(&html), 6);
        assert_eq!(
            classes(&html),
            [
                "right a0 b2 m4 by-browser",
                "right a2 b4 m8 by-cognito",
                "right a2 b3 m7 by-cognito",
                "left a2 b3 m7 by-triggers",
                "left a2 b3 m7 by-triggers answer",
                "left a0 b2 m4 by-cognito answer",
            ]
        );
        for words in [
            "トークンの中身を決める",
            "記録を読む",
            "17バイト",
            "トリガー",
        ] {
            assert!(html.contains(words), "{words}");
        }
    }

    #[test]
    fn a_cancel_is_no_consent() {
        for (path, cancelled, accepted) in [
            ("POST /x/consent", "同意せずに戻る", "同意して戻る"),
            ("POST /x/test-card", "キャンセルして戻る", "本人を認証する"),
        ] {
            for (error, told, not_told) in [
                ("access_denied", cancelled, accepted),
                ("server_error", accepted, cancelled),
            ] {
                let journal = Journal::default();
                journal.record(Step {
                    answer: vec![Parameter::new("error", error)],
                    ..step(Party::Browser, Party::Service, path, Some(303))
                });
                let html = drawn(&journal, Language::Japanese);
                assert!(html.contains(told) && !html.contains(not_told), "{html}");
            }
        }
    }

    #[test]
    fn a_user_of_the_card_who_is_rightly_missing_is_no_failure() {
        let drawn = |username: &str| {
            let journal = Journal::default();
            journal.record(Step {
                parameters: vec![Parameter::new("Username", username)],
                checks: vec![
                    Check::new("the operation is known", "Cognito: user pools API", true),
                    Check::new("the user is in the pool", "Cognito: user pools API", false),
                ],
                answer: vec![Parameter::new("__type", "UserNotFoundException")],
                ..step(
                    Party::Verification,
                    Party::Cognito,
                    "AdminGetUser",
                    Some(400),
                )
            });
            drawn(&journal, Language::English)
        };
        let right = drawn("51 bytes");
        assert!(!right.contains("fail") && !classes(&right)[0].contains("bad"));
        assert!(right.contains("There is no user of the card") && right.contains("rightly not:"));
        let gone = drawn("6 bytes");
        assert!(gone.contains("pill fail") && classes(&gone)[0].contains("bad"));
        assert!(gone.contains("Look the member up"));
    }

    #[test]
    fn what_a_request_brought_is_no_markup() {
        let hostile = "<script>alert(1)</script>\"'&";
        let journal = Journal::default();
        journal.record(Step {
            parameters: vec![Parameter::new(hostile, hostile)],
            checks: vec![Check::new(hostile, hostile, false)],
            answer: vec![Parameter::new("location", hostile)],
            ..step(Party::Browser, Party::App, hostile, Some(400))
        });
        for language in [Language::Japanese, Language::English] {
            let html = drawn(&journal, language);
            assert!(!html.contains("<script"));
            assert!(html.contains("&#60;script&#62;alert(1)"));
        }
    }

    #[test]
    fn long_values_and_long_requests_are_cut_and_the_whole_request_stands_inside() {
        let path = "GET /api/realms/main/protocol/openid-connect/auth";
        let journal = Journal::default();
        journal.record(Step {
            parameters: vec![Parameter::new("keys", "あ".repeat(1_000))],
            ..step(Party::Browser, Party::Service, path, Some(200))
        });
        let html = drawn(&journal, Language::Japanese);
        assert!(html.contains("GET …/openid-connect/auth") && html.contains(path));
        assert!(html.contains(&format!("{}…<", "あ".repeat(LONGEST_VALUE))));
        assert_eq!(shortened("GET /callback"), "GET /callback");
        assert_eq!(
            shortened("GET /.well-known/openid-configuration"),
            "GET …/openid-configuration"
        );
        assert_eq!(shortened(&format!("GET /{}", "a".repeat(99))).len(), 38);
    }

    #[test]
    fn the_words_are_those_of_the_language_and_names_stay() {
        let journal = Journal::default();
        journal.record(Step {
            checks: vec![Check::new("code is there", "RFC 6749 §4.1.3", true)],
            ..step(Party::Browser, Party::Bridge, "GET /callback", Some(302))
        });
        let japanese = drawn(&journal, Language::Japanese);
        let english = drawn(&journal, Language::English);
        for (html, words, others) in [
            (
                &japanese,
                ["ブリッジに戻る", "code がある"],
                ["Back at", "is there"],
            ),
            (
                &english,
                ["Back at the bridge", "code is there"],
                ["ブリッジ", "がある"],
            ),
        ] {
            assert!(words.iter().all(|word| html.contains(word)), "{html}");
            assert!(!others.iter().any(|word| html.contains(word)), "{html}");
            assert!(html.contains("https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3"));
        }
    }

    #[test]
    fn a_rule_leads_to_its_paragraph() {
        for (rule, expected) in [
            (
                "RFC 7523 §3 item 7",
                Some("https://www.rfc-editor.org/rfc/rfc7523#section-3"),
            ),
            ("RFC 7519", Some("https://www.rfc-editor.org/rfc/rfc7519")),
            (
                "OIDC Core §3.1.3.7 step 11",
                Some("https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation"),
            ),
            (
                "OIDC Core §16",
                Some("https://openid.net/specs/openid-connect-core-1_0.html"),
            ),
            ("OIDC Core", None),
            ("Cognito: attribute mapping", None),
            ("docs/failures.md", None),
            ("RFC javascript:alert(1) §1", None),
            (
                "RFC 1 §\"onclick",
                Some("https://www.rfc-editor.org/rfc/rfc1"),
            ),
            ("", None),
        ] {
            assert_eq!(link(rule).as_deref(), expected, "{rule}");
        }
    }
}

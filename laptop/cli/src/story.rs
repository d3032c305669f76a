//! Prints a login step by step: for each hop the caller, the callee, the parameters and the checks.
//! Of a hop that is refused it can also print no more than why.
//! The journal has masked the secrets already; a masked secret shows only whether two hops carry
//! the same one.

use std::borrow::Cow;
use std::io::{self, Write};

use anstyle::Style;
use cli::classes;
use demo::expected::is_expected;
use demo::journal_ja::{japanese_value, text};
use function_kit::failure::Kind;
use loopback::journal::{Check, Hop, Line, Parameter, Party, Step, story};
use loopback::pages::Language;

use crate::layout::Rows;
use crate::printable::printable;
use crate::style::{BAD, GOOD, HEADING, NUMBER, QUIET};
use crate::words::said_plainly;

/// The most parameters that are printed. No request of the protocol has as many.
const MOST_PARAMETERS: usize = 40;

/// Prints every hop that has ended. If a hop caused others, its answer comes after them.
///
/// # Errors
///
/// If the output can't be written.
pub(crate) fn write_hops(out: &mut impl Write, language: Language, hops: &[Hop]) -> io::Result<()> {
    for line in story(hops) {
        let hop = line.hop();
        let Some(step) = &hop.step else {
            continue;
        };
        let number = 1 + hops.iter().filter(|other| other.begun < hop.begun).count();
        write_line(out, (language, party), (&line, number), step)?;
    }
    Ok(())
}

/// What the parties are called.
pub(crate) type Names = fn(Language, Party) -> &'static str;

/// What the parties are called if the service's stand-in runs alone. The relying party isn't the
/// bridge, but the user's own.
pub(crate) fn of_a_relying_party(language: Language, who: Party) -> &'static str {
    match who {
        Party::Bridge => language.say("あなたの RP", "your relying party"),
        Party::Service => language.say("サービスのシミュレーター", "the stand-in"),
        other => party(language, other),
    }
}

/// Prints a request as it came.
///
/// # Errors
///
/// If the output can't be written.
pub(crate) fn write_served(
    out: &mut impl Write,
    (language, names): (Language, Names),
    (hop, number): (&Hop, usize),
    step: &Step,
) -> io::Result<()> {
    write_line(out, (language, names), (&Line::Whole(hop), number), step)
}

/// Registered values, by the parameter that has to be among them.
pub(crate) type Registered = Vec<(&'static str, Vec<String>)>;

/// The names under which the journal has registered values, in an answer that refuses.
const REGISTERED: [&str; 4] = [
    "ClientId",
    "CallbackURLs",
    "LogoutURLs",
    "AllowedOAuthScopes",
];

/// If the request was refused, prints why, what was sent, and what is registered.
///
/// # Errors
///
/// If the output can't be written.
pub(crate) fn write_refusal(
    out: &mut impl Write,
    (language, party): (Language, Names),
    step: &Step,
    registered: &Registered,
) -> io::Result<()> {
    let refused =
        |check: &&Check| !check.passed && (is_given_up(&check.what) || !is_expected(step, check));
    let (from, to) = (party(language, step.from), party(language, step.to));
    let request = printable(&step.request);
    let Some(check) = step.checks.iter().find(refused) else {
        // Nobody refused, but something failed. The service does so if it is asked to.
        let failed = step.status.filter(|status| *status >= 500);
        return match failed.filter(|_| step.to != Party::Service) {
            Some(status) => writeln!(out, "{BAD}✗{BAD:#} {from} → {to}  {request}  {status}"),
            None => Ok(()),
        };
    };
    let (style, mark) = marked(step, check);
    let told = told_check(check, language);
    // What a class means is said beside it; any other check says what should have been.
    let unmet = match classes::named(&check.what) {
        Some(_) => "",
        None => language.say("満たしていない条件：", "not so: "),
    };
    writeln!(
        out,
        "{style}{mark}{style:#} {from} → {to}  {request}  {unmet}{told}"
    )?;
    let mut rows = Vec::new();
    let mut words = check.what.split([' ', ',']);
    let sent = words.find_map(|word| step.parameters.iter().find(|sent| sent.name == word));
    if let Some(Parameter { name, value }) = sent {
        let title = language.say("届いた値", "sent");
        rows.push((title.to_owned(), format!("{name}={}", printable(value))));
    }
    let known = registered_for(check, step, registered);
    if !known.is_empty() {
        let title = language.say("登録した値", "registered");
        rows.push((title.to_owned(), known.join(language.say("、", ", "))));
    }
    Rows {
        indent: "    ",
        rows,
    }
    .write(out)
}

/// The values that are registered for what a check looks at, as the answer has them or as the
/// command knows them.
fn registered_for(check: &Check, step: &Step, registered: &Registered) -> Vec<String> {
    let answered = step.answer.iter();
    let answered = answered.filter(|one| REGISTERED.contains(&one.name.as_str()));
    let is_looked_at = |name: &str| check.what.split([' ', '\'']).any(|word| word == name);
    let known = registered.iter().filter(|(name, _)| is_looked_at(name));
    let known = known.flat_map(|(_, values)| values.iter());
    let all = answered.map(|one| &one.value).chain(known);
    all.map(|value| printable(value)).collect()
}

fn write_line(
    out: &mut impl Write,
    (language, party): (Language, Names),
    (line, number): (&Line<'_>, usize),
    step: &Step,
) -> io::Result<()> {
    let (is_request, is_answer) = (
        matches!(line, Line::Request(_)),
        matches!(line, Line::Answer(_)),
    );
    let from = party(language, step.from);
    let is_own_work = step.from == step.to;
    let (hop, request) = if is_own_work {
        (from.to_owned(), text(language, &step.request))
    } else if is_answer {
        let hop = format!("{from} ← {}", party(language, step.to));
        (hop, step.request.as_str())
    } else {
        let hop = format!("{from} → {}", party(language, step.to));
        (hop, step.request.as_str())
    };
    let status = step
        .status
        .filter(|_| !is_request)
        .map(|status| format!("  {status}"))
        .unwrap_or_default();
    let request = printable(request);
    writeln!(
        out,
        "{NUMBER}{number:>2}{NUMBER:#}  {HEADING}{hop}{HEADING:#}  \
         {request}{QUIET}{status}{QUIET:#}",
    )?;
    // A step that isn't HTTP has words as values, which are translated.
    let told = if step.is_told_in_words() && language == Language::Japanese {
        japanese_value
    } else {
        as_on_the_wire
    };
    if !is_answer {
        write_parameters(out, "     ", &step.parameters, told)?;
    }
    if is_request {
        return Ok(());
    }
    for check in &step.checks {
        let (style, mark) = marked(step, check);
        let told = told_check(check, language);
        writeln!(out, "     {style}{mark}{style:#} {told}")?;
    }
    write_parameters(out, "     ↩ ", &step.answer, told)
}

/// How a check ended. Neither is an expected end a failure, nor a cancel.
fn marked(step: &Step, check: &Check) -> (Style, &'static str) {
    if check.passed {
        (GOOD, "✓")
    } else if is_expected(step, check) || is_given_up(&check.what) {
        (QUIET, "–")
    } else {
        (BAD, "✗")
    }
}

/// Whether this is the class of a login or verification that the person gave up.
pub(crate) fn is_given_up(class: &str) -> bool {
    classes::named(class).is_some_and(|class| class.kind == Kind::GivenUp)
}

/// A check and its rule.
fn told_check(check: &Check, language: Language) -> String {
    let what = text(language, &check.what);
    // What ends a request is a class: what it means stands beside it.
    let class = classes::named(&check.what).filter(|_| !check.passed);
    let what = match class.map(|class| said_plainly(class.meaning, language)) {
        Some(meaning) => {
            let meaning = meaning.trim_end_matches(['。', '.']);
            format!("{what}{}{meaning}", language.say("：", ": "))
        }
        None => what.to_owned(),
    };
    let rule = text(language, &check.rule);
    format!("{what} {QUIET}({rule}){QUIET:#}")
}

fn as_on_the_wire(value: &str) -> Cow<'_, str> {
    Cow::Borrowed(value)
}

fn write_parameters(
    out: &mut impl Write,
    start: &str,
    parameters: &[Parameter],
    told: fn(&str) -> Cow<'_, str>,
) -> io::Result<()> {
    for Parameter { name, value } in parameters.iter().take(MOST_PARAMETERS) {
        let (name, value) = (printable(name), printable(&told(value)));
        writeln!(out, "{start}{QUIET}{name}={QUIET:#}{value}")?;
    }
    match parameters.len().saturating_sub(MOST_PARAMETERS) {
        0 => Ok(()),
        left_out => writeln!(out, "{start}{QUIET}… +{left_out}{QUIET:#}"),
    }
}

pub(crate) fn party(language: Language, party: Party) -> &'static str {
    match party {
        Party::Browser => language.say("ブラウザー", "Browser"),
        Party::App => language.say("アプリ", "App"),
        Party::Cognito => "Cognito",
        Party::Triggers => language.say("トリガーの関数", "trigger functions"),
        Party::Bridge => language.say("関数 federation", "federation"),
        Party::Verification => language.say("会員 API", "the members' API"),
        Party::Service => language.say(
            "デジタル認証アプリサービス",
            "Digital Authentication App service",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_is_refused_the_reason_is_told_and_of_a_cancel_no_failure() {
        let told = |to, status, check: Option<&str>| {
            let step = Step {
                from: Party::Browser,
                to,
                request: "GET /callback".to_owned(),
                parameters: vec![Parameter::new("scope", "a")],
                checks: check
                    .map(|what| Check::new(what, "RFC 0", false))
                    .into_iter()
                    .collect(),
                status: Some(status),
                answer: Vec::new(),
            };
            let mut out = Vec::new();
            let registered = vec![("scope", vec!["b".to_owned()])];
            write_refusal(&mut out, (Language::English, party), &step, &registered).unwrap();
            String::from_utf8(anstream::adapter::strip_bytes(&out).into_vec()).unwrap()
        };
        assert_eq!(
            told(Party::Cognito, 302, Some("scope is b")),
            "✗ Browser → Cognito  GET /callback  not so: scope is b (RFC 0)\n    \
             sent        scope=a\n    registered  b\n"
        );
        let cancelled = told(Party::Bridge, 302, Some("cancelled"));
        assert!(cancelled.starts_with("– Browser → federation  GET /callback  cancelled: "));
        assert_eq!(
            told(Party::Bridge, 500, None),
            "✗ Browser → federation  GET /callback  500\n"
        );
        for (to, status) in [
            (Party::Bridge, 404),
            (Party::Bridge, 200),
            (Party::Service, 500),
        ] {
            assert_eq!(told(to, status, None), "");
        }
    }

    #[test]
    fn of_very_many_parameters_the_first_are_told() {
        let parameters: Vec<_> = (0..1_000).map(|_| Parameter::new("a\n", "b")).collect();
        let mut out = Vec::new();
        write_parameters(&mut out, "", &parameters, as_on_the_wire).unwrap();
        let told = anstream::adapter::strip_bytes(&out).into_vec();
        let told = String::from_utf8(told).unwrap();
        assert_eq!(told.lines().count(), 41);
        assert!(told.starts_with("a\u{fffd}=b\n"), "{told}");
        assert!(told.ends_with("… +960\n"), "{told}");
    }
}

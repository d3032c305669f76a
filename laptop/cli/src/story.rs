//! Prints a login step by step: for each hop the caller, the callee, the parameters and the checks.
//! The journal has masked the secrets already; a masked secret shows only whether two hops carry
//! the same one.

use std::borrow::Cow;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use cli::classes;
use demo::expected::is_expected;
use demo::journal_ja::{japanese_value, text};
use demo::laptop::{Failed, Outcome, Place};
use function_kit::failure::Bilingual;
use loopback::journal::{Hop, Line, Parameter, Party, Step, mask, story};
use loopback::pages::Language;

use crate::printable::printable;

const NUMBER: Style = AnsiColor::Cyan.on_default().bold();
const HOP: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const QUIET: Style = Style::new().dimmed();

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
        "{NUMBER}{number:>2}{NUMBER:#}  {HOP}{hop}{HOP:#}  {request}{QUIET}{status}{QUIET:#}",
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
        let (style, mark) = if check.passed {
            (GOOD, "✓")
        } else if is_expected(step, check) {
            (QUIET, "–")
        } else {
            (BAD, "✗")
        };
        let what = text(language, &check.what);
        // What ends a request is a class: what it means stands beside it.
        let class = classes::named(&check.what).filter(|_| !check.passed);
        let what = match class.map(|class| in_words(class.meaning, language)) {
            Some(meaning) => {
                let meaning = meaning.trim_end_matches(['。', '.']);
                format!("{what}{}{meaning}", language.say("：", ": "))
            }
            None => what.to_owned(),
        };
        let rule = text(language, &check.rule);
        writeln!(
            out,
            "     {style}{mark}{style:#} {what} {QUIET}({rule}){QUIET:#}"
        )?;
    }
    write_parameters(out, "     ↩ ", &step.answer, told)
}

/// The words in this language, without Markdown.
pub(crate) fn in_words(words: Bilingual, language: Language) -> String {
    language.say(words.ja, words.en).replace('`', "")
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

/// Prints how the login ended. `errors` are the errors in the functions' logs, which say why a
/// function could not answer at all.
///
/// # Errors
///
/// If the output can't be written.
pub(crate) fn write_outcome(
    out: &mut impl Write,
    language: Language,
    persona: &str,
    outcome: &Outcome,
    errors: &[String],
) -> io::Result<()> {
    writeln!(out)?;
    match outcome {
        Outcome::SignedIn(signed_in) => {
            let title = language.say("ログインしました", "Signed in");
            writeln!(out, "{GOOD}✓ {title}{GOOD:#}  {persona}")?;
            for (told, claims) in [
                (
                    language.say(
                        "アプリが Cognito から受け取った IDトークン：",
                        "The ID token that the app received from Cognito:",
                    ),
                    &signed_in.id_token,
                ),
                (
                    language.say("アクセストークン：", "The access token:"),
                    &signed_in.access_token,
                ),
                (
                    language.say(
                        "Cognito の /oauth2/userInfo：",
                        "Cognito's /oauth2/userInfo:",
                    ),
                    &signed_in.userinfo,
                ),
            ] {
                writeln!(out, "{told}")?;
                for (name, value) in claims {
                    let shown = mask(name, &plain(value));
                    writeln!(out, "     {QUIET}{name}={QUIET:#}{shown}")?;
                }
            }
        }
        Outcome::Failed(failed) => {
            let title = language.say("ログインできませんでした", "Not signed in");
            write_failure(out, language, (title, failed), errors)?;
        }
    }
    Ok(())
}

/// Prints how a login or a verification failed.
///
/// # Errors
///
/// If the output can't be written.
pub(crate) fn write_failure(
    out: &mut impl Write,
    language: Language,
    (title, failed): (&str, &Failed),
    errors: &[String],
) -> io::Result<()> {
    let class = failed.class.as_deref().unwrap_or("-");
    writeln!(out, "{BAD}✗ {title}{BAD:#}  {class}")?;
    let place = match failed.place {
        Place::App if failed.error.is_none() => language.say(
            "アプリの戻り先にエラーが返りました",
            "The app’s return URL got an error",
        ),
        Place::App => language.say(
            "アプリに OAuth のエラーが返りました",
            "The app got an OAuth error",
        ),
        Place::MembersApi => language.say("会員 API が拒否しました", "The members' API refused"),
        Place::BridgePage if failed.class.is_none() => language.say(
            "関数 federation が応答しませんでした（代わりに HTTP API のシミュレーターが応答しました）",
            "federation did not answer (the stand-in of the HTTP API did)",
        ),
        Place::BridgePage => language.say(
            "関数 federation のページが表示されました",
            "A page of federation was shown",
        ),
        Place::CognitoPage => {
            language.say("Cognito のページが表示されました", "A page of Cognito was shown")
        }
        Place::ServicePage => language.say(
            "サービスのページが表示されました",
            "A page of the service was shown",
        ),
    };
    writeln!(out, "     {place}")?;
    let description = match failed.place {
        Place::App => "error_description",
        Place::MembersApi => language.say("ステータス", "status"),
        _ => language.say("ページの見出し", "page title"),
    };
    for (name, value) in [
        ("error", failed.error.as_deref()),
        (description, Some(failed.description.as_str())),
        (
            language.say("サポート番号", "support id"),
            failed.support_id.as_deref(),
        ),
    ] {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            writeln!(out, "     {QUIET}{name}={QUIET:#}{value}")?;
        }
    }
    if let Some(class) = &failed.class {
        if let Some(class) = classes::named(class) {
            writeln!(out, "     {}", in_words(class.meaning, language))?;
        }
        let where_to_read = language.say(
            "このエラー分類の意味と対処：docs/failures.md",
            "What this class means, and what to do: docs/failures.en.md",
        );
        writeln!(out, "     {where_to_read}")?;
    }
    if !errors.is_empty() {
        let told = language.say("関数のログ：", "The function's log:");
        writeln!(out, "     {told}")?;
        for line in errors {
            writeln!(out, "     {line}")?;
        }
    }
    Ok(())
}

fn plain(value: &serde_json::Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
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

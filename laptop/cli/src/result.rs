//! How a login or a verification ended, for people: whether it succeeded, which token contains what
//! or, of a failure, what happened and what to do.

use std::io::{self, Write};

use cli::classes;
use demo::laptop::{Failed, Outcome, Place};
use demo::scopes;
use loopback::journal::mask;
use loopback::pages::Language;
use serde_json::{Map, Value};
use service_simulator::persona::Persona;

use crate::arguments::Telling;
use crate::complaint::hint;
use crate::layout::Rows;
use crate::printable::printable;
use crate::story::is_given_up;
use crate::style::{BAD, GOOD, HEADING, QUIET};
use crate::words::said_plainly;

/// The claims that say whose tokens they are.
const WHO: [&str; 3] = ["sub", "username", "cognito:username"];

/// Prints how the login ended. `errors` are the errors in the functions' logs, which say why a
/// function could not answer at all.
///
/// # Errors
///
/// If the output can't be written.
pub(crate) fn write_outcome(
    out: &mut impl Write,
    (language, telling): (Language, Telling),
    persona: &Persona,
    (outcome, errors): (&Outcome, &[String]),
) -> io::Result<()> {
    match outcome {
        Outcome::SignedIn(signed_in) => {
            let title = language.say("ログインしました", "Signed in");
            let label = language.say(&persona.label_ja, &persona.label_en);
            let who = format!("{}  {QUIET}{label}{QUIET:#}", persona.id);
            write_success(out, title, &who)?;
            for (title, claims) in [
                (id_token(language), &signed_in.id_token),
                (
                    language.say("アクセストークン", "Access token"),
                    &signed_in.access_token,
                ),
                (
                    language.say("Cognito の /oauth2/userInfo", "Cognito's /oauth2/userInfo"),
                    &signed_in.userinfo,
                ),
            ] {
                write_claims(out, title, claims, telling)?;
            }
        }
        Outcome::Failed(failed) => {
            let title = language.say("ログインできませんでした", "Not signed in");
            write_failure(out, language, (title, failed), errors)?;
        }
    }
    Ok(())
}

/// What the ID token is called.
pub(crate) fn id_token(language: Language) -> &'static str {
    language.say("IDトークン", "ID token")
}

/// Prints that it succeeded, and with whom.
///
/// # Errors
///
/// If the output can't be written.
pub(crate) fn write_success(out: &mut impl Write, title: &str, who: &str) -> io::Result<()> {
    writeln!(out, "{GOOD}✓ {title}{GOOD:#}  {who}")
}

/// Prints the claims of a token: what the scopes ask for and whose token it is, or with `--verbose`
/// all of them.
///
/// # Errors
///
/// If the output can't be written.
pub(crate) fn write_claims(
    out: &mut impl Write,
    title: &str,
    claims: &Map<String, Value>,
    telling: Telling,
) -> io::Result<()> {
    let asked = scopes::known().flat_map(|scope| scope.claims());
    let asked: Vec<_> = asked.map(|claim| claim.name()).collect();
    let asked = asked.iter().map(AsRef::as_ref).chain(WHO);
    let names: Vec<&str> = if telling.verbose {
        claims.keys().map(String::as_str).collect()
    } else {
        asked.filter(|name| claims.contains_key(*name)).collect()
    };
    let rows = names.into_iter().filter_map(|name| {
        let value = match claims.get(name)? {
            Value::String(text) => mask(name, text),
            other => mask(name, &other.to_string()),
        };
        Some((name.to_owned(), value))
    });
    writeln!(out, "\n  {HEADING}{title}{HEADING:#}")?;
    let indent = "    ";
    let rows = rows.collect();
    Rows { indent, rows }.write(out)
}

/// Prints how a login or a verification failed. A cancel is no failure.
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
    let class = failed.class.as_deref();
    let shown = class.unwrap_or_default();
    if class.is_some_and(is_given_up) {
        let title = language.say("利用者がキャンセルしました", "The user cancelled");
        writeln!(out, "{HEADING}– {title}{HEADING:#}  {shown}")?;
    } else {
        writeln!(out, "{BAD}✗ {title}{BAD:#}  {shown}")?;
    }
    write_reasons(out, language, failed, errors)
}

/// Prints what happened, where, and what to do.
///
/// # Errors
///
/// If the output can't be written.
pub(crate) fn write_reasons(
    out: &mut impl Write,
    language: Language,
    failed: &Failed,
    errors: &[String],
) -> io::Result<()> {
    let declared = failed.class.as_deref().and_then(classes::named);
    let mut rows: Vec<(&str, String)> = Vec::new();
    if let Some(class) = declared {
        let what = language.say("何が起きたか", "what happened");
        rows.push((what, said_plainly(class.meaning, language)));
    }
    rows.push((language.say("どこで", "where"), place(language, failed)));
    if let Some(support_id) = &failed.support_id {
        let title = language.say("サポート番号", "support id");
        rows.push((title, printable(support_id)));
    }
    if let Some(class) = declared {
        let title = language.say("対処", "what to do");
        rows.push((title, said_plainly(class.advice, language)));
        let title = language.say("くわしく", "more");
        let document = language.say("docs/failures.md", "docs/failures.en.md");
        rows.push((title, document.to_owned()));
    }
    let log = language.say("関数のログ", "function's log");
    rows.extend(errors.iter().map(|line| (log, printable(line))));
    let rows = rows.into_iter();
    Rows {
        indent: "  ",
        rows: rows.map(|(name, value)| (name.to_owned(), value)).collect(),
    }
    .write(out)
}

/// Prints how to see more.
///
/// # Errors
///
/// If the output can't be written.
pub(crate) fn write_hint(
    out: &mut impl Write,
    language: Language,
    telling: Telling,
) -> io::Result<()> {
    if telling.verbose {
        return Ok(());
    }
    let more = language.say(
        "--verbose で、リクエストと検査を1つずつ表示します",
        "--verbose tells every hop with its checks",
    );
    writeln!(out, "\n{}", hint(more, language))
}

/// Where it ended, and what was said there.
fn place(language: Language, failed: &Failed) -> String {
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
    let said = [failed.error.as_deref(), Some(failed.description.as_str())];
    let said = said.into_iter().flatten().filter(|text| !text.is_empty());
    let said: Vec<String> = said.map(printable).collect();
    if said.is_empty() {
        return place.to_owned();
    }
    format!("{place}{}{}", language.say("：", ": "), said.join(" "))
}

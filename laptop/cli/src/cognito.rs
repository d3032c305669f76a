//! `simulate cognito`: Amazon Cognito, the functions and the service, for an app of one's own. It
//! prints what to configure in the app, and then what is refused, or with `--verbose` each request
//! of the app and of its browser to Cognito, until Ctrl-C.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::sync::Arc;

use cli::exit::{self, Status};
use cognito_simulator::STANDARD_SCOPES;
use demo::laptop::Laptop;
use demo::scopes::{OPENID, Scopes};
use loopback::clock::SimClock;
use loopback::pages::Language;
use serde_json::Value;

use crate::arguments::{SimulateCognito, Telling};
use crate::demo::{built, distinct, options, persona};
use crate::demo_error::DemoError;
use crate::own_app::{self, Prepared};
use crate::teller::{Teller, announced};
use crate::terminal::{Interruption, Progress, unless_nobody_reads};
use crate::unknown::Unknown;

/// Runs until Ctrl-C or SIGTERM, and gives the exit status.
///
/// # Errors
///
/// [`DemoError`] if something doesn't start.
pub(crate) async fn run(
    arguments: &SimulateCognito,
    language: Language,
) -> Result<Status, DemoError> {
    let clock = SimClock::default();
    let persona = persona(arguments.persona.as_deref(), &clock)?.id;
    let scopes = scopes(arguments.scopes.as_deref())?;
    let ports = own_app::ports(arguments.ports);
    let control_port = own_app::control_port(&arguments.own_app);
    distinct(ports, None, Some(control_port))?;
    let mut options = options(clock, ports, arguments.ask);
    let own_app = &arguments.own_app;
    let prepared = Prepared::new(own_app, &arguments.callback, scopes, &mut options).await?;

    let mut interruption = Interruption::listen().map_err(DemoError::Signals)?;
    let progress = Progress::new(arguments.telling);
    options.functions = built(&progress, language, &mut interruption).await?;
    progress.say(language.say("起動しています", "Starting"));
    let laptop = tokio::select! {
        started = Laptop::start(options) => Arc::new(started?),
        () = interruption.received() => return Err(DemoError::Interrupted),
    };
    // Can't fail: the persona is one of the stand-in's own.
    let _ = laptop.service.set_persona(&persona);
    let mut own_app = prepared.serve(&laptop, &persona)?;
    progress.finish();

    if arguments.json {
        let mut out = io::stdout().lock();
        let written = writeln!(out, "{}", Value::Object(own_app.pasted.json()));
        unless_nobody_reads(written.and_then(|()| out.flush()))?;
    } else {
        let mut out = anstream::stdout().lock();
        let written = own_app.pasted.write(&mut out, language);
        let written = written.and_then(|()| write_rest(&mut out, language, arguments.telling));
        unless_nobody_reads(written)?;
    }
    let mut teller = Teller::of(laptop.journal.clone(), own_app::concerns, arguments.telling);
    loop {
        tokio::select! {
            () = interruption.received() => break,
            () = own_app.changed() => own_app.keep(&laptop, language),
            () = teller.wait() => teller.tell_beside(arguments.json, language),
        }
    }
    let kept = own_app.stop(laptop).await;
    teller.tell_beside(arguments.json, language);
    kept.map_err(own_app::OwnAppError::from)?;
    Ok(exit::SUCCESS)
}

fn write_rest(out: &mut impl io::Write, language: Language, telling: Telling) -> io::Result<()> {
    let [how, stop] = match language {
        Language::Japanese => [
            "使い方：docs/own-app.md　Amazon Cognito との違い：docs/laptop-cognito.md",
            "止めるには Ctrl-C を押してください。",
        ],
        Language::English => [
            "How to use it: docs/own-app.en.md. What differs from Amazon Cognito: \
             docs/laptop-cognito.en.md",
            "Press Ctrl-C to stop. ",
        ],
    };
    writeln!(out, "{how}\n{stop}{}\n", announced(language, telling))?;
    out.flush()
}

/// The scopes that the app is allowed.
fn scopes(text: Option<&str>) -> Result<Vec<String>, DemoError> {
    let known: Vec<String> = Scopes::all().names().collect();
    let Some(text) = text else {
        return Ok(known);
    };
    let mut allowed: Vec<String> = Vec::new();
    for word in text.split_ascii_whitespace() {
        if !known.iter().any(|known| known == word) && !STANDARD_SCOPES.contains(&word) {
            let standard = STANDARD_SCOPES.map(str::to_owned);
            let all: BTreeSet<String> = known.iter().cloned().chain(standard).collect();
            let all: Vec<String> = all.into_iter().collect();
            return Err(Unknown::scope(word, &all).into());
        }
        if !allowed.iter().any(|known| known == word) {
            allowed.push(word.to_owned());
        }
    }
    if allowed.iter().any(|scope| scope == OPENID) {
        Ok(allowed)
    } else {
        Err(DemoError::WithoutOpenid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_is_allowed_all_of_our_scopes_or_those_that_are_named() {
        assert_eq!(
            scopes(None).unwrap(),
            Scopes::all().names().collect::<Vec<_>>()
        );
        let named = scopes(Some("openid  digital-auth/name profile openid")).unwrap();
        assert_eq!(named, ["openid", "digital-auth/name", "profile"]);
        assert!(matches!(
            scopes(Some("openid digital-auth/nickname")),
            Err(DemoError::Unknown(_))
        ));
        for without in ["", "digital-auth/name"] {
            assert!(matches!(
                scopes(Some(without)),
                Err(DemoError::WithoutOpenid)
            ));
        }
    }
}

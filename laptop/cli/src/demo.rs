//! `demo`: builds the functions, starts everything, and hands over to the browser
//! ([`crate::browser`]). With `--headless` it does one login itself, stops everything, and prints
//! how it ended; with `--verbose` also the way there, step by step. With `--json` it prints one
//! JSON object on standard output instead. Progress goes to standard error.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::Path;

use cli::exit::{self, Status};
use demo::laptop::{Functions, Laptop, LaptopOptions, Outcome, Ports};
use demo::scopes::Scopes;
use demo::stack;
use demo::use_case::{Decided, TOWN, UseCase};
use federation::variables;
use four_attributes::AttributeSet;
use local_lambda::{BuildStop, Profile, waits_for_another_cargo};
use loopback::clock::SimClock;
use loopback::journal::{Hop, Moment, Step};
use loopback::pages::Language;
use loopback::user_agent::UserAgent;
use serde_json::{Value, json};
use service_simulator::persona::{Persona, personas};

use crate::arguments::{self, AssertionAlgorithm, Demo};
use crate::browser;
use crate::case;
use crate::demo_error::DemoError;
use crate::own_app::{self, Prepared};
use crate::result;
use crate::story;
use crate::style::HEADING;
use crate::terminal::{Interruption, Progress};
use crate::unknown::Unknown;

/// Runs the demo and gives the exit status.
///
/// # Errors
///
/// [`DemoError`]. A login that fails isn't an error: it is printed, and has an exit status.
pub(crate) async fn run(demo: &Demo, language: Language) -> Result<Status, DemoError> {
    let clock = SimClock::default();
    let person = persona(demo.persona.as_deref(), &clock)?;
    let persona: &str = &person.id;
    let fault = demo.fault.as_deref().map(Unknown::fault).transpose()?;
    let has_own_app = !demo.callback.is_empty();
    let of_login = demo.case.and_then(arguments::Case::of_login);
    let of_members = demo.case.and_then(arguments::Case::of_members);
    let scopes = match (&demo.scopes, of_login) {
        (Some(scopes), _) => Scopes::parse(scopes)?,
        (None, Some(case)) => case.scopes(),
        (None, None) if demo.headless || has_own_app => Scopes::all(),
        (None, None) => UseCase::Booking.scopes(),
    };
    // Unless it is said, people are asked for what the scopes are made from, and no more. An app of
    // one's own chooses its scopes itself, out of all.
    let ask = match demo.ask {
        None if has_own_app || of_members.is_some() => None,
        None => Some(scopes.needs()),
        said => said,
    };
    let (ports, control_port) = if has_own_app {
        let control_port = own_app::control_port(&demo.own_app);
        (own_app::ports(demo.ports), Some(control_port))
    } else {
        (demo.ports, None)
    };
    distinct(ports, Some(demo.app_port), control_port)?;
    let mut options = options(clock, ports, ask);
    options.names.set(of_login.map_or(TOWN, UseCase::named_as));
    options.assertion_algorithm = algorithm(demo.assertion_algorithm);
    options.variation.state_length = usize::from(demo.state_length);
    let own_app = if has_own_app {
        let scopes = scopes.names().collect();
        Some(Prepared::new(&demo.own_app, &demo.callback, scopes, &mut options).await?)
    } else {
        None
    };

    // The users of an app of one's own are kept, and whom they verified isn't: so there are no
    // members then.
    if of_members.is_some() || (!demo.headless && !has_own_app) {
        options.members = Some(demo::cases::members());
    }

    let mut interruption = Interruption::listen().map_err(DemoError::Signals)?;
    let progress = Progress::new(demo.telling);
    options.functions = built(&progress, language, &mut interruption).await?;
    progress.say(language.say("起動しています", "Starting"));
    if !demo.headless {
        return browser::run(
            demo,
            language,
            (persona, fault, scopes),
            (options, own_app),
            (progress, interruption),
        )
        .await;
    }
    let laptop = tokio::select! {
        started = Laptop::start(options) => started?,
        () = interruption.received() => return Err(DemoError::Interrupted),
    };
    if let Some(case) = of_members {
        let signs = (progress, interruption);
        return case::play(demo, language, (case, persona, fault), laptop, signs).await;
    }
    progress.say(language.say("ログインしています", "Signing in"));
    let browser = UserAgent::new(language.say("ja", "en"))?;
    let scopes = scopes.to_string();
    let outcome = tokio::select! {
        outcome = laptop.login_asking(&browser, persona, fault, &scopes) => {
            outcome.map_err(DemoError::from)
        }
        () = interruption.received() => Err(DemoError::Interrupted),
    };
    let hops = laptop.journal.hops(Moment::default(), None);
    let (log, triggers) = (laptop.bridge.logs(), laptop.triggers.clone());
    laptop.stop().await;
    progress.finish();
    let outcome = outcome?;
    let errors = match &outcome {
        Outcome::Failed(failed) if failed.class.is_none() => {
            errors_of(&[log.lines(), triggers.log_lines()].concat())
        }
        _ => Vec::new(),
    };

    let decided = match (&outcome, of_login) {
        (Outcome::SignedIn(signed_in), Some(case)) => {
            Some((case, case.decide(&signed_in.id_token)))
        }
        _ => None,
    };
    match tell(demo, language, &person, &hops, (&outcome, &errors, decided)) {
        // The reader may stop reading: the exit status is still that of the login.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(status(&outcome)),
    }
}

fn tell(
    demo: &Demo,
    language: Language,
    persona: &Persona,
    hops: &[Hop],
    (outcome, errors, decided): (&Outcome, &[String], Option<(UseCase, Decided)>),
) -> io::Result<()> {
    if demo.json {
        let mut out = io::stdout().lock();
        let steps: Vec<&Step> = hops.iter().filter_map(|hop| hop.step.as_ref()).collect();
        let mut object = json_of(&persona.id, &steps, outcome);
        if let (Some(object), Some((case, decided))) = (object.as_object_mut(), decided) {
            object.insert("case".to_owned(), case.name().into());
            object.insert("decision".to_owned(), decided.decision);
        }
        serde_json::to_writer_pretty(&mut out, &object)?;
        writeln!(out)
    } else {
        let mut out = anstream::stdout().lock();
        if demo.telling.verbose {
            story::write_hops(&mut out, language, hops)?;
            writeln!(out)?;
        }
        let telling = (language, demo.telling);
        result::write_outcome(&mut out, telling, persona, (outcome, errors))?;
        if let Some((_, decided)) = decided {
            let words = language.say(decided.words.0, decided.words.1);
            writeln!(out, "\n{HEADING}{words}{HEADING:#}")?;
        }
        result::write_hint(&mut out, language, demo.telling)
    }
}

/// The errors in the functions' logs, each of them once, even if a function was started more than
/// once.
fn errors_of(lines: &[String]) -> Vec<String> {
    let mut errors: Vec<String> = Vec::new();
    for line in lines {
        let Ok(Value::Object(event)) = serde_json::from_str(line) else {
            continue;
        };
        let text = |name: &str| event.get(name).and_then(Value::as_str);
        if text("level") == Some("ERROR") {
            let words = ["event", "variable", "reason", "place"];
            let told: Vec<_> = words.into_iter().filter_map(text).collect();
            let told = told.join(" ");
            if !errors.contains(&told) {
                errors.push(told);
            }
        }
    }
    errors
}

/// Checks that no port is chosen for two stand-ins.
pub(crate) fn distinct(
    ports: arguments::Ports,
    app: Option<u16>,
    control: Option<u16>,
) -> Result<(), DemoError> {
    let chosen = [
        ("--service-port", ports.service_port),
        ("--bridge-port", ports.bridge_port),
        ("--cognito-port", ports.cognito_port),
        ("--app-port", app),
        ("--control-port", control),
    ];
    let mut seen = BTreeMap::new();
    for (option, port) in chosen {
        let Some(port) = port.filter(|port| *port != 0) else {
            continue;
        };
        if let Some(other) = seen.insert(port, option) {
            return Err(DemoError::SamePort(other, option));
        }
    }
    Ok(())
}

fn status(outcome: &Outcome) -> Status {
    match outcome {
        Outcome::SignedIn(_) => exit::SUCCESS,
        Outcome::Failed(failed) => failed
            .class
            .as_deref()
            .and_then(exit::of_class)
            .unwrap_or(exit::ELSEWHERE),
    }
}

fn json_of(persona: &str, steps: &[&Step], outcome: &Outcome) -> Value {
    let (id_token, access_token, userinfo, failure) = match outcome {
        Outcome::SignedIn(signed_in) => (
            json!(signed_in.id_token),
            json!(signed_in.access_token),
            json!(signed_in.userinfo),
            Value::Null,
        ),
        Outcome::Failed(failed) => (Value::Null, Value::Null, Value::Null, json!(failed)),
    };
    json!({
        "persona": persona,
        "steps": steps,
        "id_token": id_token,
        "access_token": access_token,
        "userinfo": userinfo,
        "failure": failure,
    })
}

/// The test person who was chosen, or the first.
pub(crate) fn persona(chosen: Option<&str>, clock: &SimClock) -> Result<Persona, Unknown> {
    let now = clock.now();
    let first = || personas(now).into_iter().next().map(|one| one.id);
    let id = chosen.map(str::to_owned).or_else(first);
    Unknown::persona(&id.unwrap_or_default(), now)
}

/// The options of a laptop with these ports, whose functions ask for these attributes. The
/// functions' executables are still missing.
pub(crate) fn options(
    clock: SimClock,
    ports: arguments::Ports,
    ask: Option<AttributeSet>,
) -> LaptopOptions {
    let mut options = LaptopOptions::new(Functions::default());
    options.clock = clock;
    options.ports = Ports {
        service: ports.service_port.unwrap_or_default(),
        bridge: ports.bridge_port.unwrap_or_default(),
        cognito: ports.cognito_port.unwrap_or_default(),
    };
    if let Some(attributes) = ask {
        let variable = variables::ATTRIBUTES.to_owned();
        (options.environment).insert(variable, Some(stack::value(attributes)));
    }
    options
}

/// The algorithm that was chosen.
#[must_use]
pub(crate) fn algorithm(chosen: AssertionAlgorithm) -> keys::Algorithm {
    match chosen {
        AssertionAlgorithm::Es256 => keys::Algorithm::Es256,
        AssertionAlgorithm::Rs256 => keys::Algorithm::Rs256,
    }
}

/// Builds the functions, and shows the progress.
pub(crate) async fn built(
    progress: &Progress,
    language: Language,
    interruption: &mut Interruption,
) -> Result<Functions, DemoError> {
    // The folder of the workspace in which this command was built.
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = package.ancestors().nth(2).unwrap_or(package);
    if !root.join("functions/federation/Cargo.toml").is_file() {
        return Err(DemoError::Moved(root.to_owned()));
    }
    progress.say(language.say("4つの関数をビルドしています", "Building the four functions"));
    let bar = progress.bar.clone();
    let title = language.say("ビルド中", "Building").to_owned();
    let waits = language.say(
        "ほかの cargo が同じフォルダーでビルド中です。終わるのを待っています",
        "another cargo is building in the same folder: waiting until it ends",
    );
    let stop = BuildStop::default();
    let stopped = stop.clone();
    let building = tokio::task::spawn_blocking(move || {
        Functions::build_until(&stopped, Profile::Dev, |line| {
            let line = if waits_for_another_cargo(line) {
                waits
            } else {
                line.trim()
            };
            bar.set_message(format!("{title}  {line}"));
        })
    });
    tokio::select! {
        built = building => match built {
            Ok(built) => Ok(built?),
            Err(_) => Err(DemoError::Interrupted),
        },
        () = interruption.received() => {
            stop.stop();
            Err(DemoError::Interrupted)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::complaint::Complaint as _;

    #[test]
    fn the_function_says_why_it_did_not_start_and_says_it_once() {
        let missing = concat!(
            r#"{"level":"ERROR","event":"configuration","#,
            r#""variable":"ISSUER","reason":"is missing"}"#,
        );
        let lines = [
            missing,
            r#"{"level":"INFO","event":"login_started"}"#,
            "not JSON",
            r#"{"level":"ERROR","event":"panic","place":"src/token.rs:1"}"#,
            missing,
        ];
        assert_eq!(
            errors_of(&lines.map(str::to_owned)),
            ["configuration ISSUER is missing", "panic src/token.rs:1"]
        );
    }

    #[test]
    fn free_ports_may_be_many_and_a_chosen_one_is_for_one() {
        let distinct = |service, bridge, cognito, app| {
            let ports = arguments::Ports {
                service_port: service,
                bridge_port: bridge,
                cognito_port: cognito,
            };
            distinct(ports, app, None)
        };
        assert!(distinct(None, None, None, None).is_ok());
        assert!(distinct(Some(0), Some(0), Some(0), Some(0)).is_ok());
        assert!(distinct(Some(8703), Some(8701), Some(8702), Some(8700)).is_ok());
        let told = distinct(Some(8703), None, Some(8703), None).unwrap_err();
        assert_eq!(told.status(), exit::USAGE);
        assert_eq!(
            told.to_string(),
            "--service-port and --cognito-port name the same port"
        );
        let told = distinct(None, Some(8701), Some(0), Some(8701)).unwrap_err();
        assert_eq!(
            told.to_string(),
            "--bridge-port and --app-port name the same port"
        );
    }
}

//! `demo` in a browser: prints the addresses, opens the browser if there is one, and prints how
//! each login ended, and with `--verbose` each hop, until Ctrl-C. It prints no secret and nothing
//! personal: a successful login is reported without a name.

use std::io::{self, IsTerminal as _, Write};
use std::sync::Arc;

use cli::classes;
use cli::exit::{self, Status};
use demo::app::{App, AppSettings, Ended};
use demo::laptop::{Laptop, LaptopOptions};
use demo::scopes::Scopes;
use loopback::journal::{Hop, Journal, Moment, Party};
use loopback::pages::Language;
use serde_json::Value;
use service_simulator::fault::Fault;
use tokio::sync::mpsc;

use crate::arguments::{Case, Demo};
use crate::demo_error::DemoError;
use crate::layout::padded;
use crate::own_app::{self, OwnAppError, Prepared, Served};
use crate::printable::printable;
use crate::story::{is_given_up, party};
use crate::style::{HEADING, QUIET, marked};
use crate::teller::Teller;
use crate::terminal::{Interruption, Progress, unless_nobody_reads};

/// How many ended logins may wait to be printed.
const WAITING: usize = 64;

/// Environment variables that are set where no person sits at this machine's screen.
const ELSEWHERE: [&str; 4] = ["CI", "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"];

/// Runs until Ctrl-C or SIGTERM, and gives the exit status.
///
/// # Errors
///
/// [`DemoError`] if something doesn't start.
pub(crate) async fn run(
    demo: &Demo,
    language: Language,
    (persona, fault, scopes): (&str, Option<Fault>, Scopes),
    (mut options, own_app): (LaptopOptions, Option<Prepared>),
    (progress, mut interruption): (Progress, Interruption),
) -> Result<Status, DemoError> {
    let (sender, mut ended) = mpsc::channel(WAITING);
    options.app = Some(AppSettings {
        port: demo.app_port,
        scopes,
        explain: classes::explain,
        ended: Some(sender),
    });
    let laptop = tokio::select! {
        started = Laptop::start(options) => Arc::new(started?),
        () = interruption.received() => return Err(DemoError::Interrupted),
    };
    let Some(app) = &laptop.app else {
        // Can't happen: the options have an app.
        return Err(DemoError::Output(io::ErrorKind::NotFound.into()));
    };
    // Can't fail: the persona is one of the stand-in's own.
    let _ = laptop.service.set_persona(persona);
    laptop.service.set_fault(fault);
    let own_app = own_app.map(|own_app| own_app.serve(&laptop, persona));
    let mut own_app = own_app.transpose()?;
    progress.finish();

    let path = demo.case.map(Case::path).unwrap_or_default();
    let url = format!("{}{path}", app.base_url());
    let opens = opens_browser(demo, io::stdout().is_terminal(), |name| {
        std::env::var_os(name).is_some_and(|value| !value.is_empty())
    });
    unless_nobody_reads(welcome(
        demo,
        language,
        (&laptop, own_app.as_ref()),
        &url,
        opens,
    ))?;
    if opens {
        // Detached: the browser may outlive the demo.
        if open::that_detached(&url).is_err() {
            unless_nobody_reads(say(
                demo,
                language.say(
                    "ブラウザーを開けませんでした。上のアドレスを開いてください。",
                    "The browser could not be opened. Open the address above.",
                ),
            ))?;
        }
    }
    let mut pages = Pages::new(laptop.journal.clone());
    // What is wrong with an own app's requests is told with the registered values.
    let has_own_app = own_app.is_some();
    let tells = if has_own_app && !demo.telling.verbose {
        own_app::concerns
    } else {
        |_: &Hop| true
    };
    let mut teller = Teller::of(laptop.journal.clone(), tells, demo.telling);
    loop {
        let kept = async {
            match &mut own_app {
                Some(own_app) => own_app.changed().await,
                None => std::future::pending().await,
            }
        };
        let line = tokio::select! {
            // The hops of a login come before its end.
            biased;
            () = interruption.received() => break,
            () = teller.wait(), if demo.telling.verbose || has_own_app => {
                teller.tell_beside(demo.json, language);
                continue;
            }
            () = kept => {
                if let Some(own_app) = &mut own_app {
                    own_app.keep(&laptop, language);
                }
                continue;
            }
            Some(ended) = ended.recv() => line_of(language, &ended),
            hop = pages.next(), if !has_own_app => line_of_page(language, &hop),
        };
        unless_nobody_reads(say(demo, &line))?;
    }
    if demo.telling.verbose || has_own_app {
        teller.tell_beside(demo.json, language);
    }
    say_to_people(demo, language.say("終了します", "Stopping"));
    match own_app {
        Some(own_app) => own_app.stop(laptop).await.map_err(OwnAppError::from)?,
        None => {
            if let Some(laptop) = Arc::into_inner(laptop) {
                laptop.stop().await;
            }
        }
    }
    Ok(exit::SUCCESS)
}

/// Whether the browser is opened: only if a person sits at this machine's screen, and gave neither
/// `--no-open` nor `--json`.
fn opens_browser(demo: &Demo, is_terminal: bool, is_set: impl Fn(&str) -> bool) -> bool {
    let has_screen = !cfg!(target_os = "linux") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
    let is_elsewhere = ELSEWHERE.iter().any(|name| is_set(name));
    !demo.no_open && !demo.json && is_terminal && has_screen && !is_elsewhere
}

/// Prints the addresses, and what to do next.
fn welcome(
    demo: &Demo,
    language: Language,
    (laptop, own_app): (&Laptop, Option<&Served>),
    url: &str,
    opens: bool,
) -> io::Result<()> {
    let bridge = format!("http://bridge.localhost:{}", laptop.bridge.address().port());
    let service = format!(
        "http://service.localhost:{}",
        laptop.service.address().port()
    );
    let members = laptop.members.as_ref();
    let members = members.map(|members| members.api.base_url());
    let mut out = anstream::stdout().lock();
    if demo.json {
        let values = own_app.map(|own_app| own_app.pasted.json());
        let mut values = values.unwrap_or_default();
        for (name, address) in [
            ("app", laptop.app.as_ref().map(App::base_url).unwrap_or(url)),
            ("cognito", laptop.cognito.base_url()),
            ("bridge", &bridge),
            ("service", &service),
        ] {
            values.insert(name.to_owned(), address.into());
        }
        if let Some(members) = &members {
            values.insert("members".to_owned(), members.as_str().into());
        }
        writeln!(out, "{}", Value::Object(values))?;
        return out.flush();
    }
    let next = if opens {
        language.say(
            "ブラウザーが開きます。開かないときは、Chrome、Edge、Firefox のどれかで開いてください（Safari では動きません）：",
            "Your browser opens. If it doesn't, open this address in Chrome, Edge or Firefox (not \
            in Safari):",
        )
    } else {
        language.say(
            "Chrome、Edge、Firefox のどれかで、次のアドレスを開いてください（Safari では動きません）：",
            "Open this address in Chrome, Edge or Firefox (not in Safari):",
        )
    };
    let of_members = members.as_deref();
    let of_members = of_members.map(|address| (party(language, Party::Verification), address));
    let labels = [
        (
            language.say("Cognito のシミュレーター", "stand-in for Cognito"),
            laptop.cognito.base_url(),
        ),
        (party(language, Party::Bridge), &bridge),
        (
            language.say("サービスのシミュレーター", "stand-in for the service"),
            &service,
        ),
    ];
    writeln!(out, "{next}\n\n    {HEADING}{url}{HEADING:#}\n")?;
    let app = laptop.app.as_ref().map(App::base_url).unwrap_or_default();
    let page = format!("{app}/members");
    let page = members.is_some().then_some((
        language.say("会員のページ", "the members' page"),
        page.as_str(),
    ));
    let others = page.into_iter().chain(labels).chain(of_members);
    let column = others.clone().map(|(_, address)| address.len()).max();
    for (label, address) in others {
        let address = padded(address, column.unwrap_or_default());
        writeln!(out, "    {address}  {QUIET}{label}{QUIET:#}")?;
    }
    let stop = language.say(
        "終えるときは Ctrl-C を押します。ログインが終わるたびに、ここに表示します：",
        "Press Ctrl-C to stop. How each login ends is told here:",
    );
    writeln!(out, "\n{stop}\n")?;
    if let Some(own_app) = own_app {
        own_app.pasted.write(&mut out, language)?;
    }
    out.flush()
}

/// Prints a line: on standard output or, with `--json`, on standard error.
fn say(demo: &Demo, line: &str) -> io::Result<()> {
    if demo.json {
        writeln!(anstream::stderr(), "digital-auth: {line}")
    } else {
        writeln!(anstream::stdout(), "{}", marked(line))
    }
}

/// Prints a line, and ignores an error.
fn say_to_people(demo: &Demo, line: &str) {
    let _ = say(demo, line);
}

fn line_of(language: Language, ended: &Ended) -> String {
    match ended {
        Ended::SignedIn => {
            let told = language.say("ログインしました", "signed in");
            format!("✓ {told}")
        }
        Ended::Failed { class, .. } if class.as_deref().is_some_and(is_given_up) => {
            let told = language.say("利用者がキャンセルしました", "the user cancelled");
            format!("– {told}")
        }
        Ended::Failed {
            error,
            class,
            support_id,
        } => {
            let told = language.say("ログインできませんでした", "not signed in");
            failed(told, &[class, support_id, error])
        }
        Ended::Member => {
            let told = language.say(
                "本人確認しました（または取り消しました）",
                "verified, or taken back",
            );
            format!("✓ {told}")
        }
        Ended::NotVerified { class, .. } if class.as_deref().is_some_and(is_given_up) => {
            let told = language.say("本人確認をやめました", "the member cancelled");
            format!("– {told}")
        }
        Ended::NotVerified { class, support_id } => {
            let told = language.say("本人確認できませんでした", "not verified");
            failed(told, &[class, support_id])
        }
    }
}

fn failed(told: &str, words: &[&Option<String>]) -> String {
    let words = words.iter().copied().flatten();
    let words: Vec<_> = words.map(|word| printable(word)).collect();
    format!("✗ {told}  {}", words.join("  "))
}

/// The line for a login that ended on a page of Cognito, the bridge or the service: it never comes
/// back to the app.
fn line_of_page(language: Language, hop: &Hop) -> String {
    let step = hop.step.as_ref();
    let class = step.and_then(|step| step.checks.iter().rfind(|check| !check.passed));
    let class = class.map_or("", |check| check.what.as_str());
    let whose = party(language, hop.to);
    let told = match language {
        Language::Japanese => format!("{whose} のページで終わりました"),
        Language::English => format!("ended on a page of {whose}"),
    };
    format!("✗ {told}  {}", printable(class))
        .trim_end()
        .to_owned()
}

/// Finds in the journal the pages of Cognito, the bridge and the service that end a login.
struct Pages {
    journal: Journal,
    /// Every hop that ended by this moment has been looked at.
    seen: Moment,
    /// No hop that began earlier is still under way.
    from: Moment,
    found: Vec<Hop>,
}

impl Pages {
    fn new(journal: Journal) -> Self {
        Self {
            journal,
            seen: Moment::default(),
            from: Moment::default(),
            found: Vec::new(),
        }
    }

    /// Waits for the next page. The future may be dropped while it waits: nothing is lost.
    async fn next(&mut self) -> Hop {
        loop {
            if let Some(hop) = self.found.pop() {
                return hop;
            }
            self.journal.grown_since(self.seen).await;
            let now = self.journal.now();
            let hops = self.journal.hops(self.from, Some(now));
            let unseen = |hop: &&Hop| {
                hop.ended
                    .is_some_and(|ended| ended > self.seen && ended <= now)
            };
            self.found = hops
                .iter()
                .filter(unseen)
                .filter(ends_there)
                .cloned()
                .collect();
            self.found.reverse();
            let under_way = hops
                .iter()
                .find(|hop| hop.ended.is_none_or(|ended| ended > now));
            self.from = under_way.map_or(now, |hop| hop.begun);
            self.seen = now;
        }
    }
}

fn ends_there(hop: &&Hop) -> bool {
    let status = hop.step.as_ref().and_then(|step| step.status);
    hop.from == Party::Browser && hop.to != Party::App && status.is_some_and(|status| status >= 400)
}

#[cfg(test)]
mod tests {
    use loopback::journal::{Check, Step};

    use super::*;

    #[test]
    fn the_browser_opens_only_for_somebody_at_a_screen_who_did_not_say_no() {
        let opens = |demo: &Demo, is_terminal, set: &[&str]| {
            opens_browser(demo, is_terminal, |name| set.contains(&name))
        };
        let demo = Demo::default();
        assert!(opens(&demo, true, &["DISPLAY"]));
        assert!(opens(&demo, true, &["WAYLAND_DISPLAY"]));
        assert!(!opens(&demo, false, &["DISPLAY"]));
        for elsewhere in ELSEWHERE {
            assert!(!opens(&demo, true, &["DISPLAY", elsewhere]), "{elsewhere}");
        }
        if cfg!(target_os = "linux") {
            assert!(!opens(&demo, true, &[]));
        }
        for demo in [
            Demo {
                no_open: true,
                ..Demo::default()
            },
            Demo {
                json: true,
                ..Demo::default()
            },
        ] {
            assert!(!opens(&demo, true, &["DISPLAY"]));
        }
    }

    #[test]
    fn what_came_from_outside_cannot_steer_the_terminal() {
        let failed = |class: &str| Ended::Failed {
            error: Some("\u{1b}[2Jaccess_denied\n".to_owned()),
            class: Some(class.to_owned()),
            support_id: Some("7QK4-M2TX".to_owned()),
        };
        assert_eq!(
            line_of(Language::English, &failed("issuer_mismatch")),
            "✗ not signed in  issuer_mismatch  7QK4-M2TX  \u{fffd}[2Jaccess_denied\u{fffd}"
        );
        assert_eq!(line_of(Language::English, &Ended::SignedIn), "✓ signed in");
    }

    #[test]
    fn a_cancel_is_no_failure() {
        let cancelled = || Some("cancelled".to_owned());
        let login = Ended::Failed {
            error: Some("access_denied".to_owned()),
            class: cancelled(),
            support_id: None,
        };
        let member = Ended::NotVerified {
            class: cancelled(),
            support_id: None,
        };
        for ended in [login, member] {
            let line = line_of(Language::English, &ended);
            assert!(
                line.starts_with("– ") && line.ends_with(" cancelled"),
                "{line}"
            );
        }
    }

    #[tokio::test]
    async fn a_page_that_ends_a_login_is_told_once_and_with_its_class() {
        let journal = Journal::default();
        let step = |to, status, class: Option<&str>| Step {
            from: Party::Browser,
            to,
            request: "GET /callback".to_owned(),
            parameters: Vec::new(),
            checks: class
                .map(|class| Check::new(class, "docs/failures.md", false))
                .into_iter()
                .collect(),
            status: Some(status),
            answer: Vec::new(),
        };
        let mut pages = Pages::new(journal.clone());
        // A hop that begins before the others, and ends after they have been printed.
        let slow = journal.begin(Party::Browser, Party::Bridge, "GET /callback");
        journal.record(step(Party::Cognito, 302, None));
        journal.record(step(Party::App, 400, None));
        journal.record(step(Party::Cognito, 400, Some("state is known")));
        assert_eq!(
            line_of_page(Language::English, &pages.next().await),
            "✗ ended on a page of Cognito  state is known"
        );
        journal.end(slow, step(Party::Bridge, 400, Some("no_pending_login")));
        assert_eq!(
            line_of_page(Language::Japanese, &pages.next().await),
            "✗ 関数 federation のページで終わりました  no_pending_login"
        );
        let nothing =
            tokio::time::timeout(std::time::Duration::from_millis(20), pages.next()).await;
        assert!(nothing.is_err());
    }
}

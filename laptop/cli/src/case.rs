//! `demo --headless --case`: verifies a member instead of a login, and prints what the member's
//! tokens said before and after; with `--verbose` also the way there, step by step. With `--json`
//! it prints one JSON object.

use std::io::{self, Write};

use cli::exit::{self, Status};
use demo::cases::{Case, Ended};
use demo::laptop::Laptop;
use loopback::journal::{Hop, Moment, Step};
use loopback::pages::Language;
use loopback::user_agent::UserAgent;
use serde_json::json;
use service_simulator::fault::Fault;

use crate::arguments::{self, Demo};
use crate::demo_error::DemoError;
use crate::result;
use crate::story;
use crate::terminal::{Interruption, Progress};

/// Plays a case and gives the exit status: 0 where it ends as it should.
///
/// # Errors
///
/// [`DemoError`].
pub(crate) async fn play(
    demo: &Demo,
    language: Language,
    (case, persona, fault): (arguments::Case, &str, Option<Fault>),
    laptop: Laptop,
    (progress, mut interruption): (Progress, Interruption),
) -> Result<Status, DemoError> {
    let case = match case {
        arguments::Case::Member => Case::Member,
        arguments::Case::SecondAccount => Case::SecondAccount,
    };
    progress.say(language.say("本人確認しています", "Verifying"));
    let browser = UserAgent::new(language.say("ja", "en"))?;
    let ended = tokio::select! {
        ended = case.play(&laptop, &browser, persona, fault) => ended.map_err(DemoError::from),
        () = interruption.received() => Err(DemoError::Interrupted),
    };
    let hops = laptop.journal.hops(Moment::default(), None);
    laptop.stop().await;
    progress.finish();
    let ended = ended?;
    match tell(demo, language, (case, persona), &hops, &ended) {
        // The reader may stop reading: the exit status is still that of the case.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(status(&ended)),
    }
}

fn tell(
    demo: &Demo,
    language: Language,
    (case, persona): (Case, &str),
    hops: &[Hop],
    ended: &Ended,
) -> io::Result<()> {
    if demo.json {
        let mut out = io::stdout().lock();
        let steps: Vec<&Step> = hops.iter().filter_map(|hop| hop.step.as_ref()).collect();
        let object = json!({
            "case": case.name(),
            "persona": persona,
            "member": ended.member,
            "first_member": ended.first_member,
            "steps": steps,
            "before": ended.before,
            "after": ended.after,
            "refused": ended.refused,
        });
        serde_json::to_writer_pretty(&mut out, &object)?;
        return writeln!(out);
    }
    let mut out = anstream::stdout().lock();
    if demo.telling.verbose {
        story::write_hops(&mut out, language, hops)?;
        writeln!(out)?;
    }
    write_end(&mut out, language, ended)?;
    for (when, claims) in [
        (language.say("本人確認の前", "before"), &ended.before),
        (language.say("本人確認の後", "after"), &ended.after),
    ] {
        let title = match language {
            Language::Japanese => format!("{}（{when}）", result::id_token(language)),
            Language::English => format!("{} {when}", result::id_token(language)),
        };
        result::write_claims(&mut out, &title, &claims.id_token, demo.telling)?;
    }
    result::write_hint(&mut out, language, demo.telling)
}

/// Prints whether the member is verified, and why not.
fn write_end(out: &mut impl Write, language: Language, ended: &Ended) -> io::Result<()> {
    match &ended.refused {
        None => {
            let title = language.say("本人確認できました", "Verified");
            result::write_success(out, title, ended.member)?;
        }
        Some(failed) if ended.as_it_should => {
            let title = language.say("正しく拒否されました", "Refused, as it should be");
            let class = failed.class.as_deref().unwrap_or_default();
            result::write_success(out, title, &format!("{}  {class}", ended.member))?;
            result::write_reasons(out, language, failed, &[])?;
        }
        Some(failed) => {
            let title = language.say("本人確認できませんでした", "Not verified");
            let title = format!("{title}  {}", ended.member);
            result::write_failure(out, language, (&title, failed), &[])?;
        }
    }
    if let Some(first) = ended.first_member {
        let told = language.say("先に本人確認した会員：", "verified before: ");
        writeln!(out, "  {told}{first}")?;
    }
    Ok(())
}

fn status(ended: &Ended) -> Status {
    if ended.as_it_should {
        return exit::SUCCESS;
    }
    let refused = ended.refused.as_ref();
    let class = refused.and_then(|refused| refused.class.as_deref());
    class.and_then(exit::of_class).unwrap_or(exit::ELSEWHERE)
}

//! `demo --headless --case` for members: verifies a member instead of a login, prints it step by
//! step, and what the member's tokens said before and after. With `--json` it prints one JSON
//! object.

use std::io::{self, Write as _};

use cli::exit::{self, Status};
use demo::cases::{Case, Ended};
use demo::laptop::Laptop;
use loopback::journal::{Hop, Moment, Step};
use loopback::pages::Language;
use loopback::user_agent::UserAgent;
use serde_json::{Map, Value, json};
use service_simulator::fault::Fault;

use crate::arguments::Demo;
use crate::demo_error::DemoError;
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
    (case, persona, fault): (Case, &str, Option<Fault>),
    laptop: Laptop,
    (progress, mut interruption): (Progress, Interruption),
) -> Result<Status, DemoError> {
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
    story::write_hops(&mut out, language, hops)?;
    writeln!(out)?;
    for (when, claims) in [
        (
            language.say("前の IDトークン：", "ID token before:"),
            &ended.before.id_token,
        ),
        (
            language.say("後の IDトークン：", "ID token after:"),
            &ended.after.id_token,
        ),
    ] {
        let shown = [
            "name",
            "identity_verified",
            "verified_at",
            "verification_acr",
        ];
        let shown: Map<String, Value> = claims
            .iter()
            .filter(|(name, _)| shown.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        writeln!(out, "{when} {}", Value::Object(shown))?;
    }
    if let Some(first) = ended.first_member {
        let told = language.say("先に本人確認した会員", "the member who verified first");
        writeln!(out, "{told}: {first}")?;
    }
    match &ended.refused {
        Some(failed) => {
            let title = language.say("本人確認できませんでした", "Not verified");
            let title = format!("{title}: {}", ended.member);
            story::write_failure(&mut out, language, (&title, failed), &[])?;
        }
        None => {
            let told = language.say("本人確認できました", "Verified");
            writeln!(out, "{told}: {}", ended.member)?;
        }
    }
    if ended.as_it_should {
        let told = language.say(
            "この例の正しい終わり方です。",
            "This is how the case should end.",
        );
        writeln!(out, "{told}")?;
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

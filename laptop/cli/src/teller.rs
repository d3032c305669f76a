//! Tells requests as they come: all of them, or only those that are refused.

use std::io::{self, Write};

use loopback::journal::{Hop, Journal, Moment};
use loopback::pages::Language;

use crate::arguments::Telling;
use crate::story::{self, Names, Registered};

/// What will be told.
pub(crate) fn announced(language: Language, telling: Telling) -> &'static str {
    if telling.verbose {
        language.say(
            "届いたリクエスト（機密の値は伏せます）：",
            "Requests as they arrive (secrets are masked):",
        )
    } else {
        language.say(
            "拒否したリクエストがあれば、表示します（--verbose ならすべて）：",
            "What is refused is told below (with --verbose, all requests):",
        )
    }
}

/// Tells each hop of the journal once.
pub(crate) struct Teller {
    journal: Journal,
    /// Which hops are told.
    tells: fn(&Hop) -> bool,
    names: Names,
    /// The registered values that the journal doesn't have.
    registered: Registered,
    telling: Telling,
    /// The journal was read up to this moment.
    looked: Moment,
    /// When the last hop began that was told or passed over.
    begun: Moment,
    told: usize,
}

impl Teller {
    /// Tells every hop. The relying party isn't the bridge, but the user's own.
    pub(crate) fn of_a_relying_party(
        journal: Journal,
        registered: Registered,
        telling: Telling,
    ) -> Self {
        Self {
            names: story::of_a_relying_party,
            registered,
            ..Self::of(journal, |_| true, telling)
        }
    }

    /// Tells these hops.
    pub(crate) fn of(journal: Journal, tells: fn(&Hop) -> bool, telling: Telling) -> Self {
        Self {
            journal,
            tells,
            names: story::party,
            registered: Registered::new(),
            telling,
            looked: Moment::default(),
            begun: Moment::default(),
            told: 0,
        }
    }

    /// Waits until there may be something to tell. The future may be dropped while it waits.
    pub(crate) async fn wait(&self) {
        self.journal.grown_since(self.looked).await;
    }

    /// Tells what came since the last call: on standard output or, beside a JSON object there, on
    /// standard error. The reader may stop reading: the stand-ins go on.
    pub(crate) fn tell_beside(&mut self, json: bool, language: Language) {
        let _ = if json {
            self.tell(&mut anstream::stderr().lock(), language)
        } else {
            self.tell(&mut anstream::stdout().lock(), language)
        };
    }

    fn tell(&mut self, out: &mut impl Write, language: Language) -> io::Result<()> {
        self.looked = self.journal.now();
        let from = Moment::from(self.begun.number().saturating_add(1));
        for hop in self.journal.hops(from, None) {
            // A hop that is under way is told when it has ended, and later hops after it.
            let Some(step) = &hop.step else {
                break;
            };
            self.begun = hop.begun;
            if !(self.tells)(&hop) {
                continue;
            }
            let spoken = (language, self.names);
            if self.telling.verbose {
                self.told += 1;
                story::write_served(out, spoken, (&hop, self.told), step)?;
            } else {
                story::write_refusal(out, spoken, step, &self.registered)?;
            }
        }
        out.flush()
    }
}

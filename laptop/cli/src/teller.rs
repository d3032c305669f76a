//! Prints requests as they come.

use std::io::{self, Write};

use loopback::journal::{Hop, Journal, Moment};
use loopback::pages::Language;

use crate::story::{self, Names};

/// Prints each hop of the journal once.
pub(crate) struct Teller {
    journal: Journal,
    /// Which hops are printed.
    tells: fn(&Hop) -> bool,
    names: Names,
    /// The journal was read up to this moment.
    looked: Moment,
    /// When the last printed hop began.
    begun: Moment,
    told: usize,
}

impl Teller {
    /// Prints every hop. The relying party isn't the bridge, but the user's own.
    pub(crate) fn of_a_relying_party(journal: Journal) -> Self {
        Self::with(journal, |_| true, story::of_a_relying_party)
    }

    /// Prints these hops.
    pub(crate) fn of(journal: Journal, tells: fn(&Hop) -> bool) -> Self {
        Self::with(journal, tells, story::party)
    }

    fn with(journal: Journal, tells: fn(&Hop) -> bool, names: Names) -> Self {
        Self {
            journal,
            tells,
            names,
            looked: Moment::default(),
            begun: Moment::default(),
            told: 0,
        }
    }

    /// Waits until there may be something to print.
    pub(crate) async fn wait(&self) {
        self.journal.grown_since(self.looked).await;
    }

    /// Prints what came since the last call: on standard output or, beside a JSON object there, on
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
            // A hop that is under way is printed when it has ended, and later hops after it.
            let Some(step) = &hop.step else {
                break;
            };
            self.begun = hop.begun;
            if (self.tells)(&hop) {
                self.told += 1;
                story::write_served(out, (language, self.names), (&hop, self.told), step)?;
            }
        }
        out.flush()
    }
}

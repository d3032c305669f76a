//! A name that nobody has: what it should have named, the nearest name that there is, and how to
//! list them all.

use std::fmt;

use chrono::{DateTime, Utc};
use demo::scopes::Scopes;
use loopback::pages::Language;
use service_simulator::fault::Fault;
use service_simulator::persona::{Persona, personas};

/// As much has a name to resemble another one: clap's own limit for its suggestions.
const SIMILAR: f64 = 0.7;

/// The most test persons of a file that are listed.
const MOST: usize = 16;

/// A name that nobody has.
#[derive(Clone, Debug)]
pub(crate) struct Unknown {
    what: What,
    name: String,
    nearest: Option<String>,
    /// All of them, if no command lists them.
    all: Option<String>,
}

impl Unknown {
    /// The test person with this id.
    ///
    /// # Errors
    ///
    /// [`Unknown`], if there is none.
    pub(crate) fn persona(id: &str, now: DateTime<Utc>) -> Result<Persona, Self> {
        let mut people = personas(now);
        match people.iter().position(|one| one.id == id) {
            Some(position) => Ok(people.swap_remove(position)),
            None => Err(Self::among(&people, id)),
        }
    }

    /// A test person who isn't one of these.
    pub(crate) fn among(people: &[Persona], id: &str) -> Self {
        Self {
            what: What::Persona,
            name: id.to_owned(),
            nearest: nearest(id, people.iter().map(|one| one.id.as_str())),
            all: None,
        }
    }

    /// A test person who isn't one of a file's.
    pub(crate) fn persona_of_a_file(people: &[Persona], id: &str) -> Self {
        let ids = people.iter().take(MOST).map(|one| one.id.as_str());
        let mut all = ids.collect::<Vec<_>>().join(" ");
        if people.len() > MOST {
            all.push_str(" …");
        }
        Self {
            all: Some(all),
            ..Self::among(people, id)
        }
    }

    /// The fault with this id.
    ///
    /// # Errors
    ///
    /// [`Unknown`], if there is none.
    pub(crate) fn fault(id: &str) -> Result<Fault, Self> {
        id.parse().map_err(|_| Self {
            what: What::Fault,
            name: id.to_owned(),
            nearest: nearest(id, Fault::ALL.iter().map(|fault| fault.id())),
            all: None,
        })
    }

    /// A scope that isn't one of these.
    pub(crate) fn scope(scope: &str, known: &[String]) -> Self {
        Self {
            what: What::Scope,
            name: scope.to_owned(),
            nearest: nearest(scope, known.iter().map(String::as_str)),
            all: Some(known.join(" ")),
        }
    }

    /// A scope that the demo's app can't ask for.
    pub(crate) fn scope_of_ours(scope: &str) -> Self {
        Self::scope(scope, &Scopes::all().names().collect::<Vec<_>>())
    }

    /// The sentence in Japanese.
    pub(crate) fn in_japanese(&self) -> String {
        let what = match self.what {
            What::Persona => "というテスト利用者はいません",
            What::Fault => "という誤りはありません",
            What::Scope => "というスコープはありません",
        };
        format!("{:?} {what}", self.name)
    }

    /// What helps.
    pub(crate) fn hints(&self, language: Language) -> Vec<String> {
        let meant = self
            .nearest
            .as_deref()
            .map(|name| did_you_mean(name, language));
        let list = match (&self.all, self.what) {
            (Some(all), _) => format!("{}{all}", language.say("使えるもの：", "there are: ")),
            (None, What::Persona) => lists("personas", language),
            (None, _) => lists("faults", language),
        };
        meant.into_iter().chain([list]).collect()
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.what {
            What::Persona => "persona",
            What::Fault => "fault",
            What::Scope => "scope",
        };
        write!(formatter, "no {what} is called {:?}", self.name)
    }
}

impl std::error::Error for Unknown {}

/// What a name should have named.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum What {
    Persona,
    Fault,
    Scope,
}

/// The name that was probably meant: the shortest that has this one in it, so that a part that is
/// remembered finds the whole, else the one that resembles it most, if any does.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    // What is missing resembles nothing.
    if name.is_empty() {
        return None;
    }
    let name = name.to_lowercase();
    let known: Vec<&str> = known.collect();
    let has_it = |other: &&&str| name.chars().count() >= 3 && other.contains(&name);
    let whole = known.iter().filter(has_it).min_by_key(|other| other.len());
    let likeness = |other: &str| strsim::jaro(&name, other);
    let similar = || {
        let alike = known.iter().filter(|other| likeness(other) > SIMILAR);
        alike.max_by(|one, other| likeness(one).total_cmp(&likeness(other)))
    };
    whole.or_else(similar).map(|name| (*name).to_owned())
}

/// Asks whether this was meant.
pub(crate) fn did_you_mean(name: &str, language: Language) -> String {
    match language {
        Language::Japanese => format!("{name} のことですか"),
        Language::English => format!("did you mean {name}?"),
    }
}

fn lists(command: &str, language: Language) -> String {
    match language {
        Language::Japanese => format!("一覧は digital-auth {command}"),
        Language::English => format!("digital-auth {command} lists them"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_found_and_what_resembles_nothing_isnt() {
        let fault = |name: &str| Unknown::fault(name).unwrap_err().nearest;
        assert_eq!(fault("tokn-500").as_deref(), Some("token-500"));
        assert_eq!(
            fault("id_token_wrong_nonce").as_deref(),
            Some("id-token-wrong-nonce")
        );
        assert_eq!(fault("Cancel").as_deref(), Some("cancel"));
        assert_eq!(fault("hs256").as_deref(), Some("id-token-hs256"));
        for far in ["", "x", "zzzzzz", "quux"] {
            assert_eq!(fault(far), None, "{far}");
        }
        let scope = Unknown::scope_of_ours("digital-auth/adress");
        assert_eq!(scope.nearest.as_deref(), Some("digital-auth/address"));
    }

    #[test]
    fn the_hints_say_what_was_meant_and_how_to_list_them() {
        let fault = Unknown::fault("tokn-500").unwrap_err();
        assert_eq!(
            fault.hints(Language::English),
            ["did you mean token-500?", "digital-auth faults lists them"]
        );
        assert_eq!(
            fault.hints(Language::Japanese),
            ["token-500 のことですか", "一覧は digital-auth faults"]
        );
        let hints = Unknown::scope_of_ours("x").hints(Language::English);
        assert_eq!(hints, [format!("there are: {}", Scopes::all())]);
    }
}

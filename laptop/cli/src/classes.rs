//! The failure classes of all functions by name: the bridge has a list of classes, and the triggers
//! have another one.

use demo::app::Explanation;
use function_kit::failure::{Bilingual, Class, Kind};
use loopback::pages::Language;
use record_trigger::Class as TriggerClass;
use relying_party::Class as BridgeClass;

/// The declaration of a failure class.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Declared {
    /// The kind of failure, which says what to do next.
    pub kind: Kind,
    /// When a failure is of this class.
    pub meaning: Bilingual,
    /// What an operator does about it.
    pub advice: Bilingual,
    /// Whether a login can end with it.
    pub ends: bool,
}

/// The class with this name. If both lists have it, the bridge's declaration is returned: its words
/// are meant for both.
#[must_use]
pub fn named(name: &str) -> Option<Declared> {
    find::<BridgeClass>(name)
        .map(|class| declared(class, true))
        .or_else(|| find::<TriggerClass>(name).map(|class| declared(class, class.ends())))
}

/// Meaning and remedy of a failure class, the bridge's or the triggers', as plain text.
#[must_use]
pub fn explain(class: &str, language: Language) -> Option<Explanation> {
    let plain = |text: Bilingual| language.say(text.ja, text.en).replace('`', "");
    let class = named(class)?;
    Some(Explanation {
        meaning: plain(class.meaning),
        remedy: plain(class.advice),
    })
}

fn find<C: Class>(name: &str) -> Option<C> {
    C::ALL.iter().copied().find(|class| class.name() == name)
}

fn declared(class: impl Class, ends: bool) -> Declared {
    Declared {
        kind: class.kind(),
        meaning: class.meaning(),
        advice: class.advice(),
        ends,
    }
}

#[cfg(test)]
mod tests {
    use service_simulator::fault::Fault;

    use super::*;

    #[test]
    fn a_class_of_both_lists_is_of_one_kind() {
        let mut shared = 0;
        for of_a_trigger in TriggerClass::ALL {
            if let Some(of_the_bridge) = find::<BridgeClass>(of_a_trigger.name()) {
                assert_eq!(
                    of_the_bridge.kind(),
                    of_a_trigger.kind(),
                    "{of_a_trigger:?}"
                );
                shared += 1;
            }
        }
        assert!(shared > 0);
    }

    #[test]
    fn every_fault_leads_to_a_class_that_ends_a_login() {
        for class in Fault::ALL.iter().filter_map(|fault| fault.class()) {
            assert!(named(class).is_some_and(|class| class.ends), "{class}");
        }
        assert_eq!(named("no_such_class"), None);
        assert_eq!(named(""), None);
    }

    #[test]
    fn every_class_has_words_in_both_languages() {
        let of_the_bridge = BridgeClass::ALL.iter().map(|class| class.name());
        let of_the_triggers = TriggerClass::ALL.iter().map(|class| class.name());
        for class in of_the_bridge.chain(of_the_triggers) {
            let ja = explain(class, Language::Japanese).unwrap();
            let en = explain(class, Language::English).unwrap();
            for (words, is_english) in [(&ja, false), (&en, true)] {
                for text in [&words.meaning, &words.remedy] {
                    let has_kana = text.chars().any(|c| ('\u{3041}'..='\u{30ff}').contains(&c));
                    assert_eq!(has_kana, !is_english, "{class}: {text}");
                    assert!(text.ends_with(['。', '.']), "{class}: {text}");
                    assert!(!text.contains(['`', '|', '[']), "{class}: {text}");
                }
            }
        }
        assert_eq!(explain("no_such_class", Language::English), None);
        assert_eq!(explain("", Language::Japanese), None);
    }
}

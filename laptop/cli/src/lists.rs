//! `personas` and `faults`: the lists of the test persons and of the faults. In a terminal they are
//! made for reading; elsewhere each person and each fault has one line.

use std::io::{self, Write};

use chrono::{DateTime, Utc};
use cli::exit;
use loopback::pages::Language;
use serde_json::{Value, json};
use service_simulator::fault::{Fault, FaultPlace};
use service_simulator::persona::{Persona, personas};

use crate::arguments::{self, Faults};
use crate::complaint::tell;
use crate::layout::{lines, padded, width};
use crate::style::{HEADING, NAME, QUIET};
use crate::unknown::{did_you_mean, nearest};

/// Lists the test persons: the first is the default.
///
/// # Errors
///
/// If the output can't be written.
pub(crate) fn write_personas(
    out: &mut impl Write,
    language: Language,
    asked: &arguments::Personas,
    now: DateTime<Utc>,
) -> io::Result<()> {
    const COLUMN: usize = 24;
    let all = personas(now);
    let text = asked.text.as_deref();
    let is_asked_for = |one: &&Persona| has(text, &[&one.id, &one.label_ja, &one.label_en]);
    let found: Vec<&Persona> = all.iter().filter(is_asked_for).collect();
    if asked.json {
        return write_json(out, &serde_json::to_value(&found)?);
    }
    for persona in &found {
        let label = language.say(&persona.label_ja, &persona.label_en);
        let label = lines(label, width().saturating_sub(COLUMN + 1));
        let label = label.join(&format!("\n{}", " ".repeat(COLUMN + 1)));
        let id = padded(&persona.id, COLUMN);
        writeln!(out, "{NAME}{id}{NAME:#} {label}")?;
    }
    if found.is_empty() {
        let ids = all.iter().map(|one| one.id.as_str());
        let meant = nearest(text.unwrap_or_default(), ids);
        let nobody = language.say("該当するテスト利用者はいません", "no person is like that");
        tell_of_nothing((nobody, "digital-auth personas"), meant, language);
    }
    Ok(())
}

/// Lists the faults that were asked for, with the class of failure that each leads to: in a
/// terminal of so many columns by the groups that they are in.
///
/// # Errors
///
/// If the output can't be written.
pub(crate) fn write_faults(
    out: &mut impl Write,
    language: Language,
    asked: &Faults,
    columns: Option<usize>,
) -> io::Result<()> {
    let found = Fault::ALL.iter().copied();
    let found: Vec<Fault> = found.filter(|fault| is_asked_for(*fault, asked)).collect();
    if asked.json {
        let found: Vec<_> = found.iter().map(|fault| json_of(*fault)).collect();
        return write_json(out, &found.into());
    }
    if found.is_empty() {
        let text = asked.text.as_deref().unwrap_or_default();
        let ids = Fault::ALL.iter().map(|fault| fault.id());
        // A part of a name finds it, too.
        let parts = ids.clone().flat_map(|id| id.split('-'));
        let parts = parts.filter(|part| part.len() > 2);
        let meant = nearest(text, ids.chain(parts)).filter(|_| !has_any(text));
        let none = language.say("該当する誤りはありません", "no fault is like that");
        tell_of_nothing((none, "digital-auth faults"), meant, language);
    } else if let Some(columns) = columns {
        write_groups(out, language, &found, columns)?;
    } else {
        for fault in found {
            let class = class_of(fault, language);
            let (id, class) = (padded(fault.id(), 36), padded(class, 32));
            writeln!(out, "{id} {class} {}", description(fault, language))?;
        }
    }
    Ok(())
}

/// Whether a fault has this text, whatever else was asked for.
fn has_any(text: &str) -> bool {
    let mut all = Fault::ALL.iter();
    all.any(|fault| has(Some(text), &words(*fault)))
}

/// What a text is looked for in.
const fn words(fault: Fault) -> [&'static str; 3] {
    [fault.id(), fault.description_ja(), fault.description_en()]
}

/// A few lines for each fault, below its group.
fn write_groups(
    out: &mut impl Write,
    language: Language,
    found: &[Fault],
    columns: usize,
) -> io::Result<()> {
    const INDENT: &str = "      ";
    let mut is_first = true;
    for place in FaultPlace::ALL {
        let there: Vec<Fault> = found
            .iter()
            .copied()
            .filter(|fault| fault.place() == *place)
            .collect();
        if there.is_empty() {
            continue;
        }
        if !std::mem::replace(&mut is_first, false) {
            writeln!(out)?;
        }
        let (ja, en) = place.words();
        let (title, id) = (language.say(ja, en), place.id());
        writeln!(
            out,
            "{HEADING}{title}{HEADING:#}  {QUIET}--group {id}{QUIET:#}"
        )?;
        let ids = there.iter().map(|fault| fault.id().len());
        let column = ids.max().unwrap_or_default();
        for fault in there {
            let class = class_of(fault, language);
            let id = padded(fault.id(), column);
            writeln!(out, "  {NAME}{id}{NAME:#}  {QUIET}{class}{QUIET:#}")?;
            let text = description(fault, language);
            for line in lines(text, columns.saturating_sub(INDENT.len())) {
                writeln!(out, "{INDENT}{line}")?;
            }
        }
    }
    Ok(())
}

/// Says that nothing was found, and what helps. It isn't a failure: an empty list is a list.
fn tell_of_nothing((nothing, list): (&str, &str), meant: Option<String>, language: Language) {
    let all = match language {
        Language::Japanese => format!("すべての一覧は {list}"),
        Language::English => format!("{list} lists all"),
    };
    let meant = meant.map(|name| did_you_mean(&name, language));
    let hints: Vec<String> = meant.into_iter().chain([all]).collect();
    tell(nothing, &hints, language);
}

fn is_asked_for(fault: Fault, asked: &Faults) -> bool {
    let Faults {
        text,
        group,
        class,
        exit,
        json: _,
    } = asked;
    has(text.as_deref(), &words(fault))
        && group.is_none_or(|group| fault.place() == group)
        && class
            .as_deref()
            .is_none_or(|class| fault.class() == Some(class))
        && exit.is_none_or(|code| exit::of_fault(fault).code == code)
}

/// Whether one of the words has this text, in whatever case it is written.
fn has(text: Option<&str>, words: &[&str]) -> bool {
    let Some(text) = text.map(str::to_lowercase) else {
        return true;
    };
    words.iter().any(|word| word.to_lowercase().contains(&text))
}

fn class_of(fault: Fault, language: Language) -> &'static str {
    let succeeds = language.say("成功する", "succeeds");
    fault.class().unwrap_or(succeeds)
}

fn description(fault: Fault, language: Language) -> &'static str {
    language.say(fault.description_ja(), fault.description_en())
}

fn json_of(fault: Fault) -> Value {
    json!({
        "id": fault.id(),
        "group": fault.place().id(),
        "description_ja": fault.description_ja(),
        "description_en": fault.description_en(),
        "class": fault.class(),
        "exit_status": exit::of_fault(fault).code,
    })
}

fn write_json(out: &mut impl Write, value: &Value) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_groups_fit_into_a_terminal_of_80_columns_and_have_every_fault() {
        for language in [Language::Japanese, Language::English] {
            let mut out = Vec::new();
            write_groups(&mut out, language, Fault::ALL, 80).unwrap();
            let told = anstream::adapter::strip_bytes(&out).into_vec();
            let told = String::from_utf8(told).unwrap();
            for line in told.lines() {
                assert!(console::measure_text_width(line) <= 80, "{line}");
            }
            for fault in Fault::ALL {
                let is_its = |line: &str| line.split(' ').nth(2) == Some(fault.id());
                assert_eq!(
                    told.lines().filter(|line| is_its(line)).count(),
                    1,
                    "{fault}"
                );
            }
            let groups = told.lines().filter(|line| line.contains("  --group "));
            let groups: Vec<_> = groups
                .filter_map(|line| line.split(' ').next_back())
                .collect();
            let ids: Vec<_> = FaultPlace::ALL.iter().map(|place| place.id()).collect();
            assert_eq!(groups, ids);
        }
    }
}

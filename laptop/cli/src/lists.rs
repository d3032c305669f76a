//! `personas` and `faults`: the lists of the test persons and of the faults.

use std::io::{self, Write};

use chrono::{DateTime, Utc};
use cli::exit;
use loopback::pages::Language;
use serde_json::{Value, json};
use service_simulator::fault::Fault;
use service_simulator::persona::personas;

/// Lists the test persons: the first is the default.
///
/// # Errors
///
/// If the output can't be written.
pub(crate) fn write_personas(
    out: &mut impl Write,
    language: Language,
    as_json: bool,
    now: DateTime<Utc>,
) -> io::Result<()> {
    let personas = personas(now);
    if as_json {
        return write_json(out, &serde_json::to_value(&personas)?);
    }
    for persona in &personas {
        writeln!(
            out,
            "{:<24} {}",
            persona.id,
            language.say(&persona.label_ja, &persona.label_en)
        )?;
    }
    Ok(())
}

/// Lists the faults, with the class of failure that each leads to.
///
/// # Errors
///
/// If the output can't be written.
pub(crate) fn write_faults(
    out: &mut impl Write,
    language: Language,
    as_json: bool,
) -> io::Result<()> {
    if as_json {
        let faults: Vec<_> = Fault::ALL
            .iter()
            .map(|fault| {
                let status = fault.class().map_or(Some(exit::SUCCESS), exit::of_class);
                json!({
                    "id": fault.id(),
                    "description_ja": fault.description_ja(),
                    "description_en": fault.description_en(),
                    "class": fault.class(),
                    "exit_status": status.map(|status| status.code),
                })
            })
            .collect();
        return write_json(out, &faults.into());
    }
    for fault in Fault::ALL {
        let class = fault
            .class()
            .unwrap_or(language.say("成功する", "succeeds"));
        let description = language.say(fault.description_ja(), fault.description_en());
        // In a terminal, a Japanese character is as wide as two Latin ones.
        let width = 32 - class.chars().filter(|c| !c.is_ascii()).count();
        writeln!(out, "{:<36} {class:<width$} {description}", fault.id())?;
    }
    Ok(())
}

fn write_json(out: &mut impl Write, value: &Value) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}

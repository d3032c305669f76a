//! The list of tasks that `cargo xtask` shows without arguments: what each does, how long it takes
//! and what it needs. [`COSTS`] has the times and the needs. The descriptions are those of the
//! command line.

use clap::Command;

/// What a task costs.
pub(crate) struct Costs {
    /// The task's name on the command line.
    pub(crate) task: &'static str,
    /// How long it takes after `cargo test`, on two processors. `bash .ci/run` measures it.
    pub(crate) time: Time,
    /// What it needs beyond Rust and a C compiler: what has to be there, and the registries that it
    /// installs the rest from ("Debian" is Debian's packages).
    pub(crate) needs: &'static str,
}

/// How long a task takes, as exactly as somebody who waits needs to know.
#[derive(Clone, Copy)]
pub(crate) enum Time {
    /// Less than half a minute.
    Seconds,
    /// This many minutes, rounded up.
    Minutes(u8),
    /// As long as the task's argument says: up to hours.
    AsLongAsAsked,
}

impl Time {
    /// In English.
    pub(crate) fn english(self) -> String {
        match self {
            Self::Seconds => "seconds".to_owned(),
            Self::Minutes(minutes) => format!("{minutes} min"),
            Self::AsLongAsAsked => "as long as asked".to_owned(),
        }
    }

    /// In Japanese.
    #[cfg(test)]
    fn japanese(self) -> String {
        match self {
            Self::Seconds => "数秒".to_owned(),
            Self::Minutes(minutes) => format!("{minutes}分"),
            Self::AsLongAsAsked => "指定による".to_owned(),
        }
    }
}

/// Every task, in the order of the command line.
pub(crate) const COSTS: [Costs; 14] = [
    costs("aws", Time::Minutes(1), "Python 3 with venv, PyPI"),
    costs("browser", Time::Minutes(7), "Debian, npm, crates.io"),
    costs("build", Time::Minutes(6), "rustup, PyPI, Debian"),
    costs("commands", Time::Seconds, "Debian"),
    costs("compiled", Time::Seconds, "nothing"),
    costs("docs", Time::Seconds, "nothing"),
    costs("first", Time::Minutes(13), "5 GB of disk"),
    costs(
        "interop",
        Time::Minutes(15),
        "Maven Central, npm, PyPI, Debian",
    ),
    costs("layout", Time::Seconds, "nothing"),
    costs(
        "municipalities",
        Time::Minutes(2),
        "Python 3 with venv, PyPI",
    ),
    costs("repeat", Time::AsLongAsAsked, "root, Debian"),
    costs(
        "samples",
        Time::Minutes(4),
        "Maven Central, npm, PyPI, Debian",
    ),
    costs(
        "template",
        Time::Minutes(6),
        "Python 3 with venv, PyPI, crates.io",
    ),
    costs("size", Time::Seconds, "what `build x86_64` built"),
];

const fn costs(task: &'static str, time: Time, needs: &'static str) -> Costs {
    Costs { task, time, needs }
}

/// The list, as it is printed.
pub(crate) fn list(command: &Command) -> String {
    let about = command.get_about().map(ToString::to_string);
    let mut list = format!("{}\n", about.unwrap_or_default());
    for costs in &COSTS {
        let about = command
            .find_subcommand(costs.task)
            .and_then(Command::get_about);
        let about = about.map(ToString::to_string).unwrap_or_default();
        let (task, time, needs) = (costs.task, costs.time.english(), costs.needs);
        list += &format!("\ncargo xtask {task}  ({time}; needs {needs})\n    {about}\n");
    }
    list += "\nTimes are those after `cargo test`, on two processors. A task installs what it\n\
        needs from the registries that it names. `cargo xtask help TASK` shows its arguments.\n";
    list
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use markdown::Document;

    use super::*;
    use crate::{Arguments, documented};

    #[test]
    fn every_task_is_in_the_list_with_its_time() {
        let command = Arguments::command();
        let tasks: Vec<_> = command.get_subcommands().map(Command::get_name).collect();
        assert_eq!(tasks, COSTS.map(|costs| costs.task));
        let list = list(&command);
        for costs in &COSTS {
            let (task, time) = (costs.task, costs.time.english());
            assert!(
                list.contains(&format!("cargo xtask {task}  ({time};")),
                "{list}"
            );
        }
        let lines = list.lines().filter(|line| line.starts_with("    "));
        assert!(
            lines.clone().count() == tasks.len(),
            "each says what it does: {list}"
        );
        assert!(list.lines().all(|line| line.len() <= 100), "{list}");
    }

    #[test]
    fn the_document_has_every_task_with_its_time() {
        for (document, heading, say) in [
            (
                "docs/tasks.md",
                "タスク",
                Time::japanese as fn(Time) -> String,
            ),
            ("docs/tasks.en.md", "Tasks", Time::english),
        ] {
            let text = documented::text(document);
            let rows = Document::read(&text).section(heading).table().rows;
            let rows: Vec<_> = rows
                .iter()
                .map(|row| (row[0].plain.clone(), row[2].plain.clone()))
                .collect();
            let expected = COSTS
                .each_ref()
                .map(|costs| (format!("cargo xtask {}", costs.task), say(costs.time)));
            assert_eq!(rows, expected, "{document}");
        }
    }
}

//! The tables of `docs/` that follow from code. Each stands between `<!-- generated: NAME -->` and `<!-- /generated -->`;
//! a test compares it with what the code declares. With `UPDATE_DOCS=1` (`cargo xtask docs`), the test writes it instead.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on fails"
)]

mod classes;
mod exit;
mod generated;

/// A language of the documents.
#[derive(Clone, Copy)]
enum Language {
    Japanese,
    English,
}

impl Language {
    const ALL: [Self; 2] = [Self::Japanese, Self::English];

    /// The file of a document in this language.
    fn file(self, document: &str) -> String {
        match self {
            Self::Japanese => format!("{document}.md"),
            Self::English => format!("{document}.en.md"),
        }
    }

    fn of<T>(self, japanese: T, english: T) -> T {
        match self {
            Self::Japanese => japanese,
            Self::English => english,
        }
    }

    fn say(self, text: function_kit::failure::Bilingual) -> &'static str {
        self.of(text.ja, text.en)
    }
}

/// A row of a table.
fn row<const N: usize>(cells: [&str; N]) -> String {
    for cell in cells {
        assert!(!cell.is_empty() && !cell.contains(['|', '\n']), "{cells:?}");
    }
    format!("| {} |\n", cells.join(" | "))
}

/// The first two rows of a table.
fn head<const N: usize>(columns: [&str; N]) -> String {
    row(columns) + &row(["---"; N])
}

/// As code.
fn code(text: &str) -> String {
    format!("`{text}`")
}

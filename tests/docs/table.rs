//! Tables in the languages of the documents.

/// A language of the documents.
#[derive(Clone, Copy)]
pub(crate) enum Language {
    Japanese,
    English,
}

impl Language {
    pub(crate) const ALL: [Self; 2] = [Self::Japanese, Self::English];

    /// The file of a document in this language.
    pub(crate) fn file(self, document: &str) -> String {
        match self {
            Self::Japanese => format!("{document}.md"),
            Self::English => format!("{document}.en.md"),
        }
    }

    pub(crate) fn of<T>(self, japanese: T, english: T) -> T {
        match self {
            Self::Japanese => japanese,
            Self::English => english,
        }
    }

    pub(crate) fn say(self, text: function_kit::failure::Bilingual) -> &'static str {
        self.of(text.ja, text.en)
    }
}

/// A row of a table.
pub(crate) fn row<const N: usize>(cells: [&str; N]) -> String {
    for cell in cells {
        assert!(!cell.is_empty() && !cell.contains(['|', '\n']), "{cells:?}");
    }
    format!("| {} |\n", cells.join(" | "))
}

/// The first two rows of a table.
pub(crate) fn head<const N: usize>(columns: [&str; N]) -> String {
    row(columns) + &row(["---"; N])
}

/// As code.
pub(crate) fn code(text: &str) -> String {
    format!("`{text}`")
}

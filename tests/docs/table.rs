//! Helpers for writing Markdown tables in the languages of the documents.

use function_kit::failure::Bilingual;
use language::Language;

/// The languages of the documents.
pub(crate) const LANGUAGES: [Language; 2] = [Language::Japanese, Language::English];

/// The file of a document in this language.
pub(crate) fn file(document: &str, language: Language) -> String {
    match language {
        Language::Japanese => format!("{document}.md"),
        Language::English => format!("{document}.en.md"),
    }
}

/// A text that is declared in both languages.
pub(crate) fn say(text: Bilingual, language: Language) -> &'static str {
    language.say(text.ja, text.en)
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

/// The text, marked as code in Markdown.
pub(crate) fn code(text: &str) -> String {
    format!("`{text}`")
}

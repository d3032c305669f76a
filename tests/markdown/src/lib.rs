//! Reads the project's documents as they are rendered (CommonMark, with GitHub's tables), so that
//! tests can compare them with the code. A [`Document`] has sections, tables, blocks of code, words
//! in code, and links.
//! This is a small package of its own, so that `cargo xtask` can use it too.
#![expect(clippy::panic, reason = "a test that can't go on fails")]

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag};

/// A document, or a section of one.
#[derive(Clone, Debug)]
pub struct Document<'a> {
    source: &'a str,
    events: Vec<Placed<'a>>,
}

/// An event of the parser, and its place in the source.
type Placed<'a> = (Event<'a>, Range<usize>);

/// A table. Each row has as many cells as the head.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// The first row, with the names of the columns.
    pub head: Vec<Text>,
    /// All other rows.
    pub rows: Vec<Vec<Text>>,
}

/// The text of a cell or of a heading.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Text {
    /// The whole text without markup. `<br>` becomes a line break.
    pub plain: String,
    /// The parts of the text that are code.
    pub codes: Vec<String>,
}

impl Text {
    /// The code, if the text is nothing but one piece of code.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match &self.codes[..] {
            [code] if *code == self.plain => Some(code),
            _ => None,
        }
    }

    fn of(events: &[Placed<'_>]) -> Self {
        let mut text = Self::default();
        for (event, _) in events {
            match event {
                Event::Code(code) => {
                    text.plain.push_str(code);
                    text.codes.push(code.to_string());
                }
                Event::Text(plain) => text.plain.push_str(plain),
                Event::SoftBreak => text.plain.push(' '),
                Event::HardBreak => text.plain.push('\n'),
                Event::InlineHtml(html) if **html == *"<br>" => text.plain.push('\n'),
                _ => {}
            }
        }
        text
    }
}

impl<'a> Document<'a> {
    /// Reads Markdown. It never fails: every text is valid Markdown.
    #[must_use]
    pub fn read(source: &'a str) -> Self {
        let parser = Parser::new_ext(source, Options::ENABLE_TABLES);
        let events = parser.into_offset_iter().collect();
        Self { source, events }
    }

    /// The part below a heading, up to the next heading of the same or a higher rank.
    ///
    /// # Panics
    ///
    /// If there is no such heading, or more than one.
    #[must_use]
    pub fn section(&self, heading: &str) -> Self {
        let mut from_it = self
            .headings_of_all_ranks()
            .skip_while(|one| one.text().plain != heading);
        let Some(it) = from_it.next() else {
            panic!("no heading {heading:?}");
        };
        let after: Vec<_> = from_it.collect();
        let again = after.iter().find(|one| one.text().plain == heading);
        assert!(again.is_none(), "several headings {heading:?}");
        let end = after.iter().find(|one| one.rank() <= it.rank());
        let end = end.map_or(self.source.len(), |one| one.at.start);
        let below = it.at.end..end;
        let events = self.events.iter();
        let events = events.filter(|(_, at)| below.contains(&at.start));
        Self {
            source: self.source,
            events: events.cloned().collect(),
        }
    }

    /// Every heading.
    #[must_use]
    pub fn headings(&self) -> Vec<Text> {
        self.headings_of_all_ranks().map(|one| one.text()).collect()
    }

    fn headings_of_all_ranks(&self) -> impl Iterator<Item = Element<'_, 'a>> {
        each(&self.events, |tag| matches!(tag, Tag::Heading { .. }))
    }

    /// Every table.
    ///
    /// # Panics
    ///
    /// If a row has fewer or more cells than the table's head. A renderer would fill it up or drop
    /// cells.
    #[must_use]
    pub fn tables(&self) -> Vec<Table> {
        let tables = each(&self.events, |tag| matches!(tag, Tag::Table(_)));
        let tables = tables.map(|table| {
            let is_row = |tag: &Tag<'_>| matches!(tag, Tag::TableHead | Tag::TableRow);
            let mut rows = each(table.inside, is_row).map(|row| self.cells(&row));
            let head = rows.next().unwrap_or_default();
            let rows = rows.collect();
            Table { head, rows }
        });
        tables.collect()
    }

    fn cells(&self, row: &Element<'_, 'a>) -> Vec<Text> {
        let cells = each(row.inside, |tag| *tag == Tag::TableCell);
        let cells: Vec<_> = cells.map(|cell| cell.text()).collect();
        let written = self.source.get(row.at.clone()).unwrap_or_default();
        let marks = written.replace("\\|", "").matches('|').count();
        assert_eq!(marks, cells.len() + 1, "marks around cells: {written}");
        cells
    }

    /// The table of a section that has exactly one.
    ///
    /// # Panics
    ///
    /// If the section has no table, or several.
    #[must_use]
    pub fn table(&self) -> Table {
        let mut tables = self.tables();
        assert_eq!(tables.len(), 1, "one table");
        tables.remove(0)
    }

    /// Every block of code in `language`.
    #[must_use]
    pub fn blocks(&self, language: &str) -> Vec<String> {
        let blocks = each(
            &self.events,
            |tag| matches!(tag, Tag::CodeBlock(CodeBlockKind::Fenced(of)) if **of == *language),
        );
        blocks.map(|block| block.text().plain).collect()
    }

    /// All text, including tables and blocks of code.
    #[must_use]
    pub fn text(&self) -> Text {
        Text::of(&self.events)
    }

    /// The targets of all links and images.
    #[must_use]
    pub fn links(&self) -> Vec<String> {
        let links = self.events.iter().filter_map(|(event, _)| match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                Some(dest_url.to_string())
            }
            _ => None,
        });
        links.collect()
    }
}

/// A part of a document whose kind can't be nested in itself.
struct Element<'e, 'a> {
    tag: &'e Tag<'a>,
    /// Its place in the source.
    at: &'e Range<usize>,
    inside: &'e [Placed<'a>],
}

impl Element<'_, '_> {
    fn text(&self) -> Text {
        Text::of(self.inside)
    }

    /// The rank of a heading. `h1` is the highest rank and compares as the least.
    fn rank(&self) -> Option<HeadingLevel> {
        match self.tag {
            Tag::Heading { level, .. } => Some(*level),
            _ => None,
        }
    }
}

/// Every element for which `is_wanted` holds.
fn each<'e, 'a>(
    events: &'e [Placed<'a>],
    is_wanted: impl Fn(&Tag<'a>) -> bool,
) -> impl Iterator<Item = Element<'e, 'a>> {
    let begins = events.iter().enumerate();
    begins.filter_map(move |(place, (event, at))| {
        let Event::Start(tag) = event else {
            return None;
        };
        let after = events.get(place + 1..).filter(|_| is_wanted(tag))?;
        let end = Event::End(tag.to_end());
        let length = after.iter().position(|(event, _)| *event == end)?;
        let inside = after.get(..length)?;
        Some(Element { tag, at, inside })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "\
# A `b`

[c](d.md#e)

## F

| g | `h` |
| --- | --- |
| `i\\|j` | **k** `l`<br>`m` |

### N

- o

  ```sh
  p
    | q |
  ```

## R

```json
{}
```

```sh
s
```
";

    fn plain(texts: &[Text]) -> Vec<&str> {
        texts.iter().map(|text| &*text.plain).collect()
    }

    #[test]
    fn a_section_ends_before_the_next_one_of_its_rank() {
        let document = Document::read(DOCUMENT);
        assert_eq!(plain(&document.headings()), ["A b", "F", "N", "R"]);
        let headings = |section: &str| document.section(section).headings();
        assert_eq!(plain(&headings("A b")), ["F", "N", "R"]);
        assert_eq!(plain(&headings("F")), ["N"]);
        assert!(headings("N").is_empty());
        assert_eq!(document.section("N").blocks("sh"), ["p\n  | q |\n"]);
        assert_eq!(document.section("R").blocks("sh"), ["s\n"]);
        assert_eq!(document.blocks("sh"), ["p\n  | q |\n", "s\n"]);
    }

    #[test]
    fn a_cell_is_text_of_which_some_is_code() {
        let table = Document::read(DOCUMENT).table();
        assert_eq!(plain(&table.head), ["g", "h"]);
        let [row] = &table.rows[..] else {
            panic!("{:?}", table.rows);
        };
        assert_eq!(plain(row), ["i|j", "k l\nm"]);
        assert_eq!(row[1].codes, ["l", "m"]);
        let codes: Vec<_> = table.head.iter().chain(row).map(Text::code).collect();
        assert_eq!(codes, [None, Some("h"), Some("i|j"), None]);
    }

    #[test]
    fn words_in_code_and_links_are_found_wherever_they_are() {
        let document = Document::read(DOCUMENT);
        assert_eq!(document.text().codes, ["b", "h", "i|j", "l", "m"]);
        assert_eq!(document.links(), ["d.md#e"]);
    }

    #[test]
    #[should_panic(expected = "marks around cells: | c |")]
    fn a_row_with_too_few_cells_is_refused() {
        let _refused = Document::read("| a | b |\n| --- | --- |\n| c |\n").tables();
    }

    #[test]
    #[should_panic(expected = "marks around cells: | c | d | e |")]
    fn a_row_with_too_many_cells_is_refused() {
        let _refused = Document::read("| a | b |\n| --- | --- |\n| c | d | e |\n").tables();
    }

    #[test]
    #[should_panic(expected = "several headings \"a\"")]
    fn a_heading_that_is_there_twice_leads_to_no_section() {
        let _refused = Document::read("# a\n\n## a\n").section("a");
    }

    #[test]
    #[should_panic(expected = "no heading \"b\"")]
    fn a_heading_that_is_not_there_leads_to_no_section() {
        let _refused = Document::read("# a\n").section("b");
    }
}

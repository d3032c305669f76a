//! The files of the repository that people write, and the comments in them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::generated::folder;

/// A file: its path from the root of the repository, and its text.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// A comment: consecutive comment lines, joined to one text, and the number of the first line.
pub(crate) struct Comment {
    pub(crate) line: usize,
    pub(crate) text: String,
}

/// Folders in which nothing is written by people.
const MADE: [&str; 7] = [
    ".aws-sam",
    ".git",
    ".next",
    "__pycache__",
    "node_modules",
    "target",
    "venv",
];

/// The endings of files that people write, and the mark with which comments begin in them. `None`:
/// comments in such files are not read.
const ENDINGS: [(&str, Option<&str>); 18] = [
    ("cgi", Some("#")),
    ("conf", Some("#")),
    ("css", None),
    ("guard", Some("#")),
    ("html", None),
    ("in", Some("#")),
    ("java", Some("//")),
    ("js", Some("//")),
    ("md", None),
    ("mjs", Some("//")),
    ("py", Some("#")),
    ("rb", Some("#")),
    ("rs", Some("//")),
    ("run", Some("#")),
    ("sh", Some("#")),
    ("toml", Some("#")),
    ("yaml", Some("#")),
    ("yml", Some("#")),
];

impl Source {
    /// All files that people write, sorted by path.
    pub(crate) fn all() -> Vec<Self> {
        let root = root();
        let mut sources = Vec::new();
        read_below(&root, &root, &mut sources);
        sources.sort_by(|one, other| one.path.cmp(&other.path));
        sources
    }

    /// The ending of the file's name. `.ci/run` has none, so its whole name counts as the ending.
    pub(crate) fn ending(&self) -> &str {
        self.path.rsplit(['.', '/']).next().unwrap()
    }

    /// The file's comments: those on lines of their own, and those after code on the same line.
    pub(crate) fn comments(&self) -> Vec<Comment> {
        let of_ending = ENDINGS.iter().find(|(ending, _)| *ending == self.ending());
        let Some((_, Some(mark))) = of_ending else {
            return Vec::new();
        };
        let mut comments: Vec<Comment> = Vec::new();
        let mut goes_on = false;
        for (line, text) in self.text.lines().enumerate() {
            let said = comment(text, mark);
            if let Some(said) = said {
                match comments.last_mut() {
                    Some(before) if goes_on => before.text.extend([" ", said]),
                    _ => comments.push(Comment {
                        line: line + 1,
                        text: said.to_owned(),
                    }),
                }
            }
            goes_on = said.is_some();
        }
        comments
    }
}

/// The text of the comment on a line, if there is one. A comment mark within a string begins no
/// comment.
fn comment<'a>(line: &'a str, mark: &str) -> Option<&'a str> {
    let inline = format!(" {mark} ");
    let said = line.trim_start().strip_prefix(mark).or_else(|| {
        let (code, said) = line.split_once(&inline)?;
        code.matches('"').count().is_multiple_of(2).then_some(said)
    })?;
    Some(said.trim_start_matches(['/', '!']).trim())
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    folder().parent().unwrap().to_owned()
}

fn read_below(root: &Path, folder: &Path, sources: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            if !MADE.contains(&name) {
                read_below(root, &path, sources);
            }
            continue;
        }
        let source = Source {
            path: path
                .strip_prefix(root)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned(),
            text: String::new(),
        };
        if ENDINGS.iter().any(|(ending, _)| *ending == source.ending()) {
            let text = fs::read_to_string(&path).unwrap();
            sources.push(Source { text, ..source });
        }
    }
}

#[test]
fn comments_are_read_and_nothing_else() {
    let source = Source {
        path: "a.rs".to_owned(),
        text: "//! One\n//! file.\nlet a = 1; // Two\nlet b = \"http://c // d\";\n/// Three"
            .to_owned(),
    };
    let comments: Vec<_> = source
        .comments()
        .into_iter()
        .map(|comment| (comment.line, comment.text))
        .collect();
    let expected = [(1, "One file. Two"), (5, "Three")];
    assert_eq!(
        comments,
        expected.map(|(line, text)| (line, text.to_owned()))
    );
}

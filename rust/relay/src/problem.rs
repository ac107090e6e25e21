//! What is wrong with a bundle: one shape, from the node's log to the operator's screen.

use serde::Serialize;
use std::fmt;

/// One thing that is wrong, where, and what to do about it.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct Problem {
    pub file: String,
    /// Dotted path from the document's root, such as `spec.values.regions.eu.weight`; empty for the file as a whole.
    pub key: String,
    /// 1-based; 0 if unknown.
    pub line: u32,
    /// 1-based; 0 if unknown.
    pub column: u32,
    /// Stable, for programs: `schema`, `limit`, `yaml-syntax` ...
    pub code: &'static str,
    pub message: String,
    pub hint: String,
}

impl Problem {
    /// A problem of a file as a whole.
    pub fn of_file(file: &str, code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { file: file.to_owned(), key: String::new(), line: 0, column: 0, code, message: message.into(), hint: hint.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {} ({})", self.message, self.hint)
    }
}

/// `text`, cut to what fits on a line of a log.
pub(crate) fn shorten(text: &str) -> String {
    const LONGEST: usize = 160;
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// ", did you mean …?" for a name that is nearly one of `known`.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = known.into_iter().map(|other| (strsim::jaro_winkler(name, other), other));
    scored.filter(|(score, _)| *score > 0.8).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, other)| other)
}

//! What is wrong with a bundle: one shape, from the node's log to the operator's screen.

use crate::node::Position;
use serde::Serialize;
use std::fmt;

/// Most problems told of one document.
pub(crate) const MOST: usize = 50;
/// Longest text of a problem in characters; a key within the limits is shorter.
const LONGEST: usize = 500;

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
        Self::at(Position::default(), file, "", code, message, hint)
    }

    /// Whatever a document has in it, its problems stay short enough to be logged and shown.
    pub(crate) fn at(
        at: Position,
        file: &str,
        key: &str,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        let (message, hint) = (cut(message.into(), LONGEST), cut(hint.into(), LONGEST));
        let Position { line, column } = at;
        Self { file: file.to_owned(), key: cut(key.to_owned(), LONGEST), line, column, code, message, hint }
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

/// What is wrong with one document: the first [`MOST`] of it.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<Problem>);

impl Problems {
    /// Calls `tell` only if there is room for what it gives.
    pub(crate) fn add(&mut self, tell: impl FnOnce() -> Problem) {
        if self.0.len() < MOST {
            self.0.push(tell());
        }
    }

    pub(crate) fn extend(&mut self, others: impl IntoIterator<Item = Problem>) {
        self.0.extend(others.into_iter().take(MOST - self.0.len()));
    }

    /// `value`, if nothing is wrong.
    pub(crate) fn or<T>(self, value: T) -> Result<T, Vec<Problem>> {
        if self.0.is_empty() { Ok(value) } else { Err(self.0) }
    }

    pub(crate) fn into_vec(self) -> Vec<Problem> {
        self.0
    }
}

/// `text`, cut to what fits on a line of a log.
pub(crate) fn shorten(text: &str) -> String {
    cut(text.to_owned(), 160)
}

fn cut(mut text: String, longest: usize) -> String {
    if let Some((at, _)) = text.char_indices().nth(longest) {
        text.truncate(at);
        text.push('…');
    }
    text
}

/// ", did you mean …?" for a name that is nearly one of `known`.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = known.into_iter().map(|other| (strsim::jaro_winkler(name, other), other));
    scored.filter(|(score, _)| *score > 0.8).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, other)| other)
}

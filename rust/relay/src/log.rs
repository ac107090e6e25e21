//! What happened, a line each, on standard error.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::io::{self, Write};
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    Json,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            other => Err(format!("{other:?} is not a log format: use text or json")),
        }
    }
}

impl Format {
    /// `fields` is an object; what it holds is for programs, `message` is for people.
    pub(crate) fn line(self, level: &str, message: &str, fields: Value) {
        let line = match self {
            Self::Text => format!("configrelay: {level}: {}", printable(message)),
            Self::Json => {
                let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
                let mut line = Map::from_iter([
                    ("at".to_owned(), at.into()),
                    ("level".to_owned(), level.into()),
                    ("message".to_owned(), message.into()),
                ]);
                if let Value::Object(fields) = fields {
                    line.extend(fields);
                }
                Value::Object(line).to_string()
            }
        };
        write(&line);
    }
}

/// `text` on one line, whatever files, keys and policies call themselves.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let escape = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(escape).collect())
}

/// A fault is told of as everything else is: the usual way waits for whoever reads standard error.
pub(crate) fn tell_of_faults(format: Format) {
    std::panic::set_hook(Box::new(move |fault| {
        let place = fault.location().map(ToString::to_string).unwrap_or_default();
        // Not what it says, which may be of a document with secrets.
        let message = format!("a fault of the relay at {place}: report it");
        format.line("error", &message, json!({"event": "fault", "place": place}));
    }));
}

/// What a pipe takes at once when it says that it takes something (`PIPE_BUF`).
const LONGEST: usize = 4096;

/// Nobody who stops reading the log may stop the relay: a line that would have to wait is left out.
fn write(line: &str) {
    let errors = io::stderr();
    let mut ready = [PollFd::new(&errors, PollFlags::OUT)];
    if !matches!(poll(&mut ready, Some(&Timespec::default())), Ok(1)) {
        return;
    }
    let end = (0..=line.len().min(LONGEST - 1)).rev().find(|&at| line.is_char_boundary(at)).unwrap_or_default();
    let _ = errors.lock().write_all(format!("{}\n", &line[..end]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn what_is_printed_stays_on_its_line() {
        assert_eq!(printable("a.yaml: räume 😀"), "a.yaml: räume 😀");
        assert_eq!(printable("a\nb\u{1b}[2J\u{85}"), "a\\nb\\u{1b}[2J\\u{85}");
    }
}

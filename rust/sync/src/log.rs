//! What happened, a line each, on standard error.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::json;
use std::io::{self, Write};
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Log {
    #[default]
    Text,
    Json,
}

impl FromStr for Log {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            other => Err(format!("{other:?} is not a log format: use text or json")),
        }
    }
}

impl Log {
    pub(crate) fn info(self, message: &str) {
        self.line("info", message);
    }

    pub(crate) fn error(self, message: &str) {
        self.line("error", message);
    }

    fn line(self, level: &str, message: &str) {
        let message = one_line(message);
        match self {
            Self::Text => write(&format!("configsync: {level}: {message}")),
            Self::Json => {
                let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
                write(&json!({"at": at, "level": level, "message": message}).to_string());
            }
        }
    }
}

/// Nobody who stops reading the log may stop the work: a line that would have to wait is left out.
fn write(line: &str) {
    let errors = io::stderr();
    let mut ready = [PollFd::new(&errors, PollFlags::OUT)];
    if matches!(poll(&mut ready, Some(&Timespec::default())), Ok(1)) {
        let _ = errors.lock().write_all(format!("{line}\n").as_bytes());
    }
}

/// `text` without what could move an operator's cursor, and not longer than a line of a log should be.
pub(crate) fn one_line(text: &str) -> String {
    const LONGEST: usize = 500;
    text.chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn what_an_api_server_says_stays_on_its_line() {
        assert_eq!(one_line("a\nb\u{1b}[2J räume"), "a b [2J räume");
        assert_eq!(one_line(&"x".repeat(9_000)).len(), 500);
    }
}

//! What happened, a line each, on standard error.

use serde_json::{Map, Value};
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
        match self {
            Self::Text => eprintln!("configrelay: {level}: {message}"),
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
                eprintln!("{}", Value::Object(line));
            }
        }
    }
}

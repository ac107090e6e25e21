//! A document as a tree that remembers where everything stood.

use crate::problem::Problem;
use serde_json::{Map, Number, Value};
use std::fmt;

/// Nesting beyond this is refused while parsing, whatever the document says it is.
pub(crate) const MAX_NESTING: usize = 64;

/// Line and column, both 1-based.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

/// Where in a document something lies. It becomes a text, such as `spec.values.regions.0`, only if there is a problem.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Path<'p> {
    Root,
    Member(&'p Path<'p>, &'p str),
    Item(&'p Path<'p>, usize),
}

/// A value and where it begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub at: Position,
    pub value: Tree,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    Null,
    Bool(bool),
    /// An integer of any size, or a finite float.
    Number(Number),
    String(String),
    Array(Vec<Node>),
    Object(Vec<Member>),
}

/// A name in an object, where it stands, and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    pub name: String,
    pub at: Position,
    pub node: Node,
}

impl Node {
    /// The value of `name`, if this is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.member(name).map(|member| &member.node)
    }

    /// What lies at a path such as `regions.eu.0` in this.
    pub fn find(&self, path: &str) -> Option<&Node> {
        path.split('.').try_fold(self, |node, segment| match &node.value {
            Tree::Array(items) => items.get(segment.parse::<usize>().ok()?),
            _ => node.get(segment),
        })
    }

    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members()?.iter().find(|member| member.name == name)
    }

    pub fn members(&self) -> Option<&[Member]> {
        match &self.value {
            Tree::Object(members) => Some(members),
            _ => None,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Tree::String(text) => Some(text),
            _ => None,
        }
    }

    /// What this is called in messages.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Tree::Null => "null",
            Tree::Bool(_) => "a boolean",
            Tree::Number(_) => "a number",
            Tree::String(_) => "a string",
            Tree::Array(_) => "an array",
            Tree::Object(_) => "an object",
        }
    }

    pub fn to_value(&self) -> Value {
        match &self.value {
            Tree::Null => Value::Null,
            Tree::Bool(value) => Value::Bool(*value),
            Tree::Number(number) => Value::Number(number.clone()),
            Tree::String(text) => Value::String(text.clone()),
            Tree::Array(items) => Value::Array(items.iter().map(Node::to_value).collect()),
            Tree::Object(members) => {
                let pairs = members.iter().map(|member| (member.name.clone(), member.node.to_value()));
                Value::Object(Map::from_iter(pairs))
            }
        }
    }

    /// The same tree without positions in a source, for values that come from a snapshot.
    pub fn from_value(value: &Value) -> Node {
        Self::from_value_at(value, Position::default())
    }

    /// The same tree, all of it standing at one place.
    pub(crate) fn from_value_at(value: &Value, at: Position) -> Node {
        let value = match value {
            Value::Null => Tree::Null,
            Value::Bool(value) => Tree::Bool(*value),
            Value::Number(number) => Tree::Number(number.clone()),
            Value::String(text) => Tree::String(text.clone()),
            Value::Array(items) => Tree::Array(items.iter().map(|item| Self::from_value_at(item, at)).collect()),
            Value::Object(members) => {
                let member =
                    |(name, value): (&String, &Value)| Member { name: name.clone(), at, node: Self::from_value_at(value, at) };
                Tree::Object(members.iter().map(member).collect())
            }
        };
        Node { at, value }
    }

    pub(crate) fn problem(&self, file: &str, key: &str, code: &'static str, message: String, hint: impl Into<String>) -> Problem {
        self.at.problem(file, key, code, message, hint)
    }
}

impl Position {
    pub(crate) fn problem(self, file: &str, key: &str, code: &'static str, message: String, hint: impl Into<String>) -> Problem {
        Problem::at(self, file, key, code, message, hint)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Path::Member(parent, _) | Path::Item(parent, _)) = self else { return Ok(()) };
        if !matches!(parent, Path::Root) {
            write!(f, "{parent}.")?;
        }
        match self {
            Path::Root => Ok(()),
            Path::Member(_, name) => f.write_str(name),
            Path::Item(_, at) => write!(f, "{at}"),
        }
    }
}

/// `integer` as text may be of any length; it is kept exactly.
pub(crate) fn integer(text: &str) -> Option<Number> {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.strip_prefix('+').unwrap_or(text)), |rest| ("-", rest));
    if digits.is_empty() || !digits.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    let canonical = if digits.is_empty() { "0".to_owned() } else { format!("{sign}{digits}") };
    canonical.parse().ok()
}

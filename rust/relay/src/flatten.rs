//! From a bundle's values to a snapshot's entries: one for each leaf, and one with the JSON text of each container.

use crate::node::{Node, Tree};
use configedge_snapshot::{BuildError, Builder, Span, Value};
use serde_json::Number;
use std::ops::Range;

/// A bundle's values as text, and what they come to.
#[derive(Debug)]
pub struct Flat {
    text: String,
    containers: Vec<Range<usize>>,
    /// Entries it will have.
    pub keys: usize,
}

impl Flat {
    pub fn of(values: &Node) -> Self {
        let mut writer = Writer { text: String::new(), containers: Vec::new(), keys: 0 };
        writer.write(values);
        Self { text: writer.text, containers: writer.containers, keys: writer.keys }
    }

    /// Bytes of the values as compact JSON.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Never: an empty object has two bytes.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Adds the entries of `values`, of which this was made, under `name`. The text is stored once: a container's text is a part
    /// of its parent's.
    pub fn insert(&self, builder: &mut Builder, name: &str, values: &Node) -> Result<(), BuildError> {
        let span = builder.text(&self.text);
        Entries { builder, span, containers: self.containers.iter() }.insert(name, values)
    }
}

/// Writes compact JSON and remembers where each container lies, in the order of their beginnings.
struct Writer {
    text: String,
    containers: Vec<Range<usize>>,
    keys: usize,
}

impl Writer {
    fn write(&mut self, node: &Node) {
        self.keys += 1;
        match &node.value {
            Tree::Array(items) => self.container('[', ']', items, |writer, item| writer.write(item)),
            Tree::Object(members) => self.container('{', '}', members, |writer, member| {
                writer.scalar(&serde_json::Value::from(member.name.as_str()));
                writer.text.push(':');
                writer.write(&member.node);
            }),
            _ => self.scalar(&node.to_value()),
        }
    }

    fn scalar(&mut self, value: &serde_json::Value) {
        self.text.push_str(&value.to_string());
    }

    fn container<T>(&mut self, open: char, close: char, items: &[T], write: impl Fn(&mut Self, &T)) {
        let this = self.containers.len();
        self.containers.push(self.text.len()..0);
        self.text.push(open);
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            write(self, item);
        }
        self.text.push(close);
        self.containers[this].end = self.text.len();
    }
}

/// Walks the tree in the writer's order.
struct Entries<'a> {
    builder: &'a mut Builder,
    span: Span,
    containers: std::slice::Iter<'a, Range<usize>>,
}

impl Entries<'_> {
    fn insert(&mut self, key: &str, node: &Node) -> Result<(), BuildError> {
        match &node.value {
            Tree::Null => self.builder.insert(key, Value::Null),
            Tree::Bool(value) => self.builder.insert(key, Value::Bool(*value)),
            Tree::String(text) => self.builder.insert(key, Value::Str(text)),
            Tree::Number(number) => self.builder.insert(key, numeric(number)),
            Tree::Array(items) => {
                self.container(key)?;
                items.iter().enumerate().try_for_each(|(at, item)| self.insert(&format!("{key}.{at}"), item))
            }
            Tree::Object(members) => {
                self.container(key)?;
                members.iter().try_for_each(|member| self.insert(&format!("{key}.{}", member.name), &member.node))
            }
        }
    }

    fn container(&mut self, key: &str) -> Result<(), BuildError> {
        let range = self.containers.next().expect("one for each container");
        self.builder.insert(key, Value::Json(self.span.slice(range.start, range.len())))
    }
}

fn numeric(number: &Number) -> Value<'_> {
    let text = number.as_str();
    match (number.as_i64(), number.as_f64()) {
        (Some(value), _) => Value::I64(value),
        (None, Some(value)) if text.contains(['.', 'e', 'E']) => Value::F64(value),
        _ => Value::BigInt(text),
    }
}

//! How many steps a validation would take, without taking them.
//!
//! A schema of a few lines that refers to itself twice at each of thirty levels takes a validator minutes, and a few more levels
//! years. Such steps repeat the same part of the schema on the same part of the values, so they can be counted in time that is
//! linear in the different ones.

use crate::node::{Node, Position, Tree};
use std::collections::HashMap;

/// More steps than this (some 30 ns each) are refused.
pub(crate) const MAX_STEPS: u64 = 10_000_000;
/// More different ones are not counted, and refused likewise.
const MAX_PAIRS: usize = 2_000_000;
/// Nor deeper chains of references.
const MAX_DEPTH: usize = 1_000;

/// Whether validating `values` takes more than [`MAX_STEPS`]. May be so already where a validator would stop early.
pub(crate) fn is_too_costly(schema: &Node, values: &Node) -> bool {
    let name = Node { at: Position::default(), value: Tree::String(String::new()) };
    let mut counter = Counter { resources: Vec::new(), anchors: Vec::new(), counted: HashMap::new(), name: &name };
    counter.collect(schema);
    counter.count(schema, schema, values, 0) > MAX_STEPS
}

struct Counter<'n> {
    /// Schemas with an `$id`, and with an `$anchor`, by that.
    resources: Vec<(&'n str, &'n Node)>,
    anchors: Vec<(&'n str, &'n Node)>,
    /// Steps by the addresses of a schema and a value; 0 while it is counted, because a validator does not follow such circles.
    counted: HashMap<(usize, usize), u64>,
    /// Stands for the name of any member.
    name: &'n Node,
}

impl<'n> Counter<'n> {
    fn collect(&mut self, schema: &'n Node) {
        for (keyword, found) in [("$id", 0), ("$anchor", 1), ("$dynamicAnchor", 1)] {
            if let Some(name) = schema.get(keyword).and_then(Node::as_str) {
                if found == 0 { &mut self.resources } else { &mut self.anchors }.push((name, schema));
            }
        }
        match &schema.value {
            Tree::Object(members) => members.iter().for_each(|member| self.collect(&member.node)),
            Tree::Array(items) => items.iter().for_each(|item| self.collect(item)),
            _ => {}
        }
    }

    /// `base` is the resource that `schema` lies in.
    fn count(&mut self, base: &'n Node, schema: &'n Node, value: &'n Node, depth: usize) -> u64 {
        let key = (std::ptr::from_ref(schema).addr(), std::ptr::from_ref(value).addr());
        if let Some(&steps) = self.counted.get(&key) {
            return steps;
        }
        if depth > MAX_DEPTH || self.counted.len() > MAX_PAIRS {
            return u64::MAX;
        }
        self.counted.insert(key, 0);
        let base = if schema.get("$id").is_some() { schema } else { base };
        let (mut steps, mut again) = (1u64, 1);
        for keyword in schema.members().unwrap_or_default() {
            let sub = &keyword.node;
            let mut add = |this: &mut Self, base, schema: &'n Node, value: &'n Node| {
                steps = steps.saturating_add(this.count(base, schema, value, depth + 1));
            };
            match keyword.name.as_str() {
                "$ref" | "$dynamicRef" => {
                    if let Some((base, target)) = sub.as_str().and_then(|text| self.resolve(base, text)) {
                        add(self, base, target, value);
                    }
                }
                "allOf" | "anyOf" | "oneOf" => items(sub).iter().for_each(|one| add(self, base, one, value)),
                "not" | "if" | "then" | "else" => add(self, base, sub, value),
                "dependentSchemas" => members(sub).for_each(|(_, one)| add(self, base, one, value)),
                "properties" => {
                    members(sub)
                        .filter_map(|(name, one)| Some((one, value.get(name)?)))
                        .for_each(|(one, v)| add(self, base, one, v));
                }
                "patternProperties" => {
                    members(sub).for_each(|(_, one)| members(value).for_each(|(_, v)| add(self, base, one, v)));
                }
                "propertyNames" => members(value).for_each(|_| add(self, base, sub, self.name)),
                "additionalProperties" => members(value).for_each(|(_, v)| add(self, base, sub, v)),
                "prefixItems" => items(sub).iter().zip(items(value)).for_each(|(one, v)| add(self, base, one, v)),
                "items" | "contains" => items(value).iter().for_each(|v| add(self, base, sub, v)),
                "unevaluatedProperties" | "unevaluatedItems" => {
                    // What the others here came to is found out once more.
                    again = 2;
                    members(value).map(|(_, v)| v).chain(items(value)).for_each(|v| add(self, base, sub, v));
                }
                _ => {}
            }
        }
        let steps = steps.saturating_mul(again);
        self.counted.insert(key, steps);
        steps
    }

    /// What a reference means, and the resource that lies in. Only the text is compared: of two resources whose names end alike the
    /// first is taken.
    fn resolve(&self, base: &'n Node, reference: &str) -> Option<(&'n Node, &'n Node)> {
        let (uri, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let last = |text: &'n str| text.trim_end_matches('#').rsplit('/').next();
        let wanted = uri.rsplit('/').next();
        let named = || self.resources.iter().find(|(id, _)| last(id) == wanted).map(|(_, schema)| *schema);
        let base = if uri.is_empty() { base } else { named()? };
        let fragment = percent_decoded(fragment);
        if fragment.is_empty() || fragment.starts_with('/') {
            return Some((base, base.pointer(&fragment)?));
        }
        self.anchors.iter().find(|(name, _)| *name == fragment).map(|(_, schema)| (base, *schema))
    }
}

fn items(node: &Node) -> &[Node] {
    match &node.value {
        Tree::Array(items) => items,
        _ => &[],
    }
}

fn members(node: &Node) -> impl Iterator<Item = (&str, &Node)> {
    node.members().unwrap_or_default().iter().map(|member| (member.name.as_str(), &member.node))
}

fn percent_decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend_from_slice(&part.as_bytes()[2..]);
            }
            None => {
                bytes.push(b'%');
                bytes.extend_from_slice(part.as_bytes());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

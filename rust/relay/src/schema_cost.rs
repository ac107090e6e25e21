//! How many steps a validation would take, without taking them.
//!
//! A schema of a few lines that refers to itself twice at each of thirty levels takes a validator minutes, and a few more levels
//! years. Such steps repeat the same part of the schema on the same part of the values, so they can be counted in time that is
//! linear in the different ones. A reference means one place of the schema, because [`crate::schema_form`] lets no other through.

use crate::pattern_cost;
use crate::problem::shorten;
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

/// More steps than this (some 30 ns each) are refused.
const MAX_STEPS: u32 = 10_000_000;
/// More different ones are not counted, and refused likewise.
const MAX_PAIRS: usize = 900_000;
/// Nor deeper chains of references.
const MAX_DEPTH: usize = 1_000;
/// Most places that all `unevaluated...` keywords together look at: a validator prepares them for each such keyword anew.
const MAX_PREPARED: usize = 20_000;
/// Most states of the automata of all patterns, some 40 bytes each ...
const MAX_STATES: u64 = 1_000_000;
/// ... and of any pattern, which takes some 20 KB anyway.
const STATES_OF_ANY: u64 = 500;
/// States of a pattern's automaton that a step can bring forward by a byte.
const STATES_A_STEP: u64 = 10;

/// What a validation of some values takes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    /// Steps until it is known whether they fit.
    check: u32,
    /// Steps for an `unevaluated...` keyword in the same place to find what the others looked at.
    mark: u32,
    /// Steps until all that is wrong is gathered; not more things are wrong than that.
    pub(crate) all: u32,
    /// Things at most that the first one that is wrong is made of: the branches of an `anyOf`, the items of an `enum`.
    pub(crate) first: u32,
}

/// Why a schema is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Costly {
    Steps,
    Circle,
    Patterns,
    Unevaluated,
    Unresolved(String),
}

impl Costly {
    /// The problem's code, what is wrong, and what to do about it.
    pub(crate) fn told(&self) -> (&'static str, String, &'static str) {
        match self {
            Self::Steps => (
                "limit",
                format!("checking these values by this schema takes more than {MAX_STEPS} steps"),
                "let fewer parts of it refer to the same parts again and again",
            ),
            Self::Circle => (
                "limit",
                "a part of it refers to itself, in a circle that never comes to a smaller part of the values".to_owned(),
                "let one of the references be below properties or items",
            ),
            Self::Patterns => {
                ("limit", "its patterns are too many or too long".to_owned(), "use fewer of them, and repeat less in them")
            }
            Self::Unevaluated => (
                "limit",
                "its unevaluatedProperties and unevaluatedItems look at too many parts of it".to_owned(),
                "use fewer of them, or additionalProperties",
            ),
            Self::Unresolved(reference) => (
                "schema",
                format!("not a usable schema: the reference {reference:?} leads nowhere"),
                "refer to a place that is there, such as #/$defs/name",
            ),
        }
    }
}

/// What validating `values` takes at most; perhaps less, because a validator may stop early.
///
/// # Errors
/// It is too much, or cannot be told.
pub(crate) fn cost(schema: &Value, values: &Value) -> Result<Cost, Costly> {
    let name = Value::String("n".repeat(64));
    let mut counter = Counter {
        references: References::of(schema),
        counted: HashMap::new(),
        sizes: HashMap::new(),
        states: HashMap::new(),
        name: &name,
    };
    let cost = counter.count(schema, values, 0)?;
    if cost.check > MAX_STEPS { Err(Costly::Steps) } else { Ok(cost) }
}

/// Whether a validator can be built that does not need much memory before it has seen any value.
///
/// # Errors
/// It would, or a reference leads nowhere.
pub(crate) fn check_building(schema: &Value) -> Result<(), Costly> {
    let mut references = References::of(schema);
    let (mut parts_left, mut states_left, mut patterns) = (MAX_PREPARED, MAX_STATES, HashSet::new());
    let mut inside = vec![schema];
    while let Some(schema) = inside.pop() {
        inside.extend(items(schema));
        let Value::Object(keywords) = schema else { continue };
        inside.extend(keywords.values());
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str)
            && references.resolve(reference).is_none()
        {
            return Err(Costly::Unresolved(shorten(reference)));
        }
        let names = schema.get("patternProperties").into_iter().flat_map(members).map(|(pattern, _)| pattern);
        for pattern in schema.get("pattern").and_then(Value::as_str).into_iter().chain(names) {
            if patterns.insert(pattern) {
                let states = pattern_cost::states(pattern).saturating_add(STATES_OF_ANY);
                states_left = states_left.checked_sub(states).ok_or(Costly::Patterns)?;
            }
        }
        if keywords.contains_key("unevaluatedProperties") || keywords.contains_key("unevaluatedItems") {
            parts_left = parts_left.checked_sub(count_here(schema, &mut references)).ok_or(Costly::Unevaluated)?;
        }
    }
    Ok(())
}

/// How many parts of the schema are for the same value as this one, up to some more than [`MAX_PREPARED`].
fn count_here<'s>(schema: &'s Value, references: &mut References<'s>) -> usize {
    let (mut seen, mut here) = (HashSet::new(), vec![schema]);
    while let Some(schema) = here.pop() {
        if !seen.insert(std::ptr::from_ref(schema)) || seen.len() > MAX_PREPARED {
            continue;
        }
        for (keyword, sub) in members(schema) {
            let target = if keyword == "$ref" { sub.as_str().and_then(|text| references.resolve(text)) } else { None };
            let parts = parts(keyword, sub).into_iter().filter(|(applies, _)| matches!(applies, Applies::Here));
            here.extend(parts.map(|(_, part)| part).chain(target));
        }
    }
    seen.len()
}

/// Which values a part of a schema is for.
#[derive(Clone, Copy)]
enum Applies<'s> {
    Here,
    Member(&'s str),
    Members,
    Names,
    Item(usize),
    Items,
}

impl<'s> Applies<'s> {
    /// Those of the values in `value`; `name` stands for a name.
    fn to(&self, value: &'s Value, name: &'s Value) -> Box<dyn Iterator<Item = &'s Value> + 's> {
        match *self {
            Applies::Here => Box::new(std::iter::once(value)),
            Applies::Member(name) => Box::new(value.get(name).into_iter()),
            Applies::Item(at) => Box::new(value.get(at).into_iter()),
            Applies::Members => Box::new(members(value).map(|(_, value)| value)),
            Applies::Items => Box::new(items(value).iter()),
            Applies::Names => Box::new(members(value).map(move |_| name)),
        }
    }
}

fn parts<'s>(keyword: &str, sub: &'s Value) -> Vec<(Applies<'s>, &'s Value)> {
    match keyword {
        "allOf" | "anyOf" | "oneOf" => items(sub).iter().map(|part| (Applies::Here, part)).collect(),
        "not" | "if" | "then" | "else" => vec![(Applies::Here, sub)],
        // The older `dependencies` is followed too.
        "dependentSchemas" | "dependencies" => members(sub).map(|(_, part)| (Applies::Here, part)).collect(),
        "properties" => members(sub).map(|(name, part)| (Applies::Member(name), part)).collect(),
        "patternProperties" => members(sub).map(|(_, part)| (Applies::Members, part)).collect(),
        "propertyNames" => vec![(Applies::Names, sub)],
        "additionalProperties" | "unevaluatedProperties" => vec![(Applies::Members, sub)],
        "prefixItems" => items(sub).iter().enumerate().map(|(at, part)| (Applies::Item(at), part)).collect(),
        "items" | "contains" | "additionalItems" | "unevaluatedItems" => vec![(Applies::Items, sub)],
        _ => Vec::new(),
    }
}

/// Whether a validator asks if these fit before it gathers what is wrong with them.
fn is_asked_first(keyword: &str) -> bool {
    matches!(keyword, "anyOf" | "oneOf" | "not" | "if" | "contains" | "propertyNames") || keyword.starts_with("unevaluated")
}

/// Whether what is wrong has the keyword's value in it, which is also compared or searched.
fn is_copied(keyword: &str) -> bool {
    matches!(keyword, "enum" | "const" | "required" | "dependentRequired" | "dependencies" | "not")
}

struct Counter<'s> {
    references: References<'s>,
    /// By the addresses of a schema and a value; nothing while it is counted.
    counted: HashMap<(usize, usize), Option<Cost>>,
    /// Results of [`Counter::size`] by address.
    sizes: HashMap<usize, u32>,
    /// Results of [`pattern_cost::states`].
    states: HashMap<&'s str, u64>,
    /// Stands for the name of any member; as long as one can be.
    name: &'s Value,
}

impl<'s> Counter<'s> {
    fn count(&mut self, schema: &'s Value, value: &'s Value, depth: usize) -> Result<Cost, Costly> {
        let Some(keywords) = schema.as_object() else { return Ok(Cost { check: 1, mark: 1, all: 1, first: 1 }) };
        let key = (std::ptr::from_ref(schema).addr(), std::ptr::from_ref(value).addr());
        match self.counted.get(&key) {
            Some(Some(cost)) => return Ok(*cost),
            // A validator would break off, but what another way into the circle takes cannot be told from this one.
            Some(None) => return Err(Costly::Circle),
            None if depth > MAX_DEPTH || self.counted.len() > MAX_PAIRS => return Err(Costly::Steps),
            None => self.counted.insert(key, None),
        };
        let (mut own, mut copied) = (1_u32, 1_u32);
        for (keyword, sub) in keywords {
            let steps = self.own(keyword, sub, value);
            own = own.saturating_add(steps);
            copied = copied.saturating_add(if is_copied(keyword) { steps } else { 0 });
        }
        let mut sum = Sum { check: own, mark: 0, all: own, first: 0, branches: 0 };
        let name = self.name;
        for (keyword, sub) in keywords {
            for (applies, part) in self.parts(schema, keyword, sub)? {
                for value in applies.to(value, name) {
                    sum.add(keyword, matches!(applies, Applies::Here), self.count(part, value, depth + 1)?)?;
                }
            }
        }
        let mark = sum.check.saturating_add(sum.mark);
        let marks =
            ["unevaluatedProperties", "unevaluatedItems"].iter().filter(|keyword| keywords.contains_key(**keyword)).count();
        let marking = mark.saturating_mul(marks as u32);
        let cost = Cost {
            check: sum.check.saturating_add(marking),
            mark,
            all: sum.all.saturating_add(marking),
            first: copied.saturating_add(sum.branches).saturating_add(sum.first),
        };
        self.counted.insert(key, Some(cost));
        Ok(cost)
    }

    /// [`parts`], and what a reference means.
    fn parts(&mut self, schema: &'s Value, keyword: &str, sub: &'s Value) -> Result<Vec<(Applies<'s>, &'s Value)>, Costly> {
        if keyword != "$ref" {
            return Ok(parts(keyword, sub));
        }
        let target = sub.as_str().and_then(|text| self.references.resolve(text));
        let target = target.ok_or_else(|| Costly::Unresolved(shorten(&sub.to_string())))?;
        // A validator leaves out a reference to the schema that it is in.
        Ok(if std::ptr::eq(target, schema) { Vec::new() } else { vec![(Applies::Here, target)] })
    }

    /// Steps of a keyword itself, which a comparison, a search or a copy for a message may need many of.
    fn own(&mut self, keyword: &str, sub: &'s Value, value: &Value) -> u32 {
        let text = value.as_str().unwrap_or_default().len() as u64;
        let mut matching = |pattern: &'s str, len: u64| {
            let states = *self.states.entry(pattern).or_insert_with(|| pattern_cost::states(pattern));
            len.saturating_mul(states) / STATES_A_STEP
        };
        let steps = match keyword {
            _ if is_copied(keyword) => u64::from(self.size(sub)),
            "properties" | "dependentSchemas" => members(sub).count() as u64,
            "uniqueItems" => u64::from(self.size(value)),
            "pattern" => sub.as_str().map_or(0, |pattern| matching(pattern, text)),
            "patternProperties" => {
                let names = members(value).map(|(name, _)| name.len() as u64).sum();
                // `additionalProperties` asks them again.
                members(sub).map(|(pattern, _)| 2 * matching(pattern, names)).fold(0, u64::saturating_add)
            }
            "format" | "minLength" | "maxLength" => text / 4,
            "multipleOf" | "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => match (sub, value) {
                (Value::Number(sub), Value::Number(value)) => {
                    ((sub.as_str().len() + value.as_str().len()) as u64).pow(2) / 16_000
                }
                _ => 0,
            },
            _ => 0,
        };
        u32::try_from(steps).unwrap_or(u32::MAX)
    }

    /// Values in a value, and its texts by 32 bytes.
    fn size(&mut self, value: &Value) -> u32 {
        let address = std::ptr::from_ref(value).addr();
        if let Some(&size) = self.sizes.get(&address) {
            return size;
        }
        let of_text = |text: &str| (text.len() / 32) as u32;
        let size = match value {
            Value::Array(items) => items.iter().fold(1, |sum: u32, item| sum.saturating_add(self.size(item))),
            Value::Object(members) => members
                .iter()
                .fold(1, |sum: u32, (name, value)| sum.saturating_add(of_text(name)).saturating_add(self.size(value))),
            Value::String(text) => return 1 + of_text(text),
            _ => return 1,
        };
        self.sizes.insert(address, size);
        size
    }
}

/// What the keywords of one schema come to.
struct Sum {
    check: u32,
    mark: u32,
    all: u32,
    first: u32,
    branches: u32,
}

impl Sum {
    /// Adds what a part of the schema takes, and whether it takes that of the same value.
    fn add(&mut self, keyword: &str, here: bool, cost: Cost) -> Result<(), Costly> {
        self.check = self.check.saturating_add(cost.check);
        self.mark = self.mark.saturating_add(if here { cost.mark } else { 0 });
        self.all = self.all.saturating_add(cost.all).saturating_add(if is_asked_first(keyword) { cost.check } else { 0 });
        if matches!(keyword, "anyOf" | "oneOf") {
            self.branches = self.branches.saturating_add(cost.all);
        } else {
            self.first = self.first.max(cost.first);
        }
        // So that nobody counts to the end what is too much already.
        if self.check > MAX_STEPS { Err(Costly::Steps) } else { Ok(()) }
    }
}

/// Places in a schema by what refers to them.
struct References<'s> {
    root: &'s Value,
    anchors: HashMap<&'s str, &'s Value>,
    found: HashMap<&'s str, Option<&'s Value>>,
}

impl<'s> References<'s> {
    fn of(root: &'s Value) -> Self {
        let mut anchors = HashMap::new();
        let mut inside = vec![root];
        while let Some(schema) = inside.pop() {
            if let Some(name) = schema.get("$anchor").and_then(Value::as_str) {
                anchors.insert(name, schema);
            }
            inside.extend(items(schema));
            inside.extend(members(schema).map(|(_, value)| value));
        }
        Self { root, anchors, found: HashMap::new() }
    }

    fn resolve(&mut self, reference: &'s str) -> Option<&'s Value> {
        let Self { root, anchors, found } = self;
        *found.entry(reference).or_insert_with(|| {
            let fragment = percent_decoded(reference.strip_prefix('#')?);
            if fragment.is_empty() || fragment.starts_with('/') {
                return root.pointer(&fragment);
            }
            anchors.get(fragment.as_str()).copied()
        })
    }
}

fn items(node: &Value) -> &[Value] {
    node.as_array().map_or(&[], Vec::as_slice)
}

fn members(node: &Value) -> impl Iterator<Item = (&str, &Value)> {
    node.as_object().into_iter().flat_map(Map::iter).map(|(name, value)| (name.as_str(), value))
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

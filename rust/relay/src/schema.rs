//! Whether a bundle's values fit its schema: JSON Schema 2020-12, nothing fetched, expressions in linear time.

use crate::bundle::Bundle;
use crate::name::is_segment;
use crate::node::{Node, Position, Tree};
use crate::problem::{MOST, Problem, nearest, shorten};
use crate::schema_cost::{Costly, check_building, cost};
use crate::schema_form;
use crate::yaml::join;
use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use serde_json::Value;

/// A validator gathers everything that is wrong before it tells any; it is asked to only where that is no more than this.
const MAX_GATHERED: u32 = 50_000;
/// Bounds the memory one pattern's automaton may take.
const PATTERN_LEN: usize = 1 << 20;

/// Everything that is wrong with the values; empty if they fit.
pub(crate) fn check(bundle: &Bundle) -> Vec<Problem> {
    let Some(schema) = bundle.schema() else { return Vec::new() };
    violations(bundle, schema).unwrap_or_else(|refused| vec![refused])
}

/// Each step makes sure that the next is affordable, because a validator does not stop before it is done.
fn violations(bundle: &Bundle, node: &Node) -> Result<Vec<Problem>, Problem> {
    if let Some(refused) = schema_form::refuse(node, &bundle.file) {
        return Err(refused);
    }
    let (mut schema, values) = (node.to_value(), bundle.values().to_value());
    // It means nothing, since no reference uses it, and it might be that of a schema that a validator knows.
    if let Some(root) = schema.as_object_mut().filter(|root| root.get("$id").is_some_and(Value::is_string)) {
        root.shift_remove("$id");
    }
    let refuse = |costly: Costly| {
        let (code, message, hint) = costly.told();
        node.problem(&bundle.file, "spec.schema", code, message, hint)
    };
    check_building(&schema).map_err(refuse)?;
    let validator = build(&schema).map_err(|error| broken_schema(bundle, node, &error))?;
    let cost = cost(&schema, &values).map_err(refuse)?;
    if validator.is_valid(&values) {
        return Ok(Vec::new());
    }
    if cost.all <= MAX_GATHERED {
        return Ok(validator.iter_errors(&values).flat_map(|error| violation(bundle, &error)).take(MOST).collect());
    }
    let first = if cost.first <= MAX_GATHERED { validator.validate(&values).err() } else { None };
    Ok(first.map_or_else(
        || {
            let hint = "make the anyOf and oneOf in spec.schema smaller to be told which";
            vec![bundle.values().problem(
                &bundle.file,
                "spec.values",
                "schema",
                "a value does not fit the schema".to_owned(),
                hint,
            )]
        },
        |error| violation(bundle, &error),
    ))
}

fn build(schema: &Value) -> Result<Validator, ValidationError<'static>> {
    let patterns = PatternOptions::regex().size_limit(PATTERN_LEN).dfa_size_limit(PATTERN_LEN);
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .offline()
        .should_validate_formats(true)
        .with_pattern_options(patterns)
        .build(schema)
}

fn violation(bundle: &Bundle, error: &ValidationError<'_>) -> Vec<Problem> {
    let place = Place::find(bundle.values(), error.instance_path().as_str(), "spec.values");
    let rule = format!("spec.schema{}", error.schema_path().as_str().replace('/', "."));
    let problem = |at: Position, key: &str, message: String, hint: String| at.problem(&bundle.file, key, "schema", message, hint);
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            let known = bundle.schema().and_then(|schema| properties_beside(schema, error.schema_path().as_str()));
            unexpected
                .iter()
                .take(MOST)
                .map(|name| {
                    let at = place.node.member(name).map_or(place.at, |member| member.at);
                    let hint = match known.as_ref().and_then(|known| nearest(name, known.iter().map(String::as_str))) {
                        Some(near) => format!("did you mean {near}?"),
                        None => format!("remove it, or allow it in {rule}"),
                    };
                    problem(at, &join(&place.key, name), format!("{name:?} is not allowed here"), hint)
                })
                .collect()
        }
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            vec![problem(place.at, &join(&place.key, name), "missing".to_owned(), format!("add it: {rule} requires it"))]
        }
        _ => {
            let path = place.key.strip_prefix("spec.values.").unwrap_or_default();
            let told = if bundle.is_secret(path) { error.masked().to_string() } else { error.to_string() };
            vec![problem(place.at, &place.key, shorten(&told), format!("correct the value, or {rule}"))]
        }
    }
}

/// The names in `properties` next to the keyword at `path` (a JSON pointer into the schema).
fn properties_beside(schema: &Node, path: &str) -> Option<Vec<String>> {
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let place = Place::find(schema, parent, "");
    let names = place.node.get("properties")?.members()?.iter().map(|member| &member.name);
    Some(names.filter(|name| is_segment(name)).cloned().collect())
}

fn broken_schema(bundle: &Bundle, schema: &Node, error: &ValidationError<'_>) -> Problem {
    let place = Place::find(schema, error.instance_path().as_str(), "spec.schema");
    let hint = "correct the schema: JSON Schema 2020-12, no references to other documents, patterns without look-around and back-references";
    place.at.problem(&bundle.file, &place.key, "schema", format!("not a usable schema: {}", shorten(&error.to_string())), hint)
}

/// The node a JSON pointer means, or the deepest one on the way.
pub(crate) struct Place<'n> {
    node: &'n Node,
    pub(crate) at: Position,
    key: String,
}

impl<'n> Place<'n> {
    pub(crate) fn find(root: &'n Node, pointer: &str, key: &str) -> Self {
        let mut place = Self { node: root, at: root.at, key: key.to_owned() };
        for segment in pointer.split('/').skip(1) {
            let name = segment.replace("~1", "/").replace("~0", "~");
            let next = match &place.node.value {
                Tree::Object(_) => place.node.member(&name).map(|member| (&member.node, member.at)),
                Tree::Array(items) => name.parse().ok().and_then(|at: usize| items.get(at)).map(|item| (item, item.at)),
                _ => None,
            };
            let Some((node, at)) = next else { break };
            place = Self { node, at, key: join(&place.key, &name) };
        }
        place
    }
}

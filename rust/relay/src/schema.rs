//! Whether a bundle's values fit its schema: JSON Schema 2020-12, nothing fetched, expressions in linear time.

use crate::bundle::Bundle;
use crate::node::{Node, Position, Tree};
use crate::problem::{Problem, nearest, shorten};
use crate::schema_cost::{MAX_STEPS, is_too_costly};
use crate::yaml::join;
use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, ValidationError, Validator};

/// Most problems told of one bundle.
const MOST: usize = 50;
/// Bounds the memory one pattern's automaton may take.
const PATTERN_LEN: usize = 1 << 20;

/// Everything that is wrong with the values; empty if they fit.
pub(crate) fn check(bundle: &Bundle) -> Vec<Problem> {
    let mut problems = Vec::new();
    let Some(schema) = bundle.schema() else { return problems };
    match build(schema) {
        // Only then, because a validator does not stop before it is done.
        Ok(_) if is_too_costly(schema, bundle.values()) => {
            let message = format!("checking these values by this schema takes more than {MAX_STEPS} steps");
            let hint = "let fewer parts of it refer to the same parts again and again";
            problems.push(schema.problem(&bundle.file, "spec.schema", "limit", message, hint));
        }
        Ok(validator) => {
            let values = bundle.values().to_value();
            problems.extend(validator.iter_errors(&values).flat_map(|error| violation(bundle, &error)).take(MOST));
        }
        Err(error) => problems.push(broken_schema(bundle, schema, &error)),
    }
    problems
}

fn build(schema: &Node) -> Result<Validator, ValidationError<'static>> {
    let patterns = PatternOptions::regex().size_limit(PATTERN_LEN).dfa_size_limit(PATTERN_LEN);
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .offline()
        .should_validate_formats(true)
        .with_pattern_options(patterns)
        .build(&schema.to_value())
}

fn violation(bundle: &Bundle, error: &ValidationError<'_>) -> Vec<Problem> {
    let place = Place::find(bundle.values(), error.instance_path().as_str(), "spec.values");
    let rule = format!("spec.schema{}", error.schema_path().as_str().replace('/', "."));
    let problem = |at: Position, key: &str, message: String, hint: String| at.problem(&bundle.file, key, "schema", message, hint);
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            unexpected
                .iter()
                .map(|name| {
                    let at = place.node.member(name).map_or(place.at, |member| member.at);
                    let known = bundle.schema().and_then(|schema| properties_beside(schema, error.schema_path().as_str()));
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
        _ => vec![problem(place.at, &place.key, shorten(&error.to_string()), format!("correct the value, or {rule}"))],
    }
}

/// The names in `properties` next to the keyword at `path` (a JSON pointer into the schema).
fn properties_beside(schema: &Node, path: &str) -> Option<Vec<String>> {
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let place = Place::find(schema, parent, "");
    Some(place.node.get("properties")?.members()?.iter().map(|member| member.name.clone()).collect())
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

//! JSON into a tree with positions. serde_json decides what is JSON; a second, position-keeping parser tells where things stand
//! and shows duplicate keys.

use crate::node::{MAX_NESTING, Member, Node, Position, Tree, integer};
use crate::problem::Problem;
use crate::yaml::join;
use jsonc_parser::ast::Value as Ast;
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::Number;
use serde_json::Value;

const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

struct Loader<'a> {
    file: &'a str,
    text: &'a str,
    line_starts: Vec<usize>,
    problems: Vec<Problem>,
}

pub(crate) fn parse(text: &str, file: &str) -> Result<Node, Vec<Problem>> {
    let syntax =
        |at: Position, why: String| vec![at.problem(file, "", "json-syntax", format!("not JSON: {why}"), "correct the syntax")];
    if let Err(error) = serde_json::from_str::<Value>(text) {
        let at = Position { line: error.line() as u32, column: error.column() as u32 };
        return Err(syntax(at, error.to_string()));
    }
    let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let mut loader = Loader { file, text, line_starts, problems: Vec::new() };
    let parsed = parse_to_ast(text, &CollectOptions::default(), &STRICT).map_err(|error| {
        let at = loader.position(error.range().start);
        syntax(at, error.kind().to_string())
    })?;
    let root = parsed.value.as_ref().ok_or_else(|| syntax(Position::default(), "there is no value".to_owned()))?;
    let node = loader.node(root, "", 0);
    if loader.problems.is_empty() { Ok(node) } else { Err(loader.problems) }
}

impl Loader<'_> {
    fn position(&self, offset: usize) -> Position {
        let line = self.line_starts.partition_point(|&start| start <= offset);
        let start = self.line_starts[line - 1];
        Position { line: line as u32, column: self.text[start..offset].chars().count() as u32 + 1 }
    }

    fn node(&mut self, ast: &Ast<'_>, key: &str, depth: usize) -> Node {
        let at = self.position(ast.start());
        if depth > MAX_NESTING {
            self.problems.push(at.problem(
                self.file,
                key,
                "limit",
                format!("nested more than {MAX_NESTING} deep"),
                "make it flatter",
            ));
            return Node { at, value: Tree::Null };
        }
        let value = match ast {
            Ast::NullKeyword(_) => Tree::Null,
            Ast::BooleanLit(literal) => Tree::Bool(literal.value),
            Ast::StringLit(literal) => Tree::String(literal.value.clone().into_owned()),
            Ast::NumberLit(literal) => match number(literal.value) {
                Some(number) => Tree::Number(number),
                None => {
                    let message = format!("{} is too large for a float", literal.value);
                    self.problems.push(at.problem(self.file, key, "type", message, "give a finite number"));
                    Tree::Null
                }
            },
            Ast::Array(array) => {
                let items = array.elements.iter().enumerate();
                Tree::Array(items.map(|(index, item)| self.node(item, &join(key, &index.to_string()), depth + 1)).collect())
            }
            Ast::Object(object) => {
                let mut seen = std::collections::HashMap::new();
                let mut members = Vec::with_capacity(object.properties.len());
                for property in &object.properties {
                    let name = property.name.as_str().to_owned();
                    let at = self.position(property.range.start);
                    let path = join(key, &name);
                    if let Some(first) = seen.insert(name.clone(), at.line) {
                        let message = format!("the key {name:?} is given twice, first in line {first}");
                        self.problems.push(at.problem(self.file, &path, "duplicate-key", message, "keep one of them"));
                    }
                    let node = self.node(&property.value, &path, depth + 1);
                    members.push(Member { name, at, node });
                }
                Tree::Object(members)
            }
        };
        Node { at, value }
    }
}

fn number(text: &str) -> Option<Number> {
    integer(text).or_else(|| text.parse::<f64>().ok().and_then(Number::from_f64))
}

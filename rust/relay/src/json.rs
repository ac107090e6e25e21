//! JSON into a tree with positions. serde_json decides what is JSON; a second, position-keeping parser tells where things stand
//! and shows duplicate keys.

use crate::node::{MAX_NESTING, Member, Node, Path, Position, Tree, integer};
use crate::problem::{Problem, Problems};
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
    /// The offset that was last asked for, and its position: the next one is not far behind it.
    last: (usize, Position),
    problems: Problems,
}

const START: (usize, Position) = (0, Position { line: 1, column: 1 });

pub(crate) fn parse(text: &str, file: &str) -> Result<Node, Vec<Problem>> {
    let syntax =
        |at: Position, why: String| vec![at.problem(file, "", "json-syntax", format!("not JSON: {why}"), "correct the syntax")];
    if let Err(error) = serde_json::from_str::<Value>(text) {
        let at = Position { line: error.line() as u32, column: error.column() as u32 };
        return Err(syntax(at, error.to_string()));
    }
    let mut loader = Loader { file, text, last: START, problems: Problems::default() };
    let parsed = parse_to_ast(text, &CollectOptions::default(), &STRICT).map_err(|error| {
        let at = loader.position(error.range().start);
        syntax(at, error.kind().to_string())
    })?;
    let root = parsed.value.as_ref().ok_or_else(|| syntax(Position::default(), "there is no value".to_owned()))?;
    let node = loader.node(root, Path::Root, 0);
    loader.problems.or(node)
}

impl Loader<'_> {
    fn position(&mut self, offset: usize) -> Position {
        let (from, mut at) = if offset < self.last.0 { START } else { self.last };
        for character in self.text[from..offset].chars() {
            at = match character {
                '\n' => Position { line: at.line + 1, column: 1 },
                _ => Position { column: at.column + 1, ..at },
            };
        }
        self.last = (offset, at);
        at
    }

    fn refuse(&mut self, at: Position, path: Path<'_>, code: &'static str, message: String, hint: &str) {
        self.problems.add(|| at.problem(self.file, &path.to_string(), code, message, hint));
    }

    fn node(&mut self, ast: &Ast<'_>, path: Path<'_>, depth: usize) -> Node {
        let at = self.position(ast.start());
        if depth > MAX_NESTING {
            self.refuse(at, path, "limit", format!("nested more than {MAX_NESTING} deep"), "make it flatter");
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
                    self.refuse(at, path, "type", message, "give a finite number");
                    Tree::Null
                }
            },
            Ast::Array(array) => {
                let items = array.elements.iter().enumerate();
                Tree::Array(items.map(|(index, item)| self.node(item, Path::Item(&path, index), depth + 1)).collect())
            }
            Ast::Object(object) => {
                let mut seen = std::collections::HashMap::new();
                let mut members = Vec::with_capacity(object.properties.len());
                for property in &object.properties {
                    let name = property.name.as_str().to_owned();
                    let at = self.position(property.range.start);
                    let inner = Path::Member(&path, &name);
                    if let Some(first) = seen.insert(name.clone(), at.line) {
                        let message = format!("the key {name:?} is given twice, first in line {first}");
                        self.refuse(at, inner, "duplicate-key", message, "keep one of them");
                    }
                    let node = self.node(&property.value, inner, depth + 1);
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

//! YAML 1.2 (core schema) into a tree, refusing what configuration does not need and attackers do: anchors, aliases, tags,
//! several documents, duplicate and non-string keys, deep nesting.

use crate::node::{MAX_NESTING, Member, Node, Path, Position, Tree, integer};
use crate::problem::{Problem, Problems, shorten};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput};
use serde_json::Number;

struct Loader<'a> {
    file: &'a str,
    parser: Parser<'a, StrInput<'a>>,
    problems: Problems,
}

/// The document's tree, or why there is none. Problems that leave the rest readable are collected.
pub(crate) fn parse(text: &str, file: &str) -> Result<Node, Vec<Problem>> {
    let mut loader = Loader { file, parser: Parser::new_from_str(text), problems: Problems::default() };
    let document = loader.document();
    let Loader { mut problems, .. } = loader;
    match document {
        Ok(node) => problems.or(node),
        Err(fatal) => {
            problems.add(|| fatal);
            Err(problems.into_vec())
        }
    }
}

fn position(mark: &Marker) -> Position {
    Position { line: mark.line() as u32, column: mark.col() as u32 + 1 }
}

impl<'a> Loader<'a> {
    fn document(&mut self) -> Result<Node, Problem> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
                _ if root.is_some() => {
                    let message = "a second YAML document begins here".to_owned();
                    return Err(position(&span.start).problem(
                        self.file,
                        "",
                        "yaml-syntax",
                        message,
                        "put each bundle in a file of its own",
                    ));
                }
                event => root = Some(self.node(event, &span, Path::Root, 0)?),
            }
        }
        root.ok_or_else(|| {
            Problem::of_file(self.file, "yaml-syntax", "the file is empty", "write a ConfigBundle into it, or delete it")
        })
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Problem> {
        let file = self.file;
        let syntax = |error: &ScanError| {
            position(error.marker()).problem(file, "", "yaml-syntax", format!("not YAML: {}", error.info()), "correct the syntax")
        };
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(syntax(&error)),
            None => Err(Problem::of_file(file, "yaml-syntax", "the document ends too early", "complete it")),
        }
    }

    fn node(&mut self, event: Event<'a>, span: &Span, path: Path<'_>, depth: usize) -> Result<Node, Problem> {
        let at = position(&span.start);
        if depth > MAX_NESTING {
            let message = format!("nested more than {MAX_NESTING} deep");
            return Err(at.problem(self.file, &path.to_string(), "limit", message, "make it flatter"));
        }
        let value = match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_extras(at, path, anchor, tag.is_some());
                if style == ScalarStyle::Plain { self.plain(&text, at, path) } else { Tree::String(text.into_owned()) }
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_extras(at, path, anchor, tag.is_some());
                self.sequence(path, depth)?
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_extras(at, path, anchor, tag.is_some());
                self.mapping(path, depth)?
            }
            Event::Alias(_) => {
                self.refuse(at, path, "alias", "a YAML alias".to_owned(), "write the value out: aliases are not supported");
                Tree::Null
            }
            other => {
                let message = format!("unexpected {}", shorten(&format!("{other:?}")));
                return Err(at.problem(self.file, &path.to_string(), "yaml-syntax", message, "correct the syntax"));
            }
        };
        Ok(Node { at, value })
    }

    fn sequence(&mut self, path: Path<'_>, depth: usize) -> Result<Tree, Problem> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Tree::Array(items)),
                (event, span) => items.push(self.node(event, &span, Path::Item(&path, items.len()), depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, path: Path<'_>, depth: usize) -> Result<Tree, Problem> {
        let mut members: Vec<Member> = Vec::new();
        let mut names = std::collections::HashMap::new();
        loop {
            let (event, span) = self.next()?;
            let at = position(&span.start);
            let name = match event {
                Event::MappingEnd => return Ok(Tree::Object(members)),
                Event::Scalar(text, style, anchor, tag) => {
                    self.refuse_extras(at, path, anchor, tag.is_some());
                    if style == ScalarStyle::Plain && !matches!(resolve(&text), Some(Tree::String(_))) {
                        let message = format!("the key {text} is not a string");
                        let hint = format!("put it in quotes: \"{text}\"");
                        self.refuse(at, Path::Member(&path, &text), "type", message, hint);
                    }
                    text.into_owned()
                }
                _ => {
                    let message = "a key that is no string".to_owned();
                    return Err(at.problem(self.file, &path.to_string(), "type", message, "use a string as key"));
                }
            };
            let inner = Path::Member(&path, &name);
            if let Some(first) = names.insert(name.clone(), at.line) {
                let message = format!("the key {name:?} is given twice, first in line {first}");
                self.refuse(at, inner, "duplicate-key", message, "keep one of them");
            }
            let (event, span) = self.next()?;
            let node = self.node(event, &span, inner, depth + 1)?;
            members.push(Member { name, at, node });
        }
    }

    fn plain(&mut self, text: &str, at: Position, path: Path<'_>) -> Tree {
        resolve(text).unwrap_or_else(|| {
            self.refuse(
                at,
                path,
                "type",
                format!("{text} is not a number that JSON has"),
                "give a finite number, or put it in quotes",
            );
            Tree::Null
        })
    }

    fn refuse_extras(&mut self, at: Position, path: Path<'_>, anchor: usize, tagged: bool) {
        if anchor > 0 {
            self.refuse(at, path, "alias", "a YAML anchor".to_owned(), "remove it: anchors and aliases are not supported");
        }
        if tagged {
            self.refuse(at, path, "type", "a YAML tag".to_owned(), "remove it: the value's own form decides its type");
        }
    }

    fn refuse(&mut self, at: Position, path: Path<'_>, code: &'static str, message: String, hint: impl Into<String>) {
        self.problems.add(|| at.problem(self.file, &path.to_string(), code, message, hint));
    }
}

pub(crate) fn join(key: &str, segment: &str) -> String {
    if key.is_empty() { segment.to_owned() } else { format!("{key}.{segment}") }
}

/// A plain scalar by the core schema (YAML 1.2.2, section 10.3.2); `None` for infinities and NaN.
fn resolve(text: &str) -> Option<Tree> {
    let radix = |digits: &str, radix| i64::from_str_radix(digits, radix).ok().map(|value| Tree::Number(value.into()));
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Tree::Null),
        "true" | "True" | "TRUE" => return Some(Tree::Bool(true)),
        "false" | "False" | "FALSE" => return Some(Tree::Bool(false)),
        _ => {}
    }
    if let Some(number) = integer(text) {
        return Some(Tree::Number(number));
    }
    if let Some(digits) = text.strip_prefix("0x").filter(|d| !d.is_empty() && d.bytes().all(|c| c.is_ascii_hexdigit())) {
        return radix(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o").filter(|d| !d.is_empty() && d.bytes().all(|c| (b'0'..=b'7').contains(&c))) {
        return radix(digits, 8);
    }
    let unsigned = text.trim_start_matches(['+', '-']);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return None;
    }
    if is_float(text) {
        return text.parse::<f64>().ok().and_then(Number::from_f64).map(Tree::Number);
    }
    Some(Tree::String(text.to_owned()))
}

/// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn is_float(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|c| c.is_ascii_digit());
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_fits = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['-', '+']).unwrap_or(e);
        !e.is_empty() && digits(e)
    });
    digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()) && exponent_fits
}

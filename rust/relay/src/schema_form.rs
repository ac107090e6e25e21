//! What a bundle's schema may be made of: one schema of the 2020-12 kind that refers to nothing but itself.
//!
//! Schemas within a schema (`$id`), other drafts and dynamic references serve those who join documents from several hands. Here
//! they would make it a matter of opinion what a reference means, and a validator compiles a schema anew for each way on which it can
//! be reached: ten of them that refer to each other fill gigabytes.

use crate::bundle::MAX_NUMBER_LEN;
use crate::node::{Node, Path, Position, Tree};
use crate::problem::{Problem, shorten};
use std::collections::HashSet;

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";
/// Most bytes of all paths in a schema together: a validator keeps one for each keyword.
const MAX_PATHS_LEN: usize = 16 << 20;

/// Why a schema is refused before anything is made of it; nothing if it may be compiled.
pub(crate) fn refuse(schema: &Node, file: &str) -> Option<Problem> {
    let mut form = Form { file, anchors: HashSet::new(), paths_len: 0 };
    form.walk(schema, Path::Root, 0).err()
}

struct Form<'a> {
    file: &'a str,
    anchors: HashSet<&'a str>,
    paths_len: usize,
}

impl<'a> Form<'a> {
    /// `len` is the length of `path`. Also looks into what is no schema, such as `const`, because a reference may lead there.
    fn walk(&mut self, node: &'a Node, path: Path<'_>, len: usize) -> Result<(), Problem> {
        self.paths_len += len;
        if self.paths_len > MAX_PATHS_LEN {
            let message = format!("the paths in it have more than {MAX_PATHS_LEN} bytes together");
            return Err(self.told(node.at, path, "limit", &message, "use shorter names in the schema"));
        }
        match &node.value {
            Tree::Object(members) => members.iter().try_for_each(|member| {
                let inner = Path::Member(&path, &member.name);
                if let Tree::String(text) = &member.node.value {
                    self.keyword(&member.name, text, member.at, inner, matches!(path, Path::Root))?;
                }
                self.walk(&member.node, inner, len + 1 + member.name.len())
            }),
            Tree::Array(items) => {
                items.iter().enumerate().try_for_each(|(at, item)| self.walk(item, Path::Item(&path, at), len + 4))
            }
            Tree::Number(number) if number.as_str().len() > MAX_NUMBER_LEN => {
                let message = format!("a number of {} digits, and the limit is {MAX_NUMBER_LEN}", number.as_str().len());
                Err(self.told(node.at, path, "limit", &message, "use a shorter number"))
            }
            _ => Ok(()),
        }
    }

    fn keyword(&mut self, name: &str, text: &'a str, at: Position, path: Path<'_>, of_root: bool) -> Result<(), Problem> {
        let (why, hint) = match name {
            "$id" if !of_root => {
                ("a schema within it has an $id", "remove it, and refer to that schema by its place: #/$defs/name")
            }
            "$schema" if text.trim_end_matches('#') != DRAFT => {
                ("this draft is not 2020-12", "write it in 2020-12, and name no other draft")
            }
            "$dynamicRef" | "$dynamicAnchor" => ("dynamic references are not supported", "use $ref and $anchor"),
            "$ref" if !text.starts_with('#') => (
                "it refers to another document, which is not retrieved",
                "copy that into $defs, and refer to it by its place: #/$defs/name",
            ),
            "$anchor" if !self.anchors.insert(text) => ("the anchor is there twice", "rename one of them"),
            _ => return Ok(()),
        };
        Err(self.told(at, path, "schema", &format!("not a usable schema: {why}: {:?}", shorten(text)), hint))
    }

    fn told(&self, at: Position, path: Path<'_>, code: &'static str, message: &str, hint: &str) -> Problem {
        let key = format!("spec.schema.{path}");
        at.problem(self.file, key.trim_end_matches('.'), code, message.to_owned(), hint)
    }
}

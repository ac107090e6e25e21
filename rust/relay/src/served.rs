//! What is served of a bundle, which goes on being served as long as nothing better comes.

use crate::flatten::Flat;
use crate::guard::Size;
use crate::name::is_name;
use crate::node::Node;
use configedge_snapshot::{BuildError, Builder, Extent, Snapshot, ValueRef};

/// One bundle in a snapshot.
pub(crate) struct Served<'s> {
    last: &'s Snapshot,
    /// What the keys of its values begin with: its name and a dot.
    inside: String,
    text: &'s str,
    /// What it takes in a snapshot.
    pub(crate) extent: Extent,
    keys: usize,
}

impl<'s> Served<'s> {
    /// `None` if nothing is served of that name.
    pub(crate) fn of(last: Option<&'s Snapshot>, name: &str) -> Option<Self> {
        // A part of a bundle is none.
        let last = last.filter(|_| is_name(name))?;
        let ValueRef::Json(text) = last.get(name)?.value() else { return None };
        let inside = format!("{name}.");
        // As a builder has them: behind a text is a NUL, and the texts of containers are parts of this one.
        let (mut keys, mut strings) = (0, name.len() + text.len());
        for entry in last.prefix(&inside) {
            keys += 1;
            strings += entry.key().len();
            if let ValueRef::Str(text) | ValueRef::BigInt(text) = entry.value() {
                strings += text.len() + 1;
            }
        }
        Some(Self { last, inside, text, extent: Extent::new(keys + 1, strings), keys })
    }

    pub(crate) fn size(&self) -> Size {
        Size { keys: self.keys, bytes: self.text.len() }
    }

    /// Whether that is just what these entries say.
    pub(crate) fn is(&self, entries: &Builder) -> bool {
        entries.len() == self.keys + 1 && entries.is_in(self.last)
    }

    /// Adds its entries; what was secret in it stays so. A container is, if something in it is.
    pub(crate) fn insert(&self, builder: &mut Builder) -> Result<(), BuildError> {
        // What was published of containers is JSON.
        let Ok(values) = serde_json::from_str(self.text) else { return Ok(()) };
        let values = Node::from_value(&values);
        Flat::of(&values).insert(builder, self.inside.trim_end_matches('.'), &values)?;
        let inside = self.last.prefix(&self.inside);
        let leaves = inside.filter(|entry| entry.is_secret() && !matches!(entry.value(), ValueRef::Json(_)));
        leaves.for_each(|entry| builder.secret(entry.key()));
        Ok(())
    }
}

/// Names of all bundles in a snapshot.
pub(crate) fn names(last: &Snapshot) -> impl Iterator<Item = &str> {
    last.keys().filter(|key| !key.contains('.'))
}

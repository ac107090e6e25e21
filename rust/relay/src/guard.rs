//! What a good bundle may still be refused for: a change of size that is more likely an accident, and somebody's hold.

use crate::bundle::Bundle;
use crate::flatten::Flat;
use crate::problem::Problem;

/// With this annotation set to `"true"` a bundle may become as small or as large as it likes.
pub const ALLOW_RESIZE: &str = "configedge.io/allow-resize";
/// With this annotation what is published of the bundle is kept; its text says why.
pub const HOLD: &str = "configedge.io/hold";

/// A change of fewer keys than this is nobody's accident ...
const FEW_KEYS: usize = 16;
/// ... nor is one of fewer bytes.
const FEW_BYTES: usize = 4 << 10;

/// What a bundle comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Values and containers below the root.
    pub keys: usize,
    /// Bytes of its values as compact JSON.
    pub bytes: usize,
}

impl Size {
    pub fn of(flat: &Flat) -> Self {
        Self { keys: flat.keys - 1, bytes: flat.len() }
    }
}

/// Why `bundle`, which is `new`, must not take the place of what is served; a problem, or nothing.
pub fn resize(bundle: &Bundle, old: Size, new: Size) -> Option<Problem> {
    let why = (bundle.annotation(ALLOW_RESIZE).is_none()).then(|| unlikely(old, new)).flatten()?;
    let hint = format!("if that is meant, set the annotation {ALLOW_RESIZE}: \"true\" for this change, and remove it after");
    Some(bundle.values().problem(&bundle.file, "spec.values", "resize", why, hint))
}

fn unlikely(old: Size, new: Size) -> Option<String> {
    if new.keys == 0 && old.keys > 0 {
        return Some(format!("it would become empty, and has {} keys now", old.keys));
    }
    let measures = [("keys", old.keys, new.keys, FEW_KEYS), ("bytes", old.bytes, new.bytes, FEW_BYTES)];
    measures.into_iter().find_map(|(what, old, new, few)| {
        let told = |how: &str| Some(format!("it would {how}: {new} {what}, and {old} are published"));
        if new * 2 < old && old - new >= few {
            told("lose more than half")
        } else if new > old * 2 && new - old >= few {
            told("more than double")
        } else {
            None
        }
    })
}

/// Why what is published of the bundle is kept, if its annotation says so.
pub fn hold(bundle: &Bundle) -> Option<Problem> {
    let node = bundle.annotation_node(HOLD)?;
    let key = format!("metadata.annotations.{HOLD}");
    let why = node.as_str().unwrap_or_default();
    let message = if why.is_empty() { "held".to_owned() } else { format!("held: {why}") };
    Some(node.problem(&bundle.file, &key, "held", message, "remove the annotation to publish the bundle again"))
}

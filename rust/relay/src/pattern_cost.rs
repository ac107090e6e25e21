//! How large the automaton of a regular expression is, which is what a match takes for each byte at worst.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Of an expression that cannot be measured.
const LARGEST: u64 = 40_000;

/// States of the automaton, roughly and rather too many.
pub(crate) fn states(pattern: &str) -> u64 {
    // `\d` and `\w` are ASCII in a schema; what is beyond that needs the other way.
    let ascii = ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern);
    match ascii {
        Ok(expression) => weight(&expression),
        Err(_) => ParserBuilder::new().build().parse(pattern).map_or(LARGEST, |expression| weight(&expression)),
    }
}

fn weight(expression: &Hir) -> u64 {
    match expression.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len() as u64,
        HirKind::Class(Class::Bytes(_)) => 1,
        // A range of characters is a few of bytes.
        HirKind::Class(Class::Unicode(class)) => 1 + 4 * class.ranges().len() as u64,
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min.saturating_add(1)).max(1);
            weight(&repetition.sub).saturating_add(1).saturating_mul(u64::from(times))
        }
        HirKind::Capture(capture) => weight(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().fold(1, |sum: u64, part| sum.saturating_add(weight(part)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LARGEST, states};

    #[test]
    fn states_grow_with_what_is_repeated() {
        assert_eq!(states("^[a-z]+$"), 7);
        assert!((60..200).contains(&states("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")));
        assert!((3_000..7_000).contains(&states("[ab]*a[ab]{3000}c")));
        assert!(states(r"(\p{L}{20}){20}") > 100_000);
        assert_eq!(states("(?=look)"), LARGEST);
        assert_eq!(states(&"(".repeat(10_000)), LARGEST);
    }
}

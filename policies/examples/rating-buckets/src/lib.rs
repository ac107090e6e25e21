//! Cuts the scale of ratings into buckets, so that no matchmaker does it on its own and differently.
//!
//! ```yaml
//! rating: {min: 0, max: 3000, bucket_width: 1000}
//! ```
//!
//! derives
//!
//! ```yaml
//! rating:
//!   buckets: [0, 1000, 2000]                               # lower bounds: a rating's bucket is searched here
//!   bucket_count: 3                                        # what an index found by division stays below
//!   bucket_names: ["0..1000", "1000..2000", "2000..3000"]  # for queues and metrics; without the upper bound
//! ```
//!
//! A rating below `min` belongs to the first bucket; `max` and everything above it to the last.

#![cfg_attr(target_arch = "wasm32", no_std)]

use configedge_policy::{Bundle, Map, Report, ToString, Value, Vec, format, json, kind, policy};

const MAX_BUCKETS: i64 = 256;

struct Scale {
    min: i64,
    max: i64,
    width: i64,
    count: i64,
}

impl Scale {
    /// `None` if `rating` is no scale; the report says why.
    fn read(rating: &Value, report: &mut Report) -> Option<Self> {
        if !rating.is_object() {
            report.deny("rating", "rating is not an object", "give it min, max and bucket_width");
            return None;
        }
        let mut integer = |name: &str| {
            let found = rating.get(name);
            let integer = found.and_then(Value::as_i64);
            if integer.is_none() {
                let what = if found.is_some_and(Value::is_number) { "no whole number" } else { kind(found) };
                report.deny(format!("rating.{name}"), format!("{name} is {what}"), "write a whole number");
            }
            integer
        };
        let (min, max, width) = (integer("min"), integer("max"), integer("bucket_width"));
        let (min, max, width) = (min?, max?, width?);
        if width <= 0 {
            report.deny("rating.bucket_width", format!("a bucket is {width} wide"), "write a width above 0");
            return None;
        }
        if min >= max {
            report.deny("rating.max", format!("max is {max}, not above min, {min}"), "raise max, or lower min");
            return None;
        }
        let Some(span) = max.checked_sub(min) else {
            report.deny("rating.max", format!("{min} to {max} is too wide a scale"), "lower max, or raise min");
            return None;
        };
        let count = (span - 1) / width + 1;
        if count > MAX_BUCKETS {
            let message = format!("a width of {width} makes {count} buckets, and the limit is {MAX_BUCKETS}");
            let enough = (span - 1) / MAX_BUCKETS + 1;
            report.deny("rating.bucket_width", message, format!("widen it to {enough} or more"));
            return None;
        }
        if span % width != 0 {
            let message =
                format!("{span}, from min to max, is no multiple of {width}: the last bucket is {} wide", span % width);
            report.warn("rating.bucket_width", message, format!("choose a width that divides {span}, or move max"));
        }
        Some(Self { min, max, width, count })
    }

    /// What there is to derive, by the names below `rating`.
    fn derived(&self) -> [(&'static str, Value); 3] {
        let lower = |at| self.min + at * self.width;
        let upper = |at| if at + 1 < self.count { lower(at + 1) } else { self.max };
        let name = |at| format!("{}..{}", lower(at), upper(at));
        let (mut buckets, mut names) = (Vec::new(), Vec::new());
        for at in 0..self.count {
            buckets.push(lower(at).into());
            names.push(name(at).into());
        }
        [("buckets", Value::Array(buckets)), ("bucket_count", self.count.into()), ("bucket_names", Value::Array(names))]
    }
}

fn check(bundle: &Bundle, report: &mut Report) {
    let Some(rating) = bundle.get("rating") else { return };
    let Some(scale) = Scale::read(&rating, report) else { return };
    for (name, derived) in scale.derived() {
        // The same as derived does no harm: values that were read back from a node have it.
        if rating.get(name).is_some_and(|written| *written != derived) {
            let message = format!("{name} is written by hand, and not what min, max and bucket_width make of it");
            report.deny(format!("rating.{name}"), message, "remove it: it is derived");
        }
    }
}

fn derive(bundle: &Bundle) -> Option<Value> {
    let rating = bundle.get("rating")?;
    let scale = Scale::read(&rating, &mut Report::default())?;
    let mut new = Map::new();
    for (name, derived) in scale.derived() {
        if rating.get(name).is_none() {
            new.insert(name.to_string(), derived);
        }
    }
    if new.is_empty() { None } else { Some(json!({"rating": new})) }
}

policy!(check, derive);

#[cfg(test)]
mod tests {
    use super::{check, derive};
    use configedge_policy::{Bundle, Report, String, Value, format, json};

    fn ask(rating: Value) -> (String, Option<Value>) {
        let input = format!(r#"{{"abi":1,"name":"m","namespace":"n","values":{{"rating":{rating}}}}}"#);
        let (bundle, mut report) = (Bundle::new(input.as_bytes()), Report::default());
        check(&bundle, &mut report);
        (report.answer(), derive(&bundle))
    }

    #[test]
    fn the_last_bucket_ends_at_max() {
        let (answer, derived) = ask(json!({"min": -100, "max": 450, "bucket_width": 200}));
        assert!(answer.starts_with(r#"{"accept":true"#) && answer.contains("the last bucket is 150 wide"), "{answer}");
        let names = ["-100..100", "100..300", "300..450"];
        let buckets = json!({"buckets": [-100, 100, 300], "bucket_count": 3, "bucket_names": names});
        assert_eq!(derived, Some(json!({"rating": buckets})));
    }

    #[test]
    fn what_is_derived_may_be_there_already_if_it_is_the_same() {
        let rating = json!({"min": 0, "max": 2, "bucket_width": 1, "bucket_count": 2});
        let (answer, derived) = ask(rating);
        assert_eq!(
            (answer.as_str(), derived),
            ("", Some(json!({"rating": {"buckets": [0, 1], "bucket_names": ["0..1", "1..2"]}})))
        );
        let (answer, _) = ask(json!({"min": 0, "max": 2, "bucket_width": 1, "bucket_count": 3}));
        assert!(answer.starts_with(r#"{"accept":false"#) && answer.contains("written by hand"), "{answer}");
    }

    #[test]
    fn the_ends_of_an_integer_are_no_scale() {
        let (answer, derived) = ask(json!({"min": i64::MIN, "max": i64::MAX, "bucket_width": i64::MAX}));
        assert!(answer.contains("too wide a scale") && derived.is_none(), "{answer}");
        let (answer, derived) = ask(json!({"min": 1, "max": i64::MAX, "bucket_width": i64::MAX}));
        assert!(answer.contains("\"accept\":true") && derived.is_some(), "{answer}");
    }
}

//! What somebody's document may cost the node: time and memory stay small, whatever it says.

use configedge_snapshot::{Builder, Publisher, Value as Entry};
use configrelay::Problem;
use configrelay::bundle::Bundle;
use configrelay::check::check;
use configrelay::policies::Policies;
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};

/// Generous, because nothing here is optimized and others use the machine.
const SOON: Duration = Duration::from_secs(20);

fn document(spec: &Value) -> String {
    let head = json!({"apiVersion": "configedge.io/v1alpha1", "kind": "ConfigBundle", "metadata": {"name": "m"}, "spec": spec});
    head.to_string()
}

fn problems(text: &str, file: &str) -> Vec<Problem> {
    let begun = Instant::now();
    let problems =
        Bundle::parse(text.as_bytes(), file).map_or_else(|problems| problems, |b| check(&b, &Policies::default()).problems);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    problems
}

fn violations(values: Value, schema: Value) -> Vec<Problem> {
    problems(&document(&json!({"values": values, "schema": schema})), "m.json")
}

/// Code and key of what is wrong.
fn told(problems: &[Problem]) -> Vec<(&str, &str)> {
    problems.iter().map(|problem| (problem.code, problem.key.as_str())).collect()
}

fn named(count: usize, one: impl Fn(usize) -> (String, Value)) -> Value {
    Value::Object((0..count).map(one).collect::<Map<_, _>>())
}

/// The most memory this process ever had, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmHWM")).expect("a figure");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).expect("KiB") << 10
}

#[test]
fn a_document_with_hundreds_of_thousands_of_faults_gets_fifty_short_problems() {
    let parent = "p".repeat(100_000);
    let twice = vec!["\"a\": 1"; 20_000].join(", ");
    let fields: String = (0..80_000).map(|number| format!("k{number}: 1\n")).collect();
    let aliases = "    - *a\n".repeat(100_000);
    let inside = |values: &str| {
        format!("apiVersion: configedge.io/v1alpha1\nkind: ConfigBundle\nmetadata: {{name: m}}\nspec:\n  values:\n{values}")
    };
    let names: String = (0..50_000).map(|number| format!("    a.{number}: 1\n")).collect();
    for (text, file) in [
        (format!("{{{parent:?}: {{{twice}}}}}"), "m.json"),
        (format!("{{{parent:?}: {{{twice}}}}}"), "m.yaml"),
        (format!("a: {{{}}}", "b, ".repeat(300_000)), "m.yaml"),
        (fields, "m.yaml"),
        (inside(&format!("    a: &a 1\n    b:\n{aliases}")), "m.yaml"),
        (inside(&names), "m.yaml"),
    ] {
        let found = problems(&text, file);
        assert_eq!(found.len(), 50, "{file}: {}", found[0].message);
        let longest = found.iter().map(|one| one.key.len().max(one.message.len()).max(one.hint.len())).max();
        assert!(longest < Some(2_100), "{longest:?}");
    }
    let secrets: String = (0..100_000).map(|number| format!("s{number} ")).collect();
    let text = document(&json!({"values": {}}))
        .replace("\"name\":\"m\"", &format!("\"name\":\"m\",\"annotations\":{{\"configedge.io/secret\":\"{secrets}\"}}"));
    assert_eq!(problems(&text, "m.json").len(), 50);
    assert!(peak() < 700 << 20, "{} MiB", peak() >> 20);
}

#[test]
fn places_in_one_long_line_are_found_in_one_walk_over_it() {
    let text = document(&json!({"values": {"a": vec![0; 490_000], "é": 1}}));
    let found = problems(&text, "m.json");
    let column = text.chars().position(|character| character == 'é').expect("there") as u32;
    assert!(found.iter().any(|one| one.code == "name" && (one.line, one.column) == (1, column)), "{found:?}");
}

#[test]
fn references_are_found_once_however_often_they_are_given() {
    let mut definitions = named(20_000, |number| (format!("x{number}"), json!(true)));
    definitions["zz"] = json!({"type": "integer"});
    let schema =
        json!({"$defs": definitions, "properties": {"a": {"items": {"allOf": vec![json!({"$ref": "#/$defs/zz"}); 150]}}}});
    assert_eq!(told(&violations(json!({"a": vec![1; 5_000]}), schema)), []);
}

#[test]
fn a_schema_refers_to_nothing_but_itself_and_says_so() {
    let values = json!({"a": 1});
    for (schema, key) in [
        (json!({"properties": {"a": {"$id": "https://example.com/a"}}}), "spec.schema.properties.a.$id"),
        (json!({"$defs": {"a": {"$schema": "http://json-schema.org/draft-07/schema#"}}}), "spec.schema.$defs.a.$schema"),
        (json!({"$schema": "http://json-schema.org/draft-07/schema#"}), "spec.schema.$schema"),
        (json!({"properties": {"a": {"const": {"$id": "https://example.com/a"}}}}), "spec.schema.properties.a.const.$id"),
        (json!({"$defs": {"a": {"$anchor": "x"}, "b": {"$anchor": "x"}}}), "spec.schema.$defs.b.$anchor"),
        (
            json!({"properties": {"a": {"enum": [1, {"$anchor": "x"}]}}, "$defs": {"x": {"$anchor": "x"}}}),
            "spec.schema.$defs.x.$anchor",
        ),
        (json!({"$defs": {"a": {"$dynamicAnchor": "x"}}}), "spec.schema.$defs.a.$dynamicAnchor"),
        (json!({"$dynamicRef": "#x"}), "spec.schema.$dynamicRef"),
        (json!({"$id": "https://example.com/a", "$ref": "https://example.com/a#/$defs/x"}), "spec.schema.$ref"),
        (json!({"$ref": "https://json-schema.org/draft/2020-12/schema"}), "spec.schema.$ref"),
    ] {
        let found = violations(values.clone(), schema.clone());
        assert_eq!(told(&found), [("schema", key)], "{schema}");
        assert!(found[0].message.starts_with("not a usable schema"), "{}", found[0]);
    }
    let draft = "https://json-schema.org/draft/2020-12/schema";
    for schema in [
        json!({"$schema": draft, "$id": "https://example.com/a", "properties": {"a": {"$ref": "#n"}}, "$defs": {"n": {"$anchor": "n", "type": "integer"}}}),
        // That of a schema which a validator knows takes nothing from this one.
        json!({"$id": draft, "$ref": "#/$defs/n", "$defs": {"n": {"properties": {"a": {"type": "integer"}}}}}),
        json!({"properties": {"$id": {"type": "string"}, "$ref": {"type": "string"}}}),
    ] {
        assert_eq!(told(&violations(values.clone(), schema.clone())), [], "{schema}");
    }
}

#[test]
fn steps_cannot_be_hidden_from_the_count() {
    let twice = |target: String| json!({"allOf": [{"$ref": target}, {"$ref": target}]});
    let limit = [("limit", "spec.schema")];
    // Anchors, and a way through places that are no schemas.
    let mut anchors = named(26, |number| {
        let mut one = twice(format!("#l{}", number + 1));
        one["$anchor"] = json!(format!("l{number}"));
        (format!("d{number}"), one)
    });
    anchors["end"] = json!({"$anchor": "l26"});
    assert_eq!(told(&violations(json!({"a": 1}), json!({"$defs": anchors, "properties": {"a": {"$ref": "#l0"}}}))), limit);
    let mut hidden = named(26, |number| (format!("d{number}"), twice(format!("#/x-own/const/d{}", number + 1))));
    hidden["d26"] = json!({});
    assert_eq!(told(&violations(json!({"a": 1}), json!({"x-own": {"const": hidden}, "$ref": "#/x-own/const/d0"}))), limit);
    // `dependencies` is of an older draft, and followed.
    let mut older =
        named(24, |number| (format!("d{number}"), json!({"dependencies": {"a": twice(format!("#/$defs/d{}", number + 1))}})));
    older["d24"] = json!({});
    assert_eq!(told(&violations(json!({"a": 1}), json!({"$defs": older, "$ref": "#/$defs/d0"}))), limit);
    // All of these refer to all others: a validator that breaks circles off would try each order.
    let complete = named(12, |number| {
        let others = (0..12).filter(|other| *other != number).map(|other| json!({"$ref": format!("#/$defs/c{other}")}));
        (format!("c{number}"), json!({"allOf": others.collect::<Vec<_>>()}))
    });
    let found = violations(json!({"a": 1}), json!({"$defs": complete, "properties": {"a": {"$ref": "#/$defs/c0"}}}));
    assert_eq!(told(&found), limit);
    assert!(found[0].message.contains("circle"), "{}", found[0]);
    // Each `unevaluatedProperties` asks the inner ones again.
    let nested =
        (0..30).fold(json!({}), |inner, _| json!({"anyOf": [inner], "unevaluatedProperties": false, "properties": {"a": true}}));
    assert_eq!(told(&violations(json!({"a": 1}), nested)), limit);
}

#[test]
fn long_lists_texts_and_numbers_in_a_schema_are_steps_too() {
    let limit = [("limit", "spec.schema")];
    let each = |schema: Value| json!({"properties": {"a": {"items": schema}}});
    let many = json!({"a": vec![-1; 4_000]});
    assert_eq!(told(&violations(many.clone(), each(json!({"enum": (0..100_000).collect::<Vec<_>>()})))), limit);
    let required: Vec<_> = (0..5_000).map(|number| format!("k{number}")).collect();
    assert_eq!(told(&violations(json!({"a": vec![json!({}); 2_100]}), each(json!({"required": required})))), limit);
    // As slow as a linear expression can be, on a long text.
    let text: String = (0..60_000_u32).map(|at| if at.wrapping_mul(2_654_435_761) >> 31 == 0 { 'a' } else { 'b' }).collect();
    assert_eq!(told(&violations(json!({"a": text}), json!({"properties": {"a": {"pattern": "[ab]*a[ab]{3000}c"}}}))), limit);
    let good = json!({"additionalProperties": {"pattern": "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"}});
    assert_eq!(told(&violations(named(9_000, |number| (format!("k{number}"), json!("eu-west-1"))), good)), []);
    let text = document(&json!({"values": {"a": 1}, "schema": {"properties": {"a": {"multipleOf": 7}}}}));
    let found = problems(&text.replace("\"multipleOf\":7", &format!("\"multipleOf\":{}", "7".repeat(900_000))), "m.json");
    assert_eq!(told(&found), [("limit", "spec.schema.properties.a.multipleOf")]);
}

#[test]
fn a_schema_that_would_fill_memory_is_not_compiled() {
    // A validator keeps the path of each keyword.
    let name = "x".repeat(300_000);
    let inner = json!({"properties": named(10_000, |number| (format!("k{number}"), json!({"type": "integer"})))});
    let schema = json!({"$defs": {name.clone(): inner}, "properties": {"a": {"$ref": format!("#/$defs/{name}")}}});
    let found = violations(json!({"a": 1}), schema);
    assert_eq!(found.iter().map(|one| one.code).collect::<Vec<_>>(), ["limit"]);
    // And prepares all that lies behind each of these.
    let mut chain = named(300, |number| {
        let next = json!({"$ref": format!("#/$defs/d{}", number + 1)});
        (format!("d{number}"), json!({"anyOf": [next], "unevaluatedProperties": false, "properties": {"a": true}}))
    });
    chain["d300"] = json!({});
    assert_eq!(told(&violations(json!({"a": 1}), json!({"$defs": chain, "$ref": "#/$defs/d0"}))), [("limit", "spec.schema")]);
    // And an automaton of each pattern.
    for count in [1_500, 9_000] {
        let patterns = named(count, |number| (format!("k{number}"), json!({"pattern": format!("[a-z]{{9000}}{number}")})));
        assert_eq!(told(&violations(json!({"a": 1}), json!({"properties": patterns}))), [("limit", "spec.schema")]);
    }
    let patterns = named(900, |number| (format!("k{number}"), json!({"pattern": format!("^[a-z]{{1,63}}-{number}$")})));
    assert_eq!(told(&violations(json!({"k7": "eu-west-7"}), json!({"properties": patterns}))).len(), 1);
    // A place that is called in many ways would be compiled for each of them.
    let found =
        violations(json!({"a": 1}), json!({"allOf": [{"$ref": "#/$defs/a/allOf/00"}], "$defs": {"a": {"allOf": [true]}}}));
    assert_eq!(told(&found), [("schema", "spec.schema")]);
    assert!(found[0].message.contains("leads nowhere"), "{}", found[0]);
    let flat = json!({"properties": named(900, |number| (format!("k{number}"), json!({"properties": {"x": true}, "unevaluatedProperties": false})))});
    assert_eq!(told(&violations(named(900, |number| (format!("k{number}"), json!({"x": 1}))), flat)), []);
}

#[test]
fn of_very_many_violations_the_first_is_told() {
    let mut levels = named(20, |number| {
        let next = json!({"$ref": format!("#/$defs/l{}", number + 1)});
        (format!("l{number}"), json!({"allOf": [next, next]}))
    });
    levels["l20"] = json!({"type": "string"});
    let found = violations(json!({"a": 1}), json!({"$defs": levels, "properties": {"a": {"$ref": "#/$defs/l0"}}}));
    assert_eq!(told(&found), [("schema", "spec.values.a")]);
    assert!(found[0].message.contains("is not of type"), "{}", found[0]);
    let text = "b".repeat(60_000);
    let found = violations(json!({"a": text}), json!({"properties": {"a": {"pattern": "^[a-z]{1,30}$"}}}));
    assert_eq!(told(&found), [("schema", "spec.values.a")]);
    // Where even one is made of very many, it is told that there is one.
    for number in 0..20 {
        let next = json!({"$ref": format!("#/$defs/l{}", number + 1)});
        levels[format!("l{number}")] = json!({"anyOf": [next, next]});
    }
    let found = violations(json!({"a": 1}), json!({"$defs": levels, "properties": {"a": {"$ref": "#/$defs/l0"}}}));
    assert_eq!(told(&found), [("schema", "spec.values")]);
    // A few are told one by one, also in a large bundle.
    let mut values = named(2_000, |number| (format!("k{number}"), json!(number)));
    (values["k7"], values["k9"]) = (json!("x"), json!("y"));
    let found = violations(values, json!({"additionalProperties": {"type": "integer"}}));
    assert_eq!(told(&found), [("schema", "spec.values.k7"), ("schema", "spec.values.k9")]);
    assert!(peak() < 700 << 20, "{} MiB", peak() >> 20);
}

#[test]
fn unknown_names_are_compared_with_a_bounded_number_of_known_ones() {
    let values = named(9_000, |number| (format!("unknown-{number}"), json!(1)));
    let known = named(9_000, |number| (format!("known-{number}"), json!(true)));
    let found = violations(values, json!({"properties": known, "additionalProperties": false}));
    assert_eq!(found.len(), 50);
}

#[test]
fn what_is_secret_is_in_no_message_of_a_schema() {
    let spec = json!({
        "values": {"db": {"password": "hunter2-hunter2", "user": "configuser"}, "list": ["hunter2-hunter2"]},
        "schema": {"properties": {
            "db": {"maxProperties": 1, "properties": {"password": {"maxLength": 8}, "user": {"maxLength": 4}}},
            "list": {"items": {"anyOf": [{"type": "integer"}, {"const": "other"}]}}}}});
    let mark = |secret: &str| format!("\"name\":\"m\",\"annotations\":{{\"configedge.io/secret\":\"{secret}\"}}");
    for (secret, shown) in [("db.password, list", true), ("db list.0", false)] {
        let found = problems(&document(&spec).replace("\"name\":\"m\"", &mark(secret)), "m.json");
        assert_eq!(found.len(), 4, "{found:?}");
        let all = format!("{found:?}");
        assert!(!all.contains("hunter2"), "{all}");
        assert_eq!(all.contains("\\\"configuser\\\" is longer"), shown, "{all}");
    }
}

#[test]
fn very_many_secrets_are_looked_up_and_not_searched_through() {
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let mut publisher = Publisher::open(&scratch.path().join("run"), None).expect("a fresh directory");
    let mut builder = Builder::new();
    for number in 0..50_000 {
        builder.insert(&format!("m.k{number}.x"), Entry::I64(number)).expect("within limits");
        builder.secret(&format!("m.k{number}{}", if number % 2 == 0 { ".x" } else { "" }));
        builder.secret("m.k0.x");
    }
    for name in ["m", "m.k0", "m.k", "n"] {
        builder.insert(name, Entry::Null).expect("within limits");
    }
    let begun = Instant::now();
    publisher.publish(&builder, "").expect("published");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    let last = publisher.last().expect("published");
    let open: Vec<_> = last.iter().filter(|entry| !entry.is_secret()).map(|entry| entry.key().to_owned()).collect();
    assert_eq!(open, ["m.k", "n"]);
    assert!(builder.matches(&last));
}

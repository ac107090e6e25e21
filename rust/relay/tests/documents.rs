//! Bundles as text: what is read, what is refused, and how it is said.

use configedge_snapshot::{Builder, Publisher, ValueRef};
use configrelay::Problem;
use configrelay::bundle::Bundle;
use configrelay::check::check;
use configrelay::flatten::Flat;
use configrelay::policies::Policies;
use proptest::prelude::*;
use serde_json::{Value, json};

fn document(spec: &Value) -> Value {
    json!({"apiVersion": "configedge.io/v1alpha1", "kind": "ConfigBundle", "metadata": {"name": "m"}, "spec": spec})
}

fn problems(text: &str, file: &str) -> Vec<Problem> {
    Bundle::parse(text.as_bytes(), file).map_or_else(|problems| problems, |bundle| check(&bundle, &Policies::default()).problems)
}

/// Code and key of everything that is wrong with these values under this schema.
fn violations(values: Value, schema: Value) -> Vec<(String, String)> {
    let text = document(&json!({"values": values, "schema": schema})).to_string();
    problems(&text, "m.json").into_iter().map(|problem| (problem.code.to_owned(), problem.key)).collect()
}

fn yaml(values: &str) -> String {
    format!("apiVersion: configedge.io/v1alpha1\nkind: ConfigBundle\nmetadata: {{name: m}}\nspec:\n  values:\n{values}")
}

fn values_of(text: &str) -> Value {
    Bundle::parse(text.as_bytes(), "m.yaml").expect("a good bundle").values().to_value()
}

#[test]
fn plain_scalars_follow_the_core_schema_of_yaml_1_2() {
    let text = yaml(
        "    a: yes\n    b: 0o17\n    c: 0x1F\n    d: .5\n    e: 1e3\n    f: ~\n    g: 012\n    h: '1'\n    i: -0\n    j: 1_000\n",
    );
    let expected =
        json!({"a": "yes", "b": 15, "c": 31, "d": 0.5, "e": 1000.0, "f": null, "g": 12, "h": "1", "i": 0, "j": "1_000"});
    assert_eq!(values_of(&text), expected);
}

#[test]
fn what_configuration_does_not_need_is_refused_with_its_place() {
    for (values, code, line, column) in [
        ("    a: &x 1\n", "alias", 6, 8),
        ("    a: 1\n    b: *x\n", "yaml-syntax", 7, 8),
        ("    a: !!str 1\n", "type", 6, 8),
        ("    a: .inf\n", "type", 6, 8),
        ("    1: x\n", "type", 6, 5),
        ("    a: 1\n    a: 2\n", "duplicate-key", 7, 5),
        ("    a: 1\n---\nb: 1\n", "yaml-syntax", 8, 1),
        ("    a.b: 1\n", "name", 6, 5),
    ] {
        let found = problems(&yaml(values), "m.yaml");
        let first = found.first().unwrap_or_else(|| panic!("{values:?} passed"));
        assert_eq!((first.code, first.line, first.column), (code, line, column), "{values:?}: {first}");
        assert!(!first.message.is_empty() && !first.hint.is_empty());
    }
}

#[test]
fn aliases_cannot_grow_and_nesting_cannot_overflow() {
    let laughs = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n";
    assert!(problems(laughs, "m.yaml").iter().all(|problem| problem.code == "alias"));
    for text in ["[".repeat(500_000), "{a: ".repeat(100_000), "- ".repeat(200_000)] {
        assert!(!problems(&text, "m.yaml").is_empty());
    }
    for text in ["[".repeat(500_000), "{\"a\":".repeat(100_000)] {
        assert!(!problems(&text, "m.json").is_empty());
    }
}

#[test]
fn limits_are_named() {
    let refused = |values: Value| problems(&document(&json!({"values": values})).to_string(), "m.json").remove(0);
    assert!(refused(json!({"a": "x".repeat(65_537)})).message.contains("65537 bytes"));
    assert!(
        refused(json!((0..10_000).map(|i| (format!("k{i}"), json!(1))).collect::<serde_json::Map<_, _>>()))
            .message
            .contains("10001 keys")
    );
    let deep = (0..33).fold(json!(1), |inner, _| json!({"a": inner}));
    assert!(refused(deep).message.contains("the limit is 32"));
    let long = (0..5).fold(json!(1), |inner, _| json!({"k".repeat(60): inner}));
    assert!(refused(long).message.contains("the limit is 256"));
    let large = format!("{{\"a\": \"{}\"}}", "x".repeat(1 << 20));
    assert!(problems(&large, "m.json")[0].message.contains("the limit is 1048576"));
}

#[test]
fn a_schema_is_followed_and_every_violation_has_its_key() {
    let schema = json!({"required": ["a"], "additionalProperties": false, "properties": {
        "a": {"type": "integer"}, "list": {"items": {"maximum": 2}}, "name": {"pattern": "^[a-z]+$"}}});
    assert_eq!(violations(json!({"a": 1, "list": [1], "name": "x"}), schema.clone()), []);
    let mut found = violations(json!({"list": [1, 3], "nane": "x", "name": "X"}), schema);
    found.sort();
    let expected = ["spec.values.a", "spec.values.list.1", "spec.values.name", "spec.values.nane"];
    assert_eq!(found, expected.map(|key| ("schema".to_owned(), key.to_owned())));
}

#[test]
fn schemas_that_cannot_be_used_are_refused_themselves() {
    for (schema, expected) in [
        (json!({"type": 5}), "schema"),
        (json!({"$ref": "https://example.com/other.json"}), "schema"),
        (json!({"$ref": "file:///etc/passwd"}), "schema"),
        (json!({"properties": {"a": {"pattern": "(?=look)"}}}), "schema"),
        (json!({"properties": {"a": {"pattern": "(a{1000}){1000}{1000}"}}}), "limit"),
    ] {
        let found = violations(json!({"a": "x"}), schema.clone());
        assert!(found.iter().all(|(code, key)| code == expected && key.starts_with("spec.schema")), "{schema}: {found:?}");
        assert_eq!(found.len(), 1, "{schema}");
    }
}

#[test]
fn a_policy_that_would_not_be_run_is_not_passed_in_silence() {
    let text = document(&json!({"values": {}, "policies": ["weights"]})).to_string();
    assert_eq!(problems(&text, "m.json")[0].code, "policy");
}

#[test]
fn entries_are_leaves_and_containers_and_texts_are_shared() {
    let text = document(&json!({"values": {"list": [1, {"x": "é\"\n"}], "big": "BIG", "none": null}})).to_string();
    let text = text.replace("\"BIG\"", "18446744073709551616");
    let bundle = Bundle::parse(text.as_bytes(), "m.json").expect("a good bundle");
    let mut builder = Builder::new();
    Flat::of(bundle.values()).insert(&mut builder, "m", bundle.values()).expect("within limits");
    let scratch = tempfile::tempdir().expect("a scratch directory");
    let mut publisher = Publisher::open(&scratch.path().join("run"), None).expect("a fresh directory");
    publisher.publish(&builder, "").expect("published");
    let snapshot = publisher.last().expect("published");
    let value = |key| snapshot.get(key).expect(key).value();
    assert_eq!(value("m.list.1.x"), ValueRef::Str("é\"\n"));
    assert_eq!(value("m.list.1"), ValueRef::Json("{\"x\":\"é\\\"\\n\"}"));
    assert_eq!(value("m.list"), ValueRef::Json("[1,{\"x\":\"é\\\"\\n\"}]"));
    assert_eq!(value("m.big"), ValueRef::BigInt("18446744073709551616"));
    assert_eq!(value("m.none"), ValueRef::Null);
    assert_eq!(snapshot.keys().collect::<Vec<_>>(), ["m", "m.big", "m.list", "m.list.0", "m.list.1", "m.list.1.x", "m.none"]);
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter_map("finite", |value| serde_json::Number::from_f64(value).map(Value::Number)),
        "\\PC{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[A-Za-z0-9_-]{1,10}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn json_and_the_same_text_as_yaml_mean_the_same(value in any_value()) {
        let text = document(&json!({"values": {"v": value}})).to_string();
        let as_json = Bundle::parse(text.as_bytes(), "m.json").expect("a good bundle");
        let as_yaml = Bundle::parse(text.as_bytes(), "m.yaml").expect("a good bundle");
        prop_assert_eq!(as_json.to_json(), as_yaml.to_json());
        prop_assert_eq!(as_json.to_json(), text);
    }

    #[test]
    fn rubbish_is_refused_and_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Bundle::parse(&bytes, "m.yaml").is_err());
        prop_assert!(Bundle::parse(&bytes, "m.json").is_err());
    }

    #[test]
    fn damaged_bundles_never_panic(at in 0_usize..500, byte in any::<u8>()) {
        let mut text = include_bytes!("../../../python/configedge/example/matchmaking.yaml").to_vec();
        let length = text.len();
        text[(at * 11) % length] = byte;
        let _ = Bundle::parse(&text, "m.yaml").map(|bundle| check(&bundle, &Policies::default()).problems);
    }
}

/// A definition for each level, by what is below it.
fn levels(count: usize, level: impl Fn(Value) -> Value, value: Value) -> Vec<(String, String)> {
    let below = |number: usize| json!({"$ref": format!("#/$defs/a{}", number - 1)});
    let definitions = (1..=count).map(|number| (format!("a{number}"), level(below(number))));
    let definitions: serde_json::Map<_, _> = definitions.chain([("a0".to_owned(), json!({"type": "integer"}))]).collect();
    violations(json!({"v": value}), json!({"$defs": definitions, "properties": {"v": {"$ref": format!("#/$defs/a{count}")}}}))
}

#[test]
fn a_schema_that_would_take_for_ever_is_refused_at_once() {
    let limit = vec![("limit".to_owned(), "spec.schema".to_owned())];
    let twice = |below: Value| json!({"allOf": [below.clone(), below]});
    let begun = std::time::Instant::now();
    assert_eq!(levels(10, twice, json!(1)), []);
    for count in [24, 64, 900] {
        assert_eq!(levels(count, twice, json!(1)), limit);
    }
    // A chain is no tree: long ones are fine until they are longer than anybody's stack is promised to be.
    assert_eq!(levels(300, |below| json!({"allOf": [below]}), json!(1)), []);
    assert_eq!(levels(5_000, |below| json!({"allOf": [below]}), json!(1)), limit);
    // The same through the values: each level of them doubles.
    let nested = (0..28).fold(json!(1), |inner, _| json!({"x": inner}));
    let doubling = json!({"properties": {"x": {"anyOf": [{"$ref": "#/$defs/d"}, {"$ref": "#/$defs/d"}]}}});
    let schema = json!({"$defs": {"d": doubling}, "$ref": "#/$defs/d"});
    assert_eq!(violations(nested.clone(), schema), limit);
    // A tree of values under a schema that refers to itself takes a step a value.
    let tree = json!({"additionalProperties": {"$ref": "#"}});
    assert_eq!(violations(nested, tree), []);
    assert_eq!(violations(json!({"v": 1}), json!({"$ref": "#"})), []);
    let escaped = json!({"$defs": {"a/b": {"type": "string"}}, "properties": {"v": {"$ref": "#/%24defs/a~1b"}}});
    assert_eq!(violations(json!({"v": 1}), escaped), [("schema".to_owned(), "spec.values.v".to_owned())]);
    assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn a_bundle_names_a_bounded_number_of_policies() {
    let text = document(&json!({"values": {}, "policies": vec!["a"; 17]})).to_string();
    let found: Vec<_> = problems(&text, "m.json").into_iter().map(|problem| (problem.code, problem.key)).collect();
    assert_eq!(found, [("limit", "spec.policies".to_owned())]);
}

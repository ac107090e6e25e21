use crate::find::{Malformed, find};
use crate::{Bundle, Report, Value, abi, json};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};

fn found<'a>(text: &'a str, path: &str) -> Result<Option<&'a str>, Malformed> {
    let found = find(text.as_bytes(), &mut path.split('.'))?;
    Ok(found.map(|text| core::str::from_utf8(text).expect("UTF-8")))
}

#[test]
fn a_value_is_found_behind_all_kinds_of_others() {
    let text = r#" {"a\"}": "x\\", "b" : [1, {"c": "]"}, "\\\""], "n":-1.5e3 , "c": {"d" : true,"e":{}}}"#;
    assert_eq!(found(text, "c.d"), Ok(Some("true")));
    assert_eq!(found(text, "c.e"), Ok(Some("{}")));
    assert_eq!(found(text, "n"), Ok(Some("-1.5e3")));
    assert_eq!(found(text, "c.d.f"), Ok(None));
    assert_eq!(found(text, "d"), Ok(None));
    assert_eq!(found("{}", "d"), Ok(None));
}

#[test]
fn no_cut_of_a_text_panics() {
    let text = r#"{"values":{"a\u0041":["x",{"y":1}],"b":{"c":null}},"name":"é"}"#;
    for at in 0..text.len() - 1 {
        let bundle = Bundle::new(&text.as_bytes()[..at]);
        assert_eq!((bundle.name(), bundle.broken.get()), (String::new(), true), "{at}");
        assert!(bundle.get("d").is_none());
    }
    assert_eq!(Bundle::new(text.as_bytes()).get("b.c"), Some(Value::Null));
    assert_eq!(Bundle::new(text.as_bytes()).name(), "é");
}

#[test]
fn input_that_is_no_json_is_refused() {
    let check = |bundle: &Bundle, _: &mut Report| drop(bundle.get("a"));
    for input in
        ["", "[", "{", r#"{"values":"#, r#"{"values":{"a":tru}}"#, r#"{"values":{"a" 1}}"#, r#"{"values":{,}}"#]
    {
        assert!(abi::check(input.as_bytes(), check).contains(r#"{"accept":false"#), "{input}");
    }
    assert_eq!(abi::check(br#"{"values":{}}"#, check), "");
}

#[test]
fn a_refusal_drops_its_warnings() {
    let mut report = Report::default();
    report.warn("a", "odd", "");
    report.deny("b", "wrong \"so\"", "mend it");
    report.warn("c", "odd", "");
    let expected = json!({"accept": false, "messages": [{"key": "b", "message": "wrong \"so\"", "hint": "mend it"}]});
    assert_eq!(serde_json::from_str::<Value>(&report.answer()).expect("JSON"), expected);
}

#[test]
fn an_answer_stays_within_what_the_host_reads() {
    for long in ["x", "\u{1}"] {
        let mut report = Report::default();
        let message: String = vec![long; 700].concat();
        (0..100).for_each(|at| report.deny(format!("k{at}"), &message, ""));
        let answer = report.answer();
        assert!(answer.len() <= crate::MAX_ANSWER_LEN);
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        let messages: &Vec<Value> = answer["messages"].as_array().expect("messages");
        assert!(messages.len() <= 50 && messages[messages.len() - 1]["message"].to_string().contains("more"));
    }
}

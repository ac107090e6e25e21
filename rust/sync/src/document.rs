//! A ConfigBundle as the API server has it, made the document that a spool has.

use crate::object::Bundle;
use crate::relay::{API_VERSION, KIND, is_name};
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Annotations that mean something to a relay begin with this.
const OURS: &str = "configedge.io/";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spec: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    name: &'a str,
    namespace: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<&'a str, &'a str>,
}

/// The name of the bundle's file in a spool; `None` if its name, or its namespace's, can be no bundle's.
pub(crate) fn file(bundle: &Bundle) -> Option<String> {
    let (namespace, name) = (bundle.metadata.namespace.as_deref()?, bundle.metadata.name.as_deref()?);
    (is_name(namespace) && is_name(name)).then(|| format!("{namespace}.{name}.json"))
}

/// Its text: always the same for the same name, annotations of ours, and specification. What the API server and others keep
/// beside them would only make it look new.
pub(crate) fn text(bundle: &Bundle) -> Arc<[u8]> {
    let annotations = bundle.metadata.annotations.iter().flatten();
    let annotations = annotations.filter(|(name, _)| name.starts_with(OURS)).map(|(name, said)| (name.as_str(), said.as_str()));
    let document = Document {
        api_version: API_VERSION,
        kind: KIND,
        metadata: Metadata {
            name: bundle.metadata.name.as_deref().unwrap_or_default(),
            namespace: bundle.metadata.namespace.as_deref().unwrap_or_default(),
            annotations: annotations.collect(),
        },
        spec: bundle.spec.as_deref(),
    };
    // Texts, and what was read as JSON, can always be written as JSON.
    serde_json::to_vec(&document).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::{file, text};
    use crate::object::Bundle;
    use configrelay::bundle::Bundle as Checked;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn received(object: &Value) -> Bundle {
        serde_json::from_str(&object.to_string()).expect("an object")
    }

    fn object(spec: &Value) -> Value {
        json!({
            "apiVersion": "configedge.io/v1alpha1",
            "kind": "ConfigBundle",
            "metadata": {
                "name": "matchmaking",
                "namespace": "game",
                "uid": "7d9a",
                "resourceVersion": "812",
                "generation": 3,
                "labels": {"kustomize.toolkit.fluxcd.io/name": "configuration"},
                "annotations": {"configedge.io/allow-resize": "true", "example.com/other": "x"},
                "managedFields": [{"manager": "kustomize-controller", "fieldsV1": {"f:spec": {}}}],
            },
            "spec": spec,
            "status": {"nodes": {"ready": 1, "total": 2}},
        })
    }

    #[test]
    fn only_what_a_relay_reads_is_kept() {
        let bundle = received(&object(&json!({"values": {"b": 1, "a": [true, null, "ü"]}})));
        assert_eq!(file(&bundle).as_deref(), Some("game.matchmaking.json"));
        let expected = concat!(
            r#"{"apiVersion":"configedge.io/v1alpha1","kind":"ConfigBundle","metadata":{"name":"matchmaking","namespace":"game","#,
            r#""annotations":{"configedge.io/allow-resize":"true"}},"spec":{"values":{"b":1,"a":[true,null,"ü"]}}}"#
        );
        assert_eq!(String::from_utf8_lossy(&text(&bundle)), expected);
        assert!(Checked::parse(&text(&bundle), "game.matchmaking.json").is_ok());
    }

    #[test]
    fn what_others_keep_beside_it_makes_no_difference() {
        let mut later = object(&json!({"values": {}}));
        let before = text(&received(&later));
        later["status"] = json!({"nodes": {"ready": 2, "total": 2}});
        later["metadata"]["resourceVersion"] = json!("900");
        later["metadata"]["annotations"]["example.com/other"] = json!("y");
        assert_eq!(text(&received(&later)), before);
    }

    #[test]
    fn a_bundle_that_is_nested_too_deeply_is_left_to_the_relay() {
        let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
        let object = format!(r#"{{"metadata": {{"name": "a", "namespace": "b"}}, "spec": {{"values": {{"v": {deep}}}}}}}"#);
        let bundle: Bundle = serde_json::from_str(&object).expect("an object");
        assert!(Checked::parse(&text(&bundle), "b.a.json").is_err());
    }

    #[test]
    fn a_name_that_is_no_bundles_has_no_file() {
        for (namespace, name) in [("game", "../x"), ("game", "a.b"), ("..", "a"), ("game", ""), ("", "a"), ("a/b", "c")] {
            let mut object = object(&json!({}));
            object["metadata"]["namespace"] = namespace.into();
            object["metadata"]["name"] = name.into();
            assert_eq!(file(&received(&object)), None, "{namespace}/{name}");
        }
    }

    proptest! {
        #[test]
        fn a_file_stays_in_its_directory(namespace in ".{0,70}", name in ".{0,70}") {
            let object = json!({"metadata": {"namespace": namespace, "name": name}});
            if let Some(file) = file(&received(&object)) {
                prop_assert!(!file.contains('/') && !file.starts_with('.') && file.matches('.').count() == 2);
            }
        }
    }
}

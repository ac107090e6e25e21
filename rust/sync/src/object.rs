//! Kubernetes objects, with as much of each as is needed here: managed fields alone can be larger than a bundle.

use crate::relay::{API_VERSION, KIND};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::core::{ApiResource, DynamicResourceScope, Resource};
use serde::de::{Deserialize, Deserializer, IgnoredAny};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// An object of whichever kind its [`ApiResource`] says.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(bound = "S: Deserialize<'de>, T: Deserialize<'de>")]
pub(crate) struct Object<S, T> {
    #[serde(deserialize_with = "metadata")]
    pub(crate) metadata: ObjectMeta,
    pub(crate) spec: Option<S>,
    pub(crate) status: Option<T>,
}

pub(crate) type Bundle = Object<Box<RawValue>, IgnoredAny>;
pub(crate) type Kustomization = Object<IgnoredAny, KustomizationStatus>;
pub(crate) type GitRepository = Object<IgnoredAny, GitRepositoryStatus>;

#[derive(Clone, Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KustomizationStatus {
    pub(crate) last_applied_revision: Option<String>,
}

#[derive(Clone, Debug, serde::Deserialize)]
pub(crate) struct GitRepositoryStatus {
    pub(crate) artifact: Option<Artifact>,
}

/// What source-controller made of a commit.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub(crate) struct Artifact {
    pub(crate) url: String,
    /// As in `main@sha1:...`.
    pub(crate) revision: String,
    /// As in `sha256:...`.
    pub(crate) digest: String,
}

pub(crate) fn bundles() -> ApiResource {
    let (group, version) = API_VERSION.split_once('/').unwrap_or_default();
    resource(group, version, KIND, "configbundles")
}

pub(crate) fn kustomizations() -> ApiResource {
    resource("kustomize.toolkit.fluxcd.io", "v1", "Kustomization", "kustomizations")
}

pub(crate) fn git_repositories() -> ApiResource {
    resource("source.toolkit.fluxcd.io", "v1", "GitRepository", "gitrepositories")
}

fn resource(group: &str, version: &str, kind: &str, plural: &str) -> ApiResource {
    ApiResource {
        group: group.to_owned(),
        version: version.to_owned(),
        api_version: format!("{group}/{version}"),
        kind: kind.to_owned(),
        plural: plural.to_owned(),
    }
}

fn metadata<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ObjectMeta, D::Error> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Needed {
        name: Option<String>,
        namespace: Option<String>,
        resource_version: Option<String>,
        annotations: Option<BTreeMap<String, String>>,
    }
    let Needed { name, namespace, resource_version, annotations } = Needed::deserialize(deserializer)?;
    Ok(ObjectMeta { name, namespace, resource_version, annotations, ..ObjectMeta::default() })
}

impl<S, T> Resource for Object<S, T> {
    type DynamicType = ApiResource;
    type Scope = DynamicResourceScope;

    fn kind(what: &ApiResource) -> Cow<'_, str> {
        what.kind.as_str().into()
    }

    fn group(what: &ApiResource) -> Cow<'_, str> {
        what.group.as_str().into()
    }

    fn version(what: &ApiResource) -> Cow<'_, str> {
        what.version.as_str().into()
    }

    fn plural(what: &ApiResource) -> Cow<'_, str> {
        what.plural.as_str().into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

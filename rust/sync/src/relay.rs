//! What a relay takes. The same is in `configrelay`, which would bring all that checks a bundle; a test holds both together.

#[path = "../../relay/src/name.rs"]
#[allow(dead_code, unreachable_pub, reason = "what a relay makes of a name is more than is needed here")]
mod name;

pub(crate) use name::is_name;

pub(crate) const API_VERSION: &str = "configedge.io/v1alpha1";
pub(crate) const KIND: &str = "ConfigBundle";
/// Most bytes of a bundle's file.
pub(crate) const MAX_DOCUMENT_LEN: usize = 1 << 20;
/// The directory of policies, beside the bundles.
pub(crate) const POLICIES: &str = "policies";
const MANIFEST: &str = "manifest.yaml";
/// Most bytes of a policy.
pub(crate) const MAX_MODULE_LEN: usize = 256 << 10;
/// What a relay says of itself, beside the snapshots.
pub(crate) const STATUS: &str = "status.json";

/// Whether a file of that name belongs into the directory of policies.
pub(crate) fn is_policy_file(name: &str) -> bool {
    name == MANIFEST || name.strip_suffix(".wasm").is_some_and(is_name)
}

#[cfg(test)]
mod tests {
    use configrelay::{bundle, policies, policy, status};

    #[test]
    fn it_is_what_the_relay_says_itself() {
        assert_eq!((super::API_VERSION, super::KIND), (bundle::API_VERSION, bundle::KIND));
        assert_eq!((super::MAX_DOCUMENT_LEN, super::MAX_MODULE_LEN), (bundle::MAX_DOCUMENT_LEN, policy::MAX_MODULE_LEN));
        assert_eq!((super::POLICIES, super::STATUS), (policies::DIRECTORY, status::FILE));
        for name in ["manifest.yaml", "a.wasm", "A.wasm", ".wasm", "a.b.wasm", "a", "manifest.yml", "../a.wasm"] {
            assert_eq!(super::is_policy_file(name), policies::is_policy_file(name), "{name}");
        }
    }
}

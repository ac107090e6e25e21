//! What Flux says of the commit that it has applied, or made an artifact of.

use crate::object::Artifact;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// The commit in a revision as Flux writes it: `main@sha1:<commit>`, `main/<commit>` in older ones. Empty if there is none.
pub(crate) fn commit(revision: &str) -> &str {
    let commit = revision.rsplit([':', '/', '@']).next().unwrap_or_default();
    let hexadecimal = commit.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c));
    if matches!(commit.len(), 40 | 64) && hexadecimal { commit } else { "" }
}

/// Whether these bytes are the artifact that was told of.
///
/// # Errors
/// They are not, or nobody can tell.
pub(crate) fn check(artifact: &Artifact, content: &[u8]) -> Result<(), String> {
    let Some(expected) = artifact.digest.strip_prefix("sha256:") else {
        return Err(format!("its digest is not sha256:..., but {:?}", artifact.digest.chars().take(80).collect::<String>()));
    };
    let found = HEXLOWER.encode(&Sha256::digest(content));
    if found == expected { Ok(()) } else { Err(format!("its content has the digest sha256:{found}, and {expected} was told")) }
}

#[cfg(test)]
mod tests {
    use super::{check, commit};
    use crate::object::Artifact;

    #[test]
    fn a_revision_tells_its_commit() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        for revision in
            [format!("main@sha1:{id}"), format!("refs/heads/a/b@sha1:{id}"), format!("sha1:{id}"), format!("main/{id}")]
        {
            assert_eq!(commit(&revision), id, "{revision}");
        }
        for other in
            ["", "main", "v1.2.3@sha1:", "main@sha1:0123", "latest@sha256:ABCDEF", &format!("main@sha1:{}", id.to_uppercase())]
        {
            assert_eq!(commit(other), "", "{other}");
        }
    }

    #[test]
    fn only_the_content_that_was_told_of_passes() {
        let artifact = |digest: &str| Artifact { url: String::new(), revision: String::new(), digest: digest.to_owned() };
        let abc = artifact("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(check(&abc, b"abc"), Ok(()));
        assert!(check(&abc, b"abd").is_err() && check(&artifact("md5:900150983cd24fb0"), b"abc").is_err());
    }
}

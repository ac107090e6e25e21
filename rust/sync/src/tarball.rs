//! A Flux artifact: the files of a commit, gzipped. What is in it goes nowhere by the name that it has there.

use crate::relay::{MAX_DOCUMENT_LEN, MAX_MODULE_LEN, POLICIES, is_name, is_policy_file};
use crate::spool::{Files, MAX_FILES, MAX_LEN};
use flate2::read::GzDecoder;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::{Component, Path};
use std::sync::Arc;
use tar::{Archive, EntryType};

/// Most bytes as it is sent.
pub(crate) const MAX_SENT_LEN: usize = 32 << 20;
/// Most bytes unpacked, with what is passed over.
const MAX_UNPACKED_LEN: u64 = 128 << 20;
/// Most entries.
const MAX_ENTRIES: usize = 50_000;

/// Of whose nodes the files are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Empty: all.
    pub(crate) namespaces: Vec<String>,
    /// Empty, `environment`, or `environment.region`.
    pub(crate) layer: String,
}

/// Takes out of an artifact what a spool has: bundles of the nearest layer that there is, and policies.
///
/// # Errors
/// It cannot be read, is larger than the limits, or has what no artifact has: a path that leads out, a link, a file twice.
pub(crate) fn unpack(sent: &[u8], wanted: &Wanted) -> io::Result<Files> {
    let mut places: BTreeMap<String, Files> = BTreeMap::new();
    let (mut layers, mut policies, mut seen) = (BTreeSet::new(), Files::new(), BTreeSet::new());
    let (mut room, mut count) = (MAX_LEN, 0);
    let mut archive = Archive::new(Bounded { inner: GzDecoder::new(sent), room: MAX_UNPACKED_LEN });
    for entry in archive.entries()? {
        let mut entry = entry?;
        count += 1;
        if count > MAX_ENTRIES {
            return Err(refused(format!("more than {MAX_ENTRIES} entries, the limit")));
        }
        let kind = entry.header().entry_type();
        // What Git's own archives say of the whole.
        if kind == EntryType::XGlobalHeader {
            continue;
        }
        let path = entry.path()?.into_owned();
        let parts = parts(&path)?;
        let Some(found) = Found::of(&parts, wanted) else { continue };
        match kind {
            // A layer without bundles is one, too.
            EntryType::Directory => {
                if let Found::Layer(layer) = found {
                    layers.insert(layer.to_owned());
                }
                continue;
            }
            EntryType::Regular => {}
            _ => return Err(refused(format!("{} is neither a file nor a directory", shown(&path)))),
        }
        let (place, file, longest) = match found {
            Found::Bundle { place, file } => (Some(place), file, MAX_DOCUMENT_LEN),
            Found::Policy(name) => (None, format!("{POLICIES}/{name}"), MAX_MODULE_LEN),
            Found::Layer(_) => continue,
        };
        if !seen.insert(parts.join("/")) {
            return Err(refused(format!("{} is there twice", shown(&path))));
        }
        // One byte more than allowed tells the relay, which refuses the file by its name, that it is too long.
        let mut content = Vec::new();
        entry.by_ref().take(longest as u64 + 1).read_to_end(&mut content)?;
        room = room.checked_sub(content.len()).ok_or_else(|| refused(format!("more than {MAX_LEN} bytes, the limit")))?;
        let files = place.map_or(&mut policies, |place| places.entry(place.to_owned()).or_default());
        if files.len() >= MAX_FILES {
            return Err(refused(format!("more than {MAX_FILES} files in one place, the limit")));
        }
        files.insert(file, Arc::from(content));
    }
    let environment = wanted.layer.split('.').next().unwrap_or_default();
    let nearest = [wanted.layer.as_str(), environment]
        .into_iter()
        .find(|layer| !layer.is_empty() && (layers.contains(*layer) || places.contains_key(&format!("{RENDERED}/{layer}"))));
    let place = nearest.map_or(BUNDLES.to_owned(), |layer| format!("{RENDERED}/{layer}"));
    let mut files = places.remove(&place).unwrap_or_default();
    files.extend(policies);
    Ok(files)
}

const BUNDLES: &str = "bundles";
const RENDERED: &str = "rendered";
const SUFFIX: &str = ".yaml";

/// What a path of the repository is to a spool (`configedge.control.layout` says where things are).
enum Found<'a> {
    Bundle { place: String, file: String },
    Policy(&'a str),
    Layer(&'a str),
}

impl<'a> Found<'a> {
    fn of(parts: &[&'a str], wanted: &Wanted) -> Option<Self> {
        let bundle = |place: String, namespace: &str, file: &str| {
            let name = file.strip_suffix(SUFFIX).filter(|name| is_name(name) && is_name(namespace))?;
            let mine = wanted.namespaces.is_empty() || wanted.namespaces.iter().any(|wanted| wanted == namespace);
            mine.then(|| Self::Bundle { place, file: format!("{namespace}.{name}{SUFFIX}") })
        };
        match *parts {
            [BUNDLES, namespace, file] => bundle(BUNDLES.to_owned(), namespace, file),
            [RENDERED, layer, namespace, file] => bundle(format!("{RENDERED}/{layer}"), namespace, file),
            [RENDERED, layer] => Some(Self::Layer(layer)),
            [POLICIES, name] => is_policy_file(name).then_some(Self::Policy(name)),
            _ => None,
        }
    }
}

/// A path's parts; none that leads anywhere else is one.
fn parts(path: &Path) -> io::Result<Vec<&str>> {
    let part = |component| match component {
        Component::CurDir => None,
        Component::Normal(part) => Some(part.to_str().ok_or(())),
        Component::ParentDir | Component::RootDir | Component::Prefix(_) => Some(Err(())),
    };
    let parts: Result<Vec<&str>, ()> = path.components().filter_map(part).collect();
    parts.map_err(|()| refused(format!("{} leads out of it, or is not UTF-8", shown(path))))
}

fn shown(path: &Path) -> String {
    format!("{:?}", path.to_string_lossy().chars().take(100).collect::<String>())
}

fn refused(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// Ends with an error where a few bytes would become many.
struct Bounded<R> {
    inner: R,
    room: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.room = self
            .room
            .checked_sub(read as u64)
            .ok_or_else(|| refused(format!("more than {MAX_UNPACKED_LEN} bytes unpacked, the limit")))?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_UNPACKED_LEN, Wanted, unpack};
    use crate::relay::MAX_DOCUMENT_LEN;
    use crate::spool::MAX_FILES;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;
    use std::io::{self, Write};
    use tar::{Builder, EntryType, Header};

    /// With names as they are given, also those that the library would not write.
    fn header(name: &str, length: usize, kind: EntryType) -> Header {
        let mut header = Header::new_old();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(length as u64);
        header.set_mode(0o644);
        header.set_entry_type(kind);
        header.set_cksum();
        header
    }

    fn packed(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
        let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (name, kind, content) in entries {
            builder.append(&header(name, content.len(), *kind), *content).expect("memory");
        }
        builder.into_inner().expect("memory").finish().expect("memory")
    }

    fn regular<'a>(name: &'a str, content: &'a str) -> (&'a str, EntryType, &'a [u8]) {
        (name, EntryType::Regular, content.as_bytes())
    }

    fn names(sent: &[u8], wanted: &Wanted) -> Vec<String> {
        unpack(sent, wanted).expect("an artifact").into_keys().collect()
    }

    fn wanted(namespaces: &[&str], layer: &str) -> Wanted {
        Wanted { namespaces: namespaces.iter().map(|name| (*name).to_owned()).collect(), layer: layer.to_owned() }
    }

    fn refusal(sent: &[u8]) -> String {
        let error: io::Error = unpack(sent, &Wanted::default()).expect_err("it was taken");
        error.to_string()
    }

    #[test]
    fn bundles_and_policies_are_taken_as_they_were_committed() {
        let sent = packed(&[
            ("bundles", EntryType::Directory, b""),
            regular("./bundles/game/m.yaml", "big: 123456789012345678901234567890"),
            regular("bundles/other/n.yaml", "n"),
            regular("bundles/game/README.md", "not one"),
            regular("bundles/Game/m.yaml", "not one"),
            regular("bundles/game/deep/m.yaml", "not one"),
            regular("policies/manifest.yaml", "p"),
            regular("policies/m.wasm", "w"),
            regular("policies/m.rs", "not one"),
            regular("overlays/prod/game/m.yaml", "not one"),
            regular("README.md", "not one"),
        ]);
        let files = unpack(&sent, &Wanted::default()).expect("an artifact");
        assert_eq!(&*files["game.m.yaml"], b"big: 123456789012345678901234567890");
        assert_eq!(
            files.keys().collect::<Vec<_>>(),
            ["game.m.yaml", "other.n.yaml", "policies/m.wasm", "policies/manifest.yaml"]
        );
        assert_eq!(names(&sent, &wanted(&["other"], "")), ["other.n.yaml", "policies/m.wasm", "policies/manifest.yaml"]);
    }

    #[test]
    fn nodes_of_a_layer_take_the_nearest_that_there_is() {
        let sent = packed(&[
            regular("bundles/game/m.yaml", "all"),
            regular("rendered/prod/game/m.yaml", "prod"),
            regular("rendered/prod.eu/game/m.yaml", "eu"),
        ]);
        for (layer, text) in
            [("", "all"), ("dev", "all"), ("dev.eu", "all"), ("prod", "prod"), ("prod.us", "prod"), ("prod.eu", "eu")]
        {
            let files = unpack(&sent, &wanted(&[], layer)).expect("an artifact");
            assert_eq!(&*files["game.m.yaml"], text.as_bytes(), "{layer}");
        }
    }

    #[test]
    fn what_no_artifact_has_is_refused_whole() {
        let good = regular("bundles/game/m.yaml", "m");
        for (name, why) in [
            ("../bundles/game/n.yaml", "leads out"),
            ("bundles/../../etc/x.yaml", "leads out"),
            ("/bundles/game/n.yaml", "leads out"),
            ("bundles/game/../../../n.yaml", "leads out"),
        ] {
            let said = refusal(&packed(&[good, regular(name, "n")]));
            assert!(said.contains(why), "{name}: {said}");
        }
        for kind in [EntryType::Symlink, EntryType::Link, EntryType::Char, EntryType::Block, EntryType::Fifo] {
            let said = refusal(&packed(&[good, ("bundles/game/n.yaml", kind, b"")]));
            assert!(said.contains("neither a file nor a directory"), "{kind:?}: {said}");
        }
        assert!(refusal(&packed(&[good, regular("./bundles/game/m.yaml", "other")])).contains("twice"));
        assert!(unpack(b"not gzip", &Wanted::default()).is_err());
        let whole = packed(&[good, regular("bundles/game/n.yaml", &"n".repeat(100_000))]);
        assert!(unpack(&whole[..whole.len() / 2], &Wanted::default()).is_err(), "cut off");
    }

    #[test]
    fn a_bundle_that_is_too_long_is_left_to_the_relay_and_a_bomb_is_refused() {
        let long = "x".repeat(MAX_DOCUMENT_LEN + 500);
        let files = unpack(&packed(&[regular("bundles/game/m.yaml", &long)]), &Wanted::default()).expect("an artifact");
        assert_eq!(files["game.m.yaml"].len(), MAX_DOCUMENT_LEN + 1);

        let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
        bomb.write_all(header("elsewhere", MAX_UNPACKED_LEN as usize * 2, EntryType::Regular).as_bytes()).expect("memory");
        let zeros = vec![0; 1 << 20];
        (0..=MAX_UNPACKED_LEN >> 20).for_each(|_| bomb.write_all(&zeros).expect("memory"));
        let bomb = bomb.finish().expect("memory");
        assert!(bomb.len() < 1 << 20 && refusal(&bomb).contains("unpacked, the limit"));

        let names: Vec<String> = (0..=MAX_FILES).map(|number| format!("bundles/game/n{number}.yaml")).collect();
        let many: Vec<_> = names.iter().map(|name| regular(name, "")).collect();
        assert!(refusal(&packed(&many)).contains("files in one place"));
    }

    proptest! {
        #[test]
        fn whatever_is_sent_no_file_leaves_its_directory(
            entries in prop::collection::vec(("(bundles|policies|rendered|[.]{1,2}|/)?(/?([.]{1,2}|[a-z.]{1,6}|\u{e9})){0,5}(.yaml)?", 0u8..8), 0..8)
        ) {
            let kinds = [EntryType::Regular, EntryType::Symlink, EntryType::Directory, EntryType::Link];
            let entries: Vec<_> = entries
                .iter()
                .filter(|(name, _)| name.len() < 100)
                .map(|(name, kind)| (name.as_str(), kinds.get(usize::from(*kind)).copied().unwrap_or(EntryType::Regular), b"x".as_slice()))
                .collect();
            if let Ok(files) = unpack(&packed(&entries), &wanted(&[], "prod")) {
                for file in files.keys() {
                    let name = file.strip_prefix("policies/").unwrap_or(file);
                    prop_assert!(!name.contains('/') && !name.starts_with('.'), "{file}");
                }
            }
        }

        #[test]
        fn damage_is_never_a_fault(at in 0usize..400, flip in 1u8..=255) {
            let mut sent = packed(&[regular("bundles/game/m.yaml", "values"), regular("policies/m.wasm", "w")]);
            let at = at % sent.len();
            sent[at] ^= flip;
            drop(unpack(&sent, &Wanted::default()));
        }
    }
}

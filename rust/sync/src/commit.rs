//! Which commit the files are of: what Flux says of the bundles that it has applied, as far as it is true of these.

use crate::spool::Files;

/// A commit is told by one object and content by others, each when its watch likes. What decides is the API server's own count:
/// content that changed after Flux had said that the commit is applied is not that commit's.
#[derive(Debug, Default)]
pub(crate) struct Commits {
    /// The last commit that was applied, and the resource version that said so first.
    applied: Option<(String, u64)>,
    /// Files that were known to be a commit's.
    known: Option<(String, Files)>,
}

impl Commits {
    /// What a spool has and says of itself.
    pub(crate) fn new(commit: &str, files: &Files) -> Self {
        let known = (!commit.is_empty()).then(|| (commit.to_owned(), files.clone()));
        Self { applied: None, known }
    }

    /// Flux says that it has applied a commit; whether that is news.
    pub(crate) fn applied(&mut self, commit: &str, version: u64) -> bool {
        let news = !commit.is_empty() && self.applied.as_ref().is_none_or(|(before, _)| before != commit);
        if news {
            self.applied = Some((commit.to_owned(), version));
        }
        news
    }

    /// The commit of these files, which changed last at that version; empty if nobody knows.
    pub(crate) fn of(&mut self, files: &Files, version: u64) -> String {
        if let Some((commit, _)) = self.applied.as_ref().filter(|(_, said)| version <= *said) {
            self.known = Some((commit.clone(), files.clone()));
        }
        self.known.as_ref().filter(|(_, known)| known == files).map(|(commit, _)| commit.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Commits;
    use crate::spool::Files;

    fn files(text: &str) -> Files {
        Files::from([("a.x.json".to_owned(), text.as_bytes().into())])
    }

    #[test]
    fn content_is_of_the_commit_that_was_applied_after_it() {
        let mut commits = Commits::default();
        assert_eq!(commits.of(&files("1"), 0), "", "nobody said");
        assert!(commits.applied("c1", 10) && !commits.applied("c1", 15));
        assert_eq!(commits.of(&files("1"), 9), "c1");
        assert_eq!(commits.of(&files("2"), 20), "", "a part of the next one, or somebody's edit");
        assert!(commits.applied("c2", 21));
        assert_eq!(commits.of(&files("2"), 20), "c2");
        assert!(commits.applied("c3", 30));
        assert_eq!(commits.of(&files("2"), 20), "c3", "a commit that changes nothing here");
    }

    #[test]
    fn a_change_that_is_told_late_is_of_the_commit_all_the_same() {
        let mut commits = Commits::default();
        commits.applied("c1", 10);
        commits.of(&files("1"), 9);
        commits.applied("c2", 21);
        assert_eq!(commits.of(&files("2"), 20), "c2");
    }

    #[test]
    fn an_edit_that_is_undone_has_its_commit_back() {
        let mut commits = Commits::default();
        commits.applied("c1", 10);
        assert_eq!(commits.of(&files("1"), 9), "c1");
        assert_eq!(commits.of(&files("edited"), 40), "");
        assert_eq!(commits.of(&files("1"), 50), "c1");
    }

    #[test]
    fn what_a_spool_says_of_itself_holds_until_it_changes() {
        let mut commits = Commits::new("c1", &files("1"));
        assert_eq!(commits.of(&files("1"), 0), "c1");
        assert_eq!(commits.of(&files("2"), 3), "");
    }
}

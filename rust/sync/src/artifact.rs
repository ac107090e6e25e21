//! Fetching what a Flux GitRepository offers: once a change, and nothing that is not what the API server said.

use crate::backoff::Backoff;
use crate::flux;
use crate::http::Http;
use crate::object::Artifact;
use crate::spool::Files;
use crate::tarball::{MAX_SENT_LEN, Wanted, unpack};
use futures_util::future::{BoxFuture, FutureExt};
use http::Uri;
use std::time::Duration;

const WITHIN: Duration = Duration::from_secs(30);
/// All nodes hear of an artifact at the same moment, and one server has it.
const SPREAD: Duration = Duration::from_millis(200);

type Fetched = (Artifact, Result<Files, String>);

/// The artifact that is offered, the one that was taken, and what is on its way.
pub(crate) struct Artifacts {
    wanted: Wanted,
    offered: Option<Artifact>,
    taken: Option<(Artifact, Files)>,
    fetching: Option<BoxFuture<'static, Fetched>>,
    backoff: Backoff,
}

impl Artifacts {
    pub(crate) fn new(wanted: Wanted) -> Self {
        Self { wanted, offered: None, taken: None, fetching: None, backoff: Backoff::default() }
    }

    /// Another artifact is there. Whether that is a change already: the same content by another commit is not fetched again.
    pub(crate) fn offer(&mut self, artifact: Artifact) -> bool {
        if self.offered.as_ref() == Some(&artifact) {
            return false;
        }
        self.offered = Some(artifact.clone());
        if let Some((taken, _)) = self.taken.as_mut().filter(|(taken, _)| taken.digest == artifact.digest) {
            *taken = artifact;
            self.fetching = None;
            return true;
        }
        self.backoff = Backoff::default();
        self.fetching = Some(fetch(artifact, self.wanted.clone(), SPREAD.mul_f64(fastrand::f64())).boxed());
        false
    }

    /// Waits until an artifact is there.
    ///
    /// # Errors
    /// It cannot be taken, and is tried again.
    pub(crate) async fn arrive(&mut self) -> Result<(), String> {
        let Some(fetching) = self.fetching.as_mut() else { return std::future::pending().await };
        let (artifact, content) = fetching.await;
        self.fetching = None;
        match content {
            Ok(files) => {
                self.taken = Some((artifact, files));
                Ok(())
            }
            Err(why) => {
                self.fetching = Some(fetch(artifact, self.wanted.clone(), self.backoff.pause()).boxed());
                Err(why)
            }
        }
    }

    pub(crate) fn files(&self) -> Option<&Files> {
        self.taken.as_ref().map(|(_, files)| files)
    }

    /// The commit that they are of; empty if the revision names none.
    pub(crate) fn commit(&self) -> &str {
        self.taken.as_ref().map(|(artifact, _)| flux::commit(&artifact.revision)).unwrap_or_default()
    }

    /// Whether what is offered is what was taken.
    pub(crate) fn complete(&self) -> bool {
        self.taken.is_some() && self.fetching.is_none()
    }
}

async fn fetch(artifact: Artifact, wanted: Wanted, after: Duration) -> Fetched {
    tokio::time::sleep(after).await;
    let content = take(&artifact, &wanted).await;
    (artifact, content)
}

async fn take(artifact: &Artifact, wanted: &Wanted) -> Result<Files, String> {
    let url: Uri = artifact.url.parse().map_err(|_| "its address is no URL".to_owned())?;
    let from = url.authority().map(|authority| authority.host().to_owned()).unwrap_or_default();
    let failed = |why: String| format!("cannot be fetched from {from}: {why}");
    let http = Http::to(&url).map_err(failed)?;
    let answer = http.get(&url, MAX_SENT_LEN, WITHIN).await.map_err(failed)?;
    if answer.status != 200 {
        return Err(failed(format!("it answered {}", answer.status)));
    }
    flux::check(artifact, &answer.content)?;
    unpack(&answer.content, wanted).map_err(|error| format!("cannot be unpacked: {error}"))
}

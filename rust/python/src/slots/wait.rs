//! Sleeping for a change with the interpreter released, and waking up in time for its end.
//!
//! A daemon thread that asks for the interpreter while that is being torn down is ended by force (before CPython 3.14), through
//! frames that cannot be unwound, which aborts the process. So all sleepers are woken, and are gone, before it begins.

use configedge_snapshot::Source;
use pyo3::exceptions::PySystemExit;
use pyo3::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

static SLEEPING: Mutex<Vec<Arc<Source>>> = Mutex::new(Vec::new());
static ENDING: AtomicBool = AtomicBool::new(false);

fn sleeping() -> MutexGuard<'static, Vec<Arc<Source>>> {
    SLEEPING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sleeps while `source` announces `generation`, for `timeout` at most. Raises SystemExit when the interpreter ends, which ends a
/// thread in silence.
pub(crate) fn sleep(py: Python<'_>, source: &Arc<Source>, generation: u64, timeout: Duration) -> PyResult<()> {
    let ending = || if ENDING.load(Ordering::SeqCst) { Err(PySystemExit::new_err(())) } else { Ok(()) };
    sleeping().push(Arc::clone(source));
    // Looked at after the entry above, as `end_waits` looks there after it sets this: one of both sees the other.
    let allowed = ending();
    if allowed.is_ok() {
        py.detach(|| source.wait(generation, timeout));
    }
    let mut all = sleeping();
    if let Some(at) = all.iter().position(|other| Arc::ptr_eq(other, source)) {
        all.swap_remove(at);
    }
    drop(all);
    allowed?;
    ending()?;
    py.check_signals()
}

/// Ends all sleeps for ever: called once, when the interpreter is about to end.
#[pyfunction]
pub(crate) fn end_waits(py: Python<'_>) {
    ENDING.store(true, Ordering::SeqCst);
    let deadline = Instant::now() + Duration::from_secs(2);
    loop {
        let sources = sleeping().clone();
        if sources.is_empty() || Instant::now() > deadline {
            return;
        }
        sources.iter().for_each(|source| source.wake());
        // They need the interpreter to leave the list.
        py.detach(|| std::thread::sleep(Duration::from_micros(200)));
    }
}

/// The threads that slept do not exist in a forked child.
#[pyfunction]
pub(crate) fn forget_waits() {
    if let Ok(mut all) = SLEEPING.try_lock() {
        all.clear();
    }
}

//! How many threads work, and what a fork leaves of them: nothing, so that a child starts its own.

use std::collections::HashMap;
use std::process;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::thread::available_parallelism;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Threads where a fit names no number; 0: one for each core.
static LIMIT: AtomicUsize = AtomicUsize::new(0);
/// The process in which the module was loaded.
static LOADED_IN: AtomicU32 = AtomicU32::new(0);
/// By process and number of threads.
static POOLS: Mutex<Option<HashMap<(u32, usize), Arc<ThreadPool>>>> = Mutex::new(None);

pub(crate) fn remember_process() {
    LOADED_IN.store(process::id(), Ordering::Relaxed);
}

/// Whether this process is a fork of the one that loaded the module.
pub(crate) fn is_fork() -> bool {
    LOADED_IN.load(Ordering::Relaxed) != process::id()
}

/// How many threads a fit takes that names no number.
#[pyfunction]
pub(crate) fn get_num_threads() -> usize {
    match LIMIT.load(Ordering::Relaxed) {
        0 => available_parallelism().map_or(1, usize::from),
        limit => limit,
    }
}

/// Sets how many threads a fit takes that names no number; 0 stands for one for each core.
#[pyfunction]
pub(crate) fn set_num_threads(threads: usize) {
    LIMIT.store(threads, Ordering::Relaxed);
}

/// The threads for some work: so many, or those of [`set_num_threads`].
pub(crate) fn pool(threads: Option<usize>) -> PyResult<Arc<ThreadPool>> {
    let threads = threads.unwrap_or_else(get_num_threads).max(1);
    let key = (process::id(), threads);
    let new = || {
        let pool =
            ThreadPoolBuilder::new().num_threads(threads).thread_name(|number| format!("ridgepath {number}")).build();
        pool.map(Arc::new).map_err(|error| PyRuntimeError::new_err(error.to_string()))
    };
    let mut pools = match POOLS.try_lock() {
        Ok(pools) => pools,
        Err(TryLockError::Poisoned(pools)) => pools.into_inner(),
        // A fork may have copied the lock while it was held: nobody will open it.
        Err(TryLockError::WouldBlock) if is_fork() => return new(),
        Err(TryLockError::WouldBlock) => POOLS.lock().unwrap_or_else(PoisonError::into_inner),
    };
    let pools = pools.get_or_insert_default();
    if let Some(pool) = pools.get(&key) {
        return Ok(Arc::clone(pool));
    }
    let pool = new()?;
    pools.insert(key, Arc::clone(&pool));
    Ok(pool)
}

/// Does work without the interpreter's lock, on the threads of [`set_num_threads`].
pub(crate) fn detached<R: Send>(py: Python<'_>, work: impl FnOnce() -> R + Send) -> PyResult<R> {
    if may_stay(None) {
        return Ok(py.detach(work));
    }
    let pool = pool(None)?;
    Ok(py.detach(|| pool.install(work)))
}

/// Whether work may go on the thread that asks for it, and take others where it finds them.
pub(crate) fn may_stay(threads: Option<usize>) -> bool {
    threads.is_none() && LIMIT.load(Ordering::Relaxed) == 0 && !is_fork()
}

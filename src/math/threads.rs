//! How finely work is cut for several threads.

/// Operations for which another thread is worth waking: some tens of microseconds, where those in wide vectors count as one.
const ENOUGH: usize = 100_000;

/// How many items of about so many operations one task takes at least.
pub(crate) fn at_least(operations: usize) -> usize {
    (ENOUGH / operations.max(1)).max(1)
}

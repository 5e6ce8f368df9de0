//! Rows that come batch after batch, more of them than memory may hold.

use std::fmt;
use std::iter;

use crate::data::batch::Batch;
use crate::error::{Error, Result};

/// Batches, one after another, from another thread than the one that takes them.
pub type Batches<'a> = Box<dyn Iterator<Item = Result<Batch>> + Send + 'a>;

/// Rows that come [batch](Batch) after batch: from files, a database, a network. No more than two batches are held at a time, and the
/// next is read while one is summed.
///
/// A stream that can be [read again](Self::replayable) serves scores that need the rows once more; one that is read
/// [once](Self::once) has what its moments tell.
///
/// ```
/// use ridgepath::{Batch, Ridge, Stream, nalgebra::DMatrix};
/// // Ten batches of 1,000 rows, made up as they are asked for.
/// let batch = |number: usize| {
///     let x = DMatrix::from_fn(1000, 3, |row, j| ((number * 1000 + row) * (j + 3) % 101) as f64);
///     let y = DMatrix::from_fn(1000, 1, |row, _| x[(row, 0)] - 0.5 * x[(row, 2)] + (row % 7) as f64);
///     Batch::new(x, y)
/// };
/// let path = Ridge::new().fit_stream(&mut Stream::once((0..10).map(batch)))?;
/// println!("{:?}", path.coefficients(0, 0));
/// # Ok::<(), ridgepath::Error>(())
/// ```
pub struct Stream<'a>(Source<'a>);

enum Source<'a> {
    /// `None` after it was read.
    Once(Option<Batches<'a>>),
    Again(Box<dyn FnMut() -> Result<Batches<'a>> + 'a>),
}

impl<'a> Stream<'a> {
    /// Batches that can be read once. An error among them ends the reading, and is what the caller gets.
    pub fn once(batches: impl IntoIterator<Item = Result<Batch>, IntoIter: Send + 'a>) -> Self {
        Self(Source::Once(Some(Box::new(batches.into_iter()))))
    }

    /// Batches that `open` begins from the first on each time, with the same rows in the same order.
    pub fn replayable<I: Iterator<Item = Result<Batch>> + Send + 'a>(mut open: impl FnMut() -> Result<I> + 'a) -> Self {
        Self(Source::Again(Box::new(move || Ok(Box::new(open()?)))))
    }

    /// Whether it can be read more than once.
    #[must_use]
    pub fn is_replayable(&self) -> bool {
        matches!(self.0, Source::Again(_))
    }

    /// Reads all batches from the first on, the next while `take` has one.
    ///
    /// # Errors
    /// [`Error::Conflict`] where it was read before and can be read once; the first of the source and of `take`.
    pub(crate) fn read(&mut self, take: impl FnMut(Batch) -> Result<()>) -> Result<()> {
        let batches = match &mut self.0 {
            Source::Again(open) => open()?,
            Source::Once(batches) => batches.take().ok_or(Error::Conflict {
                first: "a stream that can be read once",
                second: "reading it again",
                instead: "Stream::replayable",
            })?,
        };
        read_ahead(batches, take)
    }
}

impl fmt::Debug for Stream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("replayable", &self.is_replayable()).finish_non_exhaustive()
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn read_ahead(batches: Batches<'_>, mut take: impl FnMut(Batch) -> Result<()>) -> Result<()> {
    std::thread::scope(|scope| {
        // One batch waits while one is taken; that being read is the second.
        let (send, receive) = std::sync::mpsc::sync_channel(0);
        let reader = scope.spawn(move || {
            for batch in until_error(batches) {
                if send.send(batch).is_err() {
                    break; // Nobody takes any more.
                }
            }
        });
        let taken = receive.into_iter().try_for_each(|batch| take(batch?));
        match reader.join() {
            Ok(()) => taken,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// In a browser there is no other thread to read on.
#[cfg(target_arch = "wasm32")]
fn read_ahead(batches: Batches<'_>, mut take: impl FnMut(Batch) -> Result<()>) -> Result<()> {
    until_error(batches).try_for_each(|batch| take(batch?))
}

/// Batches up to the first error, which is the last item: what comes after one is not asked for.
fn until_error(mut batches: Batches<'_>) -> impl Iterator<Item = Result<Batch>> {
    let mut failed = false;
    iter::from_fn(move || {
        let batch = if failed { None } else { batches.next() };
        failed = matches!(batch, Some(Err(_)));
        batch
    })
}

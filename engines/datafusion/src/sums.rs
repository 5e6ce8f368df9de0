//! What a group's rows are summed to.

use datafusion_common::Result;
use ridgepath::{Moments, Problem, View};

use crate::layout::{Arguments, Layout};

/// Rows that are summed together at the least: what a call costs is then little against what it sums.
const LEAST: usize = 32;

/// Moments, and rows that wait to be summed.
///
/// So few wait that they take about the memory of moments, or less. A group of few rows has no moments at all.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    moments: Option<Box<Moments>>,
    rows: Vec<f64>,
}

impl Sums {
    /// Adds a row to those that wait, and says whether there are now as many as are summed together.
    pub(crate) fn read(&mut self, layout: &Layout, arguments: &Arguments<'_>, row: usize) -> Result<bool> {
        Ok(arguments.read(row, &mut self.rows)? && self.full(layout))
    }

    pub(crate) fn full(&self, layout: &Layout) -> bool {
        self.rows.len() >= most(layout)
    }

    /// Rows that wait, and whether they are all there is.
    pub(crate) fn waiting(&self) -> Option<&[f64]> {
        self.moments.is_none().then_some(&self.rows)
    }

    /// Adds rows that were checked.
    pub(crate) fn append(&mut self, layout: &Layout, rows: &[f64]) -> Result<()> {
        self.rows.extend_from_slice(rows);
        if self.full(layout) { self.settle(layout) } else { Ok(()) }
    }

    pub(crate) fn merge(&mut self, layout: &Layout, other: Moments) -> Result<()> {
        match &mut self.moments {
            Some(moments) => moments.merge(&other).map_err(|error| layout.told(&error)),
            None => {
                self.moments = Some(Box::new(other));
                Ok(())
            }
        }
    }

    /// Sums the rows that wait.
    pub(crate) fn settle(&mut self, layout: &Layout) -> Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let block = summed(layout, &self.rows).map_err(|error| layout.told(&error))?;
        self.rows.clear();
        // What a batch with many rows of this group has taken.
        self.rows.shrink_to(most(layout));
        self.merge(layout, block)
    }

    /// The moments of all rows; `None` where there are none.
    pub(crate) fn whole(&mut self, layout: &Layout) -> Result<Option<&Moments>> {
        self.settle(layout)?;
        Ok(self.moments.as_deref())
    }

    /// Bytes of memory, beside this struct's.
    pub(crate) fn held(&self, layout: &Layout) -> usize {
        let moments = if self.moments.is_some() { size_of::<Moments>() + moments_bytes(layout) } else { 0 };
        moments + self.rows.capacity() * size_of::<f64>()
    }
}

/// Numbers of rows that wait at the most from one batch to the next.
fn most(layout: &Layout) -> usize {
    LEAST.max(layout.features) * layout.width()
}

/// The bytes that the numbers of moments take in memory.
fn moments_bytes(layout: &Layout) -> usize {
    let (n, t) = (layout.features, layout.targets);
    size_of::<f64>() * (n * (n + t) + 2 * (n + t) + t) + size_of::<i32>() * (n + t)
}

fn summed(layout: &Layout, rows: &[f64]) -> ridgepath::Result<Moments> {
    let (width, first) = (layout.width(), usize::from(layout.weighted));
    let count = rows.len() / width;
    let y = View::strided(&rows[first..], count, layout.targets, width, 1)?;
    let x = View::strided(&rows[first + layout.targets..], count, layout.features, width, 1)?;
    let problem = Problem::new(x, y)?;
    let weights: Vec<f64> = rows.iter().step_by(width).copied().collect();
    let problem = if layout.weighted { problem.with_weights(&weights)? } else { problem };
    let mut moments = Moments::try_new(layout.features, layout.targets)?;
    moments.push(&problem)?;
    Ok(moments)
}

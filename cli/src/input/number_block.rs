//! Many rows at once, of columns of numbers alone.

use crate::input::cell_rules::CellRules;
use crate::input::column_roles::Part;

/// Rows that follow one another in a source, column after column.
#[derive(Debug, Default)]
pub(crate) struct NumberBlock {
    /// Those that were read.
    pub(crate) rows: usize,
    /// The values of those that are not left out; NaN where a target may lack one.
    pub(crate) columns: Vec<Vec<f64>>,
    /// The numbers, from 0, of those that are left out, in order.
    pub(crate) dropped: Vec<usize>,
}

/// How rows become numbers.
#[derive(Debug)]
pub(crate) struct NumberRules {
    /// The columns, in the order in which they are wanted.
    pub(crate) columns: Vec<(usize, Part)>,
    /// Whether a target may have no value.
    pub(crate) gaps: bool,
    /// Whether rows that lack another value are left out.
    pub(crate) drop_missing: bool,
    pub(crate) cells: CellRules,
}

impl NumberRules {
    /// Whether a column may have no value in a row that is not left out.
    pub(crate) fn may_miss(&self, part: Part) -> bool {
        self.gaps && part == Part::Target
    }
}

impl NumberBlock {
    /// Leaves out the rows that have no value in one of some columns.
    pub(crate) fn drop_rows(&mut self, lacking: &[usize]) {
        let lacks = |row: &usize| lacking.iter().any(|column| self.columns[*column][*row].is_nan());
        let dropped: Vec<usize> = if lacking.is_empty() { Vec::new() } else { (0..self.rows).filter(lacks).collect() };
        if dropped.is_empty() {
            return;
        }
        for column in &mut self.columns {
            let (mut row, mut next) = (0, dropped.iter().copied().peekable());
            column.retain(|_| {
                let left_out = next.next_if_eq(&row).is_some();
                row += 1;
                !left_out
            });
        }
        self.dropped = dropped;
    }
}

//! Labels: what columns of a file say of which rows belong together.

use std::collections::HashMap;

/// A label for each row: equal cells have equal labels, which count from 0 in the order of their first rows.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    numbers: HashMap<Vec<Vec<u8>>, usize>,
    of_rows: Vec<usize>,
    cells: Vec<Vec<String>>,
}

impl Labels {
    /// Takes the cells of the next row.
    pub(crate) fn push(&mut self, cells: Vec<Vec<u8>>) {
        let next = self.cells.len();
        let number = match self.numbers.get(&cells) {
            Some(number) => *number,
            None => {
                self.cells.push(cells.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect());
                self.numbers.insert(cells, next);
                next
            }
        };
        self.of_rows.push(number);
    }

    /// The number of each row's label.
    pub(crate) fn of_rows(&self) -> &[usize] {
        &self.of_rows
    }

    /// The numbers of the labels of the rows since the last call.
    pub(crate) fn drain(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.of_rows)
    }

    /// The cells of each label, one for each column of labels.
    pub(crate) fn cells(&self) -> &[Vec<String>] {
        &self.cells
    }
}

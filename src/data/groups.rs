//! Rows that belong together by a label.

use std::collections::HashMap;
use std::hash::Hash;

/// Which rows have the same label: the rows of each, in ascending order, and the labels in the order in which they first appear.
///
/// ```
/// use ridgepath::Groups;
/// let groups = Groups::new(&["b", "a", "b"]);
/// assert_eq!((groups.labels(), groups.rows(0)), (&["b", "a"][..], &[0, 2][..]));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups<L> {
    labels: Vec<L>,
    /// The rows, group after group.
    rows: Vec<usize>,
    /// Where each group begins in them, and where the last ends.
    starts: Vec<usize>,
}

impl<L: Clone + Eq + Hash> Groups<L> {
    /// The groups of a label for each row.
    #[must_use]
    pub fn new(labels: &[L]) -> Self {
        let mut numbers: HashMap<&L, usize> = HashMap::new();
        let mut distinct: Vec<L> = Vec::new();
        let mut counts: Vec<usize> = Vec::new();
        let mut before: Option<(&L, usize)> = None;
        let number = |label| {
            let number = match before {
                // Rows of one label often follow one another.
                Some((same, number)) if same == label => number,
                _ => *numbers.entry(label).or_insert_with(|| {
                    distinct.push(L::clone(label));
                    counts.push(0);
                    distinct.len() - 1
                }),
            };
            before = Some((label, number));
            counts[number] += 1;
            number
        };
        let of_rows: Vec<usize> = labels.iter().map(number).collect();
        let mut starts = vec![0];
        counts.iter().for_each(|count| starts.push(starts[starts.len() - 1] + count));
        let (mut next, mut rows) = (starts.clone(), vec![0; labels.len()]);
        for (row, group) in of_rows.into_iter().enumerate() {
            rows[next[group]] = row;
            next[group] += 1;
        }
        Self { labels: distinct, rows, starts }
    }
}

impl<L> Groups<L> {
    /// How many groups there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// True of no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The label of each group.
    #[must_use]
    pub fn labels(&self) -> &[L] {
        &self.labels
    }

    /// The rows of a group, in ascending order.
    ///
    /// # Panics
    /// When there is no such group, as slices do.
    #[must_use]
    pub fn rows(&self, group: usize) -> &[usize] {
        &self.rows[self.starts[group]..self.starts[group + 1]]
    }

    /// The rows of all groups.
    #[must_use]
    pub fn total_rows(&self) -> usize {
        self.rows.len()
    }
}

//! Columns side by side: numbers with their decimal points under one another, as many as the screen has room for.

use console::Term;

use crate::format::words::{escaped, width};

/// The width of a table when neither a terminal nor COLUMNS says how wide the screen is.
const WIDTH: usize = 120;
const GAP: &str = "  ";

/// A column of a table.
pub(crate) struct TableColumn {
    head: String,
    cells: Vec<String>,
}

impl TableColumn {
    pub(crate) fn new(head: impl Into<String>, cells: impl IntoIterator<Item = String>) -> Self {
        let clean = |text: String| escaped(&text);
        Self { head: clean(head.into()), cells: cells.into_iter().map(clean).collect() }
    }

    /// Head and cells, all as wide as the widest: numbers with their decimal points under one another, words to the left.
    fn lines(&self) -> Vec<String> {
        let numeric = self.cells.iter().all(|cell| is_number(cell));
        let before = |cell: &str| if numeric { width(&cell[..whole(cell)]) } else { 0 };
        let after = |cell: &str| width(cell) - before(cell);
        let most = |of: &dyn Fn(&str) -> usize| self.cells.iter().map(|cell| of(cell)).max().unwrap_or(0);
        let (left, right) = (most(&before), most(&after));
        let head = width(&self.head);
        let more = " ".repeat(head.saturating_sub(left + right));
        let space = " ".repeat((left + right).saturating_sub(head));
        let (lead, trail) = if numeric { (more, String::new()) } else { (String::new(), more) };
        let mut lines = vec![if numeric { space + &self.head } else { self.head.clone() + &space }];
        lines.extend(self.cells.iter().map(|cell| {
            let (before, after) = (" ".repeat(left - before(cell)), " ".repeat(right - after(cell)));
            format!("{lead}{before}{cell}{after}{trail}")
        }));
        lines
    }
}

/// Whether a cell holds a number, one with its error, or the sign for none.
fn is_number(cell: &str) -> bool {
    cell.parse::<f64>().is_ok() || cell == "-" || cell.contains(" ± ")
}

/// Where the whole part of a number ends.
fn whole(cell: &str) -> usize {
    let part = |c: char| c.is_ascii_digit() || matches!(c, '-' | '(');
    match cell.contains(|c: char| c.is_ascii_digit()) {
        true => cell.find(|c| !part(c)).unwrap_or(cell.len()),
        false => cell.len(),
    }
}

/// Rows of cells under a header.
pub(crate) fn aligned(header: &[&str], rows: &[Vec<String>]) -> String {
    let column = |(j, head): (usize, &&str)| TableColumn::new(*head, rows.iter().map(|row| row[j].clone()));
    let columns: Vec<TableColumn> = header.iter().enumerate().map(column).collect();
    joined(&columns.iter().map(TableColumn::lines).collect::<Vec<_>>())
}

/// Columns side by side, in blocks under one another where the screen is too narrow; each block begins with the first
/// column.
pub(crate) fn fitted(columns: &[TableColumn]) -> String {
    let lines: Vec<Vec<String>> = columns.iter().map(TableColumn::lines).collect();
    let Some((first, rest)) = lines.split_first() else { return String::new() };
    let mut blocks = vec![vec![first.clone()]];
    let mut used = width(&first[0]);
    for column in rest {
        let needed = GAP.len() + width(&column[0]);
        // One column at least, however narrow the screen.
        if used + needed > screen() && blocks.last().is_some_and(|block| block.len() > 1) {
            blocks.push(vec![first.clone()]);
            used = width(&first[0]);
        }
        used += needed;
        if let Some(block) = blocks.last_mut() {
            block.push(column.clone());
        }
    }
    blocks.iter().map(|block| joined(block)).collect::<Vec<_>>().join("\n")
}

/// Whether columns fit the screen side by side.
pub(crate) fn fit(columns: &[TableColumn]) -> bool {
    let widths = columns.iter().map(|column| GAP.len() + width(&column.lines()[0]));
    widths.sum::<usize>() <= screen() + GAP.len()
}

/// The lines of a table, from the lines of its columns.
fn joined(columns: &[Vec<String>]) -> String {
    let count = columns.first().map_or(0, Vec::len);
    let line = |i: usize| columns.iter().map(|column| column[i].as_str()).collect::<Vec<_>>().join(GAP);
    (0..count).map(|i| format!("{}\n", line(i).trim_end())).collect()
}

/// Numbers of at most `most` among `count` things, from the first to the last.
pub(crate) fn thinned(count: usize, most: usize) -> Vec<usize> {
    if count <= most {
        return (0..count).collect();
    }
    let steps = most - 1;
    (0..most).map(|place| (place * (count - 1) + steps / 2) / steps).collect()
}

/// What is said under a table that leaves out λs.
pub(crate) fn left_out(shown: usize, count: usize) -> String {
    if shown == count {
        return String::new();
    }
    format!("({shown} λ of {count}: --format csv and --format json have all)\n")
}

/// How many characters the screen is wide.
fn screen() -> usize {
    let told = || std::env::var("COLUMNS").ok()?.parse().ok().filter(|columns| *columns > 0);
    Term::stdout().size_checked().map(|(_, columns)| columns.into()).or_else(told).unwrap_or(WIDTH)
}

#[cfg(test)]
mod tests {
    use super::thinned;

    #[test]
    fn what_is_thinned_keeps_both_ends() {
        assert_eq!(thinned(3, 12), [0, 1, 2]);
        assert_eq!(thinned(100, 12), [0, 9, 18, 27, 36, 45, 54, 63, 72, 81, 90, 99]);
        assert_eq!(thinned(13, 12).len(), 12);
    }
}

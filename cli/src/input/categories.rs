//! Columns of text, which become a column of 0 and 1 for each of their levels.

use std::collections::HashMap;

use serde::Serialize;

use crate::input::number_column::shown;

/// A column with more levels is taken for an identifier.
const MOST_LEVELS: usize = 1000;
/// So many levels are listed in a message.
const LISTED: usize = 12;

/// What a column of text becomes, as it is kept in saved models.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Category {
    pub(crate) column: String,
    /// In the order of their bytes.
    pub(crate) levels: Vec<String>,
    /// The level that has no column, from which the others are told by their differences.
    pub(crate) left_out: Option<String>,
}

impl Category {
    /// That of a model.
    pub(crate) fn of_model(category: &ridgepath::Category) -> Self {
        let ridgepath::Category { column, levels, left_out } = category.clone();
        Self { column, levels, left_out }
    }

    /// The name of a level's column.
    pub(crate) fn name_of(&self, level: &str) -> String {
        format!("{}={level}", self.column)
    }

    /// The levels that have a column.
    pub(crate) fn kept(&self) -> impl Iterator<Item = &String> {
        self.levels.iter().filter(|level| self.left_out.as_ref() != Some(level))
    }

    /// What the user should know of it.
    pub(crate) fn note(&self) -> Option<String> {
        let (column, count, left_out) = (&self.column, self.levels.len(), self.left_out.as_ref()?);
        Some(format!(
            "column {column:?} has {count} levels: the coefficients of the others are differences from {left_out:?}, which is left out"
        ))
    }

    /// What is wrong with one that was read from a file, if anything is.
    pub(crate) fn flaw(&self) -> Option<String> {
        let column = &self.column;
        let ordered = self.levels.windows(2).all(|pair| pair[0] < pair[1]);
        let known = self.left_out.as_ref().is_none_or(|level| self.levels.contains(level));
        match (self.levels.len(), ordered && known) {
            (1..=MOST_LEVELS, true) => None,
            _ => Some(format!(
                "the levels of column {column:?} are none, too many, out of order or without the one left out"
            )),
        }
    }
}

/// A column of text as it is read.
#[derive(Debug, Default)]
pub(crate) struct CategoryColumn {
    numbers: HashMap<Vec<u8>, u16>,
    /// By their numbers.
    levels: Vec<String>,
    of_rows: Vec<u16>,
    /// That of a saved model, which has all levels there may be.
    known: Option<Category>,
}

impl CategoryColumn {
    /// Of levels that are known.
    pub(crate) fn of(category: &Category) -> Self {
        let mut column = Self { known: Some(category.clone()), ..Self::default() };
        category.levels.iter().for_each(|level| column.add(level));
        column
    }

    fn add(&mut self, level: &str) {
        #[expect(clippy::cast_possible_truncation, reason = "there are few levels")]
        self.numbers.insert(level.as_bytes().to_vec(), self.levels.len() as u16);
        self.levels.push(level.to_owned());
    }

    /// Takes the next cell, or says what is wrong with it.
    pub(crate) fn push(&mut self, cell: &[u8]) -> Result<(), String> {
        let cell = cell.trim_ascii();
        if !self.numbers.contains_key(cell) {
            self.take_level(cell)?;
        }
        self.of_rows.push(self.numbers[cell]);
        Ok(())
    }

    /// Takes a level that no row before has.
    fn take_level(&mut self, cell: &[u8]) -> Result<(), String> {
        let found = shown(cell);
        if self.known.is_some() {
            let all: Vec<String> = self.levels.iter().take(LISTED).map(|level| format!("{level:?}")).collect();
            let more = match self.levels.len().saturating_sub(LISTED) {
                0 => String::new(),
                more => format!(" or one of {more} more"),
            };
            return Err(format!("found {found}, wanted a level that the model knows: {}{more}", all.join(", ")));
        }
        if self.levels.len() == MOST_LEVELS {
            return Err(format!(
                "found {found} after {MOST_LEVELS} other levels, wanted no more: is this an identifier? --exclude leaves the column out"
            ));
        }
        self.add(str::from_utf8(cell).map_err(|_| format!("found {found}, wanted a level in UTF-8"))?);
        Ok(())
    }

    /// The rows since the last call, in a column of the same levels.
    pub(crate) fn take(&mut self) -> Self {
        let of_rows = std::mem::take(&mut self.of_rows);
        Self { numbers: self.numbers.clone(), levels: self.levels.clone(), of_rows, known: self.known.clone() }
    }

    /// The category, and for each level that is kept its column: 1 in the rows that have it, 0 in the others. With `all` no level
    /// is left out.
    pub(crate) fn finish(self, column: &str, all: bool) -> (Category, impl Iterator<Item = Vec<f64>> + use<>) {
        let Self { levels, of_rows, known, .. } = self;
        let category = known.unwrap_or_else(|| {
            let mut sorted = levels.clone();
            sorted.sort_unstable();
            let left_out = sorted.first().filter(|_| !all).cloned();
            Category { column: column.to_owned(), levels: sorted, left_out }
        });
        let number = |level: &String| levels.iter().position(|own| own == level);
        let kept: Vec<usize> = category.kept().filter_map(number).collect();
        let dummy =
            move |level: usize| of_rows.iter().map(|own| f64::from(u8::from(usize::from(*own) == level))).collect();
        (category, kept.into_iter().map(dummy))
    }
}

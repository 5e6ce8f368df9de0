//! The columns of a table, of those that were read: those of text become several.

use std::collections::HashSet;

use crate::input::categories::{Category, CategoryColumn};
use crate::input::column_roles::{ColumnRoles, Part};
use crate::input::number_column::NumberColumn;
use crate::input::table_source::TableSource;
use crate::machine::failure::{Failure, Result};

type Column = (Vec<f64>, i128);

/// Columns in the order of the table: the features, then the others.
pub(crate) struct Assembly {
    pub(crate) names: Vec<String>,
    /// The number of the column that each feature is of.
    pub(crate) features: Vec<usize>,
    pub(crate) categories: Vec<Category>,
    /// The values of each, and what they are less by. They are made one at a time.
    pub(crate) columns: Box<dyn Iterator<Item = Column>>,
}

impl Assembly {
    /// With `all_levels` none is left out. The names are those of the columns in `source`.
    pub(crate) fn new(
        numbers: Vec<NumberColumn>,
        texts: Vec<CategoryColumn>,
        all_levels: bool,
        source: &dyn TableSource,
        chosen: &ColumnRoles,
    ) -> Result<Self> {
        let header = source.header();
        let (mut numbers, mut texts) = (numbers.into_iter(), chosen.categorical.iter().zip(texts).collect::<Vec<_>>());
        let (mut names, mut features, mut categories) = (Vec::new(), Vec::new(), Vec::new());
        let mut parts: Vec<Box<dyn Iterator<Item = Column>>> = Vec::new();
        for column in &chosen.features {
            match texts.iter().position(|(own, _)| *own == column) {
                Some(at) => {
                    let (category, dummies) = texts.swap_remove(at).1.finish(&header[*column], all_levels);
                    names.extend(category.kept().map(|level| category.name_of(level)));
                    features.resize(names.len(), *column);
                    if features.last() != Some(column) {
                        return Err(Failure::Input(format!(
                            "column {:?} has the level {:?} alone, wanted two at least; --exclude leaves it out",
                            category.column, category.levels[0]
                        )));
                    }
                    categories.push(category);
                    parts.push(Box::new(dummies.map(|values| (values, 0))));
                }
                None => {
                    names.push(header[*column].clone());
                    features.push(*column);
                    parts.push(Box::new(numbers.next().map(NumberColumn::into_parts).into_iter()));
                }
            }
        }
        check_names(&names, &categories)?;
        let others = chosen.of_numbers().filter(|(_, part)| *part != Part::Feature);
        names.extend(others.map(|(column, _)| header[column].clone()));
        let columns = parts.into_iter().flatten().chain(numbers.map(NumberColumn::into_parts));
        Ok(Self { names, features, categories, columns: Box::new(columns) })
    }
}

/// No feature may be called as the column of another's level is, or would be if that were not left out.
fn check_names(features: &[String], categories: &[Category]) -> Result<()> {
    let left_out = |category: &Category| category.left_out.as_ref().map(|level| category.name_of(level));
    let mut seen = HashSet::new();
    match features.iter().cloned().chain(categories.iter().filter_map(left_out)).find(|name| !seen.insert(name.clone()))
    {
        Some(twice) => Err(Failure::Input(format!(
            "{twice:?} is the name of two features, of which --categorical makes one at least; wanted another name for one of their columns"
        ))),
        None => Ok(()),
    }
}

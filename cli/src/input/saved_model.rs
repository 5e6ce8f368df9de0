//! Models that `cv` has saved.

use std::fs;
use std::path::Path;

use ridgepath::{Error, LinearModel};

use crate::input::categories::Category;
use crate::machine::failure::{Failure, Result};

/// A model from a file of `cv --save`, or of `cv --format json`, which has the model within, with the names of its features
/// and targets.
pub(crate) struct SavedModel {
    pub(crate) model: LinearModel,
    pub(crate) features: Vec<String>,
    pub(crate) targets: Vec<String>,
    /// What columns of text become, in the order of the features.
    pub(crate) categories: Vec<Category>,
    /// The columns that the features come from.
    pub(crate) columns: Vec<String>,
}

impl SavedModel {
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let name = file.display();
        let text = fs::read_to_string(file).map_err(|error| Failure::reading(&name.to_string(), &error))?;
        let wrong = |what: String| Failure::Input(format!("{name} is not a model that cv has saved: {what}"));
        let model = LinearModel::from_json(&text).map_err(|error| match error {
            Error::Document { detail, .. } => wrong(detail),
            error => wrong(error.to_string()),
        })?;
        let names = |of: &str, names: Option<&[String]>| {
            let none = || wrong(format!("it has no names of {of}, wanted them to find columns by"));
            names.map(<[String]>::to_vec).ok_or_else(none)
        };
        let features = names("features", model.feature_names())?;
        let targets = names("targets", model.target_names())?;
        let categories: Vec<Category> = model.categories().iter().map(Category::of_model).collect();
        if let Some(flaw) = categories.iter().find_map(Category::flaw) {
            return Err(wrong(flaw));
        }
        let columns = columns(&features, &categories).map_err(&wrong)?;
        Ok(Self { model, features, targets, categories, columns })
    }
}

/// The columns that features come from: those of a category come from one.
fn columns(features: &[String], categories: &[Category]) -> std::result::Result<Vec<String>, String> {
    let (mut columns, mut rest, mut categories) = (Vec::new(), features, categories.iter().peekable());
    while let [first, others @ ..] = rest {
        let levels = |category: &Category| category.kept().map(|level| category.name_of(level)).collect::<Vec<_>>();
        rest = match categories.next_if(|category| levels(category).first() == Some(first)) {
            Some(category) => {
                columns.push(category.column.clone());
                let wanted = levels(category);
                rest.strip_prefix(&wanted[..]).ok_or_else(|| {
                    format!(
                        "its features lack a level of column {:?} after {first:?}, wanted all that it keeps",
                        category.column
                    )
                })?
            }
            None => {
                columns.push(first.clone());
                others
            }
        };
    }
    match categories.next() {
        Some(category) => {
            Err(format!("it has no features of column {:?}, wanted its levels in their order", category.column))
        }
        None => Ok(columns),
    }
}

//! Which columns of a table are features, targets, weights and labels, by their names.

use std::collections::HashSet;

use crate::error::{Error, Result};

/// The parts that the columns of a table play, by their names: of record batches of Arrow and of Parquet files.
///
/// ```
/// use ridgepath::ColumnNames;
/// let names = ColumnNames::new(["price"]).features(["area", "rooms"]).weights("sold");
/// # _ = names;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnNames {
    features: Option<Vec<String>>,
    targets: Vec<String>,
    weights: Option<String>,
    labels: Option<String>,
    drops_nulls: bool,
}

/// The columns of a table by their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ColumnNumbers {
    pub(crate) features: Vec<usize>,
    pub(crate) targets: Vec<usize>,
    pub(crate) weights: Option<usize>,
    pub(crate) labels: Option<usize>,
}

impl ColumnNames {
    /// Targets by their names; features are all columns that play no other part.
    #[must_use]
    pub fn new<S: Into<String>>(targets: impl IntoIterator<Item = S>) -> Self {
        let targets = targets.into_iter().map(Into::into).collect();
        Self { features: None, targets, weights: None, labels: None, drops_nulls: false }
    }

    /// The features, in this order.
    #[must_use]
    pub fn features<S: Into<String>>(self, features: impl IntoIterator<Item = S>) -> Self {
        Self { features: Some(features.into_iter().map(Into::into).collect()), ..self }
    }

    /// The column of observation weights.
    #[must_use]
    pub fn weights(self, column: impl Into<String>) -> Self {
        Self { weights: Some(column.into()), ..self }
    }

    /// The column of labels of folds, whole numbers ≥ 0.
    #[must_use]
    pub fn labels(self, column: impl Into<String>) -> Self {
        Self { labels: Some(column.into()), ..self }
    }

    /// Leaves out rows with a null in a column that is used, in place of refusing them.
    #[must_use]
    pub fn drop_nulls(self, drop: bool) -> Self {
        Self { drops_nulls: drop, ..self }
    }

    pub(crate) fn drops_nulls(&self) -> bool {
        self.drops_nulls
    }

    /// The columns of a table with these names.
    ///
    /// # Errors
    /// [`Error::Column`] for a name that no column has, that two have, or that plays two parts; [`Error::Empty`] where no column is
    /// left for features, or there is no target.
    pub(crate) fn among(&self, names: &[&str]) -> Result<ColumnNumbers> {
        let find = |name: &String| find(names, name);
        let targets: Vec<usize> = self.targets.iter().map(find).collect::<Result<_>>()?;
        let [weights, labels] = [&self.weights, &self.labels].map(|name| name.as_ref().map(find).transpose());
        let (weights, labels) = (weights?, labels?);
        let others: Vec<usize> = targets.iter().copied().chain(weights).chain(labels).collect();
        let features = match &self.features {
            Some(features) => features.iter().map(find).collect::<Result<_>>()?,
            None => (0..names.len()).filter(|at| !others.contains(at)).collect::<Vec<usize>>(),
        };
        let mut seen = HashSet::new();
        if let Some(twice) = features.iter().chain(&others).find(|at| !seen.insert(**at)) {
            let (column, detail) = (names[*twice].into(), "it plays two parts; wanted one".into());
            return Err(Error::Column { column, detail });
        }
        for (what, columns) in [("X", &features), ("Y", &targets)] {
            if columns.is_empty() {
                return Err(Error::Empty { what, rows: 0, columns: 0 });
            }
        }
        Ok(ColumnNumbers { features, targets, weights, labels })
    }
}

/// The one column of a name.
///
/// # Errors
/// [`Error::Column`].
pub(crate) fn find(names: &[&str], name: &str) -> Result<usize> {
    let wrong = |detail: String| Error::Column { column: name.into(), detail };
    let mut found = (0..names.len()).filter(|at| names[*at] == name);
    match (found.next(), found.next()) {
        (Some(at), None) => Ok(at),
        (Some(_), Some(_)) => Err(wrong("two columns have this name; wanted one".into())),
        (None, _) => {
            let listed = names.iter().take(20).map(|own| format!("{own:?}")).collect::<Vec<_>>().join(", ");
            let more = if names.len() > 20 { ", …" } else { "" };
            Err(wrong(format!("there is none among {listed}{more}")))
        }
    }
}

impl ColumnNumbers {
    /// All that are used: features, targets, weights, labels.
    pub(crate) fn all(&self) -> impl Iterator<Item = usize> + '_ {
        self.features.iter().chain(&self.targets).chain(&self.weights).chain(&self.labels).copied()
    }
}

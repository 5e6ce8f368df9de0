//! The columns of text that features come from.

/// A column of text, of which some of a [`LinearModel`](crate::LinearModel)'s features are made: for each level that is kept the feature
/// `COLUMN=LEVEL`, 1 in the rows that have it and 0 in all others.
///
/// The program `ridgepath` writes them into the models that it saves, and makes the features of new rows by them. The library takes the
/// features as they are, and keeps this for whoever reads the model after it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Category {
    /// The name of the column.
    pub column: String,
    /// All levels, in the order of their bytes.
    pub levels: Vec<String>,
    /// The level that has no feature, where there is one: the coefficients of the others are differences from it.
    pub left_out: Option<String>,
}

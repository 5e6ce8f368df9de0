//! One model: what a prediction needs, and nothing else.

use nalgebra::DMatrix;

use crate::answer::path::RidgePath;
use crate::answer::prediction::{check_columns, determination, predictions};
use crate::choose::Selection;
use crate::data::problem::Problem;
use crate::data::view::View;
use crate::error::{Error, Result};
use crate::model::outcome::Outcome;
use crate::tell::category::Category;

/// y = Xw + b for t targets: what is left of a path when its λ is chosen, small, with names, and made to be kept.
///
/// From one λ of a path by [`RidgePath::model`], from a choice by [`Selection::model`], or from numbers by
/// [`new`](Self::new). All numbers are finite and all names different, so that every model can be saved, loaded and used. With the
/// feature `serde`, `save` and `load` keep it as JSON, which the program `ridgepath` reads too (`ridgepath predict`), as these
/// read the models of `ridgepath cv --save`; any other format of serde takes it as well.
///
/// ```
/// use ridgepath::{LinearModel, Ridge, View};
/// let x = View::row_major(&[1.0, 1.0, 2.0, 1.0, 3.0, 2.0, 4.0, 5.0], 4, 2)?;
/// let path = Ridge::new().lambdas([0.01, 0.1, 1.0]).fit(x, &[1.0, 2.0, 3.0, 4.0])?;
/// let model = path.model(1)?.with_feature_names(["width", "height"])?.with_target_names(["price"])?;
/// # #[cfg(feature = "serde")]
/// assert_eq!(LinearModel::from_json(&model.to_json())?, model);
/// assert_eq!(model.predict(x)?, path.predict(1, x)?);
/// # Ok::<(), ridgepath::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(into = "json::Document", try_from = "json::Document"))]
pub struct LinearModel {
    features: usize,
    /// [t, n]
    coefficients: Vec<f64>,
    /// [t], as what follows.
    intercepts: Vec<f64>,
    lambdas: Option<Vec<f64>>,
    feature_names: Option<Vec<String>>,
    target_names: Option<Vec<String>>,
    categories: Vec<Category>,
}

impl LinearModel {
    /// Of coefficients (t × n, a row for each target) and an intercept for each target.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Shape`] unless there are t intercepts, [`Error::NonFinite`].
    pub fn new<'a>(coefficients: impl Into<View<'a>>, intercepts: &[f64]) -> Result<Self> {
        let coefficients = coefficients.into();
        let (rows, columns) = (coefficients.rows(), coefficients.columns());
        if rows == 0 || columns == 0 {
            return Err(Error::Empty { what: "the matrix of coefficients", rows, columns });
        }
        let values = (0..rows).flat_map(|row| (0..columns).map(move |column| coefficients.get(row, column)));
        Self::of(values.collect(), columns, intercepts.to_vec())
    }

    fn of(coefficients: Vec<f64>, features: usize, intercepts: Vec<f64>) -> Result<Self> {
        each("intercepts against targets", intercepts.len(), coefficients.len() / features)?;
        for (what, values, columns) in
            [("the coefficients", &coefficients, features), ("the intercepts", &intercepts, 1)]
        {
            if let Some(at) = values.iter().position(|value| !value.is_finite()) {
                return Err(Error::NonFinite { what, row: at / columns, column: at % columns, value: values[at] });
            }
        }
        let (lambdas, feature_names, target_names, categories) = (None, None, None, Vec::new());
        Ok(Self { features, coefficients, intercepts, lambdas, feature_names, target_names, categories })
    }

    /// The model with the λ at which each target was found.
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::InvalidPenalty`] for one that is negative, NaN or infinite.
    pub fn with_lambdas(mut self, lambdas: &[f64]) -> Result<Self> {
        each("λs against targets", lambdas.len(), self.targets())?;
        if let Some(index) = lambdas.iter().position(|lambda| !(lambda.is_finite() && *lambda >= 0.0)) {
            return Err(Error::InvalidPenalty { name: "lambda", index, value: lambdas[index] });
        }
        self.lambdas = Some(lambdas.to_vec());
        Ok(self)
    }

    /// This model with its features named in their order.
    ///
    /// # Errors
    /// [`Error::Shape`] unless there are n names, [`Error::RepeatedName`].
    pub fn with_feature_names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Result<Self> {
        self.feature_names = Some(checked_names("features", names, self.features)?);
        Ok(self)
    }

    /// This model with its targets named in their order.
    ///
    /// # Errors
    /// [`Error::Shape`] unless there are t names, [`Error::RepeatedName`].
    pub fn with_target_names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Result<Self> {
        self.target_names = Some(checked_names("targets", names, self.targets())?);
        Ok(self)
    }

    /// This model with the columns of text that some of its features come from, in the order of the features. They are kept with the
    /// model, and have no part in [`predict`](Self::predict), which takes the features.
    #[must_use]
    pub fn with_categories(mut self, categories: impl IntoIterator<Item = Category>) -> Self {
        self.categories = categories.into_iter().collect();
        self
    }

    /// n, the features.
    #[must_use]
    pub fn features(&self) -> usize {
        self.features
    }

    /// t, the targets.
    #[must_use]
    pub fn targets(&self) -> usize {
        self.intercepts.len()
    }

    /// The n coefficients of a target.
    ///
    /// # Panics
    /// When `target ≥ targets()`, as slices do; so does [`intercept`](Self::intercept).
    #[must_use]
    pub fn coefficients(&self, target: usize) -> &[f64] {
        &self.coefficients[target * self.features..(target + 1) * self.features]
    }

    /// The intercept of a target; 0 when none was fitted.
    #[must_use]
    pub fn intercept(&self, target: usize) -> f64 {
        self.intercepts[target]
    }

    /// λ of each target, where it is known.
    #[must_use]
    pub fn lambdas(&self) -> Option<&[f64]> {
        self.lambdas.as_deref()
    }

    /// The names of the features, where they have any.
    #[must_use]
    pub fn feature_names(&self) -> Option<&[String]> {
        self.feature_names.as_deref()
    }

    /// The names of the targets, where they have any.
    #[must_use]
    pub fn target_names(&self) -> Option<&[String]> {
        self.target_names.as_deref()
    }

    /// The columns of text that some of the features come from; none in most models.
    #[must_use]
    pub fn categories(&self) -> &[Category] {
        &self.categories
    }

    /// ŷ = Xw + b of new rows (m' × n, columns in the order of the features): m' × t, as [`RidgePath::predict`].
    ///
    /// # Errors
    /// [`Error::Shape`] when X has not n columns.
    pub fn predict<'a>(&self, x: impl Into<View<'a>>) -> Result<DMatrix<f64>> {
        let x = x.into();
        check_columns(&x, self.features)?;
        Ok(predictions(x, &self.coefficients, &self.intercepts, self.targets()).swap_remove(0))
    }

    /// R² of each target on the rows given, as [`RidgePath::score`] has it.
    ///
    /// # Errors
    /// Those of [`RidgePath::score`].
    pub fn score<'a>(&self, x: impl Into<View<'a>>, y: impl Into<View<'a>>) -> Result<Vec<f64>> {
        let problem = Problem::new(x, y)?;
        determination(&problem, &self.predict(problem.x())?)
    }

    /// R² with observation weights, as [`RidgePath::score_weighted`] has it.
    ///
    /// # Errors
    /// Those of [`RidgePath::score_weighted`].
    pub fn score_weighted<'a>(
        &self,
        x: impl Into<View<'a>>,
        y: impl Into<View<'a>>,
        weights: &[f64],
    ) -> Result<Vec<f64>> {
        let problem = Problem::new(x, y)?;
        let problem = problem.with_weights(weights)?;
        determination(&problem, &self.predict(problem.x())?)
    }
}

impl RidgePath {
    /// The model of λ number `index`, all targets at that λ.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] when the path has no such entry, [`Error::NoModel`] when a target has no finite answer there.
    pub fn model(&self, index: usize) -> Result<LinearModel> {
        self.check_index(index)?;
        self.model_at(&vec![index; self.targets])
    }

    /// The model of λ number `at[target]` for each target.
    fn model_at(&self, at: &[usize]) -> Result<LinearModel> {
        for (target, index) in at.iter().enumerate() {
            let finite = |values: &[f64]| values.iter().all(|value| value.is_finite());
            if !finite(self.coefficients(*index, target)) || !finite(&[self.intercept(*index, target)]) {
                let why = match self.outcome(*index, target) {
                    Outcome::Singular { .. } => "the equations are singular",
                    _ => "they are beyond the range of 64-bit floats",
                };
                return Err(Error::NoModel { index: *index, lambda: self.lambdas[*index], target, why });
            }
        }
        let each = || at.iter().enumerate();
        let w = each().flat_map(|(target, index)| self.coefficients(*index, target)).copied().collect();
        let intercepts = each().map(|(target, index)| self.intercept(*index, target)).collect();
        let lambdas: Vec<f64> = at.iter().map(|index| self.lambdas[*index]).collect();
        LinearModel::of(w, self.features, intercepts)?.with_lambdas(&lambdas)
    }
}

impl Selection {
    /// The model chosen, each target at its λ.
    ///
    /// # Errors
    /// [`Error::NoModel`] when a target has no finite answer there.
    pub fn model(&self) -> Result<LinearModel> {
        let path = self.path();
        path.model_at(&(0..path.targets()).map(|target| self.choice(target).index).collect::<Vec<usize>>())
    }
}

fn each(what: &'static str, found: usize, wanted: usize) -> Result<()> {
    if found == wanted { Ok(()) } else { Err(Error::Shape { what, found, wanted }) }
}

/// Checks that there are as many names as wanted, and no name twice.
fn checked_names<S: Into<String>>(
    of: &'static str,
    names: impl IntoIterator<Item = S>,
    wanted: usize,
) -> Result<Vec<String>> {
    let names: Vec<String> = names.into_iter().map(Into::into).collect();
    if names.len() != wanted {
        let what = if of == "features" { "names against features" } else { "names against targets" };
        return Err(Error::Shape { what, found: names.len(), wanted });
    }
    let mut seen = std::collections::HashMap::new();
    for (at, name) in names.iter().enumerate() {
        if let Some(first) = seen.insert(name.as_str(), at) {
            return Err(Error::RepeatedName { of, name: name.clone(), first, again: at });
        }
    }
    Ok(names)
}

/// Models as documents.
#[cfg(feature = "serde")]
mod json {
    use std::fs;
    use std::path::Path;

    use serde::{Deserialize, Serialize};

    use super::{Category, LinearModel};
    use crate::error::{Error, Result};

    const CONVENTION: &str = "y = x·coef + intercept";

    /// A model as it is written: what the program saves, but for what it tells of the fit beside.
    #[derive(Serialize, Deserialize)]
    pub(super) struct Document {
        schema: String,
        #[serde(default)]
        convention: String,
        features: Option<Vec<String>>,
        targets: Option<Vec<String>>,
        #[serde(default)]
        categories: Vec<Category>,
        /// One for each target.
        path: Vec<OneTarget>,
    }

    #[derive(Serialize, Deserialize)]
    struct OneTarget {
        #[serde(default)]
        lambda: Option<f64>,
        /// One row; null in a document of other programs for what is not finite.
        coef: Vec<Vec<Option<f64>>>,
        intercept: Vec<Option<f64>>,
    }

    impl From<LinearModel> for Document {
        fn from(model: LinearModel) -> Self {
            let one = |target: usize| OneTarget {
                lambda: model.lambdas().map(|lambdas| lambdas[target]),
                coef: vec![model.coefficients(target).iter().copied().map(Some).collect()],
                intercept: vec![Some(model.intercept(target))],
            };
            Self {
                schema: LinearModel::SCHEMA.to_owned(),
                convention: CONVENTION.to_owned(),
                path: (0..model.targets()).map(one).collect(),
                features: model.feature_names,
                targets: model.target_names,
                categories: model.categories,
            }
        }
    }

    impl TryFrom<Document> for LinearModel {
        type Error = Error;

        fn try_from(found: Document) -> Result<Self> {
            check_schema(&found.schema)?;
            let t = found.targets.as_ref().map_or(found.path.len(), Vec::len);
            if t == 0 || found.path.len() != t {
                let (entries, targets) = (found.path.len(), t.max(1));
                return Err(wrong(format!(
                    "found {entries} entries in its path, wanted one for each of {targets} targets"
                )));
            }
            let first = found.path[0].coef.first().map_or(0, Vec::len);
            let n = found.features.as_ref().map_or(first, Vec::len);
            if n == 0 {
                return Err(wrong("it has no features, wanted at least one".to_owned()));
            }
            let (mut coefficients, mut intercepts) = (Vec::new(), Vec::new());
            for (number, entry) in found.path.iter().enumerate() {
                let target =
                    found.targets.as_ref().map_or_else(|| number.to_string(), |names| format!("{:?}", names[number]));
                let ([w], [intercept]) = (&entry.coef[..], &entry.intercept[..]) else {
                    let (rows, numbers) = (entry.coef.len(), entry.intercept.len());
                    let wanted = "wanted one list of coefficients and one intercept";
                    return Err(wrong(format!(
                        "target {target} has {rows} of the one and {numbers} of the other, {wanted}"
                    )));
                };
                if w.len() != n {
                    let found = w.len();
                    return Err(wrong(format!(
                        "target {target} has {found} coefficients, wanted one for each of {n} features"
                    )));
                }
                let missing = |what: &str| wrong(format!("target {target}: {what} is null, wanted a number"));
                for (j, w) in w.iter().enumerate() {
                    coefficients.push(w.ok_or_else(|| missing(&format!("coefficient {j}")))?);
                }
                intercepts.push(intercept.ok_or_else(|| missing("the intercept"))?);
            }
            let mut model = Self::of(coefficients, n, intercepts)?.with_categories(found.categories);
            if let Some(lambdas) = found.path.iter().map(|entry| entry.lambda).collect::<Option<Vec<f64>>>() {
                model = model.with_lambdas(&lambdas)?;
            }
            if let Some(names) = found.features {
                model = model.with_feature_names(names)?;
            }
            match found.targets {
                Some(names) => model.with_target_names(names),
                None => Ok(model),
            }
        }
    }

    impl LinearModel {
        /// The name and version of the format, which every document states as its `schema`.
        pub const SCHEMA: &str = "ridgepath/model/1";

        /// The model as JSON: `schema`, `features` and `targets` (names, or null), `categories`, and in `path` for each target `lambda`, `coef`
        /// and `intercept`. Every number reads back exactly.
        ///
        /// # Panics
        /// Never: a model holds nothing that JSON has not.
        #[must_use]
        pub fn to_json(&self) -> String {
            serde_json::to_string_pretty(self).expect("finite numbers and names are JSON")
        }

        /// The model of a JSON document: of [`to_json`](Self::to_json), of `ridgepath cv --save`, or of `ridgepath cv --format
        /// json`, which has the model within. What else a document holds is left aside.
        ///
        /// # Errors
        /// [`Error::Document`] for what is not JSON, has another schema or contradicts itself; and those of [`new`](Self::new),
        /// [`with_lambdas`](Self::with_lambdas) and [`with_feature_names`](Self::with_feature_names).
        pub fn from_json(text: &str) -> Result<Self> {
            let mut document: serde_json::Value =
                serde_json::from_str(text).map_err(|error| wrong(format!("it is not JSON, {error}")))?;
            if document["schema"] == CHOICE {
                document = document["model"].take();
            }
            match document["schema"].as_str() {
                Some(schema) => check_schema(schema)?,
                None => return Err(wrong(format!("found no schema, wanted {:?}", Self::SCHEMA))),
            }
            let document: Document = serde_json::from_value(document).map_err(|error| wrong(error.to_string()))?;
            document.try_into()
        }

        /// Writes the JSON to a file, which is replaced where there is one.
        ///
        /// # Errors
        /// [`Error::File`].
        pub fn save(&self, file: impl AsRef<Path>) -> Result<()> {
            let file = file.as_ref();
            fs::write(file, self.to_json() + "\n").map_err(|error| failed("write", file, &error))
        }

        /// Reads a model from a file, as [`from_json`](Self::from_json) does.
        ///
        /// # Errors
        /// [`Error::File`], and those of [`from_json`](Self::from_json).
        pub fn load(file: impl AsRef<Path>) -> Result<Self> {
            let file = file.as_ref();
            Self::from_json(&fs::read_to_string(file).map_err(|error| failed("read", file, &error))?)
        }
    }

    /// The schema of a choice, which has a model within.
    const CHOICE: &str = "ridgepath/cv/1";

    fn check_schema(found: &str) -> Result<()> {
        match found == LinearModel::SCHEMA {
            true => Ok(()),
            false => Err(wrong(format!("found schema {found:?}, wanted {:?} or {CHOICE:?}", LinearModel::SCHEMA))),
        }
    }

    fn wrong(detail: String) -> Error {
        Error::Document { what: "model", detail }
    }

    fn failed(action: &'static str, file: &Path, error: &std::io::Error) -> Error {
        Error::File { action, file: file.display().to_string(), detail: error.to_string() }
    }
}

//! Ridge regression for the datasets, metrics and cross-validation of linfa.

use std::marker::PhantomData;
use std::ops::Deref;

use linfa::dataset::{AsTargets, DatasetBase, TargetDim};
use linfa::traits::{Fit, PredictInplace};
use linfa::{Float, ParamGuard};
use ndarray_of_linfa::{Array, ArrayBase, ArrayView, Axis, CowArray, Data, Dimension, Ix2, IxDyn};

use crate::choose::CrossValidation;
use crate::data::view::View;
use crate::error::{Error, Result};
use crate::math::scalar::Scalar;
use crate::solve::ridge::Ridge;
use crate::tell::linear_model::LinearModel;

/// How linfa's datasets are fitted: a [`Ridge`] of one λ, or a [`CrossValidation`] that chooses one anew on each dataset, with all that is
/// set there. Both turn into these parameters, whose `fit` is that of linfa.
///
/// Weights and names are those of the dataset. The records and targets may be of 32- or 64-bit floats, in any layout.
///
/// ```
/// # #[cfg(feature = "linfa")] {
/// use linfa::prelude::*;
/// use ridgepath::{CrossValidation, Ridge, RidgeParams};
/// # use ndarray_of_linfa::{Array1, Array2};
///
/// let x = Array2::from_shape_fn((60, 3), |(i, j)| ((i * (j + 3)) % 7) as f64);
/// let y: Array1<f64> = x.rows().into_iter().map(|row| row[0] - 2.0 * row[2] + row.sum().sin() / 9.0).collect();
/// let mut dataset = Dataset::new(x, y);
///
/// let fitted = RidgeParams::from(CrossValidation::new(Ridge::new()).leave_one_out()).fit(&dataset)?;
/// assert!(fitted.predict(&dataset).r2(&dataset)? > 0.95);
///
/// let params: Vec<RidgeParams> = [0.01, 1.0, 100.0].map(|lambda| Ridge::new().lambdas([lambda]).into()).into();
/// let r2 = dataset.cross_validate_single(5, &params, |predicted, truth| predicted.r2(truth))?;
/// assert!(r2[0] > r2[2]);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct RidgeParams(CheckedRidge);

/// [`RidgeParams`] that leave one λ, or a rule that chooses one.
#[derive(Debug, Clone)]
pub struct CheckedRidge(Asked);

#[derive(Debug, Clone)]
enum Asked {
    One(Ridge),
    Chosen(CrossValidation),
}

/// A [`LinearModel`] whose predictions have the dimension of the targets that it was fitted to: one target is an array of rows, several are
/// a matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedRidge<I> {
    model: LinearModel,
    dimension: PhantomData<I>,
}

impl From<Ridge> for RidgeParams {
    fn from(ridge: Ridge) -> Self {
        Self(CheckedRidge(Asked::One(ridge)))
    }
}

impl From<CrossValidation> for RidgeParams {
    fn from(choice: CrossValidation) -> Self {
        Self(CheckedRidge(Asked::Chosen(choice)))
    }
}

impl ParamGuard for RidgeParams {
    type Checked = CheckedRidge;
    type Error = Error;

    fn check_ref(&self) -> Result<&CheckedRidge> {
        match &self.0.0 {
            Asked::One(ridge) if ridge.penalty.len() != 1 => {
                let (what, wanted) = ("the number of λs of a Ridge", "one, or a CrossValidation to choose from them,");
                Err(Error::InvalidSetting { what, value: ridge.penalty.len() as f64, wanted })
            }
            Asked::One(_) | Asked::Chosen(_) => Ok(&self.0),
        }
    }

    fn check(self) -> Result<CheckedRidge> {
        self.check_ref()?;
        Ok(self.0)
    }
}

impl<F: Float + Scalar, D: Data<Elem = F>, T: AsTargets<Elem = F>> Fit<ArrayBase<D, Ix2>, T, Error> for CheckedRidge {
    type Object = FittedRidge<T::Ix>;

    /// # Errors
    /// Those of [`Ridge::fit`] and [`CrossValidation::fit`], [`Error::NoModel`], [`Error::Shape`] of the dataset's weights, and
    /// [`Error::RepeatedName`] of its names.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<Self::Object> {
        let x = in_one_piece(dataset.records().view());
        let y = in_one_piece(matrix(dataset.targets().as_targets())?);
        let (x, y) = (view(&x)?, view(&y)?);
        let weighted = |ridge: &Ridge| match dataset.weights() {
            Some(weights) => {
                ridge.clone().weights(weights.iter().map(|weight| f64::from(*weight)).collect::<Vec<f64>>())
            }
            None => ridge.clone(),
        };
        let mut model = match &self.0 {
            Asked::One(ridge) => weighted(ridge).fit(x, y)?.model(0)?,
            Asked::Chosen(choice) => {
                let mut choice = choice.clone();
                choice.ridge = weighted(&choice.ridge);
                choice.fit(x, y)?.model()?
            }
        };
        if !dataset.feature_names().is_empty() {
            model = model.with_feature_names(dataset.feature_names())?;
        }
        if !dataset.target_names().is_empty() {
            model = model.with_target_names(dataset.target_names())?;
        }
        Ok(FittedRidge { model, dimension: PhantomData })
    }
}

impl<F: Float + Scalar, D: Data<Elem = F>, I: TargetDim> PredictInplace<ArrayBase<D, Ix2>, Array<F, I>>
    for FittedRidge<I>
{
    /// # Panics
    /// When x has other features, or y other sizes: as with every model of linfa, nothing but a panic can say so.
    fn predict_inplace<'a>(&'a self, x: &'a ArrayBase<D, Ix2>, y: &mut Array<F, I>) {
        let x = in_one_piece(x.view());
        let predicted = view(&x).and_then(|x| self.model.predict(x)).unwrap_or_else(|error| panic!("{error}"));
        let mut y = y.view_mut().into_dyn();
        if y.ndim() == 1 {
            y.insert_axis_inplace(Axis(1));
        }
        assert_eq!(y.shape(), [predicted.nrows(), predicted.ncols()], "the predictions have other rows or targets");
        y.indexed_iter_mut().for_each(|(at, to)| *to = F::cast(predicted[(at[0], at[1])]));
    }

    fn default_target(&self, x: &ArrayBase<D, Ix2>) -> Array<F, I> {
        let shape = [x.nrows(), self.model.targets()];
        let dimensions = I::NDIM.unwrap_or(shape.len());
        let zeros = Array::<F, IxDyn>::zeros(&shape[..dimensions]);
        zeros.into_dimensionality().expect("it has the dimension of the targets")
    }
}

impl<I> FittedRidge<I> {
    /// The model alone.
    #[must_use]
    pub fn into_model(self) -> LinearModel {
        self.model
    }
}

impl<I> Deref for FittedRidge<I> {
    type Target = LinearModel;

    fn deref(&self) -> &LinearModel {
        &self.model
    }
}

/// What goes wrong in linfa beside a fit.
impl From<linfa::Error> for Error {
    fn from(error: linfa::Error) -> Self {
        Self::Source { detail: error.to_string() }
    }
}

/// Targets as a matrix: one column of a single one.
fn matrix<F, I: Dimension>(targets: ArrayView<'_, F, I>) -> Result<ArrayView<'_, F, Ix2>> {
    let mut targets = targets.into_dyn();
    if targets.ndim() == 1 {
        targets.insert_axis_inplace(Axis(1));
    }
    Ok(targets.into_dimensionality().map_err(linfa::Error::from)?)
}

/// An array without gaps and negative strides, which is copied only where it has them.
fn in_one_piece<F: Clone>(array: ArrayView<'_, F, Ix2>) -> CowArray<'_, F, Ix2> {
    let forwards = array.strides().iter().all(|stride| *stride >= 0);
    if forwards && array.as_slice_memory_order().is_some() { array.into() } else { array.to_owned().into() }
}

fn view<'a, F: Scalar>(array: &'a CowArray<'_, F, Ix2>) -> Result<View<'a>> {
    let [down, across] = [array.strides()[0], array.strides()[1]].map(isize::unsigned_abs);
    View::strided(array.as_slice_memory_order().unwrap_or_default(), array.nrows(), array.ncols(), down, across)
}

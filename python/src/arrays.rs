//! NumPy's arrays as views, without a copy; and what is found as arrays.

use numpy::ndarray::{ArrayView1, ArrayView2};
use numpy::{Element, IxDyn, PyArray, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use ridgepath::View;

/// X or Y as NumPy holds them: of one or two axes, in 32 or 64 bits, with any strides.
#[derive(FromPyObject)]
pub(crate) enum Array<'py> {
    Double(PyReadonlyArray2<'py, f64>),
    Single(PyReadonlyArray2<'py, f32>),
    DoubleColumn(PyReadonlyArray1<'py, f64>),
    SingleColumn(PyReadonlyArray1<'py, f32>),
}

/// The elements of an array, which threads may share.
pub(crate) enum Elements<'a> {
    Double(ArrayView2<'a, f64>),
    Single(ArrayView2<'a, f32>),
    DoubleColumn(ArrayView1<'a, f64>),
    SingleColumn(ArrayView1<'a, f32>),
}

impl Array<'_> {
    /// The elements, or an error where they do not lie as the processor reads them.
    pub(crate) fn elements(&self, what: &str) -> PyResult<Elements<'_>> {
        let aligned = match self {
            Self::Double(array) => is_aligned(array),
            Self::Single(array) => is_aligned(array),
            Self::DoubleColumn(array) => is_aligned(array),
            Self::SingleColumn(array) => is_aligned(array),
        };
        if !aligned {
            return Err(PyValueError::new_err(format!(
                "{what} is not aligned; numpy.require(…, requirements='A') copies it"
            )));
        }
        Ok(match self {
            Self::Double(array) => Elements::Double(array.as_array()),
            Self::Single(array) => Elements::Single(array.as_array()),
            Self::DoubleColumn(array) => Elements::DoubleColumn(array.as_array()),
            Self::SingleColumn(array) => Elements::SingleColumn(array.as_array()),
        })
    }
}

/// Whether the first element and the steps to all others are multiples of the size of one.
fn is_aligned<'py, T: Element, D: numpy::ndarray::Dimension>(array: &numpy::PyReadonlyArray<'py, T, D>) -> bool {
    let size = size_of::<T>();
    let strides = array.strides().iter().zip(array.shape());
    array.data().addr() % align_of::<T>() == 0
        && strides.into_iter().all(|(stride, length)| *length <= 1 || stride.unsigned_abs() % size == 0)
}

impl Elements<'_> {
    pub(crate) fn view(&self) -> View<'_> {
        match self {
            Self::Double(array) => array.into(),
            Self::Single(array) => array.into(),
            Self::DoubleColumn(array) => array.into(),
            Self::SingleColumn(array) => array.into(),
        }
    }
}

/// Numbers of a list or of an array of one axis.
pub(crate) fn numbers(of: &Bound<'_, PyAny>, what: &str) -> PyResult<Vec<f64>> {
    match of.extract::<PyReadonlyArray1<'_, f64>>() {
        Ok(array) => Ok(array.as_array().to_vec()),
        Err(_) => of.extract().map_err(|_| {
            PyTypeError::new_err(format!("{what}: wanted a list of floats, or an array of one axis of float64"))
        }),
    }
}

/// An array of these numbers in C order.
pub(crate) fn array<'py, T: Element>(
    py: Python<'py>,
    values: Vec<T>,
    shape: &[usize],
) -> PyResult<Bound<'py, PyArray<T, IxDyn>>> {
    PyArray::from_vec(py, values)
        .reshape_with_order(shape.to_vec(), numpy::npyffi::NPY_ORDER::NPY_CORDER)
        .map(|array| array.to_dyn().clone())
}

//! `ridge_moments` for DataFusion's Python package, which takes functions of other builds through a C interface.

use std::sync::Arc;

use datafusion_expr::AggregateUDF;
use datafusion_ffi::udaf::FFI_AggregateUDF;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

/// The aggregate function `ridge_moments(y, x1, x2, ...)`, for `datafusion.udaf` and `SessionContext.register_udaf`.
///
/// Of several targets, and of rows that have weights, it is a function with a name of its own: (weight, y1, y2, ..., x1, x2, ...).
#[pyclass(frozen, module = "ridgepath")]
pub(crate) struct RidgeMoments {
    function: Arc<AggregateUDF>,
}

#[pymethods]
impl RidgeMoments {
    #[new]
    #[pyo3(signature = (targets=1, weighted=false))]
    fn new(targets: usize, weighted: bool) -> PyResult<Self> {
        if targets == 0 {
            return Err(PyValueError::new_err("targets: found 0, wanted 1 or more"));
        }
        Ok(Self { function: Arc::new(ridgepath_datafusion::ridge_moments_of(targets, weighted)) })
    }

    #[getter]
    fn name(&self) -> &str {
        self.function.name()
    }

    fn __datafusion_aggregate_udf__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let function = FFI_AggregateUDF::from(Arc::clone(&self.function));
        PyCapsule::new_with_value(py, function, c"datafusion_aggregate_udf")
    }

    fn __repr__(&self) -> String {
        format!("RidgeMoments({})", self.function.name())
    }
}

//! The library's errors as Python's exceptions, in its words.

use pyo3::PyErr;
use pyo3::exceptions::{PyKeyboardInterrupt, PyMemoryError, PyRuntimeError, PyValueError};
use ridgepath::Error;

pub(crate) fn raised(error: Error) -> PyErr {
    let words = error.to_string();
    match error {
        Error::Cancelled => PyKeyboardInterrupt::new_err(words),
        Error::Memory { .. } | Error::OutOfMemory { .. } => PyMemoryError::new_err(words),
        error if error.is_device() => PyRuntimeError::new_err(words),
        _ => PyValueError::new_err(words),
    }
}

//! The core of ridgepath's Python package: arrays in, dictionaries of arrays out. What users call is written in Python, beside this.

use pyo3::prelude::*;

mod arrays;
mod choice;
#[cfg(feature = "datafusion")]
mod datafusion;
mod errors;
mod groups;
mod moments;
mod path;
mod run;
mod settings;
mod threads;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Functions of arrays, without defaults of their own: the estimators have them.
#[pymodule(gil_used = false)]
mod _ridgepath {
    #[pymodule_export]
    use super::choice::{choose, leave_one_out_residuals};
    #[cfg(feature = "datafusion")]
    #[pymodule_export]
    use super::datafusion::RidgeMoments;
    #[pymodule_export]
    use super::groups::fit_groups;
    #[pymodule_export]
    use super::moments::{Moments, choose_of_moments, fit_moments};
    #[pymodule_export]
    use super::path::{coefficients, fit_each, fit_path};
    #[pymodule_export]
    use super::settings::Settings;
    #[pymodule_export]
    use super::threads::{get_num_threads, set_num_threads};

    #[pymodule_init]
    fn init(module: &super::Bound<'_, super::PyModule>) -> super::PyResult<()> {
        super::threads::remember_process();
        super::PyModuleMethods::add(module, "__version__", env!("CARGO_PKG_VERSION"))
    }
}

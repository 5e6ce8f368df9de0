//! From data to an answer: the solver that the command line asks for, and what is computed beside its coefficients.

// Before the fit.
pub(crate) mod other_system;
pub(crate) mod penalties;
pub(crate) mod rates;
pub(crate) mod shared_gpus;
pub(crate) mod solver;
pub(crate) mod windows;

// After the fit.
pub(crate) mod backend_entry;
pub(crate) mod choice_tests;
pub(crate) mod choices;
pub(crate) mod dependent_features;
pub(crate) mod figures;
pub(crate) mod intercept;
pub(crate) mod many;
pub(crate) mod problem_targets;
pub(crate) mod quantiles;
pub(crate) mod standard_errors;
pub(crate) mod statistics;

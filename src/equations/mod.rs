//! The penalised equations of every λ, in units that suit each; what corrects their answers, and what measures them.

pub(crate) mod dual;
pub(crate) mod exact;
pub(crate) mod forms;
pub(crate) mod nodes;
pub(crate) mod normal;
pub(crate) mod penalised_scale;
pub(crate) mod products;
pub(crate) mod refine;
pub(crate) mod residual;
pub(crate) mod scaling;
pub(crate) mod totals;
pub(crate) mod triangle;
pub(crate) mod weights;

//! In place of the module `gpu` in a library without the feature of that name: a GPU that cannot be opened, and so what it does
//! needs no code.

use crate::equations::normal::NormalEquations;
use crate::equations::weights::Weights;
use crate::error::{Error, Result};
use crate::model::method::Precision;
use crate::model::watch::Watch;
use crate::plan::{GpuPlan, Limits};

/// There is none.
#[derive(Debug, Clone)]
pub(crate) enum Gpu {}

/// What matters of an adapter.
#[derive(Debug)]
pub(crate) struct AdapterSummary {
    pub(crate) name: String,
    pub(crate) limits: Limits,
}

/// Which adapter would be opened.
#[derive(Debug, Clone, Default)]
pub(crate) struct GpuOptions {
    pub(crate) allow_software: bool,
    pub(crate) adapter: Option<String>,
}

impl Gpu {
    #[expect(clippy::unused_async, reason = "as the device's own")]
    pub(crate) async fn open_with(_: &GpuOptions) -> Result<Self> {
        Err(Error::NoAdapter { reason: "ridgepath was built without its feature `gpu`".into() })
    }

    pub(crate) fn adapter(&self) -> &AdapterSummary {
        match *self {}
    }

    pub(crate) fn passed_over(&self) -> &[String] {
        match *self {}
    }

    pub(crate) fn left_out(&self) -> Vec<String> {
        match *self {}
    }

    pub(crate) fn alive(&self) -> Result<()> {
        match *self {}
    }
}

#[expect(clippy::unused_async, reason = "as the device's own")]
pub(crate) async fn solve(
    gpu: &Gpu,
    _: &[&NormalEquations],
    _: &GpuPlan,
    _: Precision,
    _: &dyn Watch,
) -> Result<Vec<Vec<Option<Weights>>>> {
    match *gpu {}
}

pub(crate) async fn solve_one(
    gpu: &Gpu,
    normal: &NormalEquations,
    plan: &GpuPlan,
    precision: Precision,
    watch: &dyn Watch,
) -> Result<Vec<Option<Weights>>> {
    solve(gpu, &[normal], plan, precision, watch).await.map(|mut answers| answers.remove(0))
}

pub(crate) mod gram {
    use nalgebra::DMatrix;

    use super::Gpu;
    use crate::data::problem::Problem;
    use crate::error::Result;
    use crate::math::scalar::Scalar;
    use crate::moments::Moments;
    use crate::plan::GramPlan;

    #[expect(clippy::unused_async, reason = "as the device's own")]
    pub(crate) async fn gram(gpu: &Gpu, _: &Problem<'_>, _: &GramPlan) -> Result<Moments> {
        match *gpu {}
    }

    #[expect(clippy::unused_async, reason = "as the device's own")]
    pub(crate) async fn sums<A: Scalar>(
        gpu: &Gpu,
        _: &GramPlan,
        _: usize,
        _: [usize; 2],
        _: impl Fn(usize, &mut [A]),
    ) -> Result<DMatrix<f64>> {
        match *gpu {}
    }
}

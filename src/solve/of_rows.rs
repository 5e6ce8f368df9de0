//! Rows to the equations of a form: sums of products, on the device that forms them in this precision, or on the CPU.

use nalgebra::DMatrix;

use crate::cpu;
use crate::data::problem::Problem;
use crate::equations::dual::Dual;
use crate::equations::forms::Equations;
use crate::equations::normal;
use crate::error::Result;
use crate::gpu::{self, Gpu};
use crate::math::scalar::Scalar;
use crate::model::method::{Form, Precision};
use crate::moments::Moments;
use crate::plan::GramPlan;
use crate::solve::asked::Asked;
use crate::solve::task::Device;

/// The equations of every λ.
pub(crate) async fn equations<'a>(
    asked: &Asked,
    problem: &'a Problem<'a>,
    (form, precision): (Form, Precision),
    device: Device<'_>,
) -> Result<Equations<'a>> {
    let device = device.and_then(|(gpu, sizes)| Some((gpu, sizes.gram.as_ref()?)));
    let device = device.filter(|(_, plan)| plan.precision == precision);
    match form {
        Form::Dual => {
            let rows = Dual::new(problem, asked.model, &asked.shared_factors())?;
            let products = match (device, precision) {
                (Some((gpu, plan)), Precision::Double) => on_device::<f64>(gpu, &rows, problem, plan).await?,
                (Some((gpu, plan)), Precision::Single) => on_device::<f32>(gpu, &rows, problem, plan).await?,
                (None, Precision::Double) => rows.products::<f64>(),
                (None, Precision::Single) => rows.products::<f32>(),
            };
            of_dual(asked, problem, rows, products)
        }
        Form::Primal => {
            let moments = match (device, precision) {
                (Some((gpu, plan)), _) => gpu::gram::gram(gpu, problem, plan).await?,
                (None, Precision::Double) => cpu::gram::gram::<f64>(problem)?,
                (None, Precision::Single) => cpu::gram::gram::<f32>(problem)?,
            };
            of_moments(asked, problem, moments)
        }
    }
}

/// The equations of the primal form, of rows whose moments are known.
pub(crate) fn of_moments<'a>(asked: &Asked, problem: &'a Problem<'a>, moments: Moments) -> Result<Equations<'a>> {
    let trace = || normal::trace(&moments, asked.model, &asked.shared_factors());
    let grid = asked.grid(moments.weight_sum(), trace)?;
    Ok(Equations::primal(problem, moments, asked.model, grid))
}

/// The equations of the dual form, of rows whose products with each other are known.
pub(crate) fn of_products<'a>(
    asked: &Asked,
    problem: &'a Problem<'a>,
    products: DMatrix<f64>,
) -> Result<Equations<'a>> {
    of_dual(asked, problem, Dual::new(problem, asked.model, &asked.shared_factors())?, products)
}

fn of_dual<'a>(
    asked: &Asked,
    problem: &'a Problem<'a>,
    rows: Dual<'a>,
    products: DMatrix<f64>,
) -> Result<Equations<'a>> {
    let grid = asked.grid(problem.weight_sum(), || rows.trace)?;
    Ok(Equations::dual(problem, rows, products, grid))
}

/// The matrix of the dual form on a device.
async fn on_device<A: Scalar + bytemuck::Pod>(
    gpu: &Gpu,
    rows: &Dual<'_>,
    problem: &Problem<'_>,
    plan: &GramPlan,
) -> Result<DMatrix<f64>> {
    let fill = |start: usize, block: &mut [A]| rows.fill(start, block, plan.row_stride);
    gpu::gram::sums(gpu, plan, problem.features(), [rows.order(), 0], fill).await
}

//! The ladder of a task: which routes are tried, in what order.

use crate::model::method::{Backend, Form, Precision, Strategy};
use crate::model::rung::Rung;
use crate::plan::{Request, Shape};

/// Bytes of the matrices of the other form, up to which it is tried.
const MOST_BYTES: u128 = 1 << 30;

/// The rungs of a task, in order. Rows that cannot be read again leave the equations in double precision alone.
pub(crate) fn rungs(
    shape: Shape,
    request: &Request,
    (backend, form, precision): (Backend, Form, Precision),
    strategy: Strategy,
) -> Vec<Rung> {
    if backend == Backend::Reference {
        return vec![Rung::Reference];
    }
    if !request.replayable {
        return in_double(shape, request, form, strategy);
    }
    let first = (precision == Precision::Single).then_some(Rung::Single);
    // By the shape alone, so that the bits of an answer do not depend on the memory that may be taken.
    let fits = 3 * 8 * (shape.order(form.other()) as u128).pow(2) <= MOST_BYTES;
    let other = (request.has_inverse && fits).then_some(Rung::OtherForm);
    let last = (form == Form::Dual).then_some(Rung::Unpenalised);
    first.into_iter().chain(in_double(shape, request, form, strategy)).chain(other).chain(last).collect()
}

/// The rungs of one form in double precision.
pub(crate) fn in_double(shape: Shape, request: &Request, form: Form, strategy: Strategy) -> Vec<Rung> {
    /// Operations of a second or so.
    const MOST: usize = 10_000_000;
    let factored = (strategy != Strategy::Cholesky).then_some(Rung::Factored);
    let equations = std::iter::once(Rung::Double).chain(factored);
    if !request.replayable {
        return equations.collect();
    }
    let columns = shape.features + shape.targets;
    let few = shape.rows.saturating_mul(shape.features.saturating_mul(columns)) <= MOST;
    let pairs = (form == Form::Primal && few).then_some(Rung::QrInPairs);
    let norm = request.minimum_norm.then_some(Rung::LeastNorm);
    equations.chain([Rung::Exact, Rung::Qr]).chain(pairs).chain(norm).collect()
}

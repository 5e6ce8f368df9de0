//! Products of G with the weights of many λs, which go together; of equations of twice the digits, to twice the digits.

use std::ops::Range;

use nalgebra::DMatrix;

use crate::equations::normal::NormalEquations;
use crate::math::extended::{Wide, plus_product, two_sum};
use crate::math::lanes::vectorized_fused;

/// Columns multiplied together, at least: with whole groups the bits of a column do not depend on how many others there are.
const GROUP: usize = 8;

/// The number of a λ, its weights, and their digits beyond one double, which count where the equations have twice the digits.
pub(crate) type Answer<'a> = (usize, &'a DMatrix<f64>, Option<&'a DMatrix<f64>>);

/// What G is multiplied with, and its digits beyond one double where the equations have twice the digits.
pub(crate) struct Factors {
    pub(crate) high: DMatrix<f64>,
    low: Option<DMatrix<f64>>,
}

/// G times some vectors, and what that lacks of the digits of equations that have twice as many.
pub(crate) struct Product {
    pub(crate) high: DMatrix<f64>,
    pub(crate) low: Option<DMatrix<f64>>,
}

impl Factors {
    pub(crate) fn new(normal: &NormalEquations, lambdas: &[Answer<'_>]) -> Self {
        let low = normal.exact.as_ref().map(|_| vectors(normal, lambdas, |(.., low)| *low));
        Self { high: vectors(normal, lambdas, |(_, w, _)| Some(w)), low }
    }

    /// G times these columns, which are whole groups.
    pub(crate) fn times(&self, normal: &NormalEquations, columns: Range<usize>) -> Product {
        let part = |all: &DMatrix<f64>| all.columns_range(columns.clone()).into_owned();
        match (&normal.exact, &self.low) {
            (Some(exact), Some(low)) => {
                let vectors = Wide { high: part(&self.high), low: part(low) };
                let Wide { high, low } = wide_product(&normal.gram, &exact.gram_low, &vectors);
                Product { high, low: Some(low) }
            }
            _ => Product { high: &normal.gram * self.high.columns_range(columns), low: None },
        }
    }
}

/// Columns of [`vectors`] of so many λs and targets.
pub(crate) fn columns(vectors: usize) -> usize {
    vectors.next_multiple_of(GROUP)
}

/// What G is multiplied with: the weights of one target of one λ after the other in the units of G, and zeros up to a whole
/// group of columns.
fn vectors<'a>(
    normal: &NormalEquations,
    lambdas: &[Answer<'a>],
    part: impl Fn(&Answer<'a>) -> Option<&'a DMatrix<f64>>,
) -> DMatrix<f64> {
    let (n, t) = (normal.features(), normal.targets());
    let diagonal = normal.gram.diagonal();
    let mut u = DMatrix::zeros(n, columns(lambdas.len() * t));
    for (answer, columns) in lambdas.iter().zip(u.as_mut_slice().chunks_mut(n * t)) {
        let Some(w) = part(answer) else { continue };
        // What holds nothing but the penalty may come in units too large for the rest, and counts for nothing.
        let mut units = normal.steps(answer.0);
        units.iter_mut().zip(&diagonal).filter(|(_, element)| **element == 0.0).for_each(|(unit, _)| *unit = 0.0);
        for (u, w) in columns.chunks_mut(n).zip(w.as_slice().chunks(n)) {
            u.iter_mut().zip(w).zip(&units).for_each(|((u, w), unit)| *u = w * unit);
        }
    }
    u
}

/// G·u to twice the digits, with all of G = `gram` + `low`: Dot2 of Ogita, Rump and Oishi (2005), a column of G at a time.
fn wide_product(gram: &DMatrix<f64>, low: &DMatrix<f64>, u: &Wide) -> Wide {
    let n = gram.nrows();
    let mut product = Wide::zeros(n, u.high.ncols());
    for column in 0..u.high.ncols() {
        let (mut high, mut rest) = (product.high.column_mut(column), product.low.column_mut(column));
        let (high, rest) = (high.as_mut_slice(), rest.as_mut_slice());
        for j in 0..n {
            let (value, value_low) = (u.high[(j, column)], u.low[(j, column)]);
            if value == 0.0 {
                continue;
            }
            let column = gram.as_slice()[j * n..][..n].iter().zip(&low.as_slice()[j * n..][..n]);
            let sums = high.iter_mut().zip(rest.iter_mut()).zip(column);
            vectorized_fused(
                #[inline(always)]
                |fused| {
                    for ((high, rest), (g, g_low)) in sums {
                        (*high, *rest) = plus_product(fused, (*high, *rest), (*g, *g_low), (value, value_low));
                    }
                },
            );
        }
        high.iter_mut().zip(rest).for_each(|(high, rest)| (*high, *rest) = two_sum(*high, *rest));
    }
    product
}

//! Stage `residual`: what weights leave, against the same on the CPU.

use ridgepath::Gpu;
use ridgepath::gpu::correct::SUMS;
use ridgepath::gpu::residual::{Buffers, Params, record};

use crate::gpu::devices::{uploaded, wide};
use crate::support::{Random, download};

/// Matrices on the device, of which those listed are measured.
const MATRICES: usize = 4;
const OPEN: [u32; 3] = [1, 3, 0];

struct Case {
    n: usize,
    t: usize,
    scale: Vec<f64>,
    added: Vec<f64>,
    cross: Vec<f64>,
    weights: Vec<f64>,
    product: Vec<f64>,
    solution: Vec<f32>,
    sums: Vec<f64>,
}

/// After a dispatch.
struct Found {
    product: Vec<f64>,
    solution: Vec<f32>,
    sums: Vec<f64>,
}

impl Case {
    /// Residuals of about 2^`size`.
    fn new(n: usize, t: usize, size: i32) -> Self {
        let mut random = Random::new((100 * n + t) as u64);
        let sides = 4 * (t + 1).div_ceil(4);
        let mut some = |count: usize| -> Vec<f64> { (0..count).map(|_| random.next()).collect() };
        let unit = 2f64.powi(size);
        let scale = (0..MATRICES * n).map(|at| 2f64.powi(at as i32 % 7 - 3) * if at % 5 == 4 { -1.0 } else { 1.0 });
        let small = |values: Vec<f64>| values.into_iter().map(|value| value * unit).collect::<Vec<f64>>();
        Self {
            n,
            t,
            scale: scale.collect(),
            added: some(MATRICES * n),
            cross: small(some((t + 1) * n)),
            weights: small(some(MATRICES * t * n)),
            product: small(some(OPEN.len() * t * n)),
            solution: some(MATRICES * sides * n).into_iter().map(|value| value as f32).collect(),
            sums: some(MATRICES * sides * SUMS),
        }
    }

    fn quads(&self) -> usize {
        (self.t + 1).div_ceil(4)
    }

    fn on_gpu(&self, gpu: &Gpu, begin: bool) -> Found {
        let [scale, added, cross, weights, product, sums] =
            [&self.scale, &self.added, &self.cross, &self.weights, &self.product, &self.sums]
                .map(|values| uploaded(gpu, values));
        let (open, solution) = (uploaded(gpu, &OPEN), uploaded(gpu, &self.solution));
        let [order, targets, quads] = [self.n, self.t, self.quads()].map(|size| size as u32);
        let buffers = Buffers {
            open: &open,
            scale: &scale,
            added: &added,
            cross: &cross,
            weights: &weights,
            product: &product,
            solution: &solution,
            sums: &sums,
        };
        let mut encoder = gpu.device().create_command_encoder(&Default::default());
        let params = Params { order, targets, quads, first: 1, begin: begin.into() };
        record(gpu, &mut encoder, params, OPEN.len() - 1, buffers);
        gpu.queue().submit([encoder.finish()]);
        Found {
            product: download(gpu, &product, self.product.len()),
            solution: download(gpu, &solution, self.solution.len()),
            sums: download(gpu, &sums, self.sums.len()),
        }
    }
}

/// Fails unless the numbers kept of a target are the sums of these terms.
#[track_caller]
fn assert_sums(found: &[f64], terms: &[[f64; 6]], context: &str) {
    for which in 0..6 {
        let sum: f64 = terms.iter().map(|own| own[which]).sum();
        let size: f64 = terms.iter().map(|own| own[which].abs()).sum();
        // Terms may be contracted on the way, and each is rounded a few times.
        let bound = 24.0 * f64::EPSILON * size;
        assert!((found[which] - sum).abs() <= bound, "{context}: sum {which} is {}, wanted {sum}", found[which]);
    }
}

#[test]
fn residuals_and_their_sums_are_those_of_the_cpu_and_leave_other_matrices_alone() {
    let Some(gpu) = wide() else { return };
    for (n, size) in [(1, 0), (2, -50), (63, 0), (64, 1), (65, -60), (129, 0), (300, -300)] {
        for t in [1, 2, 3, 4, 5, 9] {
            let case = Case::new(n, t, size);
            let quads = case.quads();
            for begin in [true, false] {
                let found = case.on_gpu(&gpu, begin);
                let (mut wanted_solution, mut listed) = (case.solution.clone(), vec![false; MATRICES]);
                for (slot, matrix) in OPEN[1..].iter().map(|matrix| *matrix as usize).enumerate() {
                    listed[matrix] = true;
                    for side in 0..4 * quads {
                        let context = format!("n {n}, t {t}, begin {begin}, matrix {matrix}, side {side}");
                        let at = |j: usize| ((matrix * quads + side / 4) * n + j) * 4 + side % 4;
                        let kept = &found.sums[(matrix * quads * 4 + side) * SUMS..][..SUMS];
                        if side >= t {
                            let start = |j: usize| if side == t { case.cross[t * n + j] as f32 } else { 0.0 };
                            (0..n).filter(|_| begin).for_each(|j| wanted_solution[at(j)] = start(j));
                            assert_eq!(kept[SUMS - 1], 1.0, "{context}");
                            continue;
                        }
                        let mut terms = Vec::new();
                        let mut most = 0.0f64;
                        for j in 0..n {
                            let own = case.scale[matrix * n + j];
                            let (c, unit, held) = (case.cross[side * n + j], own.abs(), own.max(0.0));
                            let (w, p) = match begin {
                                true => (0.0, 0.0),
                                false => {
                                    (case.weights[(matrix * t + side) * n + j], case.product[(slot * t + side) * n + j])
                                }
                            };
                            let added = case.added[matrix * n + j];
                            let r = found.product[(slot * t + side) * n + j];
                            let size = (c.abs() + p.abs()) * unit + (added * w).abs();
                            let apart = (r - ((c - p) * unit - added * w)).abs();
                            assert!(apart <= 2.0 * f64::EPSILON * size, "{context}: r {r}");
                            let (u, c2) = (w * held, c * unit);
                            terms.push([r * r, u * (c + (c - p)), w * w, c2 * c2, added * w * w, w * c2]);
                            most = most.max(r.abs());
                        }
                        assert_sums(kept, &terms, &context);
                        let unit = kept[SUMS - 1];
                        assert!((0.5..=2.0).contains(&(most / unit)), "{context}: {most} in units of {unit}");
                        assert_eq!(unit.to_bits() << 12, 0, "{context}: {unit} is a power of two");
                        (0..n).for_each(|j| {
                            wanted_solution[at(j)] = (found.product[(slot * t + side) * n + j] / unit) as f32;
                        });
                    }
                }
                assert_eq!(found.solution, wanted_solution, "n {n}, t {t}, begin {begin}");
                for matrix in (0..MATRICES).filter(|matrix| !listed[*matrix]) {
                    let own = matrix * quads * 4 * SUMS..(matrix + 1) * quads * 4 * SUMS;
                    assert_eq!(found.sums[own.clone()], case.sums[own], "n {n}, t {t}: matrix {matrix} is not listed");
                }
            }
        }
    }
}

#[test]
fn a_residual_of_zero_is_in_units_of_one() {
    let Some(gpu) = wide() else { return };
    let mut case = Case::new(5, 1, 0);
    case.cross.fill(0.0);
    let found = case.on_gpu(&gpu, true);
    let kept = &found.sums[3 * 4 * SUMS..][..SUMS];
    assert_eq!((kept[0], kept[SUMS - 1]), (0.0, 1.0));
}

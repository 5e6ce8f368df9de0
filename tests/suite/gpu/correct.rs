//! Stage `correct`: weights that take a correction, against the same on the CPU.

use nalgebra::DMatrix;
use ridgepath::Gpu;
use ridgepath::gpu::correct::{Buffers, Params, SUMS, record};

use crate::gpu::devices::{uploaded, wide};
use crate::support::{Random, download};

/// Matrices on the device, of which those listed are corrected.
const MATRICES: usize = 4;
const OPEN: [u32; 3] = [3, 0, 2];

/// What lies on the device: `[matrices, quads, n, 4]`, the others as the shader has them.
struct Case {
    n: usize,
    t: usize,
    solution: Vec<f32>,
    scale: Vec<f64>,
    weights: Vec<f64>,
    sums: Vec<f64>,
}

impl Case {
    fn new(n: usize, t: usize) -> Self {
        let mut random = Random::new((100 * n + t) as u64);
        let sides = 4 * (t + 1).div_ceil(4);
        let mut some = |count: usize| -> Vec<f64> { (0..count).map(|_| random.next()).collect() };
        let solution = some(MATRICES * sides * n).into_iter().map(|value| value as f32).collect();
        // Powers of two, one of them of a feature that G does not hold.
        let scale = (0..MATRICES * n).map(|at| 2f64.powi(at as i32 % 7 - 3) * if at % 5 == 4 { -1.0 } else { 1.0 });
        let mut sums = some(MATRICES * sides * SUMS);
        // The probe is in units of 1.
        let unit = |at: usize| if at % sides == t { 1.0 } else { 2f64.powi(-40 - at as i32 % 60) };
        sums.chunks_mut(SUMS).enumerate().for_each(|(at, kept)| kept[SUMS - 1] = unit(at));
        Self { n, t, solution, scale: scale.collect(), weights: some(MATRICES * t * n), sums }
    }

    fn quads(&self) -> usize {
        (self.t + 1).div_ceil(4)
    }

    fn on_gpu(&self, gpu: &Gpu, begin: bool) -> (Vec<f32>, Vec<f64>, Vec<f64>, Vec<f64>) {
        let (n, t, quads) = (self.n, self.t, self.quads());
        let stride = (OPEN.len() * t).next_multiple_of(2);
        let vectors = vec![f64::NAN; n * stride];
        let [open, solution] = [uploaded(gpu, &OPEN), uploaded(gpu, &self.solution)];
        let [scale, weights, vectors, sums] =
            [&self.scale, &self.weights, &vectors, &self.sums].map(|values| uploaded(gpu, values));
        let [order, targets, quads, stride] = [n, t, quads, stride].map(|size| size as u32);
        let params = Params { order, targets, quads, stride, first: 1, begin: begin.into() };
        let buffers = Buffers {
            open: &open,
            scale: &scale,
            solution: &solution,
            weights: &weights,
            vectors: &vectors,
            sums: &sums,
        };
        let mut encoder = gpu.device().create_command_encoder(&Default::default());
        record(gpu, &mut encoder, params, OPEN.len() - 1, buffers);
        gpu.queue().submit([encoder.finish()]);
        (
            download(gpu, &solution, self.solution.len()),
            download(gpu, &weights, self.weights.len()),
            download(gpu, &vectors, n * stride as usize),
            download(gpu, &sums, self.sums.len()),
        )
    }
}

#[test]
fn corrections_are_those_of_the_cpu_and_leave_other_matrices_alone() {
    let Some(gpu) = wide() else { return };
    for n in [1, 2, 63, 64, 65, 129, 300] {
        for t in [1, 2, 3, 4, 5, 9] {
            let case = Case::new(n, t);
            let (quads, stride) = (case.quads(), ((OPEN.len() * t).next_multiple_of(2)));
            for begin in [true, false] {
                let context = format!("n {n}, t {t}, begin {begin}");
                let (solution, weights, vectors, sums) = case.on_gpu(&gpu, begin);
                let (mut wanted_solution, mut wanted) = (case.solution.clone(), case.weights.clone());
                let mut wanted_sums = case.sums.clone();
                let mut wanted_vectors = DMatrix::repeat(stride, n, f64::NAN);
                for (slot, matrix) in OPEN[1..].iter().map(|matrix| *matrix as usize).enumerate() {
                    for side in 0..4 * quads {
                        let at = |j: usize| ((matrix * quads + side / 4) * n + j) * 4 + side % 4;
                        let kept = (matrix * quads * 4 + side) * SUMS;
                        let d: Vec<f64> =
                            (0..n).map(|j| f64::from(case.solution[at(j)]) * case.sums[kept + SUMS - 1]).collect();
                        wanted_sums[kept + 6] = d.iter().map(|d| d * d).sum();
                        if side == t {
                            let norm = wanted_sums[kept + 6].sqrt() as f32;
                            (0..n).for_each(|j| wanted_solution[at(j)] /= norm);
                        }
                        for j in (0..n).filter(|_| side < t) {
                            let w = &mut wanted[(matrix * t + side) * n + j];
                            *w = if begin { d[j] } else { *w + d[j] };
                            wanted_vectors[(slot * t + side, j)] = *w * case.scale[matrix * n + j].max(0.0);
                        }
                    }
                }
                assert_eq!(weights, wanted, "{context}");
                for (found, wanted) in vectors.iter().zip(wanted_vectors.as_slice()) {
                    assert!(found == wanted || (found.is_nan() && wanted.is_nan()), "{context}: {found}, {wanted}");
                }
                for (found, wanted) in sums.iter().zip(&wanted_sums) {
                    // As many roundings as a thread and the halving sum.
                    assert!(
                        (found - wanted).abs() <= 16.0 * f64::EPSILON * wanted.abs(),
                        "{context}: {found}, {wanted}"
                    );
                }
                for (found, wanted) in solution.iter().zip(&wanted_solution) {
                    let apart = f64::from(found - wanted).abs();
                    assert!(apart <= 4.0 * f64::from(f32::EPSILON * wanted.abs()), "{context}: {found}, {wanted}");
                }
            }
        }
    }
}

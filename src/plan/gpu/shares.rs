//! What each of several devices is given of the same work.

use std::ops::Range;

use crate::model::method::Precision;
use crate::plan::DeviceRates;
use crate::plan::gpu::{GramPlan, UPLOAD, size};

/// Parts that rows are cut into at most.
const MOST_PARTS: u128 = 32;
/// Rows of a part at least, for each of their columns: so many times more goes to a device than comes back as the sums of a part.
const ROWS_A_COLUMN: u128 = 8;

/// Rows of a part that is summed on its own, of m rows of so many bytes: whole runs. It depends on the shape alone.
pub(super) fn rows_per_part(rows: u128, columns: u128, bytes: u128, rows_per_split: u128) -> usize {
    let least = rows.div_ceil(MOST_PARTS).max(ROWS_A_COLUMN * columns).max(UPLOAD.div_ceil(bytes));
    size(least.next_multiple_of(rows_per_split))
}

impl GramPlan {
    /// The rows of each part, where several devices share them: all in one where they are fewer than two parts.
    pub(crate) fn parts(&self, rows: usize) -> Vec<Range<usize>> {
        let each = if rows < self.rows_per_part.saturating_mul(2) { rows } else { self.rows_per_part };
        (0..rows).step_by(each.max(1)).map(|start| start..rows.min(start + each)).collect()
    }

    /// How fast a device sums these rows, beside others: by its arithmetic, or by the way there where that takes longer.
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    pub(crate) fn speed(&self, rates: &DeviceRates) -> f64 {
        let rate = match (self.moduli, self.precision) {
            // Where that of bytes is not known.
            (Some(_), _) if rates.dot4 == 0.0 => rates.single,
            (Some(_), _) => rates.dot4,
            (None, Precision::Single) => rates.single,
            (None, Precision::Double) => rates.double,
        };
        1.0 / (self.cost.flops as f64 / rate).max(self.upload as f64 / rates.upload)
    }
}

/// How many of `count` equal parts of some work each device is given that does them at these speeds: one after another, each to the
/// device that would be done with it first. Equal numbers where no speed is a positive number.
pub(crate) fn allotted(count: usize, speeds: &[f64]) -> Vec<usize> {
    let known = speeds.iter().any(|speed| *speed > 0.0 && speed.is_finite());
    let mut given = vec![0usize; speeds.len()];
    for _ in 0..count {
        let end = |device: usize| {
            let speed = if known { speeds[device] } else { 1.0 };
            #[expect(clippy::cast_precision_loss, reason = "a time")]
            let end = (given[device] + 1) as f64 / speed;
            end
        };
        if let Some(first) = (0..speeds.len()).min_by(|one, other| end(*one).total_cmp(&end(*other))) {
            given[first] += 1;
        }
    }
    given
}

#[cfg(test)]
mod tests {
    use super::{allotted, rows_per_part};
    use crate::model::method::{Backend, Precision};
    use crate::plan::{DeviceRates, GramPlan, Limits, Plan, Request, Shape};

    const RATES: DeviceRates = DeviceRates {
        single: 1e12,
        double: 1e11,
        dot4: 4e12,
        upload: 1e10,
        download: 1e10,
        dispatch: 1e-5,
        round_trip: 1e-4,
    };

    #[test]
    fn parts_are_shared_by_speed_and_the_fastest_is_never_idle() {
        assert_eq!(allotted(100, &[3.0, 1.0]), [75, 25]);
        assert_eq!(allotted(1, &[1.0, 3.0, 3.0]), [0, 1, 0]);
        assert_eq!(allotted(5, &[1.0, 1.0]), [3, 2]);
        assert_eq!(allotted(7, &[1e13, 1.0]), [7, 0]);
        assert_eq!(allotted(0, &[1.0, 2.0]), [0, 0]);
        for count in 0..200 {
            let given = allotted(count, &[5.0, 2.0, 1.0]);
            assert_eq!(given.iter().sum::<usize>(), count);
            // None ends later than another would with one part more.
            let end = |device: usize, more: usize| (given[device] + more) as f64 / [5.0, 2.0, 1.0][device];
            assert!((0..9).all(|pair| end(pair / 3, 0) <= end(pair % 3, 1)), "{given:?}");
        }
    }

    #[test]
    fn speeds_that_are_no_numbers_share_evenly_and_a_device_of_speed_0_has_no_part() {
        assert_eq!(allotted(4, &[0.0, 0.0]), [2, 2]);
        assert_eq!(allotted(4, &[f64::NAN, f64::INFINITY]), [2, 2]);
        assert_eq!(allotted(4, &[0.0, 1.0]), [0, 4]);
    }

    fn plan(rows: usize, features: usize, request: Request, limits: Limits) -> GramPlan {
        let shape = Shape { rows, features, targets: 1, penalties: 1, problems: 1 };
        let request = Request { backend: Backend::Gpu, ..request };
        Plan::new(shape, request, Some(Ok(limits))).expect("it fits").gpu.and_then(|gpu| gpu.gram).expect("on a device")
    }

    #[test]
    fn rows_are_parted_by_the_shape_alone() {
        let wide = Limits { shader_f64: true, ..Limits::default() };
        for (rows, features) in [(1_000, 10), (3_000_000, 10), (3_000_000, 300), (20_000, 2000)] {
            let all = plan(rows, features, Request::default(), wide);
            let poor = Limits { storage_binding: 96 << 20, workgroups: 4096, ..wide };
            let less = plan(rows, features, Request { memory_budget: 0, ..Request::default() }, poor);
            assert!(less.rows_per_chunk < all.rows_per_chunk || rows != 3_000_000);
            assert_eq!(less.parts(rows), all.parts(rows));
            let parts = all.parts(rows);
            assert!(parts.len() <= 32, "{} parts", parts.len());
            assert!(parts.windows(2).all(|pair| pair[0].end == pair[1].start));
            assert_eq!((parts[0].start, parts[parts.len() - 1].end), (0, rows));
            assert_eq!(parts.len() > 1, rows == 3_000_000, "{rows} rows, {features} features: {} parts", parts.len());
            for part in &parts[..parts.len() - 1] {
                assert!(part.len() % all.rows_per_split == 0 && part.len() >= 8 * features);
            }
        }
        assert_eq!(rows_per_part(10, 4, 32, 16), 1 << 20);
    }

    #[test]
    fn rows_go_by_the_rate_of_their_arithmetic_or_of_the_way_whichever_is_less() {
        let (wide, narrow) = (Limits { shader_f64: true, ..Limits::default() }, Limits::default());
        let double = plan(3_000_000, 300, Request::default(), wide);
        let single = plan(3_000_000, 300, Request { precision: Precision::Single, ..Request::default() }, narrow);
        let exact = GramPlan::by_residues([3_000_000, 300, 1], 16, narrow, 1 << 30).expect("it fits");
        let fast_way = DeviceRates { upload: 1e15, ..RATES };
        for (plan, faster) in [
            (&double, DeviceRates { double: 3e11, ..fast_way }),
            (&single, DeviceRates { single: 3e12, ..fast_way }),
            (&exact, DeviceRates { dot4: 12e12, ..fast_way }),
        ] {
            let times = |one: &DeviceRates, other: &DeviceRates| plan.speed(one) / plan.speed(other);
            assert!((times(&faster, &fast_way) - 3.0).abs() < 1e-9);
            let [slow, slower] = [1e6, 5e5].map(|upload| DeviceRates { upload, ..faster });
            assert!((times(&slow, &slower) - 2.0).abs() < 1e-9);
        }
        let unknown = DeviceRates { dot4: 0.0, ..fast_way };
        assert_eq!(exact.speed(&unknown), exact.speed(&DeviceRates { dot4: unknown.single, ..fast_way }));
        assert_eq!(double.speed(&DeviceRates { double: 0.0, ..RATES }), 0.0);
    }
}

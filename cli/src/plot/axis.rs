//! Axes: where a value lies between two ends, and which round values get a tick.

/// The values from one end of an axis to the other; the ends may be in either order.
#[derive(Clone, Copy)]
pub(crate) struct Axis {
    from: f64,
    to: f64,
    /// The values are logarithms.
    logs: bool,
}

impl Axis {
    /// log₁₀ λ, large to small. One λ alone gets a decade to either side; none at all, the decades around 1.
    pub(crate) fn decades(logs: impl Iterator<Item = f64>) -> Self {
        let (low, high) = ends(logs, (f64::INFINITY, f64::NEG_INFINITY));
        if low > high {
            return Self { from: 1.0, to: -1.0, logs: true };
        }
        let room = if low == high { 1.0 } else { 0.0 };
        Self { from: high + room, to: low - room, logs: true }
    }

    /// Values around 0, which is always among them, with room beyond both ends.
    pub(crate) fn around_zero(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = ends(values, (0.0, 0.0));
        if !(high / 2.0 - low / 2.0).is_normal() {
            return Self { from: -1.0, to: 1.0, logs: false };
        }
        let room = 0.04 * (high / 2.0 - low / 2.0);
        Self { from: (low - room).max(f64::MIN), to: (high + room).min(f64::MAX), logs: false }
    }

    /// From the least to the greatest of these values, with room beyond both ends.
    pub(crate) fn spanning(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = ends(values, (f64::INFINITY, f64::NEG_INFINITY));
        let room = 0.06 * (high / 2.0 - low / 2.0);
        match room.is_normal() {
            true => Self { from: (low - room).max(f64::MIN), to: (high + room).min(f64::MAX), logs: false },
            // One value alone, or none.
            false => Self::around_zero([low, high].into_iter().filter(|end| end.is_finite())),
        }
    }

    /// From the least to the greatest of these values, such as times. One value alone gets 1 to either side.
    pub(crate) fn along(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = ends(values, (f64::INFINITY, f64::NEG_INFINITY));
        match (high / 2.0 - low / 2.0).is_normal() && low < high {
            true => Self { from: low, to: high, logs: false },
            false if low.is_finite() => {
                Self { from: low - low.abs().max(1.0), to: low + low.abs().max(1.0), logs: false }
            }
            false => Self { from: -1.0, to: 1.0, logs: false },
        }
    }

    /// The ticks of the kind of axis that it is.
    pub(crate) fn marks(&self) -> Vec<(f64, String)> {
        if self.logs { self.decade_ticks() } else { self.ticks() }
    }

    /// 0 at the first end, 1 at the second. Halves, as the span may be more than a number can hold.
    pub(crate) fn part(&self, value: f64) -> f64 {
        (value / 2.0 - self.from / 2.0) / (self.to / 2.0 - self.from / 2.0)
    }

    /// About six round values in steps of 1, 2 or 5 times a power of ten, with their labels.
    pub(crate) fn ticks(&self) -> Vec<(f64, String)> {
        let rough = (self.to / 2.0 - self.from / 2.0).abs() / 3.5;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|step| *step >= rough).unwrap_or(rough);
        if !(step.is_normal() && power.is_normal()) {
            return vec![(0.0, "0".into())];
        }
        let first = (self.from.min(self.to) / step).floor();
        (0..=16)
            .map(|count| first + f64::from(count))
            .map(|count| (count * step, count))
            .filter(|(value, _)| (0.0..=1.0).contains(&self.part(*value)))
            .map(|(value, count)| (value, if count == 0.0 { "0".into() } else { label(value, step) }))
            .collect()
    }

    /// Powers of ten, and 2 and 5 times them where the axis is short, as logarithms with their labels.
    pub(crate) fn decade_ticks(&self) -> Vec<(f64, String)> {
        let (low, high) = (self.from.min(self.to), self.from.max(self.to));
        #[expect(clippy::cast_possible_truncation, reason = "logarithms of 64-bit floats are below 400")]
        let (first, last) = (low.floor() as i32, high.ceil() as i32);
        let step = (last - first + 9) / 10;
        let multiples: &[f64] = if high - low < 2.5 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let plain = (first..=last).all(|power| (-3..=3).contains(&power));
        (first..=last)
            .filter(|power| power.rem_euclid(step.max(1)) == 0)
            .flat_map(|power| multiples.iter().map(move |multiple| (power, *multiple)))
            .map(|(power, multiple)| (f64::from(power) + multiple.log10(), power, multiple))
            .filter(|(log, ..)| (low - 1e-9..=high + 1e-9).contains(log))
            .map(|(log, power, multiple)| (log, decade_label(power, multiple, plain)))
            .collect()
    }
}

fn ends(values: impl Iterator<Item = f64>, start: (f64, f64)) -> (f64, f64) {
    values.fold(start, |(low, high), value| (low.min(value), high.max(value)))
}

fn label(value: f64, step: f64) -> String {
    let power = step.log10().floor();
    let text = match value.abs() {
        1e-4..1e6 => {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 8")]
            let decimals = (-power).clamp(0.0, 8.0) as usize;
            format!("{value:.decimals$}")
        }
        // As many digits as tell it from its neighbours.
        _ => match (value.abs().log10().floor() - power).max(0.0) {
            digits if digits < 1.0 => format!("{value:.0e}"),
            _ if power >= 0.0 && value.abs() < 1e15 => format!("{value:.0}"),
            digits => {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 17")]
                let digits = digits.min(17.0) as usize;
                format!("{value:.digits$e}")
            }
        },
    };
    text.replace('-', "−")
}

fn decade_label(power: i32, multiple: f64, plain: bool) -> String {
    if plain {
        let decimals = usize::try_from(-power).unwrap_or(0);
        return format!("{:.decimals$}", multiple * 10f64.powi(power));
    }
    let digits = |c: char| match c {
        '-' => '⁻',
        _ => ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][c.to_digit(10).unwrap_or(0) as usize],
    };
    let exponent: String = power.to_string().chars().map(digits).collect();
    if multiple == 1.0 { format!("10{exponent}") } else { format!("{multiple}·10{exponent}") }
}

#[cfg(test)]
mod tests {
    use super::Axis;

    fn labels(ticks: Vec<(f64, String)>) -> Vec<String> {
        ticks.into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round_and_within_the_axis() {
        let ticks = |values: &[f64]| labels(Axis::around_zero(values.iter().copied()).ticks());
        assert_eq!(ticks(&[-31.0, 47.0]), ["−20", "0", "20", "40"]);
        let spanning = |values: &[f64]| labels(Axis::spanning(values.iter().copied()).ticks());
        assert_eq!(spanning(&[2980.0, 4020.0]), ["3000", "3200", "3400", "3600", "3800", "4000"]);
        assert_eq!(ticks(&[0.013]), ["0", "0.002", "0.004", "0.006", "0.008", "0.010", "0.012"]);
    }

    #[test]
    fn labels_of_large_values_tell_them_apart() {
        let along = |values: [f64; 2]| labels(Axis::along(values.into_iter()).ticks());
        assert_eq!(along([1_700_000_000.0, 1_700_000_020.0])[1], "1700000005");
        assert_eq!(along([0.0, 5e6])[..3], ["0", "1e6", "2e6"]);
        assert_eq!(along([1.7e18, 1.7e18 + 4e15])[0], "1.700e18");
        let mut ticks = along([2e-7, 2.3e-7]);
        let count = ticks.len();
        ticks.dedup();
        assert!(count > 2 && ticks.len() == count, "{ticks:?}");
    }

    #[test]
    fn values_of_any_size_have_an_axis() {
        for values in [vec![], vec![0.0], vec![f64::MAX, f64::MIN], vec![5e-324], vec![-1e-300, 3e-301]] {
            let axis = Axis::around_zero(values.iter().copied());
            assert!(axis.ticks().len() < 20, "{values:?}");
            assert!(values.iter().all(|value| (0.0..=1.0).contains(&axis.part(*value))), "{values:?}");
        }
    }

    #[test]
    fn powers_of_ten_are_written_plainly_only_where_they_are_short() {
        let axis = |values: [f64; 2]| Axis::decades(values.into_iter());
        assert_eq!(labels(axis([-2.0, 1.0]).decade_ticks()), ["0.01", "0.1", "1", "10"]);
        assert_eq!(labels(axis([-5.0, -2.0]).decade_ticks()), ["10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²"]);
        assert_eq!(labels(axis([0.0, 1.0]).decade_ticks()), ["1", "2", "5", "10"]);
    }
}

//! Made data: the same for the same sizes, always and on every machine.

use crate::args::bench::MadeSizes;
use crate::machine::failure::{Failure, Result};

/// X (rows × features) and Y (rows × targets), both column after column: features of unit scale, targets that depend on
/// them, and noise. `benches/peers/made.py` makes the same bits.
pub(crate) struct Made {
    pub(crate) x: Vec<f64>,
    pub(crate) y: Vec<f64>,
}

impl Made {
    pub(crate) fn new(sizes: &MadeSizes) -> Result<Self> {
        let MadeSizes { rows, features, targets } = *sizes;
        let too_many = || Failure::Input(format!("{rows} rows of {features} + {targets} columns do not fit memory"));
        let allocate = |columns: usize| {
            let mut values: Vec<f64> = Vec::new();
            let size = rows.checked_mul(columns).ok_or_else(too_many)?;
            values.try_reserve_exact(size).map_err(|_| too_many())?;
            Ok::<_, Failure>((values, size))
        };
        let (mut x, size) = allocate(features)?;
        let (mut y, _) = allocate(targets)?;
        let mut random = Random(0x5eed);
        x.extend((0..size).map(|_| random.next()));
        for _ in 0..targets {
            let from = y.len();
            y.extend((0..rows).map(|_| random.next()));
            for column in x.chunks_exact(rows) {
                let weight = random.next();
                y[from..].iter_mut().zip(column).for_each(|(y, x)| *y += weight * x);
            }
        }
        Ok(Self { x, y })
    }
}

/// `SplitMix64`: a few lines, and the same numbers on every machine.
struct Random(u64);

impl Random {
    /// The next number, uniform between −1 and 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        (bits >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_first_numbers_are_those_of_made_py() {
        let mut random = Random(0x5eed);
        assert_eq!([(); 3].map(|()| random.next()), [-0.9223025306056296, -0.3343977825211404, -0.2706362872437236]);
    }
}

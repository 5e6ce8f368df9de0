//! Made data: the same for the same sizes, always and on every machine. The benches of the library include this file, and
//! `benches/peers/made.py` makes the same bits.

/// X (rows × features) and Y (rows × targets), both column after column: features of unit scale, targets that depend on
/// them, and noise.
pub(crate) struct Made {
    pub(crate) x: Vec<f64>,
    pub(crate) y: Vec<f64>,
}

impl Made {
    /// Nothing where they do not fit memory.
    pub(crate) fn new(rows: usize, features: usize, targets: usize) -> Option<Self> {
        let allocate = |columns: usize| {
            let (mut values, size) = (Vec::new(), rows.checked_mul(columns)?);
            values.try_reserve_exact(size).ok()?;
            Some((values, size))
        };
        let ((mut x, size), (mut y, _)) = (allocate(features)?, allocate(targets)?);
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
        Some(Self { x, y })
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

// Without `use`: a bench that includes this file is compiled for tests, and has none.
#[cfg(test)]
mod tests {
    #[test]
    fn the_data_are_those_of_made_py() {
        let made = super::Made::new(3, 2, 2).expect("they fit memory");
        let x = [-0.9223025306056296, -0.3343977825211404, -0.2706362872437236];
        let more = [-0.11857278063483312, -0.906655420095253, -0.26001057979516085];
        assert_eq!(made.x, [x, more].concat());
        let y = [-0.17022093198402038, -0.4061403066226321, 0.9258450064058841];
        let more = [-0.5618180744498197, -1.0535013191393197, -0.8016673302306954];
        assert_eq!(made.y, [y, more].concat());
    }
}

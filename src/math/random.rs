//! Orders and samples that depend on a seed alone, the same on every machine and in every version.

/// `SplitMix64` (Steele, Lea and Flood, 2014), whose numbers are those of every other implementation.
#[derive(Debug, Clone)]
pub(crate) struct SplitMix64(u64);

impl SplitMix64 {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The generator of one of many streams of a seed: number `stream`, whatever the others do.
    pub(crate) fn stream(seed: u64, stream: u64) -> Self {
        let mut numbered = Self(seed ^ Self(stream).next());
        Self(numbered.next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let bits = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// A number below `bound` ≥ 1, all equally likely (Lemire, 2019).
    #[expect(clippy::cast_possible_truncation, reason = "the halves of a product")]
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = bound as u64;
        let least = bound.wrapping_neg() % bound;
        loop {
            let product = u128::from(self.next()) * u128::from(bound);
            if product as u64 >= least {
                return (product >> 64) as usize;
            }
        }
    }

    /// How often each of `count` numbers is drawn, in as many draws with replacement.
    pub(crate) fn counts(&mut self, count: usize) -> Vec<u32> {
        let mut counts = vec![0; count];
        (0..count).for_each(|_| counts[self.below(count)] += 1);
        counts
    }

    /// The numbers `0 .. count` in a random order (Fisher and Yates).
    pub(crate) fn shuffled(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            order.swap(last, self.below(last + 1));
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::SplitMix64;

    #[test]
    fn the_generator_is_the_published_one() {
        // The first outputs of the reference implementation in C for the seed 1234567.
        let mut random = SplitMix64::new(1_234_567);
        let found: Vec<u64> = (0..3).map(|_| random.next()).collect();
        assert_eq!(found, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn every_order_of_three_is_as_likely_as_the_others() {
        let mut random = SplitMix64::new(7);
        let mut counts = [0u32; 27];
        for _ in 0..6000 {
            let order = random.shuffled(3);
            counts[order[0] * 9 + order[1] * 3 + order[2]] += 1;
        }
        let seen: Vec<u32> = counts.into_iter().filter(|count| *count > 0).collect();
        // Five standard deviations around 1000.
        assert!(seen.len() == 6 && seen.iter().all(|count| (856..=1144).contains(count)), "{seen:?}");
    }
}

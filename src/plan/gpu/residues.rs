//! The Gram matrix in exact integers, by residues, on devices without 64-bit floats: sizes, and whether it pays.

use crate::error::Result;
use crate::model::method::Precision;
use crate::plan::gpu::cost::{self, Cost};
use crate::plan::gpu::schedule::ResidueTiles;
use crate::plan::gpu::{
    ALL, BINDING, BUDGET, GramPlan, LENGTH, Room, SUBMISSION, WORKGROUPS, least, number, shares, size,
};
use crate::plan::{Limits, Request};

/// Moduli by which integers are known: as many as products of two numbers of 62 bits take.
pub(super) const MODULI: usize = 16;
/// The fewest and the most moduli: with fewer, rounding could take a column beyond its scale; the product of more exceeds 127 bits.
const SOME: std::ops::RangeInclusive<usize> = 11..=MODULI;

/// Bytes of integers that are prepared on the host while the device sums the rows before them. Their residues take twice as many.
const UPLOAD: u128 = 32 << 20;
/// Rows that one workgroup sums at most: products of bytes stay below 2³¹ for 16 times as many.
const LONGEST: u128 = 4096;
/// And at least, if there are as many, so that the loop outweighs what comes after it.
const SHORTEST: u128 = 512;
/// Rows of a run are a multiple of this.
const STEP: u128 = 64;

/// Multiply-adds of bytes a second: a small GPU, which does them with instructions of 32 bits.
const BYTE_PRODUCTS: f64 = 4e11;
/// Bytes a second on the way to the device.
const WAY: f64 = 4e9;
/// Numbers a second that one core of the host measures, scales and rounds.
const PREPARED: f64 = 2e7;
/// Integers a second that one core of the host makes from their residues.
const RESTORED: f64 = 5e6;

/// Whether a device, as slow as a small one where its rates are not known, sums the products of m rows of n and t columns sooner than the CPU.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
pub(super) fn worthwhile([rows, features, targets]: [usize; 3], plan: &GramPlan, request: &Request) -> bool {
    let rates = &request.rates;
    let known = request.device.filter(|device| device.dot4 > 0.0);
    let (byte_products, way) = known.map_or((BYTE_PRODUCTS, WAY), |device| (device.dot4 / 2.0, device.upload));
    let [m, n, t, width, cores] = [rows, features, targets, plan.row_stride, rates.cores].map(|size| size as f64);
    let on_device = plan.cost.flops as f64 / 2.0 / byte_products + 8.0 * m * width / way;
    let on_host = m * width / (PREPARED * cores) + n * (n / 2.0 + t) / (RESTORED * cores);
    let on_cpu = m * n * (n + 2.0 * t) / (rates.product * cores);
    on_device + on_host < on_cpu
}

impl GramPlan {
    /// The plan of the exact sums of `rows` rows of [X | Y], n and t columns, by so many moduli, on any device: what is done where
    /// shaders have no 64-bit floats and the estimate says that it pays.
    ///
    /// Columns become integers of such a scale that with 16 moduli Σ rounds to G with an error of 2⁻⁵³·|G| + √m·2⁻⁶¹·√(GᵢᵢGⱼⱼ) at
    /// most, m rows below 2³²; with two moduli less the latter is √m·2⁻⁵³·⁵.
    ///
    /// # Errors
    /// [`Error::TooLarge`](crate::Error::TooLarge).
    ///
    /// # Panics
    /// With fewer than 11 moduli or more than 16.
    pub fn by_residues(sizes: [usize; 3], moduli: usize, limits: Limits, memory_budget: u64) -> Result<Self> {
        assert!(SOME.contains(&moduli), "{moduli} moduli: {} to {} are known", SOME.start(), SOME.end());
        Self::of_residues(sizes, moduli, Room::new(limits, memory_budget))
    }

    /// Runs of rows, as many as fill a large GPU.
    pub(super) fn of_residues([rows, n, t]: [usize; 3], moduli: usize, room: Room) -> Result<Self> {
        let tiles = ResidueTiles::new(n, t);
        room.targets_fit(tiles.sides()[0].max(tiles.fours_apart()) as u128)?;
        let (m, width, count) = (rows as u128, 4 * tiles.stride as u128, moduli as u128);
        let cost = |rows: u128, split: u128| cost::residues(tiles, moduli, size(rows), size(split));
        let wanted = 1024u128.div_ceil(tiles.tiles() * count);
        let most = (UPLOAD / (8 * width)).min(STEP * SUBMISSION / u128::from(cost(STEP, STEP).flops));
        let split = m.div_ceil(wanted).clamp(SHORTEST, LONGEST).min(most).max(1).next_multiple_of(STEP);
        let integers = room.fits("a run of rows", 8 * width * split)?;
        let residues = room.fits("the residues of a run of rows", count * width * split)?;
        let partials = room.fits("the partial sums of the Gram matrix", count * tiles.bytes())?;
        let sums = room.fits("the Gram matrix with its cross-products", count * n as u128 * width)?;
        let one = integers + residues + partials;
        let (splits, rows_bound) = least([
            (m.div_ceil(split), ALL),
            (room.budget.saturating_sub(sums) / one, BUDGET),
            (room.binding / integers.max(residues).max(partials), BINDING),
            // One modulus at a time, and a thread for each four rows of four columns.
            ((room.workgroups / count).min(room.workgroups * 4096 / (width * split)), WORKGROUPS),
            (UPLOAD.div_ceil(integers), "the upload of rows beside the work"),
            (SUBMISSION / u128::from(cost(split, split).flops), LENGTH),
        ]);
        let (rows_per_split, rows_per_chunk) = (size(split), size(split * splits));
        Ok(Self {
            precision: Precision::Double,
            moduli: Some(moduli),
            rows,
            row_stride: size(width),
            rows_per_split,
            rows_per_part: shares::rows_per_part(m, width, 8 * width, split),
            rows_per_chunk,
            rows_bound,
            given: None,
            upload: number(8 * width * m),
            bytes: number(sums + splits * one),
            partial_bytes: number(splits * partials),
            cost: Cost::in_chunks(rows, rows_per_chunk, |rows| cost::residues(tiles, moduli, rows, rows_per_split)),
        })
    }

    /// The arithmetic in words.
    pub(crate) fn arithmetic(&self) -> String {
        match self.moduli {
            Some(moduli) => format!("exact by {moduli} moduli"),
            None => self.precision.to_string(),
        }
    }
}

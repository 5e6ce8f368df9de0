//! Sums on their way from one stage of a query to the next: as moments, or as rows where these take fewer bytes.

use arrow_array::builder::LargeBinaryBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, LargeBinaryArray};
use datafusion_common::{Result, exec_datafusion_err, exec_err, internal_datafusion_err, internal_err};
use ridgepath::Moments;

use crate::layout::Layout;
use crate::sums::Sums;

/// The first bytes of rows, unlike those of moments.
const MAGIC: [u8; 8] = *b"\x89RPROWS\n";
/// Magic, checksum, whether there are weights, targets, features.
const HEAD: usize = 8 + 4 * 4;
/// Bytes of moments that do not depend on their size.
const MOMENTS_HEAD: usize = 56;

/// Appends the bytes of rows that were checked: magic, CRC-32 of what follows, three counts, the rows one after another; little end first.
pub(crate) fn rows_to_bytes(layout: &Layout, rows: &[f64], bytes: &mut Vec<u8>) -> Result<()> {
    bytes.clear();
    bytes.extend(MAGIC);
    bytes.extend([0; 4]);
    for count in counts(layout)? {
        bytes.extend(count.to_le_bytes());
    }
    rows.iter().for_each(|number| bytes.extend(number.to_le_bytes()));
    let sum = crc32fast::hash(&bytes[12..]);
    bytes[8..12].copy_from_slice(&sum.to_le_bytes());
    Ok(())
}

fn counts(layout: &Layout) -> Result<[u32; 3]> {
    let count = |count: usize| {
        u32::try_from(count).map_err(|_| exec_datafusion_err!("ridge_moments: {count} columns are too many"))
    };
    Ok([u32::from(layout.weighted), count(layout.targets)?, count(layout.features)?])
}

/// The rows of bytes, which need not be trusted.
fn rows_of_bytes(layout: &Layout, bytes: &[u8]) -> Result<Vec<f64>> {
    let words = |from: usize, to: usize| bytes[from..to].as_chunks().0.iter().map(|word| u32::from_le_bytes(*word));
    if bytes.len() < HEAD {
        return exec_err!("ridge_moments: a state of {} bytes is cut off", bytes.len());
    }
    if words(8, 12).next() != Some(crc32fast::hash(&bytes[12..])) {
        return exec_err!("ridge_moments: a state is damaged: its checksum is another");
    }
    let (found, wanted) = (words(12, HEAD).collect::<Vec<_>>(), counts(layout)?);
    if found != wanted {
        return exec_err!("ridge_moments: a state is of {found:?} weights, targets and features, wanted {wanted:?}");
    }
    let (numbers, rest) = bytes[HEAD..].as_chunks();
    let rows: Vec<f64> = numbers.iter().map(|number| f64::from_le_bytes(*number)).collect();
    let width = layout.width();
    if !rest.is_empty() || rows.is_empty() || rows.len() % width != 0 {
        return exec_err!("ridge_moments: a state of {} bytes does not hold rows of {width} numbers", bytes.len());
    }
    let allowed = |(place, number): (usize, &f64)| {
        let column = place % width;
        layout.allows(column, *number) && !(layout.weighted && column == 0 && *number == 0.0)
    };
    if !rows.iter().enumerate().all(allowed) {
        return exec_err!("ridge_moments: a state holds numbers that no row has");
    }
    Ok(rows)
}

impl Sums {
    /// The bytes of all rows, of which [`merge_bytes`](Self::merge_bytes) makes sums again; `None` of no rows.
    pub(crate) fn to_state(&mut self, layout: &Layout) -> Result<Option<Vec<u8>>> {
        if let Some(rows) = self.waiting()
            && HEAD + size_of_val(rows) <= moments_length(layout)
        {
            if rows.is_empty() {
                return Ok(None);
            }
            let mut bytes = Vec::with_capacity(HEAD + size_of_val(rows));
            rows_to_bytes(layout, rows, &mut bytes)?;
            return Ok(Some(bytes));
        }
        self.to_value(layout)
    }

    /// The bytes of the moments of all rows; `None` of no rows.
    pub(crate) fn to_value(&mut self, layout: &Layout) -> Result<Option<Vec<u8>>> {
        Ok(self.whole(layout)?.map(Moments::to_bytes))
    }

    /// Adds the rows of a state, which need not be trusted.
    pub(crate) fn merge_bytes(&mut self, layout: &Layout, bytes: &[u8]) -> Result<()> {
        if bytes.starts_with(&MAGIC) {
            return self.append(layout, &rows_of_bytes(layout, bytes)?);
        }
        let moments = Moments::from_bytes(bytes).map_err(|error| layout.told(&error))?;
        let (found, wanted) = ([moments.targets(), moments.features()], [layout.targets, layout.features]);
        if found != wanted {
            return exec_err!("ridge_moments: a state is of {found:?} targets and features, wanted {wanted:?}");
        }
        self.merge(layout, moments)
    }
}

/// The bytes of moments.
fn moments_length(layout: &Layout) -> usize {
    let (n, t) = (layout.features, layout.targets);
    MOMENTS_HEAD + 20 * (n + t) + 8 * (n * (n + 1) / 2 + n * t + t)
}

/// The one column of states.
pub(crate) fn states(values: &[ArrayRef]) -> Result<&LargeBinaryArray> {
    let [column] = values else {
        return internal_err!("ridge_moments: found {} columns of states, wanted 1", values.len());
    };
    let found = column.as_binary_opt::<i64>();
    found
        .ok_or_else(|| internal_datafusion_err!("ridge_moments: states are {}, wanted LargeBinary", column.data_type()))
}

/// A column of what sums are written to.
pub(crate) fn column(
    sums: Vec<Sums>,
    write: impl Fn(&mut Sums) -> Result<Option<Vec<u8>>>,
) -> Result<LargeBinaryArray> {
    let mut builder = LargeBinaryBuilder::with_capacity(sums.len(), 0);
    for mut own in sums {
        builder.append_option(write(&mut own)?);
    }
    Ok(builder.finish())
}

//! Moments as bytes, which are kept in files and travel between processes.

use super::Moments;
use super::state::{State, triangle, unusable};
use crate::error::Result;

/// The first bytes, which nothing else begins with.
const MAGIC: [u8; 8] = *b"\x89RPMOM\r\n";
/// The layout below.
const VERSION: u32 = 1;
/// Magic, version, checksum, rows, rows of positive weight, n, t, W.
const HEAD: usize = 8 + 4 + 4 + 5 * 8;

impl Moments {
    /// The moments as bytes that every version of this library from this one on can read, on any machine; all of little end first.
    ///
    /// | bytes | |
    /// |---|---|
    /// | 8 | `89 52 50 4D 4F 4D 0D 0A` |
    /// | 4 | the version of this layout, 1 |
    /// | 4 | the CRC-32 (of IEEE 802.3) of all bytes after these |
    /// | 5 · 8 | m, the rows of positive weight, n, t; W |
    /// | 8(n + t) | the weighted means, features first |
    /// | 8(n + t) | what they lack of their exact values |
    /// | 4(n + t) | e: column j of the sums is in units of 2^eⱼ |
    /// | 8n(n + 1)/2 | the lower triangle of G, column after column |
    /// | 8nt | C, column after column |
    /// | 8t | Σ s(y − ȳ)² |
    ///
    /// ```
    /// use ridgepath::{Moments, Problem};
    /// let mut moments = Moments::new(1, 1);
    /// moments.push(&Problem::new(&[1.0, 2.0, 4.0], &[3.0, 5.0, 6.0])?)?;
    /// let bytes = moments.to_bytes(); // to a file, or to another machine
    /// let mut both = Moments::from_bytes(&bytes)?;
    /// both.merge(&moments)?;
    /// assert_eq!(both.rows(), 6);
    /// # Ok::<(), ridgepath::Error>(())
    /// ```
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let state = State::from(self);
        let (q, t) = (state.means.len(), state.squares.len());
        let numbers = [&state.means, &state.lows, &state.gram, &state.cross, &state.squares];
        let mut bytes = Vec::with_capacity(HEAD + 4 * q + 8 * numbers.iter().map(|own| own.len()).sum::<usize>());
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend([0; 4]);
        for count in [state.rows, state.positive_rows, (q - t) as u64, t as u64] {
            bytes.extend(count.to_le_bytes());
        }
        bytes.extend(state.weight_sum.to_le_bytes());
        let mut all = |numbers: &[f64]| numbers.iter().for_each(|number| bytes.extend(number.to_le_bytes()));
        all(&state.means);
        all(&state.lows);
        state.exponents.iter().for_each(|exponent| bytes.extend(exponent.to_le_bytes()));
        let mut all = |numbers: &[f64]| numbers.iter().for_each(|number| bytes.extend(number.to_le_bytes()));
        all(&state.gram);
        all(&state.cross);
        all(&state.squares);
        let sum = crc32fast::hash(&bytes[16..]);
        bytes[12..16].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// The moments that [`to_bytes`](Self::to_bytes) has written. Bytes need not be trusted: all sizes are held against what is there
    /// before memory is taken, and the numbers must be those of some rows.
    ///
    /// # Errors
    /// [`Error::Document`](crate::Error::Document) where these are no moments, of a later version, cut off or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (moments, rest) = Self::from_prefix(bytes)?;
        match rest.len() {
            0 => Ok(moments),
            more => Err(unusable(format!("{more} bytes follow their end"))),
        }
    }

    /// The moments at the beginning of bytes, and what follows them.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes).
    pub fn from_prefix(bytes: &[u8]) -> Result<(Self, &[u8])> {
        let mut reader = Reader { left: bytes };
        if !bytes.starts_with(&MAGIC) {
            let found = &bytes[..bytes.len().min(MAGIC.len())];
            return Err(unusable(format!("they begin with {found:02X?}; wanted {MAGIC:02X?}")));
        }
        reader.take(MAGIC.len())?;
        let version = u32::from_le_bytes(reader.array()?);
        if version != VERSION {
            return Err(unusable(format!("they are of version {version}; this library reads version {VERSION}")));
        }
        let sum = u32::from_le_bytes(reader.array()?);
        let summed = reader.left;
        let [rows, positive_rows, n, t] =
            [reader.array()?, reader.array()?, reader.array()?, reader.array()?].map(u64::from_le_bytes);
        let weight_sum = f64::from_le_bytes(reader.array()?);
        let (n, t, length) = lengths(n, t).filter(|(_, _, length)| *length <= reader.left.len()).ok_or_else(|| {
            unusable(format!("{} bytes are there, too few for {n} features and {t} targets", bytes.len()))
        })?;
        let found = crc32fast::hash(&summed[..HEAD - 16 + length]);
        if found != sum {
            return Err(unusable(format!("their checksum is {found:08X}, and was {sum:08X}: they are damaged")));
        }
        let q = n + t;
        let state = State {
            rows,
            positive_rows,
            weight_sum,
            means: reader.doubles(q)?,
            lows: reader.doubles(q)?,
            exponents: reader.take(4 * q)?.as_chunks().0.iter().map(|bytes| i32::from_le_bytes(*bytes)).collect(),
            gram: reader.doubles(triangle(n).unwrap_or(usize::MAX / 8))?,
            cross: reader.doubles(n * t)?,
            squares: reader.doubles(t)?,
        };
        Ok((state.checked()?, reader.left))
    }
}

/// n and t, and the bytes of all that depends on them; `None` where these are more than can be counted.
fn lengths(n: u64, t: u64) -> Option<(usize, usize, usize)> {
    let (n, t) = (usize::try_from(n).ok()?, usize::try_from(t).ok()?);
    let q = n.checked_add(t)?;
    let doubles = q.checked_mul(2)?.checked_add(triangle(n)?)?.checked_add(n.checked_mul(t)?)?.checked_add(t)?;
    Some((n, t, doubles.checked_mul(8)?.checked_add(q.checked_mul(4)?)?))
}

/// Bytes that are read from the first on.
struct Reader<'a> {
    left: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, left) = self.left.split_at_checked(count).ok_or_else(|| unusable("they are cut off".to_owned()))?;
        self.left = left;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn doubles(&mut self, count: usize) -> Result<Vec<f64>> {
        Ok(self.take(8 * count)?.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect())
    }
}

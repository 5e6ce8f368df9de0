//! A column as it is read. Whole numbers beyond 2⁵³ have more digits than 64 bits have room for; their differences from one
//! of them, the column's origin, mostly have not.

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    /// As near as a 64-bit float comes to a decimal fraction; a whole number exactly.
    Float(f64),
    /// A whole number that no 64-bit float is equal to.
    Whole(i128),
    /// Such a one of more digits than there are rules for.
    Vast,
}

/// Why a number has no place in a column.
#[derive(Debug, PartialEq)]
pub(crate) enum Misfit {
    /// No 64-bit float holds it, and the column may have no origin.
    Alone,
    /// Nor does one hold its difference from the column's others.
    AmongOthers,
}

/// The numbers of a column, as differences from its origin, which is 0 unless one is needed.
#[derive(Debug)]
pub(crate) struct Column {
    values: Vec<f64>,
    origin: f64,
    movable: bool,
}

impl Column {
    /// A column that may have an origin, or not.
    pub(crate) fn new(movable: bool) -> Self {
        Self { values: Vec::new(), origin: 0.0, movable }
    }

    /// Appends a number: exactly, or not at all.
    pub(crate) fn push(&mut self, number: Number) -> Result<(), Misfit> {
        let value = match number {
            Number::Float(value) if self.origin == 0.0 => value,
            Number::Float(value) => difference(value, self.origin).ok_or(Misfit::AmongOthers)?,
            Number::Whole(_) if !self.movable => return Err(Misfit::Alone),
            Number::Vast => return Err(Misfit::Alone),
            Number::Whole(whole) => {
                if self.origin == 0.0 {
                    self.move_to(nearest(whole))?;
                }
                // The origin is a whole number, and no larger than what it is taken from.
                #[expect(clippy::cast_possible_truncation, reason = "made from an i128")]
                exact(whole.saturating_sub(self.origin as i128)).ok_or(Misfit::AmongOthers)?
            }
        };
        self.values.push(value);
        Ok(())
    }

    /// The values as differences from the origin, and the origin.
    pub(crate) fn into_parts(self) -> (Vec<f64>, f64) {
        (self.values, self.origin)
    }

    fn move_to(&mut self, origin: f64) -> Result<(), Misfit> {
        let moved: Option<Vec<f64>> = self.values.iter().map(|value| difference(*value, origin)).collect();
        (self.values, self.origin) = (moved.ok_or(Misfit::AmongOthers)?, origin);
        Ok(())
    }
}

/// The number that a text holds, if it holds one.
pub(crate) fn number(text: &str) -> Option<Number> {
    let value: f64 = text.parse().ok()?;
    // As far as this, every whole number is a float; and what is infinite is another's to refuse.
    if value.abs() <= 9_007_199_254_740_992.0 || !value.is_finite() {
        return Some(Number::Float(value));
    }
    // "17.00" is a whole number too.
    let (digits, decimals) = text.split_once('.').unwrap_or((text, ""));
    if !digits.bytes().all(|b| b.is_ascii_digit() || b == b'+' || b == b'-') || decimals.bytes().any(|b| b != b'0') {
        return Some(Number::Float(value));
    }
    match digits.parse::<i128>() {
        Ok(whole) => Some(exact(whole).map_or(Number::Whole(whole), Number::Float)),
        // Rust writes every digit of a float.
        Err(_) if format!("{value:.0}") == digits.trim_start_matches('+') => Some(Number::Float(value)),
        Err(_) => Some(Number::Vast),
    }
}

#[expect(clippy::cast_precision_loss, reason = "that is what is asked")]
fn nearest(whole: i128) -> f64 {
    whole as f64
}

/// The float that is equal to a whole number, if there is one.
#[expect(clippy::cast_possible_truncation, reason = "beyond the range of i128 it saturates, and is not equal")]
fn exact(whole: i128) -> Option<f64> {
    let value = nearest(whole);
    (value as i128 == whole).then_some(value)
}

/// a − b, if a float holds it.
fn difference(a: f64, b: f64) -> Option<f64> {
    let value = a - b;
    let part = value - a;
    let lost = (a - (value - part)) - (b + part);
    (lost == 0.0 && value.is_finite()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::{Column, Misfit, Number, number};

    fn read(cells: &[&str], movable: bool) -> Result<(Vec<f64>, f64), Misfit> {
        let mut column = Column::new(movable);
        cells.iter().try_for_each(|cell| column.push(number(cell).unwrap()))?;
        Ok(column.into_parts())
    }

    #[test]
    fn whole_numbers_keep_every_digit() {
        let origin = 1_788_500_000_000_000_000.0;
        let cells = ["1788500000000000000", "1788500000000000037", "+1788500000000000001.00"];
        assert_eq!(read(&cells, true), Ok((vec![0.0, 37.0, 1.0], origin)));
        assert_eq!(read(&["-9007199254740993", "0"], true), Ok((vec![-1.0, 9_007_199_254_740_992.0], -9_007_199_254_740_992.0)));
    }

    #[test]
    fn what_floats_hold_is_not_moved() {
        let cells = ["1e300", "9007199254740994", "0.12345678901234567890123", "10000000000000000000000"];
        let values = vec![1e300, 9_007_199_254_740_994.0, 0.123_456_789_012_345_68, 1e22];
        assert_eq!(read(&cells, false), Ok((values.clone(), 0.0)));
        assert_eq!(read(&cells, true), Ok((values, 0.0)));
    }

    #[test]
    fn what_would_be_rounded_is_refused() {
        assert_eq!(read(&["9007199254740993"], false), Err(Misfit::Alone));
        assert_eq!(read(&[&"7".repeat(50)], true), Err(Misfit::Alone));
        for cells in [["1788500000000000037", "0.5"], ["1", "1788500000000000037"], ["9007199254740993", "9e99"]] {
            assert_eq!(read(&cells, true), Err(Misfit::AmongOthers), "{cells:?}");
        }
        assert_eq!(number("1788500000000000037.5"), Some(Number::Float(1_788_500_000_000_000_037.5)));
    }
}

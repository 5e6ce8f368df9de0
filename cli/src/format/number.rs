//! Numbers for people.

/// Six digits: as a decimal fraction where that is short, else with an exponent.
pub(crate) fn number(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let scientific = format!("{value:.5e}");
    match usize::try_from(5 - exponent(&scientific)) {
        Ok(decimals) if (-4..=5).contains(&exponent(&scientific)) => format!("{value:.decimals$}"),
        _ if value.is_finite() => scientific,
        _ => value.to_string(),
    }
}

/// Few digits, for how large an error is.
pub(crate) fn magnitude(value: f64) -> String {
    if value == 0.0 { "0".into() } else { format!("{value:.1e}") }
}

/// A value with its standard error, which is rounded to two digits, and the value to the same place.
pub(crate) fn measured(value: f64, error: f64) -> String {
    if !(value.is_finite() && error.is_normal() && error > 0.0) {
        return format!("{} ± {}", number(value), if error == 0.0 { "0".into() } else { error.to_string() });
    }
    let of = |value: f64| exponent(&format!("{value:.1e}"));
    let place = of(error) - 1;
    let top = of(value).max(place + 1);
    // More digits than a number has would be made up.
    if value != 0.0 && of(value) - place > 15 {
        return format!("{} ± {}", number(value), magnitude(error));
    }
    let rounded = |value: f64, place: i32| {
        // `{:.0}` rounds to whole numbers; to tens and more, by an exponent.
        let text = match usize::try_from(-place) {
            Ok(decimals) => format!("{value:.decimals$}"),
            Err(_) => {
                let digits = usize::try_from(of(value) - place).ok();
                let short = digits.map_or(0.0, |digits| format!("{value:.digits$e}").parse().unwrap_or(value));
                format!("{short:.0}")
            }
        };
        let zero = !text.contains(|digit: char| matches!(digit, '1'..='9'));
        if zero { text.trim_start_matches('-').to_owned() } else { text }
    };
    if (-9..=6).contains(&place) && top <= 8 {
        return format!("{} ± {}", rounded(value, place), rounded(error, place));
    }
    let decimals = usize::try_from(top - place).unwrap_or(0);
    let unit = 10f64.powi(-top.clamp(-300, 300));
    let mantissa = |value: f64| format!("{:.decimals$}", value * unit);
    format!("({} ± {})e{}", mantissa(value), mantissa(error), top.clamp(-300, 300))
}

/// The exponent of a number as `{:e}` writes it.
fn exponent(scientific: &str) -> i32 {
    scientific.split_once('e').and_then(|(_, digits)| digits.parse().ok()).unwrap_or(i32::MAX)
}

/// Bytes in KiB, MiB or GiB.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub(crate) fn bytes(count: u64) -> String {
    let (unit, name) = match count {
        0..0x10_0000 => (1u64 << 10, "KiB"),
        0x10_0000..0x4000_0000 => (1 << 20, "MiB"),
        _ => (1 << 30, "GiB"),
    };
    format!("{:.4} {name}", count as f64 / unit as f64).replace(".0000", "")
}

#[cfg(test)]
mod tests {
    use super::measured;

    #[test]
    fn an_error_has_two_digits_and_its_value_ends_at_the_same_place() {
        for (value, error, wanted) in [
            (-107.3456, 31.2, "-107 ± 31"),
            (-107.3456, 3.12, "-107.3 ± 3.1"),
            (-0.2, 31.2, "0 ± 31"),
            (1.0, 0.0996, "1.00 ± 0.10"),
            (12_345.6, 3120.0, "12300 ± 3100"),
            (120.0, 3120.0, "100 ± 3100"),
            (20.0, 3120.0, "0 ± 3100"),
            (0.001_234_5, 0.000_012, "0.001234 ± 0.000012"),
            (1.234_56e12, 3.1e10, "(1.235 ± 0.031)e12"),
            (-1.234_56e-12, 3.1e-14, "(-1.235 ± 0.031)e-12"),
            (2.0, 0.0, "2.00000 ± 0"),
            (2.0, f64::NAN, "2.00000 ± NaN"),
            (1.0, 1e-20, "1.00000 ± 1.0e-20"),
        ] {
            assert_eq!(measured(value, error), wanted, "{value} and {error}");
        }
    }
}

//! The linear sets of NIST's Statistical Reference Datasets, and the proof that they and the exact solver are right: as
//! decimal numbers they must give every certified digit.

use num_bigint::BigInt;

use crate::exact::{Moments, solve};
use crate::sets::Set;

/// A set as it is written: decimal numbers, rows of y and x.
struct Written {
    name: &'static str,
    what: &'static str,
    /// Powers of the one x that are the columns, or 1 for columns as they are.
    degree: u32,
    certified: Vec<String>,
    rows: Vec<Vec<String>>,
}

pub(crate) fn all() -> Vec<Set> {
    written().iter().map(Written::doubles).collect()
}

/// The sets whose certified digits are not all reproduced; none, if all is well.
pub(crate) fn wrong() -> Vec<&'static str> {
    written().iter().filter(|set| !set.reproduced()).map(|set| set.name).collect()
}

fn written() -> Vec<Written> {
    let mut sets = vec![
        Written::read("Norris", "NIST, lower difficulty: a straight line", 1, include_str!("nist/norris.txt")),
        Written::read("Pontius", "NIST, lower difficulty: x and x²", 2, include_str!("nist/pontius.txt")),
        Written::read("Longley", "NIST, higher difficulty: 6 collinear series", 1, include_str!("nist/longley.txt")),
        Written::read("Filip", "NIST, higher difficulty: powers of x to the 10th", 10, include_str!("nist/filip.txt")),
    ];
    sets.extend([
        wampler("Wampler1", "NIST, higher difficulty: powers of x to the 5th, exact", 0, 0),
        wampler("Wampler2", "NIST, higher difficulty: the same, coefficients 10⁻ᵏ", 1, 0),
        wampler("Wampler3", "NIST, higher difficulty: Wampler1 and deviations", 0, 1),
        wampler("Wampler4", "NIST, higher difficulty: deviations a hundredfold", 0, 100),
        wampler("Wampler5", "NIST, higher difficulty: deviations ten-thousandfold", 0, 10_000),
    ]);
    sets
}

/// y = Σ (x/10^`tenths`)ᵏ up to k = 5 and `times` the deviations, for x = 0 … 20.
fn wampler(name: &'static str, what: &'static str, tenths: u32, times: i64) -> Written {
    const DEVIATIONS: [i64; 11] = [759, -2048, 2048, -2048, 2523, -2048, 2048, -2048, 1838, -2048, 2048];
    let row = |x: usize| {
        let whole = i64::try_from(x).expect("small");
        // Times 10^(5·tenths), written back with that many decimals.
        let unit = 10i64.pow(5 * tenths);
        let y: i64 = (0..=5).map(|k| whole.pow(k) * (unit / 10i64.pow(k * tenths))).sum();
        let y = y + times * DEVIATIONS[x.min(20 - x)];
        vec![if tenths == 0 { y.to_string() } else { format!("{}.{:05}", y / unit, y % unit) }, x.to_string()]
    };
    let certified = (0..=5).map(|k| format!("1.00000000000000E-{}", k * tenths)).collect();
    Written { name, what, degree: 5, certified, rows: (0..=20).map(row).collect() }
}

impl Written {
    fn read(name: &'static str, what: &'static str, degree: u32, text: &str) -> Self {
        let certified = text.lines().filter_map(|line| line.strip_prefix("= ").map(str::to_owned)).collect();
        let rows = text.lines().filter(|line| !line.starts_with(['#', '=']));
        let rows = rows.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect();
        Self { name, what, degree, certified, rows }
    }

    /// The data as a program has them: powers are rounded.
    fn doubles(&self) -> Set {
        let number = |text: &String| text.parse::<f64>().expect("a number");
        let powers =
            |x: f64| (0..self.degree).scan(1.0, move |power, _| Some(std::mem::replace(power, *power * x) * x));
        let x: Vec<f64> = self.rows.iter().flat_map(|row| row[1..].iter().flat_map(|x| powers(number(x)))).collect();
        let y: Vec<f64> = self.rows.iter().map(|row| number(&row[0])).collect();
        Set::new(self.name, self.what, true, x.len() / y.len(), x, y)
    }

    /// Whether the exact solution of the decimal numbers rounds to every certified value.
    fn reproduced(&self) -> bool {
        let columns = self.rows[0].len();
        let decimals: Vec<u32> =
            (0..columns).map(|j| self.rows.iter().map(|row| decimal(&row[j]).1).max().unwrap_or(0)).collect();
        // Column j in whole units of 10^-decimals.
        let whole = |j: usize| -> Vec<BigInt> {
            let up = |text: &String| {
                let (mantissa, own) = decimal(text);
                mantissa * BigInt::from(10).pow(decimals[j] - own)
            };
            self.rows.iter().map(|row| up(&row[j])).collect()
        };
        let powers: Vec<(usize, u32)> = (1..columns).flat_map(|j| (1..=self.degree).map(move |k| (j, k))).collect();
        let x: Vec<Vec<BigInt>> =
            powers.iter().map(|(j, k)| whole(*j).into_iter().map(|value| value.pow(*k)).collect()).collect();
        let moments = Moments::new(&x, &whole(0), true);
        let Some((v, denominator)) = solve(moments.augmented()) else { return false };
        let ten = BigInt::from(10);
        let explained: BigInt = moments.sums_x.iter().zip(&v).map(|(sum, v)| sum * v).sum();
        let intercept = (&moments.sum_y * &denominator - explained, &denominator * &moments.rows);
        let slopes = v.iter().zip(&powers).map(|(v, (j, k))| (v * ten.pow(decimals[*j] * k), denominator.clone()));
        let found = [intercept].into_iter().chain(slopes);
        let unit = ten.pow(decimals[0]);
        let count = powers.len() + 1;
        self.certified.len() == count
            && found.zip(&self.certified).all(|((top, bottom), wanted)| rounds_to(&top, &(bottom * &unit), wanted))
    }
}

/// A decimal number as a whole one and the decimals it had.
fn decimal(text: &str) -> (BigInt, u32) {
    let decimals = text.split_once('.').map_or(0, |(_, after)| after.len());
    let digits = text.replacen('.', "", 1);
    (digits.parse().expect("a decimal number"), u32::try_from(decimals).expect("few"))
}

/// Whether a fraction lies within half a unit of the last digit of what is written, as 0.1234E-05.
fn rounds_to(top: &BigInt, bottom: &BigInt, written: &str) -> bool {
    let (number, power) = written.split_once('E').unwrap_or((written, "0"));
    let (mantissa, decimals) = decimal(number);
    let power: i32 = power.parse().expect("a power");
    let down = u32::try_from(i32::try_from(decimals).expect("few") - power).expect("no value ends before the point");
    let apart = top * BigInt::from(10).pow(down) - mantissa * bottom;
    apart.magnitude() * 2u32 <= *bottom.magnitude()
}

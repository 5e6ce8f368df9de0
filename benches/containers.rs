//! The sums of the same rows from every container, in turns: `cargo bench --bench containers --all-features`, with
//! `RIDGEPATH_BENCH=full` of larger sizes. Prints rows per second, and the median of the ratios of the seconds to those of column
//! after column; and tells whether the bits are the same.

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use ndarray::{Array1, Array2, ArrayView2, ShapeBuilder, s};
use ridgepath::{ArrowColumns, Batch, Moments, Problem, Stream, View};

#[path = "../cli/src/measure/made_data.rs"]
mod made_data;

use made_data::Made;

/// The container that the others are held against.
const FIRST: usize = 0;

type Sum<'a> = Box<dyn Fn() -> ridgepath::Result<Moments> + 'a>;

fn main() -> Result<(), Box<dyn Error>> {
    let full = std::env::var("RIDGEPATH_BENCH").is_ok_and(|value| value == "full");
    let sizes = if full { [(4_000_000, 50), (1_000_000, 200)] } else { [(400_000, 50), (100_000, 200)] };
    sizes.into_iter().try_for_each(|(rows, features)| measure(rows, features, if full { 3 } else { 9 }))
}

fn measure(rows: usize, features: usize, rounds: usize) -> Result<(), Box<dyn Error>> {
    let Made { x: by_columns, y: target } = Made::new(rows, features, 1).ok_or("the data do not fit memory")?;
    let y = View::from(&target);
    let of_columns = ArrayView2::from_shape((rows, features).f(), &by_columns)?;
    let by_rows = of_columns.as_standard_layout().into_owned();
    let backwards: Array2<f64> = by_rows.slice(s![..;-1, ..]).to_owned();
    let column = |values: Vec<f64>| Arc::new(Float64Array::from(values)) as ArrayRef;
    let columns = by_columns.chunks(rows).enumerate().map(|(j, own)| (format!("x{j}"), column(own.to_vec())));
    let batch = RecordBatch::try_from_iter(columns)?;
    let names: Vec<String> = (0..features).map(|j| format!("x{j}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let batches = || {
        Ok((0..rows).step_by(65_536).map(|first| {
            let length = 65_536.min(rows - first);
            let target = Array1::from_vec(target[first..first + length].to_vec());
            Batch::new(ArrowColumns::named(&batch.slice(first, length), &names)?, target)
        }))
    };
    let sum = |x: View<'_>| {
        let mut moments = Moments::new(features, 1);
        moments.push(&Problem::new(x, y)?).map(|()| moments)
    };
    let contenders: Vec<(&str, Sum<'_>)> = vec![
        ("column after column", Box::new(|| sum(View::column_major(&by_columns, rows, features)?))),
        ("row after row", Box::new(|| sum(View::row_major(by_rows.as_slice().unwrap_or_default(), rows, features)?))),
        ("ndarray, the rows from the last on", Box::new(|| sum((&backwards.slice(s![..;-1, ..])).into()))),
        ("Arrow, one batch", Box::new(|| sum(View::of(&ArrowColumns::named(&batch, &names)?)?))),
        ("Arrow, a stream of batches", Box::new(|| Moments::from_stream(&mut Stream::replayable(batches)))),
    ];
    let mut seconds = vec![Vec::with_capacity(rounds); contenders.len()];
    for round in 0..=rounds {
        for (own, (_, sum)) in seconds.iter_mut().zip(&contenders) {
            let begun = Instant::now();
            sum()?;
            // The first round warms the memory.
            if round > 0 {
                own.push(begun.elapsed().as_secs_f64());
            }
        }
    }
    let wanted = contenders[FIRST].1()?.to_bytes();
    println!("{rows} x {features}");
    for ((name, sum), own) in contenders.iter().zip(&seconds) {
        let ratios = own.iter().zip(&seconds[FIRST]).map(|(own, first)| own / first).collect();
        let bits = if sum()?.to_bytes() == wanted { "the same bits" } else { "other bits" };
        let (median, ratio) = (middle(own.clone()), middle(ratios));
        println!("{name:36} {:>7.1} M rows/s {ratio:>6.2} ×  {bits}", rows as f64 / median / 1e6);
    }
    Ok(())
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

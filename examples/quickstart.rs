//! The quickstart of the README: fit a path, pick a λ, predict.

use ridgepath::{Penalty, Ridge, Standardize, View};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Four houses, rows after one another: area in m², rooms. y: price in thousands.
    let rows = [50.0, 2.0, 70.0, 3.0, 90.0, 3.0, 120.0, 5.0];
    let x = View::row_major(&rows, 4, 2)?;
    let y = [150.0, 200.0, 240.0, 330.0];

    // 1,000 λ from 100 down to 0.0001, all at once; ten of them would be written `.lambdas([10.0, 1.0, …])`.
    let lambdas = Penalty::log_grid(1e2, 1e-4, 1000)?;
    let path = Ridge::new().lambdas(lambdas).standardize(Standardize::Population).fit(x, &y)?;

    let at = path.nearest(0.01).ok_or("no λ")?;
    println!("λ = {:.4}: w = {:.3?}, b = {:.2}", path.lambdas()[at], path.coefficients(at, 0), path.intercept(at, 0));
    println!("answered by {}, {} precision", path.backend().name, path.backend().precision);

    let price = path.predict(at, View::row_major(&[80.0, 3.0], 1, 2)?)?;
    println!("80 m², 3 rooms: {:.1}", price[(0, 0)]);
    Ok(())
}

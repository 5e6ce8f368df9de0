//! Matrices of other libraries, read where they lie.

use nalgebra::DMatrix;
use ndarray::{Array1, Array2, ShapeBuilder, s};
use ridgepath::{Batch, Moments, Ridge, RidgePath, Stream, View};

use crate::support::regression;

fn fit<'a>(x: impl Into<View<'a>>, y: impl Into<View<'a>>) -> RidgePath {
    Ridge::new().lambdas([1.0, 0.01]).fit(x, y).unwrap()
}

#[track_caller]
fn same(found: &RidgePath, wanted: &RidgePath) {
    for index in 0..2 {
        assert_eq!(found.coefficients(index, 0), wanted.coefficients(index, 0));
        assert_eq!(found.intercept(index, 0), wanted.intercept(index, 0));
    }
}

#[test]
fn arrays_of_ndarray_of_any_strides_have_the_bits_of_a_matrix() {
    let (x, y) = regression(3, 70, 40, 1);
    let wanted = fit(&x, &y);
    let of = |i: usize, j: usize| x[(i, j)];
    let along = Array2::from_shape_fn((70, 40), |(i, j)| of(i, j));
    let down = Array2::from_shape_fn((70, 40).f(), |(i, j)| of(i, j));
    let column = Array1::from_iter(y.iter().copied());
    for array in [&along, &down] {
        same(&fit(array, &column), &wanted);
        same(&fit(&array.view(), &column.view()), &wanted);
        // Turned around in the memory, and turned back by strides below 0.
        let turned = array.slice(s![..;-1, ..;-1]).to_owned();
        let turned_y = column.slice(s![..;-1]).to_owned();
        same(&fit(&turned.slice(s![..;-1, ..;-1]), &turned_y.slice(s![..;-1])), &wanted);
    }
    // Every third row and second column of something larger.
    let wide =
        Array2::from_shape_fn((210, 80), |(i, j)| if i % 3 == 1 && j % 2 == 0 { of(i / 3, j / 2) } else { f64::NAN });
    let spread = Array1::from_shape_fn(140, |i| if i % 2 == 1 { y[i / 2] } else { f64::NAN });
    same(&fit(&wide.slice(s![1..;3, ..;2]), &spread.slice(s![1..;2])), &wanted);
    let column = column.insert_axis(ndarray::Axis(1));
    same(&fit(&along, &column), &wanted);
}

#[test]
fn arrays_of_32_bits_are_read_as_they_are() {
    let (x, y) = regression(5, 30, 3, 1);
    let x = x.map(|value| value as f32);
    let array = Array2::from_shape_fn((30, 3), |(i, j)| x[(i, j)]);
    same(&fit(&array, &y), &fit(&x, &y));
}

#[test]
fn matrices_of_faer_have_the_bits_of_a_matrix() {
    let (x, y) = regression(7, 70, 40, 1);
    let wanted = fit(&x, &y);
    let matrix = faer::Mat::from_fn(70, 40, |i, j| x[(i, j)]);
    let column = faer::Mat::from_fn(70, 1, |i, _| y[i]);
    same(&fit(&matrix, &column), &wanted);
    same(&fit(&matrix.as_ref(), &column.as_ref()), &wanted);
    let across = faer::Mat::from_fn(40, 70, |i, j| x[(j, i)]);
    same(&fit(&across.transpose(), &column), &wanted);
    let turned = faer::Mat::from_fn(70, 40, |i, j| x[(69 - i, 39 - j)]);
    let turned_y = faer::Mat::from_fn(70, 1, |i, _| y[69 - i]);
    same(&fit(&turned.as_ref().reverse_rows_and_cols(), &turned_y.as_ref().reverse_rows()), &wanted);
    let single = faer::Mat::from_fn(70, 40, |i, j| x[(i, j)] as f32);
    same(&fit(&single, &y), &fit(&x.map(|value| value as f32), &y));
}

#[test]
fn a_batch_owns_rows_of_any_container() {
    let (x, y) = regression(9, 50, 4, 1);
    let wanted = Moments::from_stream(&mut Stream::once([Batch::new(x.clone(), y.clone())])).unwrap();
    let array = Array2::from_shape_fn((50, 4), |(i, j)| x[(i, j)]);
    let column = Array1::from_iter(y.iter().copied());
    let faer = faer::Mat::from_fn(50, 4, |i, j| x[(i, j)]);
    let y = DMatrix::from_iterator(50, 1, y.iter().copied());
    for batch in [Batch::new(array, column), Batch::new(faer, y)] {
        assert_eq!(Moments::from_stream(&mut Stream::once([batch])).unwrap(), wanted);
    }
}

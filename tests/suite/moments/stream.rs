//! Streams of rows: moments, paths and choices, however the rows come in batches.

use nalgebra::DMatrix;
use ridgepath::{
    Batch, CrossValidation, Error, Folds, Moments, Problem, Result, Ridge, Rows, Rule, Score, Stream, Unscored,
};

use crate::support::{Random, regression};

/// Rows with all that a stream can have.
struct Data {
    x: DMatrix<f64>,
    y: DMatrix<f64>,
    weights: Option<Vec<f64>>,
    labels: Option<Vec<usize>>,
}

impl Data {
    fn new(seed: u64, (m, n, t): (usize, usize, usize)) -> Self {
        let (x, y) = regression(seed, m, n, t);
        Self { x, y, weights: None, labels: None }
    }

    /// In batches of so many rows.
    fn batches(&self, size: usize) -> impl Iterator<Item = Result<Batch>> + Send {
        (0..self.x.nrows()).step_by(size).map(move |first| {
            let rows = first..self.x.nrows().min(first + size);
            let part = |of: &DMatrix<f64>| of.rows_range(rows.clone()).into_owned();
            let mut batch = Batch::new(part(&self.x), part(&self.y))?;
            if let Some(weights) = &self.weights {
                batch = batch.with_weights(weights[rows.clone()].to_vec())?;
            }
            match &self.labels {
                Some(labels) => batch.with_labels(labels[rows].to_vec()),
                None => Ok(batch),
            }
        })
    }

    fn once(&self, size: usize) -> Stream<'_> {
        Stream::once(self.batches(size))
    }

    fn again(&self, size: usize) -> Stream<'_> {
        Stream::replayable(move || Ok(self.batches(size)))
    }
}

#[track_caller]
fn near(found: f64, wanted: f64, tolerance: f64) {
    assert!((found - wanted).abs() <= tolerance * wanted.abs(), "{found:?} against {wanted:?}");
}

#[test]
fn moments_are_those_of_all_rows_and_their_bits_do_not_depend_on_the_batches() {
    let mut data = Data::new(7, (2600, 5, 2));
    for weighted in [false, true] {
        data.weights = weighted.then(|| Random::new(8).weights(2600));
        let whole = Moments::from_stream(&mut data.once(2600)).unwrap();
        for size in [1, 17, 1024, 2599] {
            assert_eq!(Moments::from_stream(&mut data.once(size)).unwrap(), whole, "batches of {size}");
        }
        let problem = Problem::new(&data.x, &data.y).unwrap();
        let weights = data.weights.clone().unwrap_or_else(|| vec![1.0; 2600]);
        let mut at_once = Moments::new(5, 2);
        at_once.push(&problem.with_weights(&weights).unwrap()).unwrap();
        for (i, j) in (0..5).flat_map(|i| (0..5).map(move |j| (i, j))) {
            let size = (at_once.gram(i, i) * at_once.gram(j, j)).sqrt();
            assert!((whole.gram(i, j) - at_once.gram(i, j)).abs() <= 1e-14 * size);
        }
    }
}

#[test]
fn blocks_that_fill_up_have_the_rows_of_all() {
    // Blocks of 16,384 rows, less than one fold of a third.
    let data = Data::new(9, (60_000, 2, 1));
    let path = Ridge::new().lambdas([0.1]).fit_stream(&mut data.once(7_001)).unwrap();
    let wanted = Ridge::new().lambdas([0.1]).fit(&data.x, &data.y).unwrap();
    for j in 0..2 {
        near(path.coefficients(0, 0)[j], wanted.coefficients(0, 0)[j], 1e-12);
    }
    let folds = |ridge| CrossValidation::new(ridge).folds(Folds::Hashed { folds: 3, seed: 4 });
    let found = folds(Ridge::new().lambdas([0.1])).fit_stream(&mut data.once(7_001)).unwrap();
    let wanted = folds(Ridge::new().lambdas([0.1])).fit(&data.x, &data.y).unwrap();
    for fold in 0..3 {
        near(found.fold_score(0, 0, fold), wanted.fold_score(0, 0, fold), 1e-11);
    }
}

#[test]
fn a_stream_has_the_choice_of_its_rows_in_memory() {
    let mut data = Data::new(11, (400, 6, 2));
    data.weights = Some(Random::new(12).weights(400));
    let labels: Vec<usize> = (0..400).map(|row| 10 + 7 * (row / 90)).collect();
    data.labels = Some(labels.clone());
    let pairs = [
        (Folds::Hashed { folds: 4, seed: 3 }, Folds::Hashed { folds: 4, seed: 3 }),
        (Folds::Labelled, Folds::Given(labels)),
    ];
    let ridge = Ridge::new().lambdas([100.0, 1.0, 0.01]);
    let weighted = ridge.clone().weights(data.weights.as_deref().unwrap());
    for (streamed, held) in pairs {
        for score in [Score::Mse, Score::Rmse, Score::R2, Score::Mae] {
            for (per_target, rule) in [(false, Rule::Best), (true, Rule::OneStandardError)] {
                let of = |ridge: &Ridge, folds: &Folds| {
                    let choice = CrossValidation::new(ridge.clone()).folds(folds.clone()).score(score.clone());
                    choice.per_target(per_target).rule(rule)
                };
                let found = of(&ridge, &streamed).fit_stream(&mut data.again(37)).unwrap();
                let wanted = of(&weighted, &held).fit(&data.x, &data.y).unwrap();
                assert_eq!(found.folds(), wanted.folds());
                for target in 0..2 {
                    assert_eq!(found.choice(target).index, wanted.choice(target).index);
                    for (index, fold) in (0..3).flat_map(|index| (0..wanted.folds()).map(move |fold| (index, fold))) {
                        near(found.fold_score(index, target, fold), wanted.fold_score(index, target, fold), 1e-9);
                    }
                    near(found.standard_error(0, target), wanted.standard_error(0, target), 1e-9);
                }
            }
        }
    }
}

#[test]
fn labels_in_the_order_of_time_hold_out_what_comes_after() {
    let mut data = Data::new(13, (300, 3, 1));
    // As Folds::RollingOrigin(4) parts 300 rows.
    data.labels = Some((0..300).map(|row| 2000 + row / 60).collect());
    let choice = CrossValidation::new(Ridge::new().lambdas([10.0, 0.1]));
    let found = choice.clone().folds(Folds::RollingLabels).fit_stream(&mut data.once(50)).unwrap();
    let wanted = choice.folds(Folds::RollingOrigin(4)).fit(&data.x, &data.y).unwrap();
    assert_eq!(found.folds(), 4);
    for fold in 0..4 {
        near(found.fold_score(1, 0, fold), wanted.fold_score(1, 0, fold), 1e-10);
    }
    assert_eq!(found.scheme().name(), "rolling labels");
}

#[test]
fn moments_of_folds_choose_as_their_rows_and_in_any_units() {
    let labels: Vec<usize> = (0..200).map(|row| row % 3).collect();
    for scale in [1.0, 1e170, 1e-170] {
        let mut data = Data::new(17, (200, 4, 1));
        data.y *= scale;
        let of_fold = |fold: usize| {
            let rows: Vec<usize> = (0..200).filter(|row| labels[*row] == fold).collect();
            let [x, y] = [&data.x, &data.y].map(|of| of.select_rows(&rows));
            let mut moments = Moments::new(4, 1);
            moments.push(&Problem::new(&x, &y).unwrap()).unwrap();
            moments
        };
        let choice = CrossValidation::new(Ridge::new().lambdas([1e3, 1.0, 1e-3])).rule(Rule::Best);
        let found = choice.fit_moments(&[of_fold(0), of_fold(1), of_fold(2)]).unwrap();
        let wanted = choice.folds(Folds::Given(labels.clone())).fit(&data.x, &data.y).unwrap();
        assert_eq!(found.choice(0).index, wanted.choice(0).index);
        if scale == 1.0 {
            (0..3).for_each(|at| near(found.mean(at, 0), wanted.mean(at, 0), 1e-10));
        }
    }
}

/// y = Xw but for a part in 10¹².
fn nearly_exact() -> Data {
    let mut data = Data::new(19, (300, 4, 1));
    let noise = data.y.clone();
    data.y = &data.x * DMatrix::from_column_slice(4, 1, &[3.0, -2.0, 1.0, 5.0]) + noise * 1e-11;
    data
}

#[test]
fn what_moments_have_lost_is_read_again_or_refused_and_never_chosen_by() {
    let data = nearly_exact();
    let choice =
        CrossValidation::new(Ridge::new().lambdas([1.0, 1e-13, 1e-16])).folds(Folds::Hashed { folds: 3, seed: 1 });
    match choice.fit_stream(&mut data.once(50)) {
        Err(Error::NoScore { target: 0, reason: Unscored::Digits, .. }) => (),
        other => panic!("{other:?}"),
    }
    let found = choice.fit_stream(&mut data.again(50)).unwrap();
    let wanted = choice.fit(&data.x, &data.y).unwrap();
    assert_eq!(found.choice(0).index, wanted.choice(0).index);
    near(found.choice(0).score, wanted.choice(0).score, 1e-3);
}

#[test]
fn a_source_is_read_once_for_a_path() {
    let mut opened = 0;
    let data = Data::new(23, (500, 3, 1));
    {
        let mut stream = Stream::replayable(|| {
            opened += 1;
            Ok(data.batches(100))
        });
        Ridge::new().fit_stream(&mut stream).unwrap();
    }
    assert_eq!(opened, 1);
}

#[test]
fn a_bad_row_is_named_by_its_number_in_the_stream() {
    let mut data = Data::new(29, (5000, 2, 1));
    data.x[(4321, 1)] = f64::NAN;
    let wanted = |error: Error| match error {
        Error::NonFinite { what: "X", row: 4321, column: 1, .. } => (),
        other => panic!("{other}"),
    };
    wanted(Moments::from_stream(&mut data.once(333)).unwrap_err());
    let hashed = CrossValidation::new(Ridge::new()).folds(Folds::Hashed { folds: 3, seed: 0 });
    wanted(hashed.fit_stream(&mut data.once(333)).unwrap_err());
    data.x[(4321, 1)] = 0.0;
    data.weights = Some(vec![1.0; 5000]);
    data.weights.as_mut().unwrap()[4000] = -1.0;
    let error = hashed.fit_stream(&mut data.once(333)).unwrap_err();
    assert!(matches!(error, Error::InvalidWeight { row: 4000, value: -1.0 }), "{error}");
}

#[test]
fn streams_that_cannot_be_used_are_refused_by_name() {
    let data = Data::new(31, (40, 2, 1));
    let said = |error: Error| error.to_string();
    assert!(said(Moments::from_stream(&mut Stream::once([])).unwrap_err()).starts_with("the stream has 0 rows"));
    let mut stream = data.once(10);
    Moments::from_stream(&mut stream).unwrap();
    assert!(said(Moments::from_stream(&mut stream).unwrap_err()).contains("Stream::replayable"));
    let failing = data.batches(10).take(2).chain([Err(Error::source("the network is down"))]).chain(data.batches(10));
    let error = Ridge::new().fit_stream(&mut Stream::once(failing)).unwrap_err();
    assert_eq!(said(error), "the source of rows failed: the network is down");
    let other = Data::new(31, (40, 3, 1));
    let mixed = data.batches(10).chain(other.batches(10));
    assert!(matches!(Moments::from_stream(&mut Stream::once(mixed)), Err(Error::Shape { found: 3, wanted: 2, .. })));
    let mut weighted = Data::new(31, (40, 2, 1));
    weighted.weights = Some(vec![1.0; 40]);
    let mixed = data.batches(10).chain(weighted.batches(10));
    assert!(said(Moments::from_stream(&mut Stream::once(mixed)).unwrap_err()).contains("in every batch"));
    assert!(
        said(Ridge::new().weights(vec![1.0; 40]).fit_stream(&mut data.once(10)).unwrap_err()).contains("with_weights")
    );
    let choice = |folds| CrossValidation::new(Ridge::new()).folds(folds);
    let refused = |folds| said(choice(folds).fit_stream(&mut data.once(10)).unwrap_err());
    assert!(refused(Folds::Contiguous(5)).contains("Folds::Hashed"));
    assert!(refused(Folds::Labelled).contains("Batch::with_labels"));
    assert!(refused(Folds::Hashed { folds: 1, seed: 0 }).contains("wanted 2 or more"));
    let mae = choice(Folds::Hashed { folds: 2, seed: 0 }).score(Score::Mae);
    assert!(said(mae.fit_stream(&mut data.once(10)).unwrap_err()).contains("can be read again"));
    let mut labelled = Data::new(31, (2000, 2, 1));
    labelled.labels = Some((0..2000).collect());
    let error = choice(Folds::Labelled).fit_stream(&mut labelled.once(10)).unwrap_err();
    assert!(said(error).contains("1000 at most"));
    assert!(said(choice(Folds::Labelled).fit(&data.x, &data.y).unwrap_err()).contains("Folds::Given"));
    let one = Moments::from_stream(&mut data.once(10)).unwrap();
    assert!(said(choice(Folds::Labelled).fit_moments(&[one]).unwrap_err()).contains("wanted 2 or more"));
}

#[test]
#[should_panic(expected = "a bug of the source")]
fn a_panic_of_the_source_is_its_callers() {
    let data = Data::new(37, (40, 2, 1));
    let batches = data.batches(10).map(|batch| match batch {
        Ok(batch) if batch.rows() == 10 => panic!("a bug of the source"),
        other => other,
    });
    _ = Moments::from_stream(&mut Stream::once(batches));
}

#[test]
fn rows_of_weight_zero_count_as_rows_alone() {
    let mut data = Data::new(41, (3000, 2, 1));
    data.weights = Some((0..3000).map(|row| f64::from(u8::from(row < 100))).collect());
    let found = Moments::from_stream(&mut data.once(64)).unwrap();
    assert_eq!((found.rows(), found.weight_sum()), (3000, 100.0));
    data.weights = Some(vec![0.0; 3000]);
    let error = Ridge::new().fit_stream(&mut data.once(64)).unwrap_err();
    assert!(matches!(error, Error::ZeroWeights { rows: 3000 }), "{error}");
}

/// Rows in the order of C, of 32-bit numbers.
struct ByRows(Vec<f32>, usize);

impl Rows for ByRows {
    fn rows(&self) -> usize {
        self.0.len() / self.1
    }
    fn columns(&self) -> usize {
        self.1
    }
    fn read(&self, rows: std::ops::Range<usize>, columns: std::ops::Range<usize>, to: &mut [f64]) {
        for (j, column) in columns.enumerate() {
            for (i, row) in rows.clone().enumerate() {
                to[j * rows.len() + i] = f64::from(self.0[row * self.1 + column]);
            }
        }
    }
    fn by_columns(&self) -> bool {
        false
    }
    fn replayable(&self) -> bool {
        false
    }
}

#[test]
fn the_order_of_the_memory_does_not_move_a_bit() {
    let (x, y) = regression(43, 1500, 70, 1);
    let x = x.map(|value| value as f32);
    let along: Vec<f32> = x.transpose().as_slice().to_vec();
    let by_rows = Batch::new(ByRows(along, 70), y.clone());
    let found = Moments::from_stream(&mut Stream::once([by_rows])).unwrap();
    assert_eq!(found, Moments::from_stream(&mut Stream::once([Batch::new(x, y)])).unwrap());
}

#[test]
fn one_lambda_for_all_targets_is_refused_where_one_target_hides_the_best() {
    // Of the first target moments have lost the scores of small λs; the second has none to hide.
    let (mut data, other) = (nearly_exact(), Data::new(20, (300, 4, 1)));
    data.y = DMatrix::from_columns(&[data.y.column(0), other.y.column(0)]);
    let choice = CrossValidation::new(Ridge::new().lambdas([1.0, 1e-13])).folds(Folds::Hashed { folds: 3, seed: 1 });
    for per_target in [false, true] {
        match choice.clone().per_target(per_target).fit_stream(&mut data.once(50)) {
            Err(Error::NoScore { target: 0, reason: Unscored::Digits, .. }) => (),
            other => panic!("{other:?}"),
        }
    }
    let found = choice.fit_stream(&mut data.again(50)).unwrap();
    assert_eq!(found.choice(0).index, choice.fit(&data.x, &data.y).unwrap().choice(0).index);
}

#[test]
fn moments_take_no_weights_of_rows() {
    let data = Data::new(47, (40, 2, 1));
    let moments = Moments::from_stream(&mut data.once(10)).unwrap();
    let weighted = Ridge::new().weights(vec![1.0; 40]);
    let refused = |error: Error| assert!(error.to_string().contains("with_weights"), "{error}");
    refused(weighted.fit_moments(&moments).unwrap_err());
    let choice = CrossValidation::new(weighted).folds(Folds::Labelled);
    refused(choice.fit_moments(&[moments.clone(), moments]).unwrap_err());
}

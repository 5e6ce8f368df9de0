//! Paths and models in documents: exact, and refused where they contradict themselves.

use ridgepath::{Category, LinearModel, Ridge, RidgePath, View};
use serde_json::{Value, json};

use crate::support::{Random, regression};

/// Paths with answers of every kind: solved, singular, of least norm, with factors, beyond the range.
fn paths() -> Vec<RidgePath> {
    let (x, y) = regression(3, 40, 5, 2);
    let twice = nalgebra::DMatrix::from_fn(8, 2, |row, _| row as f64);
    let squares: Vec<f64> = (0..8).map(|row| f64::from(row * row)).collect();
    let ridge = Ridge::new().lambdas([0.3, 0.0, 1e-9]);
    vec![
        ridge.fit(&x, &y).unwrap(),
        ridge.clone().penalty_factors([1.0, 2.0, 0.5, 1.0, 3.0]).intercept(false).fit(&x, &y).unwrap(),
        ridge.fit(&twice, &squares).unwrap(),
        ridge.clone().minimum_norm(true).fit(&twice, &squares).unwrap(),
        ridge.fit(&x.map(|x| x * 1e-200), &y.map(|y| y * 1e200)).unwrap(),
        Ridge::new().lambdas([0.1]).fit(&x.transpose(), &x.transpose().columns(0, 2).into_owned()).unwrap(),
    ]
}

/// Whether all numbers have the same bits, NaN being NaN.
fn same(a: &RidgePath, b: &RidgePath) -> bool {
    let bits = |values: &[f64]| values.iter().map(|v| if v.is_nan() { 0 } else { v.to_bits() }).collect::<Vec<u64>>();
    let each = |path: &RidgePath| {
        let of = |entry: ridgepath::PathEntry<'_>, target: usize| {
            [entry.residual(target), entry.rss(target), entry.r2(target), entry.error_bound(target), entry.condition()]
        };
        let all: Vec<f64> = path.iter().flat_map(|entry| (0..path.targets()).flat_map(move |t| of(entry, t))).collect();
        (bits(path.values()), bits(path.intercepts()), bits(path.lambdas()), bits(path.shifts()), bits(&all))
    };
    let outcomes = |path: &RidgePath| -> Vec<_> {
        path.iter().flat_map(|entry| (0..path.targets()).map(move |target| entry.outcome(target))).collect()
    };
    each(a) == each(b)
        && outcomes(a) == outcomes(b)
        && a.penalty_factors() == b.penalty_factors()
        && a.backend() == b.backend()
}

#[test]
fn a_path_survives_json_with_every_bit() {
    for (number, path) in paths().iter().enumerate() {
        let text = serde_json::to_string(path).unwrap();
        let back: RidgePath = serde_json::from_str(&text).unwrap();
        assert!(same(&back, path), "path {number}: {text}");
    }
    assert!(paths()[4].values().iter().any(|w| w.is_infinite()), "infinities are among them");
}

#[test]
fn a_path_and_a_model_survive_a_format_that_does_not_describe_itself() {
    for (number, path) in paths().iter().enumerate() {
        let back: RidgePath = postcard::from_bytes(&postcard::to_stdvec(path).unwrap()).unwrap();
        assert!(same(&back, path), "path {number}");
    }
    let model = paths()[0].model(0).unwrap().with_feature_names(["a", "b", "c", "d", "e"]).unwrap();
    let region =
        Category { column: "region".into(), levels: vec!["east".into(), "west".into()], left_out: Some("east".into()) };
    for model in [model.clone(), model.with_categories([region])] {
        let back: LinearModel = postcard::from_bytes(&postcard::to_stdvec(&model).unwrap()).unwrap();
        assert_eq!(back, model);
    }
}

#[test]
fn numbers_of_all_sizes_survive_json_with_every_bit() {
    let mut random = Random::new(7);
    let mut values: Vec<f64> = (-300..300).map(|power| random.next() * 10f64.powi(power)).collect();
    values.extend([f64::MAX, f64::MIN_POSITIVE, 5e-324, -0.0, 0.1, 1.0 / 3.0]);
    let model = LinearModel::new(View::row_major(&values, 1, values.len()).unwrap(), &[1.0 / 7.0]).unwrap();
    let back = LinearModel::from_json(&model.to_json()).unwrap();
    let bits = |model: &LinearModel| model.coefficients(0).iter().map(|w| w.to_bits()).collect::<Vec<_>>();
    assert!(bits(&back) == bits(&model) && back == model);
}

#[test]
fn paths_that_contradict_themselves_are_refused_by_what_is_wrong() {
    let whole = serde_json::to_value(&paths()[0]).unwrap();
    let refused = |change: &dyn Fn(&mut Value), wanted: &[&str]| {
        let mut document = whole.clone();
        change(&mut document);
        let error = serde_json::from_value::<RidgePath>(document).unwrap_err().to_string();
        assert!(wanted.iter().all(|part| error.contains(part)), "{error}, wanted {wanted:?}");
    };
    assert!(serde_json::from_value::<RidgePath>(whole.clone()).is_ok());
    for list in [
        "shifts",
        "total_squares",
        "coefficients",
        "conditions",
        "intercepts",
        "outcomes",
        "residuals",
        "rss",
        "error_bounds",
    ] {
        refused(&|document| drop(document[list].as_array_mut().unwrap().pop()), &[list, "found", "wanted"]);
        refused(&|document| document[list] = json!([]), &[list, "found 0"]);
    }
    for size in ["rows", "features", "targets"] {
        refused(&|document| document[size] = json!(0), &["it has no", size]);
    }
    refused(&|document| document["targets"] = json!(1), &["found", "wanted", "1 targets"]);
    refused(&|document| document["features"] = json!(usize::MAX), &["more than can be counted"]);
    refused(&|document| document["lambdas"] = json!([]), &["no λs"]);
    refused(&|document| document["lambdas"][1] = json!(-1.0), &["lambdas[1] is -1.0"]);
    refused(&|document| document["shifts"][0] = json!(null), &["shifts[0] is NaN"]);
    refused(&|document| document["weight_sum"] = json!(0.0), &["weight_sum is 0.0"]);
    refused(&|document| document["factors"] = json!([[1.0, 2.0]]), &["factors", "5 finite numbers"]);
    refused(&|document| document["coefficients"][0] = json!(null), &["λ number 0, target 0", "missing"]);
    refused(&|document| document["coefficients"][0] = json!("infinite"), &["infinite", "\"inf\""]);
    refused(
        &|document| document["outcomes"][3] = json!({"singular": {"order": 2}}),
        &["λ number 1, target 1", "but it has"],
    );
    refused(&|document| document["outcomes"][0] = json!({"singular": {"order": 900}}), &["singular of order 900"]);
    refused(&|document| document["outcomes"][0] = json!({"minimum_norm": {"rank": 900}}), &["of rank 900"]);
}

#[test]
fn models_with_odd_names_survive_a_file() {
    let names = ["", " ", "a,b", "\"quoted\"", "line\nbreak", "λ…🦀", "a", "A"];
    let (x, y) = regression(9, 30, names.len(), 1);
    let model = Ridge::new().lambdas([0.1]).fit(&x, &y).unwrap().model(0).unwrap();
    let model = model.with_feature_names(names).unwrap().with_target_names(["y\t\u{0}"]).unwrap();
    let folder = std::env::temp_dir().join(format!("ridgepath-models-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("model.json");
    model.save(&file).unwrap();
    let back = LinearModel::load(&file).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(back, model);
    assert_eq!(back.feature_names().unwrap(), names);
    let error = LinearModel::load(&file).unwrap_err().to_string();
    assert!(error.starts_with("cannot read ") && error.contains("model.json"), "{error}");
    assert!(model.save(folder.join("no folder/model.json")).unwrap_err().to_string().starts_with("cannot write "));
}

#[test]
fn models_that_cannot_be_used_are_refused_by_what_is_wrong() {
    let one = json!({"schema": "ridgepath/model/1", "features": ["a", "b"], "targets": ["y"],
        "path": [{"lambda": 0.5, "coef": [[1, 2]], "intercept": [3]}]});
    let read = |document: &Value| LinearModel::from_json(&document.to_string());
    let model = read(&one).unwrap();
    assert_eq!((model.coefficients(0), model.intercept(0), model.lambdas()), (&[1.0, 2.0][..], 3.0, Some(&[0.5][..])));
    assert_eq!(read(&json!({"schema": "ridgepath/cv/1", "model": one})).unwrap(), model);
    let refused = |change: &dyn Fn(&mut Value), wanted: &str| {
        let mut document = one.clone();
        change(&mut document);
        let error = read(&document).unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}, wanted {wanted:?}");
    };
    refused(&|document| document["schema"] = json!("ridgepath/model/9"), "found schema \"ridgepath/model/9\"");
    refused(&|document| document["schema"] = json!(null), "found no schema");
    refused(&|document| document["features"] = json!([]), "no features");
    refused(
        &|document| document["features"] = json!(["a"]),
        "target \"y\" has 2 coefficients, wanted one for each of 1",
    );
    refused(&|document| document["features"] = json!(["a", "a"]), "both named \"a\"");
    refused(
        &|document| document["targets"] = json!(["y", "z"]),
        "found 1 entries in its path, wanted one for each of 2",
    );
    refused(&|document| document["path"] = json!([]), "found 0 entries");
    refused(&|document| document["path"][0]["coef"] = json!([]), "wanted one list of coefficients");
    refused(&|document| document["path"][0]["coef"][0][1] = json!(null), "coefficient 1 is null");
    refused(&|document| document["path"][0]["intercept"][0] = json!(null), "the intercept is null");
    refused(&|document| document["path"][0]["lambda"] = json!(-1), "lambda[0] is -1.0");
    assert!(LinearModel::from_json("y = 3x").unwrap_err().to_string().contains("not JSON"));
    let without_names = json!({"schema": "ridgepath/model/1", "path": [{"coef": [[1, 2]], "intercept": [3]}]});
    let model = read(&without_names).unwrap();
    assert_eq!((model.features(), model.lambdas(), model.feature_names()), (2, None, None));
}

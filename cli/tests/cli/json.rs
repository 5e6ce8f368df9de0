//! The JSON contract of `path`.

use serde_json::{Value, json};

use crate::support::{Folder, Run, SMALL, coefficients, diabetes, numbers, path_of, program};

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn the_document_has_the_keys_of_the_contract() {
    let run = path_of(SMALL, "--format json --lambdas 0.5,1").succeeds().json();
    let top = ["backend", "features", "intercept", "path", "rows", "schema", "standardize", "targets", "weight_sum"];
    assert_eq!(keys(&run), top);
    assert_eq!(run["schema"], "ridgepath/path/1");
    assert_eq!(run["features"], json!(["a", "b"]));
    assert_eq!(run["targets"], json!(["y"]));
    assert_eq!(run["rows"], 5);
    assert_eq!(run["weight_sum"], 5.0);
    assert_eq!(run["intercept"], true);
    assert_eq!(run["standardize"], false);
    let backend = json!({
        "name": "cpu", "adapter": null, "strategy": "cholesky", "precision": "double", "fallback": null
    });
    assert_eq!(run["backend"], backend);
    assert_eq!(run["path"].as_array().unwrap().len(), 2);
    let entry = &run["path"][0];
    let contract = ["alpha", "coef", "intercept", "lambda", "outcome", "r2", "residual", "rss", "squared_norm"];
    let trust = ["condition", "error_bound", "intercept_error_bound", "order", "route", "steps"];
    let mut all = [&contract[..], &trust].concat();
    all.sort_unstable();
    assert_eq!(keys(entry), all);
    assert_eq!((&entry["steps"], &entry["route"], &entry["order"]), (&json!([0]), &json!([null]), &json!([null])));
    assert!(entry["condition"].as_f64().is_some_and(|condition| condition >= 1.0));
    assert_eq!((&entry["lambda"], &entry["alpha"]), (&json!(0.5), &json!(5.0)));
    assert_eq!(entry["outcome"], json!(["solved"]));
    assert_eq!(coefficients(entry).len(), 2);
    for key in ["intercept", "residual", "rss", "r2", "squared_norm", "error_bound", "intercept_error_bound"] {
        assert_eq!(numbers(&entry[key]).len(), 1, "{key}");
    }
}

#[test]
fn the_choices_made_are_told() {
    let run = path_of(SMALL, "--format json --no-intercept --standardize=sample --backend reference").succeeds().json();
    assert_eq!(run["intercept"], false);
    assert_eq!(run["standardize"], "sample");
    assert_eq!(run["backend"]["name"], "reference");
    assert_eq!(numbers(&run["path"][0]["intercept"]), [0.0]);
    assert_eq!(path_of(SMALL, "--format json --standardize").succeeds().json()["standardize"], "population");
}

#[test]
fn a_reference_asked_for_single_says_that_it_answers_in_double() {
    let run = path_of(SMALL, "--format json --backend reference --precision single").succeeds();
    assert_eq!(run.json()["backend"]["precision"], "double");
    assert!(run.json()["backend"]["fallback"].is_string());
    assert_eq!(run.err.lines().count(), 1, "{run:#?}");
    run.says(&["ridgepath: note: ", "double precision"]);
}

#[test]
fn several_targets_have_a_place_each() {
    let input = "a,b,y,z\n1,2,3,1\n2,1,4,0\n3,5,7,2\n4,4,8.5,9\n5,7,9,1\n";
    let both = path_of(input, "--target z --lambdas 0.5 --format json").succeeds().json();
    let alone = path_of(input.replace(",y,z", ",z,y"), "--exclude z --lambdas 0.5 --format json").succeeds().json();
    assert_eq!(both["targets"], json!(["y", "z"]));
    assert_eq!(both["path"][0]["coef"].as_array().unwrap().len(), 2);
    assert_eq!(both["path"][0]["coef"][1], alone["path"][0]["coef"][0]);
    assert_ne!(both["path"][0]["coef"][0], alone["path"][0]["coef"][0]);
}

/// A fit of the same data through the library is what the numbers must read back as.
#[test]
fn every_number_reads_back_exactly() {
    let mut columns = vec![Vec::new(); 11];
    let mut reader = csv::Reader::from_path(diabetes()).unwrap();
    for record in reader.records() {
        let record = record.unwrap();
        columns.iter_mut().zip(&record).for_each(|(column, cell)| column.push(cell.parse::<f64>().unwrap()));
    }
    let y = columns.pop().unwrap();
    let x = ridgepath::View::column_major(&columns.concat(), y.len(), 10).map(|x| {
        ridgepath::Ridge::new().lambdas([0.1, 1e-7, 3.0]).backend(ridgepath::Backend::Reference).fit(x, &y).unwrap()
    });
    let path = x.unwrap();
    let mut command = program();
    command.arg("path").arg(diabetes()).args(["--target", "progression", "--backend", "reference"]);
    let run = Run::of(command.args(["--lambdas", "0.1,1e-7,3", "--format", "json"])).succeeds().json();
    for index in 0..3 {
        let entry = &run["path"][index];
        let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&coefficients(entry)), bits(path.coefficients(index, 0)));
        for (key, wanted) in [
            ("intercept", path.intercept(index, 0)),
            ("residual", path.residual(index, 0)),
            ("rss", path.rss(index, 0)),
            ("squared_norm", path.squared_norm(index, 0)),
        ] {
            assert_eq!(bits(&numbers(&entry[key])), bits(&[wanted]), "{key}");
        }
        assert_eq!(entry["alpha"].as_f64().unwrap().to_bits(), path.shifts()[index].to_bits());
    }
}

#[test]
fn csv_and_json_hold_the_same_numbers() {
    let json = path_of(SMALL, "--format json").succeeds().json();
    let text = path_of(SMALL, "--format csv").succeeds().out;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = [
        "lambda",
        "alpha",
        "target",
        "outcome",
        "residual",
        "rss",
        "r2",
        "squared_norm",
        "intercept",
        "intercept_error_bound",
        "coef:a",
        "coef:b",
    ];
    assert_eq!(reader.headers().unwrap(), &header[..]);
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows.len(), 100);
    for (row, entry) in rows.iter().zip(json["path"].as_array().unwrap()) {
        let number = |column: usize| row[column].parse::<f64>().unwrap();
        assert_eq!((&row[2], &row[3]), ("y", "solved"));
        assert_eq!(number(0), entry["lambda"].as_f64().unwrap());
        assert_eq!(number(8), numbers(&entry["intercept"])[0]);
        assert_eq!(number(9), numbers(&entry["intercept_error_bound"])[0]);
        assert_eq!([number(10), number(11)], coefficients(entry)[..]);
    }
}

#[test]
fn a_singular_lambda_has_null_and_is_noted_once() {
    // b is twice a.
    let folder = Folder::new();
    folder.file("data.csv", "a,b,y\n1,2,3\n2,4,4\n3,6,8\n");
    let run = folder.run("path data.csv --target y --lambdas 0,1,0,0,0,0 --format json").succeeds();
    let json = run.json();
    assert_eq!(json["path"][0]["outcome"], json!(["singular"]));
    assert_eq!(json["path"][0]["coef"], json!([[null, null]]));
    assert_eq!((&json["path"][0]["order"], &json["path"][0]["condition"]), (&json!([2]), &Value::Null));
    assert_eq!(json["path"][1]["outcome"], json!(["solved"]));
    assert_eq!(run.err.lines().count(), 1, "{run:#?}");
    run.says(&["ridgepath: note: 5 of 6 λ", "singular", "\"b\""]);
    let csv = folder.run("path data.csv --target y --lambdas 0 --format csv");
    assert_eq!(csv.code, Some(3), "{csv:#?}");
    assert!(csv.out.ends_with("NaN,NaN\n"), "{csv:#?}");
}

#[test]
fn an_answer_that_single_precision_could_not_give_is_told_as_rerouted() {
    // b differs from a in the fourth digit: κ is about 7e7.
    let input = "a,b,y\n1,1.0004,3\n2,2,4\n3,3.0008,8\n4,4.0004,7\n";
    let run = path_of(input, "--lambdas 1,0 --precision single --format json").succeeds();
    let outcomes: Vec<Value> =
        run.json()["path"].as_array().unwrap().iter().map(|entry| entry["outcome"][0].clone()).collect();
    assert_eq!(outcomes, ["solved", "rerouted"]);
    assert_eq!(run.err.lines().count(), 1, "{run:#?}");
    run.says(&["ridgepath: note: 1 of 2 λ (0.0)", "double precision"]);
    assert_eq!(run.json()["path"][1]["route"], json!(["double"]));
}

#[test]
fn an_ill_conditioned_answer_is_told_to_come_by_qr_and_a_singular_one_by_least_norm_on_request() {
    // b differs from a in the ninth digit; c is a.
    let near = "a,b,y\n1,1.00000001,3\n2,2,4\n3,3.00000002,8\n4,4.00000001,7\n";
    let run = path_of(near, "--lambdas 0 --format json").succeeds();
    assert_eq!(run.json()["path"][0]["route"], json!(["qr"]));
    run.says(&["ridgepath: note: 1 of 1 λ (0.0)", "QR"]);
    let run = path_of("a,c,y\n1,1,3\n2,2,4\n3,3,8\n", "--lambdas 0 --minimum-norm --format json").succeeds();
    assert_eq!(run.json()["path"][0]["outcome"], json!(["minimum-norm"]));
    run.says(&["rank 1", "least norm"]);
    let w = coefficients(&run.json()["path"][0]);
    assert!((w[0] - w[1]).abs() < 1e-12, "{w:?}");
}

#[test]
fn the_strategy_asked_for_is_named_and_gives_the_same_path() {
    let run = |strategy: &str| {
        path_of(SMALL, &format!("--alphas 1,0.01 --format json --strategy {strategy}")).succeeds().json()
    };
    let (one, other) = (run("cholesky"), run("spectral"));
    assert_eq!((&one["backend"]["strategy"], &other["backend"]["strategy"]), (&json!("cholesky"), &json!("spectral")));
    for index in 0..2 {
        let (a, b) = (coefficients(&one["path"][index]), coefficients(&other["path"][index]));
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() <= 1e-14 * a.abs().max(b.abs())), "{a:?}, {b:?}");
    }
}

#[test]
fn each_lambda_has_a_line_of_its_own() {
    let run = path_of(SMALL, "--format json --lambdas 1,2,3").succeeds();
    assert_eq!(run.out.lines().filter(|line| line.contains("\"lambda\"")).count(), 3);
}

#[test]
fn both_forms_give_the_same_path_and_are_named() {
    let wide = "a,b,c,d,y\n1,2,0.5,4,3\n2,1,0.25,5,1\n4,4,4,1,2\n";
    let run = |form: &str| path_of(wide, &format!("--alphas 1,0.01 --format json {form}")).succeeds().json();
    let (own, primal, dual) = (run(""), run("--form primal"), run("--form dual"));
    assert_eq!(own, dual, "more features than rows: the dual form");
    assert_eq!(
        (&primal["backend"]["strategy"], &dual["backend"]["strategy"]),
        (&json!("cholesky"), &json!("dual cholesky"))
    );
    for index in 0..2 {
        let (a, b) = (coefficients(&primal["path"][index]), coefficients(&dual["path"][index]));
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() <= 1e-15 * a.abs().max(b.abs())), "{a:?}, {b:?}");
    }
}

/// Rows t, y of t from `start` on, `step` apart.
fn line(start: u64, step: u64, y: impl Fn(u64) -> u64) -> String {
    let rows = (0..40).map(|i| start + step * i).map(|t| format!("{t},{}\n", y(t)));
    "t,y\n".to_owned() + &rows.collect::<String>()
}

#[test]
fn an_intercept_without_a_certain_digit_is_noted() {
    let input = line(9_000_000_000_000_000, 2, |t| t + 7);
    let run = path_of(&input, "--lambdas 0 --format json").succeeds();
    run.says(&["ridgepath: note: 1 of 1 λ (0.0)", "no digit of an intercept is certain"]);
    let entry = &run.json()["path"][0];
    let (b, bound) = (numbers(&entry["intercept"])[0], numbers(&entry["intercept_error_bound"])[0]);
    assert!(bound >= b.abs() && (b - 7.0).abs() <= bound, "{b}, bound {bound}");
    // One that is 0 by symmetry has digits enough.
    let run = path_of("t,y\n-1,-2\n0,0\n1,2\n", "--lambdas 0").succeeds();
    assert!(!run.err.contains("certain"), "{}", run.err);
}

#[test]
fn in_single_precision_an_intercept_far_from_the_data_is_answered_in_double() {
    let input = line(1_788_500_000_000, 137, |t| 2 * t - 7);
    let run = path_of(&input, "--lambdas 0 --precision single --format json").succeeds();
    let entry = &run.json()["path"][0];
    let (b, bound) = (numbers(&entry["intercept"])[0], numbers(&entry["intercept_error_bound"])[0]);
    assert!((b + 7.0).abs() <= bound && bound < 1.0, "{b}, bound {bound}");
    run.says(&["double precision"]);
}

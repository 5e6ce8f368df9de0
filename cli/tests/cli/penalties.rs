//! Penalties in other systems' units, by norm and by feature, and standard errors.

use serde_json::Value;

use crate::support::{Folder, SMALL, diabetes};

/// The rows of which glmnet's numbers are known.
const KNOWN: &str = "a,b,y\n0,5,17\n1,7,19\n2,11,23\n3,13,29\n";

fn json(folder: &Folder, arguments: &str) -> Value {
    serde_json::from_str(&folder.run(&format!("path data.csv --target y --format json {arguments}")).succeeds().out)
        .unwrap()
}

fn folder(content: &str) -> Folder {
    let folder = Folder::new();
    folder.file("data.csv", content);
    folder
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn close(found: &Value, wanted: f64, tolerance: f64) {
    let found = number(found);
    assert!((found - wanted).abs() <= tolerance * wanted.abs(), "{found}, wanted {wanted}");
}

#[test]
fn glmnets_lambda_is_understood() {
    let folder = folder(KNOWN);
    // glmnet 4.1, alpha = 0, lambda = 0.1, standardize = FALSE
    let entry = &json(&folder, "--convention glmnet-raw --lambdas 0.1")["path"][0];
    close(&entry["intercept"][0], 13.101_887_0, 5e-8);
    close(&entry["coef"][0][0], 2.236_236_1, 5e-8);
    close(&entry["coef"][0][1], 0.615_973_2, 5e-8);

    let run = folder.run("path data.csv --target y --format json --convention glmnet --lambdas 0.1").succeeds();
    assert!(run.err.contains("standardised, as there"), "{}", run.err);
    let document: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(document["standardize"], "population");
    close(&document["path"][0]["coef"][0][0], 2.608_979_413_788_36, 1e-12);

    // penalty.factor = (1, 3), which glmnet rescales.
    let entry = &json(&folder, "--convention glmnet --standardize --lambdas 0.1 --penalty-factor a=1,b=3")["path"][0];
    close(&entry["coef"][0][1], 0.238_673_129_000_383, 1e-12);
}

#[test]
fn scikit_learns_alpha_is_the_shift() {
    let entry = &json(&folder(KNOWN), "--convention sklearn --lambda-grid 0.7:0.7:1")["path"][0];
    close(&entry["alpha"], 0.7, 1e-15);
    close(&entry["coef"][0][0], 0.833_564_879_133_092, 1e-13);
}

#[test]
fn conventions_that_cannot_be_are_refused() {
    let folder = folder(SMALL);
    let path = |rest: &str| folder.run(&format!("path data.csv --target y {rest}"));
    path("--convention glment --lambdas 1").misused(&["glment", "glmnet", "sklearn"]);
    path("--convention glmnet").misused(&["--lambdas"]);
    path("--convention glmnet --alphas 1").misused(&["--alphas"]);
    path("--convention glmnet --standardize=sample --lambdas 1").fails(2, &["population", "sample"]);
    path("--convention matlab --standardize --lambdas 1").fails(2, &["sample", "=population"]);
    path("--target b --convention spark --lambdas 1").fails(2, &["spark", "2 targets"]);
}

#[test]
fn convert_tells_a_penalty_in_every_system() {
    let folder = Folder::new();
    let run = folder.run("convert --from glmnet --value 0.1 --rows 4 --target-deviation 4.58257569495584").succeeds();
    assert!(run.out.contains("minimises") && run.out.contains("σ_y"), "{}", run.out);
    let value = |system: &str| {
        let line = run.out.lines().find(|line| line.split_whitespace().next() == Some(system)).unwrap();
        line.split_whitespace().nth(2).unwrap().to_owned()
    };
    // λ = 0.1/(2·4.5826), alpha = 2·4·λ
    assert_eq!(value("ridgepath"), "0.0109109");
    assert_eq!(value("sklearn"), "0.0872872");
    assert_eq!(value("glmnet"), "0.100000");

    // Without the number of rows, what does not need it.
    let run = folder.run("convert --from weight-decay --value 0.2").succeeds();
    assert!(run.out.lines().any(|line| line.starts_with("h2o-raw") && line.contains("0.200000")), "{}", run.out);
    assert!(run.out.lines().any(|line| line.starts_with("sklearn ") && line.contains(" - ")), "{}", run.out);
    folder.run("convert --from sklearn --value 1").fails(2, &["sklearn", "--rows"]);
    folder.run("convert --from glmnet --value 1 --rows 10").fails(2, &["glmnet", "--target-deviation"]);
    folder.file("flat.csv", "a,y\n1,0.1\n2,0.1\n3,0.1\n");
    let flat = folder.run("path flat.csv --target y --convention glmnet --lambdas 1");
    flat.fails(2, &["--convention glmnet", "target \"y\"", "which is 0.0"]);
    folder.run("convert --from sklearn --value -1 --rows 10").misused(&["-1"]);
}

#[test]
fn unpenalised_features_and_factors_are_named() {
    let folder = folder(SMALL);
    let document = json(&folder, "--lambdas 0.5 --unpenalised a --penalty-factor b=2");
    assert_eq!(document["penalty_factors"], serde_json::json!([0.0, 2.0]));
    let found = &document["path"][0];
    // Twice the factor of b is half of λ more: with a free, only λ·f counts.
    let other = &json(&folder, "--lambdas 1 --unpenalised a")["path"][0];
    close(&found["coef"][0][0], number(&other["coef"][0][0]), 1e-12);
    close(&found["coef"][0][1], number(&other["coef"][0][1]), 1e-12);
    assert!(json(&folder, "--lambdas 1").get("penalty_factors").is_none());

    let path = |rest: &str| folder.run(&format!("path data.csv --target y {rest}"));
    path("--unpenalised c").fails(2, &["--unpenalised", "\"c\""]);
    path("--unpenalised y").fails(2, &["--unpenalised", "\"y\""]);
    path("--unpenalised a --penalty-factor a=1").fails(2, &["\"a\"", "already"]);
    path("--penalty-factor a=-1").misused(&["-1"]);
    path("--penalty-factor a").misused(&["NAME=FACTOR"]);
}

#[test]
fn norms_and_fractions_give_their_lambda() {
    let folder = folder(SMALL);
    let document = json(&folder, "--norm-limits 0.5,1000");
    close(&document["path"][0]["squared_norm"][0], 0.5, 1e-12);
    assert_eq!(document["path"][1]["lambda"], 0.0);
    let document = json(&folder, "--fractions 1,0.5");
    let [full, half] = [0, 1].map(|index| number(&document["path"][index]["squared_norm"][0]));
    assert!((full / 4.0 - half).abs() <= 1e-12 * half);

    let path = |rest: &str| folder.run(&format!("path data.csv --target y {rest}"));
    path("--fractions 0").fails(2, &["fraction", "0"]);
    path("--fractions 0.5 --lambdas 1").misused(&["--lambdas"]);
    path("--fractions 0.5 --target b").fails(2, &["--fractions", "2 targets"]);
    path("--fractions 0.5 --unpenalised a").fails(2, &["--fractions", "penalty factors"]);
}

#[test]
fn standard_errors_are_those_of_least_squares_at_zero() {
    let folder = Folder::new();
    folder.file("diabetes.csv", std::fs::read(diabetes()).unwrap());
    let run = folder.run("path diabetes.csv --target progression --lambdas 0,1e-3 --standard-errors --format json");
    let document: Value = serde_json::from_str(&run.succeeds().out).unwrap();
    let entry = &document["path"][0];
    let names = document["features"].as_array().unwrap();
    let of = |name: &str| {
        let at = names.iter().position(|own| own == name).unwrap();
        number(&entry["standard_errors"][0][at])
    };
    // numpy: the QR factorization of [1, X].
    for (name, wanted) in
        [("bmi", 0.717_105_500_560_910_9), ("s5", 15.669_719_238_707_177), ("age", 0.217_041_435_408_762_28)]
    {
        assert!((of(name) - wanted).abs() <= 1e-8 * wanted, "{name}: {}, wanted {wanted}", of(name));
    }
    close(&entry["intercept_standard_error"][0], 67.454_621_104_341_4, 1e-8);
    let smaller = number(&document["path"][1]["standard_errors"][0][5]);
    assert!(smaller < number(&entry["standard_errors"][0][5]), "a penalty lowers the variance");

    let table = folder.run("path diabetes.csv --target progression --lambdas 1 --standard-errors").succeeds();
    assert!(table.out.contains('±'), "{}", table.out);
    let csv =
        folder.run("path diabetes.csv --target progression --lambdas 1 --standard-errors --format csv").succeeds();
    assert!(csv.out.lines().next().unwrap().ends_with("intercept_se"));
    let widths: Vec<usize> = csv.out.lines().map(|line| line.split(',').count()).collect();
    assert!(widths.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn penalties_are_told_in_the_units_that_they_were_given_in() {
    let folder = folder(SMALL);
    let document = json(&folder, "--convention glmnet-raw --lambdas 0.5,0.25");
    assert_eq!(
        (&document["convention"]["name"], &document["convention"]["parameter"]),
        (&"glmnet-raw".into(), &"lambda".into())
    );
    close(&document["convention"]["values"][1], 0.25, 1e-15);
    let arguments = "cv data.csv --target y --folds 2 --convention glmnet-raw --lambdas 0.5,0.25";
    let run = folder.run(&format!("{arguments} --format json")).succeeds().json();
    close(&run["convention"]["values"][0], 0.5, 1e-15);
    assert_eq!(run["lambdas"][0], document["path"][0]["lambda"]);
    for format in ["csv", "table"] {
        let out = folder.run(&format!("{arguments} --format {format}")).succeeds().out;
        let name = if format == "csv" { "glmnet-raw:lambda" } else { "glmnet-raw lambda" };
        assert!(out.contains(name) && out.contains("0.25"), "{out}");
    }
    folder.run(&format!("{arguments} --alphas 1")).misused(&["--alphas"]);
    folder.run("cv data.csv --target y --convention glmnet").misused(&["--lambdas"]);
}

//! `cv`: the choice of λ, its JSON contract, and `predict` with what it saved.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Folder, Run, diabetes, numbers};

/// Twelve rows of two features, two targets, a group and a time.
const ROWS: &str = "a,b,y,z,group,fold\n\
    1,2,3.1,1,g1,1\n2,1,4.0,0,g1,2\n3,5,7.2,2,g2,3\n4,4,8.5,1,g2,1\n5,7,9.1,3,g3,2\n6,6,11.9,2,g3,3\n\
    7,3,13.2,1,g4,1\n8,9,14.8,4,g4,2\n9,8,17.1,3,g5,3\n10,10,18.0,5,g5,1\n11,12,21.3,4,g6,2\n12,11,22.2,6,g6,3\n";
const PLAIN: &str = "cv data.csv --target y --exclude z,group,fold";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.file("data.csv", ROWS);
    folder
}

fn of_diabetes(arguments: &str) -> Run {
    let path = diabetes();
    Folder::new().run(&format!("cv {} --target progression --standardize {arguments}", path.display()))
}

#[test]
fn the_document_has_the_keys_of_the_contract() {
    let arguments = "cv data.csv --target y --target z --features a,b --lambdas 1,0.1 --format json";
    let run = folder().run(arguments).succeeds().json();
    let mut keys: Vec<&String> = run.as_object().unwrap().keys().collect();
    keys.sort_unstable();
    let wanted =
        ["alphas", "best", "fold_scores", "lambdas", "mean", "model", "schema", "scheme", "score", "se", "targets"];
    assert_eq!(keys, wanted);
    assert_eq!(run["schema"], "ridgepath/cv/1");
    assert_eq!(run["scheme"], json!({"kind": "k-fold", "folds": 5, "shuffled": false}));
    assert_eq!((&run["score"], &run["targets"]), (&json!("mse"), &json!(["y", "z"])));
    assert_eq!((numbers(&run["lambdas"]), numbers(&run["alphas"])), (vec![1.0, 0.1], vec![24.0, 2.4000000000000004]));
    for index in 0..2 {
        for target in 0..2 {
            let folds = numbers(&run["fold_scores"][index][target]);
            assert_eq!(folds.len(), 5);
            let mean = folds.iter().sum::<f64>() / 5.0;
            assert!((run["mean"][index][target].as_f64().unwrap() / mean - 1.0).abs() < 1e-14);
            let variance = folds.iter().map(|own| (own - mean).powi(2)).sum::<f64>() / 4.0;
            assert!((run["se"][index][target].as_f64().unwrap().powi(2) * 5.0 / variance - 1.0).abs() < 1e-13);
        }
    }
    let best = &run["best"][1];
    assert_eq!(best.as_object().unwrap().len(), 5);
    assert_eq!((&best["rule"], &best["at_edge"]), (&json!("best"), &json!(true)));
    assert_eq!(best["lambda"], run["lambdas"][usize::try_from(best["index"].as_u64().unwrap()).unwrap()]);
    let model = &run["model"];
    assert_eq!(model["features"], json!(["a", "b"]));
    assert_eq!(model["path"].as_array().unwrap().len(), 2, "an entry for each target");
    assert_eq!(model["path"][1]["coef"][0].as_array().unwrap().len(), 2);
}

#[test]
fn a_target_cannot_be_excluded() {
    folder().run(&format!("{PLAIN} --target z")).fails(2, &["column \"z\"", "--target", "--exclude"]);
}

#[test]
fn every_scheme_is_told() {
    let folder = folder();
    let kind =
        |arguments: &str| folder.run(&format!("{PLAIN} {arguments} --format json")).succeeds().json()["scheme"].clone();
    assert_eq!(kind("--folds 3"), json!({"kind": "k-fold", "folds": 3, "shuffled": false}));
    assert_eq!(kind("--seed 7"), json!({"kind": "k-fold", "folds": 5, "shuffled": true, "seed": 7}));
    let repeated = json!({"kind": "k-fold", "folds": 4, "repeats": 2, "shuffled": true, "seed": 0});
    assert_eq!(kind("--folds 4 --repeats 2"), repeated);
    assert_eq!(kind("--time --folds 3"), json!({"kind": "time", "folds": 3}));
    assert_eq!(kind("--loo"), json!({"kind": "loo"}));
    for criterion in ["gcv", "aic", "aicc", "bic", "cp", "evidence"] {
        assert_eq!(kind(&format!("--criterion {criterion}")), json!({"kind": criterion}));
    }
    assert_eq!(kind("--gcv"), json!({"kind": "gcv"}));
    let grouped =
        folder.run("cv data.csv --target y --features a,b --group group --folds 3 --format json").succeeds().json();
    assert_eq!(grouped["scheme"], json!({"kind": "group", "folds": 3, "column": "group"}));
    let given =
        folder.run("cv data.csv --target y --exclude z,group --fold-column fold --format json").succeeds().json();
    assert_eq!(given["scheme"], json!({"kind": "fold-column", "folds": 3, "column": "fold"}));
    assert_eq!(given["model"]["features"], json!(["a", "b"]), "the folds are no feature");
}

#[test]
fn the_shipped_data_choose_what_scikit_learn_chooses() {
    // RidgeCV(alphas=[1000, 10, 0.1]) of scikit-learn 1.9.1 on standardised columns, and its leave-one-out errors.
    let run = of_diabetes("--loo --alphas 1000,10,0.1 --format json").succeeds().json();
    assert_eq!(run["best"][0]["alpha"], 10.0);
    let wanted = [3753.156562076263, 3001.358480992653, 3001.440013929021];
    for (index, wanted) in wanted.into_iter().enumerate() {
        assert!((run["mean"][index][0].as_f64().unwrap() / wanted - 1.0).abs() < 1e-11);
    }
    assert_eq!(run["fold_scores"][0][0], json!([]));
    let gcv = of_diabetes("--gcv --alphas 1000,10,0.1 --format json").succeeds().json();
    assert!(gcv["se"][0][0].is_null() && gcv["score"] == "gcv");
}

#[test]
fn a_table_names_the_choice_the_scores_and_the_model() {
    let run = of_diabetes("--rule 1se").succeeds();
    for part in ["target progression", "λ = 0.1495", "chosen", "best", "(intercept)", "bmi", "5 folds of consecutive"]
    {
        assert!(run.out.contains(part), "{part:?} is not in {run:#?}");
    }
    assert_eq!(run.err, "");
}

#[test]
fn a_best_lambda_at_the_edge_is_noted_and_the_grid_can_grow() {
    let run = of_diabetes("--lambdas 100,10").succeeds();
    run.says(&["note: the best score of \"progression\" is at the smallest λ", "try smaller", "--extend"]);
    let grown = of_diabetes("--lambdas 100,10 --extend 5 --format json").succeeds();
    grown.says(&["the grid grew"]);
    let found = grown.json();
    assert!(found["best"][0]["at_edge"] == false && found["lambdas"].as_array().unwrap().len() > 3, "{found}");
}

#[test]
fn scores_as_csv_read_back() {
    let folder = folder();
    let run = folder.run(&format!("{PLAIN} --lambdas 1,0.1 --folds 3 --format csv")).succeeds().out;
    let json = folder.run(&format!("{PLAIN} --lambdas 1,0.1 --folds 3 --format json")).succeeds().json();
    let lines: Vec<&str> = run.lines().collect();
    assert_eq!(lines[0], "lambda,alpha,target,mean,se,chosen,fold1,fold2,fold3");
    let cells: Vec<&str> = lines[2].split(',').collect();
    assert_eq!((cells[0], cells[2], cells[5]), ("0.1", "y", "true"));
    assert_eq!(cells[3].parse::<f64>().unwrap(), json["mean"][1][0].as_f64().unwrap());
    assert_eq!(cells[8].parse::<f64>().unwrap(), json["fold_scores"][1][0][2].as_f64().unwrap());
}

#[test]
fn a_saved_model_predicts_by_name_whatever_the_order_of_the_columns() {
    let folder = folder();
    folder.run(&format!("{PLAIN} --lambdas 1,0.1 --save model.json --format json --output cv.json")).succeeds();
    let model: Value = serde_json::from_str(&fs::read_to_string(folder.path("model.json")).unwrap()).unwrap();
    for key in ["convention", "features", "targets", "version", "chosen_by"] {
        assert!(!model[key].is_null(), "{key}");
    }
    let (w, b) = (numbers(&model["path"][0]["coef"][0]), numbers(&model["path"][0]["intercept"])[0]);
    folder.file("new.csv", "b,extra,a\n2,x,1\n10,,-3\n");
    let run = folder.run("predict model.json new.csv").succeeds().out;
    let lines: Vec<&str> = run.lines().collect();
    assert_eq!((lines.len(), lines[0]), (3, "y"));
    for (line, (a, feature_b)) in lines[1..].iter().zip([(1.0, 2.0), (-3.0, 10.0)]) {
        let wanted = b + w[0] * a + w[1] * feature_b;
        assert!((line.parse::<f64>().unwrap() - wanted).abs() < 1e-13, "{line} against {wanted}");
    }
    // The document of cv is a model too, and a file is written whole.
    folder.run("predict cv.json new.csv --output p.csv").succeeds();
    assert_eq!(fs::read_to_string(folder.path("p.csv")).unwrap(), run);
}

#[test]
fn predict_refuses_missing_and_wrong_columns_by_name() {
    let folder = folder();
    folder.run(&format!("{PLAIN} --lambdas 1 --save model.json")).succeeds();
    folder.file("missing.csv", "a,bb\n1,2\n");
    folder.run("predict model.json missing.csv").fails(2, &["the model", "no column \"b\"", "missing.csv", "\"bb\"?"]);
    folder.file("wrong.csv", "a,b\n1,2\n3,tall\n");
    folder.run("predict model.json wrong.csv").fails(2, &["wrong.csv, line 3", "column \"b\"", "\"tall\""]);
    folder.file("twice.csv", "a,b,a\n1,2,3\n");
    folder.run("predict model.json twice.csv").fails(2, &["columns 1 and 3", "\"a\""]);
    folder.file("other.json", "{\"schema\": \"ridgepath/path/1\"}");
    folder.run("predict other.json data.csv").fails(2, &["other.json", "ridgepath/path/1", "ridgepath/model/1"]);
    folder.file("no.json", "y = 3x");
    folder.run("predict no.json data.csv").fails(2, &["no.json", "not JSON"]);
    let model = fs::read_to_string(folder.path("model.json")).unwrap();
    folder.file("short.json", model.replace("\"coef\": [[", "\"coef\": [[1.0,"));
    folder.run("predict short.json data.csv").fails(2, &["\"y\" has 3 coefficients", "each of 2 features"]);
    folder.run("predict nowhere.json data.csv").fails(2, &["cannot read nowhere.json"]);
    folder.run("predict model.json data.csv --output data.csv").fails(2, &["same file"]);
}

#[test]
fn a_model_without_features_or_numbers_is_refused() {
    let folder = folder();
    let model = |features: &str, coefficients: &str| {
        format!(
            r#"{{"schema":"ridgepath/model/1","features":[{features}],"targets":["y"],"path":[{{"coef":[[{coefficients}]],"intercept":[1]}}]}}"#
        )
    };
    folder.file("none.json", model("", ""));
    folder.run("predict none.json data.csv").fails(2, &["none.json is not a model", "no features"]);
    folder.file("null.json", model(r#""a""#, "null"));
    folder
        .run("predict null.json data.csv")
        .fails(2, &["null.json is not a model", "target \"y\"", "coefficient 0 is null"]);
    folder.file("twice.json", model(r#""a","a""#, "1,2"));
    folder.run("predict twice.json data.csv").fails(2, &["twice.json is not a model", "both named \"a\""]);
    folder.file("nameless.json", model(r#""a""#, "1").replace(r#"["a"]"#, "null"));
    folder.run("predict nameless.json data.csv").fails(2, &["nameless.json is not a model", "no names of features"]);
}

#[test]
fn what_predict_would_refuse_is_not_saved() {
    let folder = folder();
    // Slopes of 1e310, with squares of residuals that are finite.
    folder.file("steep.csv", "a,y\n1e-160,1e150\n2e-160,3e150\n3e-160,2e150\n4e-160,5e150\n5e-160,4e150\n");
    for scheme in ["--gcv", "--criterion aic", "--loo"] {
        let run = folder.run(&format!("cv steep.csv --target y --lambdas 0 {scheme} --save model.json"));
        run.fails(2, &["--save", "target \"y\" has no finite coefficients", "beyond the range"]);
        assert!(!folder.path("model.json").exists());
    }
    folder.run("cv steep.csv --target y --lambdas 0 --gcv --format json --output cv.json").succeeds();
    folder.run("predict cv.json steep.csv").fails(2, &["cv.json", "target \"y\": coefficient 0 is null"]);
}

#[test]
fn models_with_odd_names_are_saved_and_used() {
    let folder = folder();
    folder.file(
        "odd.csv",
        "\"a \"\"b\"\"\",\"two\nlines\",λ…🦀,\"y,z\"\n1,2,5,3\n2,1,1,4\n3,5,0,7\n4,4,2,8.5\n5,7,9,9\n",
    );
    let mut command = crate::support::program();
    command.current_dir(folder.path("")).args([
        "cv",
        "odd.csv",
        "--lambdas",
        "1,0.1",
        "--folds",
        "2",
        "--save",
        "model.json",
    ]);
    Run::of(command.args(["--target", "y,z"])).succeeds();
    let run = folder.run("predict model.json odd.csv").succeeds().out;
    assert!(run.starts_with("\"y,z\"\n") && run.lines().count() == 6, "{run}");
    let model = ridgepath::LinearModel::load(folder.path("model.json")).unwrap();
    assert_eq!(model.feature_names().unwrap(), ["a \"b\"", "two\nlines", "λ…🦀"]);
}

#[test]
fn what_cannot_be_parted_or_scored_is_refused() {
    let folder = folder();
    folder.run(&format!("{PLAIN} --folds 13")).fails(2, &["folds of rows: found 13", "12 at most"]);
    let grouped = "cv data.csv --target y --features a,b --group group";
    folder.run(&format!("{grouped} --folds 7")).fails(2, &["folds of groups: found 7", "6 at most"]);
    folder.run(&format!("{PLAIN} --rule 1se --gcv")).fails(2, &["standard error", "gcv"]);
    folder.run(&format!("{PLAIN} --score huber")).misused(&["huber", "mae"]);
    folder.run(&format!("{PLAIN} --loo --folds 3")).misused(&["--loo", "--folds"]);
    folder.run(&format!("{PLAIN} --gcv --score r2")).misused(&["--score"]);
    folder.run(&format!("{PLAIN} --save -")).fails(2, &["--save", "found -"]);
    folder.run(&format!("{PLAIN} --save data.csv")).fails(2, &["same file"]);
    folder.run("cv data.csv --target y --group y").fails(2, &["--target", "--group"]);
    folder
        .run("cv data.csv --target y --features a,fold --fold-column fold")
        .fails(2, &["--features", "--fold-column"]);
    folder.run("cv data.csv --target y --group gruop").fails(2, &["no column \"gruop\"", "\"group\""]);
    folder.file("flat.csv", "a,y\n1,5\n2,5\n3,5\n4,6\n5,7\n6,8\n");
    folder.run("cv flat.csv --target y --folds 2 --score r2").fails(2, &["fold 0", "target \"y\" is constant", "r2"]);
    folder.file("gap.csv", "a,g,y\n1,u,1\n2,,2\n3,v,4\n");
    folder.run("cv gap.csv --target y --group g --folds 2").fails(2, &["gap.csv, line 3", "\"g\"", "a label"]);
}

#[test]
fn stats_stand_beside_every_lambda_of_a_path() {
    let folder = folder();
    let arguments = "path data.csv --target y --target z --features a,b --lambdas 1,0.1 --stats";
    let run = folder.run(&format!("{arguments} --format json")).succeeds().json();
    for entry in run["path"].as_array().unwrap() {
        let df = entry["df"].as_f64().unwrap();
        assert!(df > 1.0 && df < 3.0 && (df - 1.0 - entry["df_without_intercept"].as_f64().unwrap()).abs() < 1e-14);
        let (gcv, rss) = (numbers(&entry["gcv"]), numbers(&entry["rss"]));
        for target in 0..2 {
            assert!((gcv[target] / (12.0 * rss[target] / (12.0 - df).powi(2)) - 1.0).abs() < 1e-10);
        }
        assert!(numbers(&entry["loo_mse"]).iter().zip(&rss).all(|(loo, rss)| *loo > rss / 12.0));
    }
    let csv = folder.run(&format!("{arguments} --format csv")).succeeds().out;
    assert!(csv.starts_with(
        "lambda,alpha,target,outcome,residual,rss,r2,squared_norm,intercept,intercept_error_bound,df,df_without_intercept,gcv,loo_mse,coef:a"
    ));
    assert!(folder.run(arguments).succeeds().out.contains("loo mse"));
}

#[test]
fn what_has_no_score_is_told_by_name_and_with_the_reason() {
    let folder = Folder::new();
    folder.file("flat.csv", "a,b,y\n0,5,17\n1,7,17\n2,11,17\n3,13,17\n");
    let cv = |rest: &str| folder.run(&format!("cv flat.csv --target y {rest}"));
    cv("--lambdas 0.1,1 --loo --score r2").fails(2, &["target \"y\" has no r2", "constant (17.0)"]);
    folder.file("flat.csv", "a,b,w,y\n0,5,0,1\n1,7,1,4\n2,11,0,2\n3,13,0,0\n");
    cv("--weights w --alphas 0.5 --loo").fails(2, &["target \"y\" has no mse", "one row", "two rows"]);
    folder.file("flat.csv", "a,b,y\n0,5,1\n1,7,4\n2,1,2\n");
    cv("--lambdas 0.1,1 --criterion cp").fails(2, &["target \"y\" has no cp", "3 rows for 3 coefficients"]);
    cv("--lambdas 0 --criterion evidence").fails(2, &["target \"y\" has no evidence", "every λ is 0"]);
}

#[test]
fn unpenalised_features_have_statistics_leave_one_out_and_a_plot() {
    let folder = folder();
    folder.run(&format!("{PLAIN} --unpenalised a --lambdas 1,0.1 --loo --plot p.svg")).succeeds();
    let run =
        folder.run("path data.csv --target y --features a,b --unpenalised a --lambdas 1e15 --stats --format json");
    let entry = &run.succeeds().json()["path"][0];
    // All that is left are the intercept and a: the statistics are those of least squares on it.
    let df = entry["df"].as_f64().unwrap();
    assert!((df - 2.0).abs() < 1e-9, "{df}");
    let alone = folder.run("path data.csv --target y --features a --lambdas 0 --stats --format json").succeeds().json();
    for key in ["gcv", "loo_mse"] {
        let (own, wanted) = (entry[key][0].as_f64().unwrap(), alone["path"][0][key][0].as_f64().unwrap());
        assert!((own / wanted - 1.0).abs() < 1e-9, "{key}: {own}, {wanted}");
    }
}

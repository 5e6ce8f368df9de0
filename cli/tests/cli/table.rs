//! The table for people.

use crate::support::{Folder, Run, SMALL, diabetes, path_of, program};

#[test]
fn a_table_has_a_line_for_each_lambda_under_aligned_heads() {
    let out = path_of(SMALL, "--lambdas 1,1e-7").succeeds().out;
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], "5 rows, 2 features, 1 target, 2 λ, intercept");
    assert_eq!(lines[1], "cpu, cholesky, double precision");
    assert_eq!(lines[3], "target y");
    assert_eq!(lines.len(), 7, "{out}");
    let heads: Vec<&str> = lines[4].split_whitespace().collect();
    assert_eq!(heads, ["λ", "alpha", "residual", "rss", "R²", "‖w‖²", "intercept", "a", "b"], "all are solved");
    let points = |line: &str| line.chars().position(|c| c == '.').unwrap();
    assert_eq!(points(lines[5]), points(lines[6]), "{out}");
}

#[test]
fn few_lambdas_stand_above_all_features_one_below_the_other() {
    let names: Vec<String> = (0..30).map(|j| format!("feature{j:02}")).collect();
    let row = |i: usize| (0..31).map(|j| format!("{}", (i * j * j) % 17)).collect::<Vec<_>>().join(",");
    let rows: Vec<String> = (1..20).map(row).collect();
    let out = path_of(format!("{},y\n{}\n", names.join(","), rows.join("\n")), "--lambdas 1").succeeds().out;
    for name in &names {
        let line = out.lines().find(|line| line.starts_with(name.as_str())).unwrap();
        assert!(line.split_whitespace().nth(1).unwrap().parse::<f64>().is_ok(), "{line}");
    }
    assert!(out.contains("feature      λ = 1.00000\n"), "{out}");
    assert!(out.contains("\n(intercept)"), "{out}");
    assert!(out.lines().all(|line| line.chars().count() <= 120), "{out}");
}

#[test]
fn each_target_has_a_block() {
    let out = path_of("a,y,z\n1,3,1\n2,4,0\n3,7,2\n", "--target z --lambdas 1").succeeds().out;
    assert!(out.contains("\ntarget y\n") && out.contains("\ntarget z\n"), "{out}");
}

#[test]
fn names_cannot_steer_the_terminal() {
    let out = path_of("\"a\u{1b}[31m\",y\n1,3\n2,4\n3,8\n", "--lambdas 1").succeeds().out;
    assert!(!out.contains('\u{1b}'), "{out:?}");
}

#[test]
fn weights_and_standardisation_are_told() {
    let out = path_of("a,w,y\n1,2,3\n2,1,4\n4,1,9\n", "--weights w --standardize --lambdas 1").succeeds().out;
    assert!(out.contains("weights that sum to 4.00000, standardized (population)"), "{out}");
}

#[test]
fn many_lambdas_are_thinned_and_that_is_said() {
    let out = path_of(SMALL, "").succeeds().out;
    assert_eq!(out.lines().count(), 5 + 12 + 1, "{out}");
    assert!(out.ends_with("(12 λ of 100: --format csv and --format json have all)\n"), "{out}");
}

#[test]
fn nothing_is_wider_than_the_screen_and_nothing_is_cut() {
    let folder = Folder::new();
    folder.file("diabetes.csv", std::fs::read(diabetes()).unwrap());
    for columns in [40, 60, 80] {
        let mut command = program();
        let arguments = "path diabetes.csv --target progression --lambdas 0.01,0.1,1,10 --standard-errors --stats";
        command.current_dir(folder.path("")).env("COLUMNS", columns.to_string()).args(arguments.split(' '));
        let out = Run::of(&mut command).succeeds().out;
        assert!(out.lines().skip(2).all(|line| line.chars().count() <= columns), "{out}");
        for lambda in ["λ = 0.0100000", "λ = 0.100000", "λ = 1.00000", "λ = 10.0000"] {
            assert!(out.contains(lambda), "{lambda}: {out}");
        }
        assert!(["loo mse", "bmi", "5.82 ± 0.71"].iter().all(|part| out.contains(part)), "{out}");
    }
}

#[test]
fn how_answers_came_about_is_a_column_only_where_one_is_not_solved() {
    let out = path_of("a,b,y\n1,2,3\n2,4,4\n3,6,8\n", "--lambdas 0,1").succeeds().out;
    assert!(out.contains("  outcome  ") && out.contains("singular") && out.contains("solved"), "{out}");
}

#[test]
fn r_squared_stands_in_every_format() {
    let rows = "a,y,flat\n1,1,7\n2,2,7\n3,4,7\n";
    let json = path_of(rows, "--target flat --lambdas 0 --format json").succeeds().json();
    // y = 1.5a − 2/3: residuals 1/6, −1/3, 1/6, against 4⅔.
    let r2 = &json["path"][0]["r2"];
    assert!((r2[0].as_f64().unwrap() - 27.0 / 28.0).abs() < 1e-14, "{r2}");
    assert!(r2[1].is_null(), "a constant target has none: {r2}");
    let csv = path_of(rows, "--target flat --lambdas 0 --format csv").succeeds().out;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let at = reader.headers().unwrap().iter().position(|name| name == "r2").unwrap();
    let cells: Vec<String> = reader.records().map(|row| row.unwrap()[at].to_owned()).collect();
    assert_eq!(cells[0].parse::<f64>().unwrap(), r2[0].as_f64().unwrap());
    assert_eq!(cells[1], "NaN");
    // About 0: residuals of y = 17/14·a against 21.
    let json = path_of(rows, "--exclude flat --lambdas 0 --no-intercept --format json").succeeds().json();
    let wanted = 17.0 * 17.0 / 14.0 / 21.0;
    assert!((json["path"][0]["r2"][0].as_f64().unwrap() - wanted).abs() < 1e-14, "{json}");
}

#[test]
fn advice_is_given_only_where_it_helps() {
    // Two unpenalised features that depend on one another: no λ helps, and no solution of least norm is known.
    let input = "age,months,z,y\n1,12,3,3\n2,24,1,4\n4,48,2,7\n5,60,9,8\n7,84,5,9\n";
    let run = path_of(input, "--unpenalised age,months --lambdas 0.1,1e6 --minimum-norm");
    run.says(&[
        "\"months\" depends on the unpenalised ones before it",
        "no λ has one unless",
        "error: no λ has an answer",
    ]);
    assert!(!run.err.contains("larger") && !run.err.contains("--minimum-norm"), "{run:#?}");
    let run = path_of(input, "--lambdas 0 --minimum-norm --backend reference");
    run.says(&["a larger λ has one", "reference does not know --minimum-norm"]);
    let run = path_of(input, "--lambdas 0");
    run.says(&["\"months\" depends on those before it", "--minimum-norm gives the one of least norm"]);
    let run = path_of(input, "--lambdas 0 --unpenalised z");
    assert!(run.err.contains("a larger λ has one") && !run.err.contains("--minimum-norm"), "{run:#?}");
    let constant = "one,x,y\n1,1,2.1\n1,2,2.9\n1,3,3.9\n";
    path_of(constant, "--lambdas 0").says(&["\"one\" is constant, as the intercept is"]);
    let run = path_of(constant, "--lambdas 0 --minimum-norm").succeeds();
    run.says(&["rank 1 of 2 features", "least norm"]);
    path_of("a,zero,y\n1,0,2\n2,0,3\n", "--lambdas 0 --no-intercept").says(&["\"zero\" is 0 in every row"]);
}

//! `cv --by`: a λ for each group.

use serde_json::{Value, json};

use crate::support::{Folder, Run, numbers};

/// 24 rows of three shops, two of which have rows enough, with a day, a fold and a place that keeps rows together.
fn grouped() -> String {
    let mut text = "shop,place,fold,a,b,y\n".to_owned();
    for i in 0..24 {
        let shop = if i == 13 { "kiosk" } else { ["north", "south"][i * i % 7 % 2] };
        let (a, b) = (i * i % 11, (3 * i + i / 4) % 7);
        let y = 2 * a + i % 5 + if shop == "north" { 3 * b } else { 0 };
        text += &format!("{shop},p{},{},{a},{b},{y}.5\n", i / 3 % 4, i % 3);
    }
    text
}

fn run(arguments: &str) -> Run {
    let folder = Folder::new();
    folder.file("data.csv", grouped());
    folder.run(&format!("cv data.csv --target y {arguments}"))
}

/// What `cv` chooses for the rows of a shop alone.
fn alone(shop: &str, arguments: &str) -> Value {
    let text = grouped();
    let rows = text.lines().enumerate().filter(|(line, row)| *line == 0 || row.starts_with(&format!("{shop},")));
    let folder = Folder::new();
    folder.file("data.csv", rows.map(|(_, row)| format!("{row}\n")).collect::<String>());
    folder.run(&format!("cv data.csv --target y {arguments} --format json")).succeeds().json()
}

#[test]
fn each_group_has_the_choice_that_its_rows_have_alone_whatever_holds_out_and_judges() {
    for arguments in [
        "--exclude place,fold",
        "--exclude place,fold --folds 3 --seed 4 --score mae --rule 1se",
        "--exclude place,fold --folds 2 --repeats 3 --within 10 --standardize",
        "--exclude place,fold --loo --lambdas 10,1,0.1",
        "--exclude place,fold --criterion gcv --alphas 100,1",
        "--exclude place,fold --time --folds 3 --extend 1 --lambda-grid 10:0.1:9",
        "--exclude place --fold-column fold --lambdas 1,0.1",
        "--exclude fold --group place --folds 2 --lambdas 1,0.1",
    ] {
        let found = run(&format!("--by shop {arguments} --format json")).succeeds().json();
        assert_eq!(found["schema"], "ridgepath/choices/1", "{arguments}");
        let groups = found["groups"].as_array().unwrap();
        let names: Vec<&Value> = groups.iter().map(|own| &own["name"]).collect();
        assert_eq!(names, [&json!(["north"]), &json!(["south"]), &json!(["kiosk"])], "{arguments}");
        for (group, shop) in groups.iter().zip(["north", "south"]) {
            let wanted = alone(shop, &arguments.replacen("--exclude ", "--exclude shop,", 1));
            let (own, best, model) = (&group["chosen"][0], &wanted["best"][0], &wanted["model"]);
            for (found, wanted) in [
                (&own["lambda"], &best["lambda"]),
                (&own["alpha"], &best["alpha"]),
                (&own["at_edge"], &best["at_edge"]),
                (&own["coef"], &model["path"][0]["coef"][0]),
                (&own["intercept"], &model["path"][0]["intercept"][0]),
                (&own["outcome"], &model["path"][0]["outcome"][0]),
                (&group["rows"], &model["rows"]),
                (&group["lambdas"], &wanted["lambdas"]),
                (&found["score"], &wanted["score"]),
            ] {
                assert_eq!(found, wanted, "{arguments}, {shop}");
            }
            // Folds have the order in which their labels first appear in the file, and so in the sums of their scores.
            for name in ["mean", "se"] {
                let [found, wanted] = [&group[name], &wanted[name]]
                    .map(|all| all.as_array().unwrap().iter().flat_map(numbers).collect::<Vec<f64>>());
                assert_eq!(found.len(), wanted.len());
                for (found, wanted) in found.iter().zip(&wanted) {
                    let near = (found - wanted).abs() <= 1e-14 * wanted.abs() || (found.is_nan() && wanted.is_nan());
                    let by_column = arguments.contains("--fold-column") || arguments.contains("--group");
                    assert!(found.to_bits() == wanted.to_bits() || (by_column && near), "{arguments}, {shop}, {name}");
                }
            }
            let index = usize::try_from(own["index"].as_u64().unwrap()).unwrap();
            assert_eq!(own["score"], group["mean"][index][0], "{arguments}, {shop}");
            assert_eq!(own["se"], group["se"][index][0], "{arguments}, {shop}");
        }
    }
}

#[test]
fn the_document_says_how_it_was_judged_and_why_a_group_has_no_choice() {
    let found = run("--by shop,place --fold-column fold --lambdas 1,0.1 --rule 1se --format json").succeeds().json();
    let mut keys: Vec<&String> = found.as_object().unwrap().keys().collect();
    keys.sort_unstable();
    assert_eq!(keys, ["columns", "features", "groups", "rule", "schema", "scheme", "score", "targets"]);
    assert_eq!(found["scheme"], json!({"kind": "fold-column", "column": "fold"}));
    assert_eq!((&found["rule"], &found["columns"]), (&json!("1se"), &json!(["shop", "place"])));
    assert_eq!(found["features"], json!(["a", "b"]));
    let groups = found["groups"].as_array().unwrap();
    let kiosk = groups.iter().find(|own| own["name"][0] == "kiosk").unwrap();
    assert_eq!(kiosk["rows"], 1);
    assert!(kiosk["refused"].as_str().unwrap().contains("found 1, wanted 2 or more"), "{kiosk}");
    assert!(kiosk.get("chosen").is_none(), "{kiosk}");
}

#[test]
fn csv_has_a_row_for_each_group_target_and_feature() {
    let run =
        run("--target b --by shop --exclude place,fold --folds 3 --lambdas 1,0.1 --per-target --format csv").succeeds();
    run.says(&["1 of 3 groups without a choice: kiosk: folds of rows: found 3"]);
    let mut lines = run.out.lines();
    let header = "shop,rows,target,outcome,lambda,alpha,score,se,at_edge,feature,coefficient,refused";
    assert_eq!(lines.next().unwrap(), header);
    let rest: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    assert_eq!(rest.len(), 2 * 2 * 2 + 1);
    assert_eq!((rest[0][0], rest[0][2], rest[0][3], rest[0][9]), ("north", "y", "solved", "(intercept)"));
    assert_eq!((rest[3][0], rest[3][2], rest[3][9]), ("north", "b", "a"));
    assert_eq!(rest[8][..4], ["kiosk", "1", "", "refused"]);
    assert!(run.out.lines().last().unwrap().contains("folds of rows: found 3"), "{}", run.out);
    let [rows, lambda, alpha] = [rest[0][1], rest[0][4], rest[0][5]].map(|cell| cell.parse::<f64>().unwrap());
    assert!((alpha / (2.0 * rows * lambda) - 1.0).abs() < 1e-15, "{:?}", rest[0]);
}

#[test]
fn a_table_has_a_row_for_each_group_and_sums_them_up() {
    let run = run("--by shop --exclude place,fold --folds 3 --lambdas 1,0.1").succeeds();
    for part in [
        "3 groups of 2 features and 1 target\n3 folds of consecutive rows, mse\n",
        "\nkiosk     1  -  ",
        " ± ",
        "λ chosen for 2 groups: from ",
        ", quartiles ",
        "1 group without a choice\n  1: folds of rows: found 3",
    ] {
        assert!(run.out.contains(part), "{part:?} is not in {run:#?}");
    }
    assert!(!run.err.contains("without a choice"), "{run:#?}");
    let many: String = (0..400).map(|i| format!("{},{},{}\n", i % 50, i * i % 17, i % 13)).collect();
    let folder = Folder::new();
    folder.file("data.csv", format!("g,x,y\n{many}"));
    let run = folder.run("cv data.csv --target y --by g --lambdas 3,4,5,6,7 --folds 2").succeeds();
    assert!(run.out.contains("(24 groups of 50: --format csv and --format json have all)"), "{run:#?}");
    run.says(&["of 50 groups is at the", "--extend 3"]);
}

#[test]
fn the_quartiles_are_those_of_the_choices() {
    let many: String = (0..400).map(|i| format!("{},{},{}\n", i % 50, i * i % 17, i * i % 17 + i % 13)).collect();
    let folder = Folder::new();
    folder.file("data.csv", format!("g,x,y\n{many}"));
    let arguments = "cv data.csv --target y --by g --lambda-grid 1:1e-3:7 --folds 2";
    let document = folder.run(&format!("{arguments} --format json")).succeeds().json();
    let groups = document["groups"].as_array().unwrap();
    let lambdas: Vec<Value> = groups.iter().map(|own| own["chosen"][0]["lambda"].clone()).collect();
    let mut lambdas = numbers(&Value::Array(lambdas));
    lambdas.sort_by(f64::total_cmp);
    let table = folder.run(arguments).succeeds().out;
    let summary = table.lines().find(|line| line.starts_with("λ chosen for 50 groups")).unwrap();
    let told: Vec<f64> = summary.split([' ', ',']).filter_map(|word| word.parse().ok()).skip(1).collect();
    // Of 50 values the quartiles are a quarter, half and three quarters of the way from one to the next.
    let between = |low: usize, part: f64| lambdas[low] + part * (lambdas[low + 1] - lambdas[low]);
    let wanted = [lambdas[0], lambdas[49], between(12, 0.25), between(24, 0.5), between(36, 0.75)];
    assert_eq!(told.len(), wanted.len(), "{summary}");
    for (told, wanted) in told.iter().zip(wanted) {
        assert!((told / wanted - 1.0).abs() < 1e-5, "{summary}: {wanted}");
    }
}

#[test]
fn an_answer_without_any_choice_is_written_and_is_code_3() {
    let run = run("--by shop --exclude place,fold --folds 100 --format json");
    assert_eq!(run.code, Some(3), "{run:#?}");
    assert!(run.json()["groups"].as_array().unwrap().iter().all(|own| own["refused"].is_string()));
    run.says(&["3 of 3 groups without a choice", "no λ has an answer"]);
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    run("--by shop --exclude place,fold --save m.json").fails(2, &["--save", "--by", "--format json"]);
    run("--by nobody").fails(2, &["--by", "nobody"]);
    run("--by shop --group shop --exclude place,fold").fails(2, &["\"shop\"", "--by", "--group"]);
    run("--by shop --target shop").fails(2, &["\"shop\"", "--target", "--by"]);
    run("--by shop --features a,shop").fails(2, &["\"shop\"", "--features", "--by"]);
    run("--by shop --convention sklearn --lambdas 1").misused(&["--by", "--convention"]);
    run("--by shop --exclude place,fold --lambdas 1 --within nan").misused(&["nan"]);
}

#[test]
fn one_lambda_for_all_groups_is_that_of_their_mean_scores() {
    let arguments = "--by shop --exclude place,fold --folds 3 --lambdas 30,0.03,3,0.3";
    let each = run(&format!("{arguments} --format json")).succeeds().json();
    let found = run(&format!("{arguments} --one-lambda --format json")).succeeds().json();
    let mean = |group: usize, k: usize| each["groups"][group]["mean"][k][0].as_f64().unwrap();
    let scores: Vec<Vec<f64>> = (0..2).map(|group| (0..4).map(|k| mean(group, k)).collect()).collect();
    let means: Vec<f64> = (0..4).map(|k| f64::midpoint(scores[0][k], scores[1][k])).collect();
    let best = (0..4).min_by(|a, b| means[*a].total_cmp(&means[*b])).unwrap();
    let joint = &found["joint"][0];
    assert_eq!((&joint["index"], &joint["lambda"]), (&json!(best), &found["groups"][0]["lambdas"][best]));
    let score = joint["score"].as_f64().unwrap();
    assert!((score - means[best]).abs() <= 1e-12 * score, "{score}, {means:?}");
    // Shifts are not the same, as groups have not as many rows.
    assert!(joint["alpha"].is_null(), "{joint}");
    for group in 0..2 {
        let own = &found["groups"][group];
        assert_eq!(own["chosen"][0]["index"], json!(best));
        assert_eq!(own["chosen"][0]["score"].as_f64(), Some(scores[group][best]));
        assert_eq!((&own["mean"], own["refused"].is_null()), (&each["groups"][group]["mean"], true));
    }
    assert!(found["groups"][2]["refused"].is_string(), "{found}");
    assert!(each["joint"].is_null());
    let table = run(&format!("{arguments} --one-lambda")).succeeds().out;
    assert!(table.contains("chosen for 2 groups by their mean: λ = "), "{table}");
    let scaled = run("--by shop --exclude place,fold --folds 3 --one-lambda").succeeds().out;
    assert!(scaled.contains("chosen for 2 groups by their mean: number "), "{scaled}");
    run("--exclude shop,place,fold --one-lambda").misused(&["--by"]);
    run(&format!("{arguments} --one-lambda --extend 2")).fails(2, &["one λ for many problems"]);
}

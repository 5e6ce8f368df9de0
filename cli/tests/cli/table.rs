//! The table for people.

use crate::support::{SMALL, path_of};

#[test]
fn a_table_has_a_line_for_each_lambda_under_aligned_heads() {
    let out = path_of(SMALL, "--lambdas 1,1e-7").succeeds().out;
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], "5 rows, 2 features, 1 target, 2 λ, intercept");
    assert_eq!(lines[1], "cpu, cholesky, double precision");
    assert_eq!(lines[3], "target y");
    assert_eq!(lines.len(), 7, "{out}");
    for head in ["λ", "alpha", "outcome", "residual", "rss", "‖w‖²", "intercept", "a", "b"] {
        assert!(lines[4].split_whitespace().any(|own| own == head), "{head}: {out}");
    }
    let lengths: Vec<usize> = lines[4..].iter().map(|line| line.chars().count()).collect();
    assert!(lengths.iter().all(|length| *length == lengths[0]), "{out}");
}

#[test]
fn features_that_do_not_fit_are_counted() {
    let names: Vec<String> = (0..30).map(|j| format!("feature{j:02}")).collect();
    let row = |i: usize| (0..31).map(|j| format!("{}", (i * j * j) % 17)).collect::<Vec<_>>().join(",");
    let rows: Vec<String> = (1..20).map(row).collect();
    let out = path_of(format!("{},y\n{}\n", names.join(","), rows.join("\n")), "--lambdas 1").succeeds().out;
    let shown = names.iter().filter(|name| out.contains(*name)).count();
    assert!(shown > 0 && shown < 30, "{out}");
    assert!(out.contains(&format!("({} more features", 30 - shown)), "{out}");
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

//! Whole numbers of more digits than 64-bit floats have room for.

use crate::support::{Folder, coefficients, numbers, path_of};

/// Times in nanoseconds, and 3t + 1 of their distances from the first.
fn times(offset: i128) -> String {
    let row = |k: i128| format!("{},{}\n", offset + 37 * k, 111 * k + 1 + k % 2);
    format!("t,y\n{}", (0..12).map(row).collect::<String>())
}

const EPOCH: i128 = 1_788_500_000_000_000_001;

#[test]
fn their_digits_are_kept() {
    let fit = |offset: i128, arguments: &str| path_of(times(offset), arguments).succeeds();
    let far = fit(EPOCH, "--lambdas 0,1 --format json");
    far.says(&["column \"t\"", "1788500000000000001"]);
    let (far, near) = (far.json(), fit(0, "--lambdas 0,1 --format json").json());
    for index in 0..2 {
        let (far, near) = (&far["path"][index], &near["path"][index]);
        assert_eq!(coefficients(far), coefficients(near));
        assert_eq!(far["rss"], near["rss"]);
        let wanted = numbers(&near["intercept"])[0] - coefficients(near)[0] * 1.788_5e18;
        let found = numbers(&far["intercept"])[0];
        assert!((found / wanted - 1.0).abs() < 1e-15, "{found} against {wanted}");
    }
}

#[test]
fn as_targets_too() {
    let text = "a,y\n1,9007199254740993\n2,9007199254740995\n3,9007199254740997\n";
    let run = path_of(text, "--lambdas 0 --format json").succeeds().json();
    let slope = coefficients(&run["path"][0])[0];
    assert!((slope - 2.0).abs() < 1e-14, "{slope}");
    assert_eq!(numbers(&run["path"][0]["intercept"]), [9_007_199_254_740_991.0]);
}

#[test]
fn where_they_would_be_rounded_they_are_refused() {
    path_of(times(EPOCH), "--no-intercept").fails(2, &["line 2", "column \"t\"", "1788500000000000001"]);
    path_of("t,y\n1788500000000000037,1\n0.5,2\n", "").fails(2, &["line 3", "column \"t\"", "0.5"]);
    path_of("a,w,y\n1,9007199254740993,1\n2,1,2\n", "--weights w").fails(2, &["line 2", "column \"w\""]);
}

#[test]
fn a_model_that_could_not_predict_is_not_saved() {
    let folder = Folder::new();
    folder.file("data.csv", times(EPOCH));
    folder.run("cv data.csv --target y --save model.json").fails(2, &["--save", "column \"t\""]);
    folder.run("cv data.csv --target y").succeeds();
    assert_eq!(folder.names(), ["data.csv"]);
}

#[test]
fn decimals_of_many_digits_stay_ordinary() {
    let long = path_of("a,y\n0.12345678901234567890123,1\n2,2\n4,3.5\n", "--lambdas 1 --format json").succeeds();
    let short = path_of("a,y\n0.12345678901234568,1\n2,2\n4,3.5\n", "--lambdas 1 --format json").succeeds();
    assert_eq!(long.out, short.out);
}

//! The pictures of many problems.

use std::fs;

use roxmltree::{Document, Node};

use crate::support::{Folder, diabetes};

/// 60 rows of two features, one with a name that XML cannot hold, in ten groups, with a time.
fn rows() -> String {
    let mut text = "g,day,\"<a&b>\u{1}\",c,y\n".to_owned();
    for i in 0..60 {
        let (a, c) = (i * i % 11, (5 * i + i / 7) % 13);
        text += &format!("g{},{},{a},{c},{}.25\n", i % 10, 3 * (i / 2), 2 * a + c * (i % 10) / 5 + i % 4);
    }
    text
}

/// Runs with a plot, and gives back its text and what was said.
fn plot(input: &str, arguments: &str) -> (String, String) {
    let folder = Folder::new();
    folder.file("data.csv", input);
    let run = folder.run(&format!("{arguments} --plot p.svg")).succeeds();
    assert_eq!(folder.names(), ["data.csv", "p.svg"]);
    (fs::read_to_string(folder.path("p.svg")).unwrap(), run.err)
}

fn count(document: &Document<'_>, what: &str, counts: impl Fn(&Node<'_, '_>) -> bool) -> usize {
    document.descendants().filter(|node| node.has_tag_name(what) && counts(node)).count()
}

/// The lines of more than two points, and how many points each has.
fn curves(document: &Document<'_>) -> Vec<usize> {
    let points = |node: Node<'_, '_>| node.attribute("points").unwrap_or("").split_whitespace().count();
    let lines = document.descendants().filter(|node| node.has_tag_name("polyline")).map(points);
    lines.filter(|points| *points > 2).collect()
}

#[track_caller]
fn has_texts(document: &Document<'_>, wanted: &[&str]) {
    let text = |node: Node<'_, '_>| node.text().map(|text| text.trim().to_owned());
    let texts: Vec<String> = document.descendants().filter(|node| node.has_tag_name("text")).filter_map(text).collect();
    for wanted in wanted {
        assert!(texts.iter().any(|text| text.contains(wanted)), "{wanted:?}: {texts:?}");
    }
}

#[test]
fn windows_have_a_curve_for_each_feature_over_their_ends() {
    for (arguments, windows, along) in [
        ("--exclude g,day --window 20 --step 10", 5, "last row of the window"),
        ("--exclude g,day --expanding 20 --step 5 --gap 2", 9, "last row of the window"),
        ("--exclude g --time day --window 30 --step 10", 6, "day at the end of the window"),
    ] {
        let (svg, said) = plot(&rows(), &format!("path data.csv --target y {arguments} --lambdas 3,2,1"));
        let document = Document::parse(&svg).unwrap();
        assert_eq!(curves(&document), [windows; 2], "{arguments}");
        let facts = format!("{windows} windows, 2 features · λ = 2.00000, the middle of the grid");
        has_texts(&document, &["Coefficients over windows", along, &facts, "<a&b>\\u{1}", "c", "coefficient"]);
        assert_eq!(said, "", "{arguments}");
    }
}

#[test]
fn windows_without_a_path_leave_a_gap() {
    let text = "t,x,y\n0,1,2\n1,2,3\n2,4,1\n3,1,1\n10,5,4\n11,3,3\n12,1,2\n13,2,2\n14,1,3\n";
    let (svg, said) = plot(text, "path data.csv --target y --time t --window 1.5 --step 0.5 --lambdas 1");
    let document = Document::parse(&svg).unwrap();
    assert_eq!(curves(&document).len(), 2, "one before the pause and one after it");
    assert!(said.contains("without a path"), "{said}");
}

#[test]
fn grids_of_each_window_are_told_by_their_ends() {
    let (svg, _) = plot(&rows(), "path data.csv --target y --exclude g,day --expanding 20 --step 20 --standardize");
    let document = Document::parse(&svg).unwrap();
    has_texts(&document, &["λ in the middle of each grid, ", "coefficient × standard deviation of its column"]);
}

#[test]
fn a_bootstrap_has_the_path_of_all_rows_with_bands() {
    let arguments = "path data.csv --target y --exclude g,day --lambda-grid 10:0.01:12";
    let (svg, _) = plot(&rows(), &format!("{arguments} --bootstrap 50"));
    let document = Document::parse(&svg).unwrap();
    assert_eq!(curves(&document), [12; 2]);
    // There along the lower end of a band, and back along the upper.
    let whole = |node: &Node<'_, '_>| node.attribute("points").unwrap_or("").split_whitespace().count() >= 24;
    assert_eq!(count(&document, "polygon", whole), 2);
    has_texts(
        &document,
        &["Ridge path with its bootstrap", "60 rows, 2 features, 12 λ", "5 % to 95 % of 50 replicates"],
    );
    let curve = |svg: &str| {
        let document = Document::parse(svg).unwrap();
        let lines = document.descendants().filter(|node| node.has_tag_name("polyline"));
        lines.map(|node| node.attribute("points").unwrap().to_owned()).max_by_key(String::len)
    };
    let (again, _) = plot(&rows(), &format!("{arguments} --bootstrap 50 --seed 0"));
    assert_eq!(curve(&svg), curve(&again));
}

#[test]
fn of_many_features_the_five_largest_have_bands() {
    let folder = Folder::new();
    let file = diabetes();
    let arguments = "--target progression --standardize --bootstrap 20 --lambda-grid 1:0.01:9 --plot p.svg";
    folder.run(&format!("path {} {arguments}", file.display())).succeeds();
    let svg = fs::read_to_string(folder.path("p.svg")).unwrap();
    let document = Document::parse(&svg).unwrap();
    assert_eq!((curves(&document).len(), count(&document, "polygon", |_| true)), (10, 5));
    has_texts(&document, &["bmi", "s5", "and 5 more"]);
}

#[test]
fn groups_have_a_dot_each_and_a_box_for_each_feature() {
    let (svg, said) = plot(&rows(), "path data.csv --target y --exclude day --by g --lambdas 1");
    let document = Document::parse(&svg).unwrap();
    assert_eq!(count(&document, "circle", |_| true), 10 * 2);
    assert_eq!(count(&document, "rect", |_| true), 1 + 2 * 2, "the ground; each box and its edge");
    has_texts(
        &document,
        &["Coefficients of the groups", "10 groups, 2 features · λ = 1.00000", "<a&b>\\u{1}", "quartiles"],
    );
    assert_eq!(said, "");
    let (svg, _) = plot("g,x,y\na,1,2\na,2,3\nb,1,1\nb,4,2\n", "path data.csv --target y --by g --lambdas 1");
    let document = Document::parse(&svg).unwrap();
    let marks = (count(&document, "circle", |_| true), count(&document, "rect", |_| true));
    assert_eq!(marks, (2, 1), "two groups have no quartiles worth a box");
}

#[test]
fn of_many_features_of_groups_the_thirty_largest_are_shown() {
    let names: Vec<String> = (0..35).map(|j| format!("f{j}")).collect();
    let row = |i: usize| (0..35).map(|j| format!(",{}", (i * j + j * j + i * i) % 19)).collect::<String>();
    let rows: String = (0..60).map(|i| format!("g{},{}{}\n", i % 3, i % 7, row(i))).collect();
    let text = format!("g,y,{}\n{rows}", names.join(","));
    let (svg, _) = plot(&text, "path data.csv --target y --by g --lambdas 1");
    let document = Document::parse(&svg).unwrap();
    assert_eq!(count(&document, "circle", |_| true), 3 * 30);
    has_texts(&document, &["the 30 largest of 35 features"]);
}

#[test]
fn choices_have_bars_that_count_the_groups() {
    let (svg, _) = plot(&rows(), "cv data.csv --target y --exclude day --by g --lambdas 100,10,1,0.1,0.01 --folds 3");
    let document = Document::parse(&svg).unwrap();
    has_texts(
        &document,
        &["The λ of each group", "10 of 10 groups with a choice · 2 features · by mse", "median λ = "],
    );
    has_texts(&document, &["y: groups", "λ, from strong shrinkage to weak"]);
    let csv = Folder::new();
    csv.file("data.csv", rows());
    let arguments = "cv data.csv --target y --exclude day --by g --lambdas 100,10,1,0.1,0.01 --folds 3 --format csv";
    let out = csv.run(arguments).succeeds().out;
    let mut chosen: Vec<&str> = out.lines().skip(1).step_by(3).map(|line| line.split(',').nth(4).unwrap()).collect();
    assert_eq!(chosen.len(), 10);
    chosen.sort_unstable();
    chosen.dedup();
    assert_eq!(count(&document, "rect", |_| true), 1 + chosen.len(), "the ground, and a bar for each λ chosen");
}

#[test]
fn one_lambda_for_all_groups_is_one_bar_on_an_axis_with_ticks() {
    let (svg, _) = plot(&rows(), "cv data.csv --target y --exclude day --by g --lambdas 0.3 --folds 3");
    let document = Document::parse(&svg).unwrap();
    assert_eq!(count(&document, "rect", |_| true), 1 + 1);
    has_texts(&document, &["median λ = 0.300000", "0.2", "0.5"]);
}

#[test]
fn pictures_that_could_show_nothing_say_so() {
    let zeros = "cv data.csv --target y --exclude day --by g --lambdas 0 --folds 2";
    let (svg, said) = plot(&rows(), zeros);
    Document::parse(&svg).unwrap();
    assert!(said.contains("the plot leaves out 8 choices") && said.contains("the plot is empty"), "{said}");
    let (svg, said) = plot(&rows(), "path data.csv --target y --exclude g,day --bootstrap 5 --lambdas 0");
    Document::parse(&svg).unwrap();
    assert!(said.contains("the plot is empty"), "{said}");
}

#[test]
fn extreme_numbers_make_a_plot_all_the_same() {
    let text = "g,x,y\na,1e-300,1e300\na,2e-300,2e300\na,3e-300,7e300\nb,1,5\nb,2,5\nb,3,5\n";
    for arguments in ["--by g", "--bootstrap 9 --exclude g", "--window 3 --step 1 --exclude g"] {
        let folder = Folder::new();
        folder.file("data.csv", text);
        let run = folder.run(&format!("path data.csv --target y {arguments} --plot p.svg"));
        if run.code == Some(0) {
            Document::parse(&fs::read_to_string(folder.path("p.svg")).unwrap()).unwrap();
        }
    }
}

#[test]
fn a_picture_needs_a_file_of_its_own() {
    let folder = Folder::new();
    folder.file("data.csv", rows());
    folder.run("path data.csv --target y --exclude day --by g --plot -").fails(2, &["--plot: found -"]);
    folder
        .run("cv data.csv --target y --exclude day --by g --plot data.csv")
        .fails(2, &["the input and --plot are the same file"]);
}

//! The picture.

use std::fs;

use roxmltree::Document;

use crate::support::{Folder, SMALL};

/// Runs with a plot and gives back its text and what was said on standard error.
fn plot(input: &str, arguments: &str) -> (String, String) {
    let folder = Folder::new();
    folder.file("data.csv", input);
    let run = folder.run(&format!("path data.csv --target y --plot p.svg {arguments}")).succeeds();
    assert_eq!(folder.names(), ["data.csv", "p.svg"]);
    (fs::read_to_string(folder.path("p.svg")).unwrap(), run.err)
}

/// Lines of more than two points: the curves.
fn curves(document: &Document<'_>) -> usize {
    let points = |node: &roxmltree::Node<'_, '_>| node.attribute("points").unwrap_or("").split_whitespace().count();
    document.descendants().filter(|node| node.has_tag_name("polyline") && points(node) > 2).count()
}

fn texts(document: &Document<'_>) -> Vec<String> {
    let text = |node: roxmltree::Node<'_, '_>| node.text().map(|text| text.trim().to_owned());
    document.descendants().filter(|node| node.has_tag_name("text")).filter_map(text).collect()
}

#[test]
fn a_plot_is_well_formed_and_has_a_labelled_curve_for_each_feature() {
    let (svg, said) = plot(SMALL, "");
    assert_eq!(said, "");
    let document = Document::parse(&svg).unwrap();
    assert_eq!(curves(&document), 2);
    let texts = texts(&document);
    for wanted in ["a", "b", "0", "Ridge path", "coefficient"] {
        assert!(texts.iter().any(|text| text == wanted), "{wanted}: {texts:?}");
    }
}

#[test]
fn a_standardised_plot_says_what_it_shows() {
    let (svg, _) = plot(SMALL, "--standardize");
    let document = Document::parse(&svg).unwrap();
    assert!(texts(&document).contains(&"coefficient × standard deviation of its column".to_owned()));
}

#[test]
fn names_are_escaped() {
    let (svg, _) = plot("\"<a&b>\",\"]]>\u{1}'\"\"\",y\n1,2,3\n2,1,4\n3,5,7\n", "");
    let document = Document::parse(&svg).unwrap();
    let texts = texts(&document);
    assert!(texts.iter().any(|text| text == "<a&b>"), "{texts:?}");
    assert!(texts.iter().any(|text| text == "]]>\\u{1}'\""), "{texts:?}");
}

#[test]
fn each_target_has_a_panel() {
    let (svg, _) = plot("a,y,z\n1,3,1\n2,4,0\n3,7,2\n", "--target z");
    let document = Document::parse(&svg).unwrap();
    assert_eq!(curves(&document), 2);
    let texts = texts(&document);
    assert!(["y", "z"].iter().all(|name| texts.iter().any(|text| text == name)), "{texts:?}");
}

#[test]
fn of_many_features_the_ten_largest_are_named_and_the_rest_counted() {
    let header: Vec<String> = (0..13).map(|j| format!("f{j}")).collect();
    let row = |i: usize| (0..14).map(|j| format!("{}", (i * j * j + i) % 17)).collect::<Vec<_>>().join(",");
    let rows: Vec<String> = (1..20).map(row).collect();
    let (svg, _) = plot(&format!("{},y\n{}\n", header.join(","), rows.join("\n")), "");
    let document = Document::parse(&svg).unwrap();
    assert_eq!(curves(&document), 13);
    let texts = texts(&document);
    assert_eq!(texts.iter().filter(|text| text.starts_with('f')).count(), 10, "{texts:?}");
    assert!(texts.contains(&"and 3 more".to_owned()), "{texts:?}");
    // Those largest at the last λ, which is the smallest.
    let folder = Folder::new();
    folder.file("data.csv", format!("{},y\n{}\n", header.join(","), rows.join("\n")));
    let csv = folder.run("path data.csv --target y --format csv").succeeds().out;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let at = reader.headers().unwrap().iter().position(|name| name == "coef:f0").unwrap();
    let last = reader.records().last().unwrap().unwrap();
    let mut sizes: Vec<(f64, String)> =
        (0..13).map(|j| (last[at + j].parse::<f64>().unwrap().abs(), format!("f{j}"))).collect();
    sizes.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (place, (_, name)) in sizes.iter().enumerate() {
        assert_eq!(texts.contains(name), place < 10, "{name}: {texts:?}");
    }
}

#[test]
fn a_lambda_of_zero_is_left_out_and_that_is_said() {
    let (svg, said) = plot(SMALL, "--lambdas 0,1,0.1,0.01");
    Document::parse(&svg).unwrap();
    assert!(said.starts_with("ridgepath: note: the plot leaves out 1 of 4 λ"), "{said}");
    let (svg, said) = plot(SMALL, "--lambdas 0");
    Document::parse(&svg).unwrap();
    assert!(said.contains("the plot is empty"), "{said}");
}

#[test]
fn one_lambda_alone_is_a_dot() {
    let (svg, _) = plot(SMALL, "--lambdas 1");
    let document = Document::parse(&svg).unwrap();
    assert_eq!(document.descendants().filter(|node| node.has_tag_name("circle")).count(), 2);
}

#[test]
fn singular_lambdas_leave_a_gap() {
    // b is twice a: at the least of these the penalty is lost in rounding.
    let (svg, said) = plot("a,b,y\n1,2,3\n2,4,4\n3,6,8\n", "--lambdas 1,0.1,0.01,1e-18,1e-19");
    let document = Document::parse(&svg).unwrap();
    assert!(said.contains("2 of 5 λ"), "{said}");
    assert_eq!(curves(&document), 2);
}

#[test]
fn extreme_numbers_make_a_plot_all_the_same() {
    for input in
        ["a,y\n1e-300,1e300\n2e-300,2e300\n3e-300,7e300\n", "a,y\n1e200,1\n2e200,2\n4e200,3\n", "a,y\n1,5\n2,5\n"]
    {
        let (svg, _) = plot(input, "");
        Document::parse(&svg).unwrap();
    }
}

#[test]
fn a_choice_is_marked_above_its_scores_with_degrees_of_freedom() {
    let folder = Folder::new();
    let rows: Vec<String> = (1..25).map(|i| format!("{i},{},{}", i * i % 7, 2 * i + i * i % 5)).collect();
    folder.file("data.csv", format!("a,b,y\n{}\n", rows.join("\n")));
    for (arguments, curves_wanted) in [("", 3), ("--loo", 3), ("--gcv", 3), ("--lambdas 0,0.1", 0)] {
        let run = folder.run(&format!("cv data.csv --target y --plot p.svg {arguments}")).succeeds();
        let svg = fs::read_to_string(folder.path("p.svg")).unwrap();
        let document = Document::parse(&svg).unwrap();
        assert_eq!(curves(&document), curves_wanted, "{arguments}: a curve for each feature, and one of the scores");
        let texts = texts(&document);
        for wanted in ["a", "b", "df", "The choice of λ", if arguments == "--gcv" { "gcv" } else { "mse" }] {
            assert!(texts.iter().any(|text| text == wanted), "{arguments}, {wanted}: {texts:?}");
        }
        if curves_wanted > 0 {
            assert!(texts.iter().any(|text| text.starts_with("λ = ")), "{texts:?}");
            assert!(texts.iter().any(|text| text == "3.0"), "all degrees of freedom at the least λ: {texts:?}");
        } else {
            assert!(run.err.contains("leaves out 1 of 2 λ"), "{run:?}");
        }
    }
}

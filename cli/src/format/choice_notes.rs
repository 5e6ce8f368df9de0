//! What the user should know beside a choice of λ, in words.

use ridgepath::Selection;
use ridgepath::choose::Edge;

use crate::args::cv::CvArgs;
use crate::format::words::plural;
use crate::input::data::Data;

/// What the user should know of the choice.
pub(crate) fn of_choice(selection: &Selection, data: &Data, args: &CvArgs) -> Vec<String> {
    let mut notes = Vec::new();
    if selection.extensions() > 0 {
        let times = plural(selection.extensions(), "time");
        notes.push(format!("the grid grew {times}, to {} λ, as the best was at its edge", selection.path().len()));
    }
    for (edge, end, instead) in [(Edge::Smallest, "smallest", "smaller"), (Edge::Largest, "largest", "larger")] {
        let at: Vec<String> = (0..data.targets().len())
            .filter(|target| selection.choice(*target).edge == Some(edge))
            .map(|target| format!("{:?}", data.targets()[target]))
            .collect();
        if !at.is_empty() {
            let of = if at.len() > 3 { format!("{} targets", at.len()) } else { at.join(", ") };
            let mean = if args.per_target || at.len() == 1 { "" } else { "mean " };
            let more = if args.extend == 0 { "--extend 3" } else { "a larger --extend" };
            notes.push(format!(
                "the best {mean}score of {of} is at the {end} λ of the grid; try {instead} ones, or {more}"
            ));
        }
    }
    notes
}

//! Other programs' conventions of the penalty, by their names.

use ridgepath::Convention;

/// Reads the value of `--convention` and `--from`.
pub(crate) fn parse(name: &str) -> Result<Convention, String> {
    name.parse().map_err(|_| {
        let names: Vec<&str> = Convention::all().map(Convention::name).collect();
        format!("found {name:?}, wanted one of {}", names.join(", "))
    })
}

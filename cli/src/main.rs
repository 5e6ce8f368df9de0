//! The program `ridgepath`.

fn main() {}

//! Tables for programs: columns of one kind each, and records with a cell in each column. How they are encoded, their definition
//! does not know.

/// A column by its name and by what stands in it.
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// 64-bit floats, among which NaN stands for what has no answer.
    Number,
    Whole,
    Flag,
    Text,
}

/// What stands in a record's cell. Text may stand in any column of whose kind it can be read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cell<'a> {
    Number(f64),
    Whole(usize),
    Flag(bool),
    Text(&'a str),
    Empty,
}

impl Column {
    pub(crate) fn number(name: impl Into<String>) -> Self {
        Self { name: name.into(), kind: Kind::Number }
    }

    pub(crate) fn whole(name: impl Into<String>) -> Self {
        Self { name: name.into(), kind: Kind::Whole }
    }

    pub(crate) fn flag(name: impl Into<String>) -> Self {
        Self { name: name.into(), kind: Kind::Flag }
    }

    pub(crate) fn text(name: impl Into<String>) -> Self {
        Self { name: name.into(), kind: Kind::Text }
    }
}

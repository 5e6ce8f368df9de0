//! Pictures, as SVG.

// One file for each picture.
pub(crate) mod bench;
pub(crate) mod cv;
pub(crate) mod path;

// What they are drawn with.
pub(crate) mod axis;
pub(crate) mod canvas;
pub(crate) mod curves;
pub(crate) mod drawing;
pub(crate) mod panel;

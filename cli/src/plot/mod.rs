//! Pictures, as SVG.

// One file for each picture.
pub(crate) mod bench;
pub(crate) mod bootstrap;
pub(crate) mod choices;
pub(crate) mod cv;
pub(crate) mod groups;
pub(crate) mod path;
pub(crate) mod windows;

// What they are drawn with.
pub(crate) mod axis;
pub(crate) mod canvas;
pub(crate) mod curves;
pub(crate) mod drawing;
pub(crate) mod histogram;
pub(crate) mod panel;
pub(crate) mod panels;

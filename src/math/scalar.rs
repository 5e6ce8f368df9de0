//! The two element types.

use nalgebra::{DMatrixView, Dyn};

/// The element types of the data and of the arithmetic: `f32` and `f64`.
pub trait Scalar: sealed::Sealed + nalgebra::RealField + Copy + Into<f64> {
    /// Distance from 1 to the next larger number.
    const EPSILON: f64;
    /// The nearest value of this type.
    fn round_from(value: f64) -> Self;
}

pub(crate) mod sealed {
    use super::{DMatrixView, Dyn, Typed};

    pub trait Sealed: faer::traits::ComplexField + nalgebra::Scalar {
        fn typed(matrix: DMatrixView<'_, Self, Dyn, Dyn>) -> Typed<'_>;

        /// These numbers, if they are `f64`.
        fn doubles(values: &[Self]) -> Option<&[f64]>;
    }

    impl Sealed for f32 {
        fn typed(matrix: DMatrixView<'_, Self, Dyn, Dyn>) -> Typed<'_> {
            Typed::Single(matrix)
        }

        fn doubles(_: &[Self]) -> Option<&[f64]> {
            None
        }
    }

    impl Sealed for f64 {
        fn typed(matrix: DMatrixView<'_, Self, Dyn, Dyn>) -> Typed<'_> {
            Typed::Double(matrix)
        }

        fn doubles(values: &[Self]) -> Option<&[f64]> {
            Some(values)
        }
    }
}

impl Scalar for f32 {
    const EPSILON: f64 = Self::EPSILON as f64;
    #[expect(clippy::cast_possible_truncation, reason = "rounding to the nearest f32 is the purpose")]
    fn round_from(value: f64) -> Self {
        value as Self
    }
}

impl Scalar for f64 {
    const EPSILON: Self = Self::EPSILON;
    fn round_from(value: f64) -> Self {
        value
    }
}

/// A borrowed matrix of `f32` or `f64`.
#[derive(Debug, Clone, Copy)]
pub enum Typed<'a> {
    /// Elements of 32 bits.
    Single(DMatrixView<'a, f32, Dyn, Dyn>),
    /// Elements of 64 bits.
    Double(DMatrixView<'a, f64, Dyn, Dyn>),
}

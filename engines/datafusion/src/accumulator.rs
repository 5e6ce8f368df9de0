//! All rows in one.

use arrow_array::{Array, ArrayRef};
use datafusion_common::{Result, ScalarValue};
use datafusion_expr::Accumulator;

use crate::layout::{Arguments, Layout};
use crate::state::states;
use crate::sums::Sums;

#[derive(Debug)]
pub(crate) struct One {
    layout: Layout,
    sums: Sums,
}

impl One {
    pub(crate) fn new(layout: Layout) -> Self {
        Self { layout, sums: Sums::default() }
    }
}

impl Accumulator for One {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let arguments = Arguments::of(&self.layout, values, None)?;
        for row in 0..arguments.rows() {
            self.sums.read(&self.layout, &arguments, row)?;
        }
        if self.sums.full(&self.layout) { self.sums.settle(&self.layout) } else { Ok(()) }
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::LargeBinary(self.sums.to_value(&self.layout)?))
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.sums.held(&self.layout)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::LargeBinary(self.sums.to_state(&self.layout)?)])
    }

    fn merge_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let states = states(values)?;
        (0..states.len())
            .filter(|row| states.is_valid(*row))
            .try_for_each(|row| self.sums.merge_bytes(&self.layout, states.value(row)))
    }
}

//! The rows of many groups at a time.

use std::sync::Arc;

use arrow_array::builder::LargeBinaryBuilder;
use arrow_array::{Array, ArrayRef, BooleanArray};
use datafusion_common::{Result, internal_err};
use datafusion_expr::{EmitTo, GroupsAccumulator};

use crate::layout::{Arguments, Layout};
use crate::state::{column, rows_to_bytes, states};
use crate::sums::Sums;

#[derive(Debug)]
pub(crate) struct Groups {
    layout: Layout,
    sums: Vec<Sums>,
    /// What all sums hold, beside their structs.
    held: usize,
}

impl Groups {
    pub(crate) fn new(layout: Layout) -> Self {
        Self { layout, sums: Vec::new(), held: 0 }
    }

    fn grow(&mut self, groups: &[usize], rows: usize, total: usize) -> Result<()> {
        if groups.len() != rows {
            return internal_err!("ridge_moments: found groups of {} rows, wanted those of {rows}", groups.len());
        }
        self.sums.resize_with(total.max(self.sums.len()), Sums::default);
        Ok(())
    }

    /// Changes the sums of a group, and counts what they hold.
    fn change<T>(&mut self, group: usize, change: impl FnOnce(&mut Sums, &Layout) -> Result<T>) -> Result<T> {
        let Some(sums) = self.sums.get_mut(group) else {
            return internal_err!("ridge_moments: there is no group {group}");
        };
        let before = sums.held(&self.layout);
        let found = change(sums, &self.layout);
        self.held = self.held + sums.held(&self.layout) - before;
        found
    }

    fn take(&mut self, emit_to: EmitTo) -> Vec<Sums> {
        let taken = emit_to.take_needed(&mut self.sums);
        self.held -= taken.iter().map(|sums| sums.held(&self.layout)).sum::<usize>();
        taken
    }
}

impl GroupsAccumulator for Groups {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        let layout = self.layout.clone();
        let arguments = Arguments::of(&layout, values, opt_filter)?;
        self.grow(group_indices, arguments.rows(), total_num_groups)?;
        // Rows are summed when all of a batch are there, together.
        let mut full = Vec::new();
        for (row, group) in group_indices.iter().enumerate() {
            self.change(*group, |sums, layout| {
                let before = sums.full(layout);
                if sums.read(layout, &arguments, row)? && !before {
                    full.push(*group);
                }
                Ok(())
            })?;
        }
        full.into_iter().try_for_each(|group| self.change(group, Sums::settle))
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let taken = self.take(emit_to);
        Ok(Arc::new(column(taken, |sums| sums.to_value(&self.layout))?))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let taken = self.take(emit_to);
        Ok(vec![Arc::new(column(taken, |sums| sums.to_state(&self.layout))?)])
    }

    fn merge_batch(&mut self, values: &[ArrayRef], group_indices: &[usize], total_num_groups: usize) -> Result<()> {
        let states = states(values)?;
        self.grow(group_indices, states.len(), total_num_groups)?;
        for (row, group) in group_indices.iter().enumerate().filter(|(row, _)| states.is_valid(*row)) {
            self.change(*group, |sums, layout| sums.merge_bytes(layout, states.value(row)))?;
        }
        Ok(())
    }

    /// Each row as a group of its own, which DataFusion asks for where groups are nearly as many as rows.
    fn convert_to_state(&self, values: &[ArrayRef], opt_filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let arguments = Arguments::of(&self.layout, values, opt_filter)?;
        let mut builder = LargeBinaryBuilder::with_capacity(arguments.rows(), 0);
        let (mut numbers, mut bytes) = (Vec::new(), Vec::new());
        for row in 0..arguments.rows() {
            numbers.clear();
            if arguments.read(row, &mut numbers)? {
                rows_to_bytes(&self.layout, &numbers, &mut bytes)?;
                builder.append_value(&bytes);
            } else {
                builder.append_null();
            }
        }
        Ok(vec![Arc::new(builder.finish())])
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.sums.capacity() * size_of::<Sums>() + self.held
    }
}

//! The function as DataFusion plans it.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef};
use datafusion_common::{Result, not_impl_err, plan_err};
use datafusion_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion_expr::{Accumulator, AggregateUDFImpl, GroupsAccumulator, Signature, Volatility};

use crate::accumulator::One;
use crate::groups::Groups;
use crate::layout::Layout;

#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct RidgeMoments {
    name: String,
    targets: usize,
    weighted: bool,
    signature: Signature,
}

impl RidgeMoments {
    pub(crate) fn new(targets: usize, weighted: bool) -> Self {
        let several = if targets == 1 { String::new() } else { format!("_{targets}") };
        let name = format!("ridge_moments{several}{}", if weighted { "_weighted" } else { "" });
        Self { name, targets, weighted, signature: Signature::user_defined(Volatility::Immutable) }
    }

    fn layout(&self, args: &AccumulatorArgs<'_>) -> Result<Layout> {
        if args.is_distinct {
            return not_impl_err!("{}(DISTINCT …): rows are counted as often as they are there", self.name);
        }
        Layout::of(self.targets, self.weighted, args.expr_fields)
    }

    fn check_count(&self, found: usize) -> Result<()> {
        let least = usize::from(self.weighted) + self.targets + 1;
        if found < least {
            let weight = if self.weighted { "a weight, " } else { "" };
            let targets = if self.targets == 1 { "a target".to_owned() } else { format!("{} targets", self.targets) };
            return plan_err!(
                "{}: found {found} arguments, wanted {least} or more: {weight}{targets} and features",
                self.name
            );
        }
        Ok(())
    }
}

/// Whether a type is read as numbers.
fn is_number(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, values) => is_number(values),
        DataType::Boolean | DataType::Null => true,
        kind => kind.is_numeric(),
    }
}

impl AggregateUDFImpl for RidgeMoments {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::LargeBinary)
    }

    /// Types of no numbers are refused here, where the names of columns are known.
    fn return_field(&self, arg_fields: &[FieldRef]) -> Result<FieldRef> {
        self.check_count(arg_fields.len())?;
        if let Some(field) = arg_fields.iter().find(|field| !is_number(field.data_type())) {
            return plan_err!("{}: column '{}' holds {}, wanted numbers", self.name, field.name(), field.data_type());
        }
        Ok(Arc::new(Field::new(&self.name, DataType::LargeBinary, true)))
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        self.check_count(arg_types.len())?;
        Ok(arg_types.iter().map(|kind| if is_number(kind) { DataType::Float64 } else { kind.clone() }).collect())
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new(format_state_name(args.name, "moments"), DataType::LargeBinary, true))])
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(One::new(self.layout(&args)?)))
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        !args.is_distinct
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Groups::new(self.layout(&args)?)))
    }
}

//! Devices that share work, and those of them that are left out because they failed.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::Error;
use crate::gpu::adapter::AdapterSummary;
use crate::plan::DeviceRates;

/// Devices with their rates; shared by the clones of a handle.
#[derive(Debug)]
pub(crate) struct Group<D> {
    pub(crate) members: Vec<(D, DeviceRates)>,
    /// What all have, under all their names.
    pub(crate) summary: AdapterSummary,
    pub(crate) passed_over: Vec<String>,
    failures: Mutex<Vec<Option<Error>>>,
}

impl<D> Group<D> {
    pub(crate) fn new(members: Vec<(D, DeviceRates)>, summary: AdapterSummary, passed_over: Vec<String>) -> Self {
        let failures = Mutex::new(vec![None; members.len()]);
        Self { members, summary, passed_over, failures }
    }

    /// Other handles of the same devices.
    pub(crate) fn with_members(&self, members: Vec<(D, DeviceRates)>) -> Self {
        let failures = Mutex::new(self.failures().clone());
        Self { members, summary: self.summary.clone(), passed_over: self.passed_over.clone(), failures }
    }

    fn failures(&self) -> MutexGuard<'_, Vec<Option<Error>>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why a device is left out, if it is.
    pub(crate) fn failure(&self, number: usize) -> Option<Error> {
        self.failures().get(number).cloned().flatten()
    }

    /// Leaves a device out from now on; its first failure is what is told.
    pub(crate) fn leave_out(&self, number: usize, error: Error) {
        if let Some(own) = self.failures().get_mut(number) {
            own.get_or_insert(error);
        }
    }
}

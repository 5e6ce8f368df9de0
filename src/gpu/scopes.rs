//! The errors of a device, caught.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Catches the errors of the calls that follow on this thread. In the order in which wgpu wants the scopes dropped.
#[must_use]
pub(crate) struct Scopes {
    validation: wgpu::ErrorScopeGuard,
    internal: wgpu::ErrorScopeGuard,
    memory: wgpu::ErrorScopeGuard,
}

impl Scopes {
    pub(crate) fn open(device: &wgpu::Device) -> Self {
        let push = |filter| device.push_error_scope(filter);
        let memory = push(wgpu::ErrorFilter::OutOfMemory);
        let internal = push(wgpu::ErrorFilter::Internal);
        let validation = push(wgpu::ErrorFilter::Validation);
        Self { validation, internal, memory }
    }

    /// The scopes end here and now, with what validation, internal errors and memory have caught. Natively that is there at
    /// once.
    pub(crate) fn caught(self) -> [Poll<Option<wgpu::Error>>; 3] {
        let caught = [self.validation.pop(), self.internal.pop(), self.memory.pop()];
        caught.map(|caught| pin!(caught).poll(&mut Context::from_waker(Waker::noop())))
    }

    /// The scopes end here and now; the futures tell what validation, internal errors and memory have caught.
    pub(crate) fn end(
        self,
    ) -> (
        impl Future<Output = Option<wgpu::Error>>,
        impl Future<Output = Option<wgpu::Error>>,
        impl Future<Output = Option<wgpu::Error>>,
    ) {
        (self.validation.pop(), self.internal.pop(), self.memory.pop())
    }
}

/// What `build` makes, and whether that is known to have failed.
pub(crate) fn tried<T>(device: &wgpu::Device, build: impl FnOnce() -> T) -> (T, bool) {
    let scopes = Scopes::open(device);
    let built = build();
    (built, scopes.caught().iter().any(|caught| matches!(caught, Poll::Ready(Some(_)))))
}

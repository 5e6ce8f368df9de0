//! A device that is the caller's, that threads share, or whose work is abandoned.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use ridgepath::Gpu;
use ridgepath::gpu::wgpu;

use crate::gpu::devices::{own_device, watched};
use crate::gpu::faults::{BOTH, assert_right, assert_right_or_device_error, ridge};
use crate::support::{gpu, regression};

#[test]
fn a_future_dropped_at_any_moment_leaves_solver_and_gpu_usable() {
    use std::future::Future;
    use std::task::{Context, Poll, Wake, Waker};

    struct Unpark(thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    watched(|| {
        let Some(gpu) = gpu() else { return };
        let data = regression(1, 300, 20, 2);
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        for precision in BOTH {
            let ridge = ridge(&gpu).precision(precision).memory_budget(0);
            let mut finished = false;
            for polls in 0..100 {
                let mut future = Box::pin(ridge.fit_async(&data.0, &data.1));
                for _ in 0..polls {
                    if let Poll::Ready(answer) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                        assert_right(&answer.unwrap(), &ridge, &data);
                        finished = true;
                        break;
                    }
                    thread::park_timeout(Duration::from_millis(200));
                }
                drop(future);
                if polls % 4 == 0 {
                    assert_right(&ridge.fit(&data.0, &data.1).unwrap(), &ridge, &data);
                }
                if finished {
                    break;
                }
            }
            assert!(finished, "{precision}: 99 polls, each after a wake, were not enough");
            assert_right(&ridge.fit(&data.0, &data.1).unwrap(), &ridge, &data);
        }
    });
}

#[test]
fn threads_that_share_a_solver_and_a_gpu_get_the_bits_of_one_alone() {
    watched(|| {
        let Some((device, queue)) = own_device(|_| ()) else { return };
        // A fresh device, so that the threads also meet while its pipelines are built.
        let gpu = Gpu::from_device(device, queue);
        for threads in [2, 8] {
            for precision in BOTH {
                let ridge = ridge(&gpu).precision(precision);
                let solve = |thread: usize| {
                    let (x, y) = regression(thread as u64, 100 + thread, 10 + thread, 2);
                    (0..4).map(|_| ridge.fit(&x, &y).unwrap()).collect::<Vec<_>>()
                };
                let together: Vec<_> = thread::scope(|scope| {
                    let running: Vec<_> = (0..threads).map(|thread| scope.spawn(move || solve(thread))).collect();
                    running.into_iter().map(|thread| thread.join().unwrap()).collect()
                });
                for (thread, paths) in together.into_iter().enumerate() {
                    let alone = solve(thread);
                    assert_eq!(paths, alone, "{threads} threads, {precision}");
                    assert_right(&alone[0], &ridge, &regression(thread as u64, 100 + thread, 10 + thread, 2));
                }
            }
        }
    });
}

#[test]
fn a_scope_that_the_caller_left_open_catches_nothing_of_ours() {
    watched(|| {
        let data = regression(1, 30, 4, 2);
        let Some((device, queue)) = own_device(|limits| limits.max_storage_buffers_per_shader_stage = 3) else {
            return;
        };
        let poor = Gpu::from_device(device, queue);
        let Some((device, queue)) = own_device(|_| ()) else { return };
        let good = Gpu::from_device(device, queue);
        for gpu in [poor, good] {
            let filters = [wgpu::ErrorFilter::Validation, wgpu::ErrorFilter::OutOfMemory, wgpu::ErrorFilter::Internal];
            let scopes = filters.map(|filter| gpu.device().push_error_scope(filter));
            for precision in BOTH {
                let ridge = ridge(&gpu).precision(precision);
                assert_right_or_device_error(&ridge.fit(&data.0, &data.1), &ridge, &data);
            }
            for scope in scopes.into_iter().rev() {
                assert!(pollster::block_on(scope.pop()).is_none());
            }
        }
    });
}

#[test]
fn the_callers_handler_of_errors_is_never_called() {
    watched(|| {
        let data = regression(1, 30, 4, 2);
        let calls = Arc::new(AtomicUsize::new(0));
        let faults: [fn(&mut wgpu::Limits); 3] = [
            |_| (),
            |limits| limits.max_storage_buffers_per_shader_stage = 2,
            |limits| limits.max_compute_workgroup_storage_size = 64,
        ];
        for fault in faults {
            for precision in BOTH {
                let Some((device, queue)) = own_device(fault) else { return };
                let seen = Arc::clone(&calls);
                device.on_uncaptured_error(Arc::new(move |error| {
                    seen.fetch_add(1, Ordering::Relaxed);
                    panic!("the caller's handler was called: {error}");
                }));
                let gpu = Gpu::from_device(device, queue);
                let ridge = ridge(&gpu).precision(precision);
                assert_right_or_device_error(&ridge.fit(&data.0, &data.1), &ridge, &data);
                gpu.device().destroy();
                assert!(ridge.fit(&data.0, &data.1).is_err());
            }
        }
        assert_eq!(calls.load(Ordering::Relaxed), 0);
    });
}

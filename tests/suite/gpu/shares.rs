//! Several devices that share rows and λs: the bits of one, whoever has which, and what one loses is done by the others.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use nalgebra::DMatrix;
use ridgepath::gpu::wgpu;
use ridgepath::{
    Backend, CrossValidation, DeviceRates, Error, Fallback, Gpu, GramPlan, Limits, Moments, Plan, Precision, Problem,
    Rates, Ridge, RidgePath, Selection, Shape, Strategy, cpu, gpu,
};

use crate::gpu::devices::{own_device, watched};
use crate::gpu::faults::{BOTH, Data, assert_right};
use crate::support::{gpu, gpu_plan, regression};

/// Of a device made up, so many times as fast as another at everything.
fn rates(speed: f64) -> DeviceRates {
    DeviceRates {
        single: 1e12 * speed,
        double: 1e11 * speed,
        dot4: 4e12 * speed,
        upload: 1e10 * speed,
        download: 1e10 * speed,
        dispatch: 1e-5,
        round_trip: 1e-4,
    }
}

/// Devices of their own on the adapter under test, taken to be so fast.
fn devices(speeds: &[f64]) -> Option<Vec<(Gpu, DeviceRates)>> {
    gpu()?;
    Some(speeds.iter().map(|speed| (pollster::block_on(Gpu::open(true)).unwrap(), rates(*speed))).collect())
}

fn ridge(alphas: usize) -> Ridge {
    let alphas: Vec<f64> = (0..alphas).map(|k| 1e-3 * 1.2f64.powi(k as i32)).collect();
    Ridge::new().alphas(alphas).backend(Backend::Gpu)
}

/// Whether a device was left out.
fn left_out(path: &RidgePath) -> bool {
    path.backend().fallbacks.iter().any(|fallback| matches!(fallback, Fallback::Share { .. }))
}

/// Fails unless all that two paths tell, but for the devices, is the same bit for bit.
#[track_caller]
fn assert_same(found: &RidgePath, wanted: &RidgePath, context: &str) {
    assert_eq!(found.retries(), wanted.retries(), "{context}");
    for k in 0..wanted.len() {
        for target in 0..wanted.targets() {
            let context = format!("{context}, λ number {k}, target {target}");
            let bits = |path: &RidgePath| {
                let numbers = [path.intercept(k, target), path.condition(k), path.residual(k, target)];
                let numbers = numbers.into_iter().chain([path.rss(k, target), path.error_bound(k, target)]);
                numbers.chain(path.coefficients(k, target).iter().copied()).map(f64::to_bits).collect::<Vec<_>>()
            };
            assert_eq!(found.outcome(k, target), wanted.outcome(k, target), "{context}");
            assert_eq!(bits(found), bits(wanted), "{context}");
        }
    }
}

#[test]
fn lambdas_have_the_bits_that_one_device_gives_whoever_has_them() {
    let Some(devices) = devices(&[3.0, 1.0, 0.5]) else { return };
    for (n, k, strategy) in [(5, 9, None), (70, 30, None), (20, 100, Some(Strategy::Nodes)), (3, 1, None)] {
        let (x, y) = regression(n as u64, 2 * n + 40, n, 2);
        for precision in BOTH {
            let ridge = ridge(k).precision(precision);
            let ridge = strategy.filter(|_| precision == Precision::Double).into_iter().fold(ridge, Ridge::strategy);
            let wanted = ridge.clone().gpu(devices[0].0.clone()).fit(&x, &y).unwrap();
            for (count, budget) in [(2, 1 << 30), (3, 1 << 30), (2, 0), (3, 0)] {
                let found = ridge.clone().gpus(&devices[..count]).memory_budget(budget).fit(&x, &y).unwrap();
                let context = format!("n {n}, {k} λ, {precision}, {count} devices, {budget} bytes");
                assert_same(&found, &wanted, &context);
                let name = vec![devices[0].0.adapter().name.clone(); count].join(" + ");
                assert_eq!(found.backend().adapter.as_ref(), Some(&name));
                assert_eq!(found.backend().fallbacks, wanted.backend().fallbacks, "{context}");
            }
        }
    }
}

#[test]
fn lambdas_go_to_devices_by_their_rates() {
    let Some(devices) = devices(&[3.0, 1.0]) else { return };
    let (x, y) = regression(1, 30, 4, 1);
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let ridge = ridge(40).gpus(devices).on_progress(move |done, total| tell.lock().unwrap().push((done, total)));
    ridge.fit(&x, &y).unwrap();
    let told = told.lock().unwrap().clone();
    assert!(told.iter().all(|(_, total)| *total == 40));
    let before = std::iter::once(0).chain(told.iter().map(|(done, _)| *done));
    let mut more: Vec<usize> = told.iter().zip(before).map(|((done, _), before)| done - before).collect();
    more.sort_unstable();
    assert_eq!(more, [10, 30]);
}

#[test]
fn one_device_is_as_if_it_were_given_alone_and_none_is_an_error() {
    let Some(devices) = devices(&[1.0]) else { return };
    let (x, y) = regression(1, 30, 4, 1);
    let alone = ridge(9).gpu(devices[0].0.clone()).fit(&x, &y).unwrap();
    assert_eq!(ridge(9).gpus(&devices[..]).fit(&x, &y).unwrap(), alone);
    let none: [(Gpu, DeviceRates); 0] = [];
    let broken = [(devices[0].0.clone(), DeviceRates { single: f64::NAN, ..rates(1.0) })];
    for backend in [Backend::Auto, Backend::Gpu, Backend::Cpu] {
        let error = ridge(9).backend(backend).gpus(none.clone()).fit(&x, &y).unwrap_err();
        assert_eq!(error.to_string(), "devices: found 0, wanted 1 or more", "{backend}");
        let error = ridge(9).backend(backend).gpus(broken.clone()).fit(&x, &y).unwrap_err();
        assert!(matches!(error, Error::InvalidRate { name: "single", .. }), "{error}");
    }
}

#[test]
fn the_plan_is_made_for_what_all_devices_have() {
    let Some(devices) = devices(&[1.0]) else { return };
    let small = |limits: &mut wgpu::Limits| limits.max_storage_buffer_binding_size = 1 << 20;
    let few = |limits: &mut wgpu::Limits| limits.max_compute_workgroups_per_dimension = 100;
    let (Some(small), Some(few)) = (own_device(small), own_device(few)) else { return };
    let [small, few] = [small, few].map(|(device, queue)| (Gpu::from_device(device, queue), rates(1.0)));
    let of = |devices: &[&(Gpu, DeviceRates)]| {
        let all: Vec<(Gpu, DeviceRates)> = devices.iter().copied().cloned().collect();
        Gpu::sharing(all).unwrap().adapter().limits
    };
    let limits = of(&[&devices[0], &small, &few]);
    let Limits { storage_binding, workgroups, shader_f64, .. } = limits;
    assert_eq!((storage_binding, workgroups, shader_f64), (1 << 20, 100, false));
    assert_eq!(of(&[&devices[0], &devices[0]]), devices[0].0.adapter().limits);
    let shape = Shape { rows: 5000, features: 300, targets: 1, penalties: 50, problems: 1 };
    let shared = ridge(50).gpus([devices[0].clone(), small, few]);
    let plan = shared.plan(shape).unwrap();
    let names = format!("adapter    {}\n", [devices[0].0.adapter().name.as_str(); 3].join(" + "));
    assert!(plan.explain().contains(&names), "{}", plan.explain());
    assert_eq!(Plan { adapter: None, ..plan }, ridge(50).plan_for(shape, limits).unwrap());
    let (x, y) = regression(2, 600, 130, 1);
    assert_right(&shared.fit(&x, &y).unwrap(), &ridge(50), &(x, y));
}

/// Whatever the device can do, with parts of few rows.
fn gram_plans(gpu: &Gpu, problem: &Problem<'_>) -> Vec<(GramPlan, f64)> {
    let (m, n, t) = (problem.rows(), problem.features(), problem.targets());
    let shape = Shape { rows: m, features: n, targets: t, penalties: 1, problems: 1 };
    let floats = |precision, epsilon| (gpu_plan(gpu, shape, precision, 0).gram.expect("on the device"), epsilon);
    let exact = GramPlan::by_residues([m, n, t], 16, gpu.adapter().limits, 0).unwrap();
    let wide = gpu.adapter().limits.shader_f64;
    let mut plans = vec![floats(Precision::Single, f64::from(f32::EPSILON)), (exact, f64::EPSILON)];
    plans.extend(wide.then(|| floats(Precision::Double, f64::EPSILON)));
    plans.into_iter().map(|(plan, own)| (GramPlan { rows_per_part: plan.rows_per_split, ..plan }, own)).collect()
}

fn summed(gpu: &Gpu, problem: &Problem<'_>, plan: &GramPlan) -> Moments {
    pollster::block_on(gpu::gram::gram(gpu, problem, plan)).unwrap()
}

fn sums(moments: &Moments) -> DMatrix<f64> {
    let (n, t) = (moments.features(), moments.targets());
    let squares = |j: usize| if j < t { moments.sum_of_squares(j) } else { 0.0 };
    DMatrix::from_fn(n + 1, n + t, |i, j| match (i < n, j < n) {
        (true, true) => moments.gram(i, j),
        (true, false) => moments.cross(i, j - n),
        (false, _) => squares(j),
    })
}

#[test]
fn rows_have_sums_that_do_not_depend_on_rates_and_are_those_of_one_device_within_rounding() {
    let Some(devices) = devices(&[3.0, 1.0, 1.0]) else { return };
    for (m, n, t) in [(2600, 20, 2), (1027, 3, 1), (5000, 130, 3)] {
        let (x, y) = regression(m as u64, m, n, t);
        let x32 = x.map(|value| value as f32);
        let weights: Vec<f64> = (0..m).map(|i| 0.5 + (i % 7) as f64).collect();
        for problem in [Problem::new(&x, &y).unwrap(), Problem::new(&x32, &y).unwrap()] {
            let problem = problem.with_weights(&weights).unwrap();
            let wanted = cpu::gram::gram::<f64>(&problem).unwrap();
            let exact = sums(&wanted);
            let size = |j: usize| if j < n { wanted.gram(j, j) } else { wanted.sum_of_squares(j - n) };
            for (plan, epsilon) in gram_plans(&devices[0].0, &problem) {
                let context = format!("m {m}, n {n}, {} by {:?} moduli", plan.precision, plan.moduli);
                let alone = sums(&summed(&devices[0].0, &problem, &plan));
                let shared = |order: &[usize]| {
                    let own = order.iter().zip(&devices).map(|(of, (gpu, _))| (gpu.clone(), devices[*of].1));
                    sums(&summed(&Gpu::sharing(own.collect::<Vec<_>>()).unwrap(), &problem, &plan))
                };
                let found = shared(&[0, 1]);
                for order in [&[1, 0][..], &[1, 1], &[1, 0, 2]] {
                    assert_eq!(shared(order), found, "{context}");
                }
                if plan.moduli.is_some() {
                    assert_eq!(found, alone, "{context}: exact");
                }
                for (at, (found, exact)) in found.iter().zip(&exact).enumerate() {
                    let (i, j) = (at % (n + 1), at / (n + 1));
                    let scale = if i < n { (size(i) * size(j)).sqrt() } else { *exact };
                    let bound = (8.0 + (m as f64).sqrt()) * epsilon * scale + f64::MIN_POSITIVE;
                    assert!((found - exact).abs() <= bound, "{context}: ({i}, {j}) is {found}, wanted {exact}");
                }
            }
        }
    }
}

#[test]
fn rows_of_a_lost_device_are_summed_by_the_others_with_the_same_bits() {
    watched(|| {
        let Some(devices) = devices(&[1.0, 1.0]) else { return };
        let (x, y) = regression(1, 5000, 30, 1);
        let problem = Problem::new(&x, &y).unwrap();
        for (plan, _) in gram_plans(&devices[0].0, &problem) {
            let wanted = sums(&summed(&Gpu::sharing(&devices[..]).unwrap(), &problem, &plan));
            for micros in [0u64, 1_000, 5_000, 20_000, 100_000] {
                let lossy = pollster::block_on(Gpu::open(true)).unwrap();
                let device = lossy.device().clone();
                let shared = Gpu::sharing([devices[0].clone(), (lossy, rates(1.0))]).unwrap();
                let killer = thread::spawn(move || {
                    thread::sleep(Duration::from_micros(micros));
                    device.destroy();
                });
                let found = sums(&summed(&shared, &problem, &plan));
                killer.join().unwrap();
                assert_eq!(found, wanted, "lost after {micros} µs, {:?}", shared.left_out());
            }
            let lost = pollster::block_on(Gpu::open(true)).unwrap();
            lost.device().destroy();
            let shared = Gpu::sharing([(lost, rates(9.0)), devices[0].clone()]).unwrap();
            assert_eq!(sums(&summed(&shared, &problem, &plan)), wanted);
            assert!(matches!(&shared.left_out()[..], [told] if told.contains("lost")), "{:?}", shared.left_out());
        }
    });
}

/// Fails unless the path is right, and tells of the device that was left out.
#[track_caller]
fn assert_told(ridge: &Ridge, data: &Data) {
    let path = ridge.fit(&data.0, &data.1).unwrap();
    assert_right(&path, ridge, data);
    let fallback = path.backend().fallback().expect("a reason");
    assert!(left_out(&path) && fallback.contains("to the others") && fallback.contains("lost"), "{fallback}");
    assert_eq!(path.backend().name, Backend::Gpu);
}

#[test]
fn what_a_lost_device_leaves_is_done_by_the_others_which_is_told() {
    watched(|| {
        let Some(good) = devices(&[1.0]) else { return };
        let data = regression(1, 60, 20, 2);
        for precision in BOTH {
            // Before, and after the first λs are done; first or second of the list, and with the larger share.
            for (early, first) in [(true, true), (true, false), (false, true), (false, false)] {
                let Some((device, queue)) = own_device(|_| ()) else { return };
                let lossy = (Gpu::from_device(device.clone(), queue), rates(2.0));
                let both = if first { [lossy, good[0].clone()] } else { [good[0].clone(), lossy] };
                let ridge = ridge(16).precision(precision).memory_budget(0).gpus(both);
                let ridge = match early {
                    true => {
                        device.destroy();
                        ridge
                    }
                    false => ridge.on_progress(move |_, _| device.destroy()),
                };
                assert_told(&ridge, &data);
                assert_told(&ridge.clone(), &data); // and again
            }
        }
    });
}

#[test]
fn a_device_lost_by_another_thread_at_any_moment_changes_no_bit() {
    watched(|| {
        let Some(good) = devices(&[1.0]) else { return };
        let (x, y) = regression(3, 300, 70, 2);
        let mut lost = 0;
        for precision in BOTH {
            let ridge = ridge(12).precision(precision).memory_budget(0);
            let wanted = ridge.clone().gpu(good[0].0.clone()).fit(&x, &y).unwrap();
            for micros in [0u64, 1_000, 5_000, 20_000, 50_000, 200_000] {
                let lossy = pollster::block_on(Gpu::open(true)).unwrap();
                let device = lossy.device().clone();
                let lossy = (lossy, rates(1.0));
                let killer = thread::spawn(move || {
                    thread::sleep(Duration::from_micros(micros));
                    device.destroy();
                });
                let found = ridge.clone().gpus([good[0].clone(), lossy]).fit(&x, &y).unwrap();
                killer.join().unwrap();
                assert_same(&found, &wanted, &format!("lost after {micros} µs"));
                lost += usize::from(left_out(&found));
            }
        }
        assert!(lost > 0, "a device destroyed at once is lost");
    });
}

#[test]
fn when_all_are_lost_it_is_an_error_or_the_turn_of_the_cpu() {
    watched(|| {
        let Some(devices) = devices(&[1.0, 1.0]) else { return };
        let (x, y) = regression(1, 60, 20, 1);
        let lossy = devices.clone();
        let lossy = ridge(8).memory_budget(0).gpus(devices).on_progress(move |_, _| {
            lossy.iter().for_each(|(gpu, _)| gpu.device().destroy());
        });
        for _ in 0..2 {
            let error = lossy.fit(&x, &y).unwrap_err();
            assert!(matches!(error, Error::DeviceLost { .. }), "{error}");
        }
        let (x, y) = regression(5, 600, 576, 1);
        let alphas: Vec<f64> = (1..=180).map(f64::from).collect();
        let slow = Rates { factor: 5e9, ..Rates::default() };
        let ridge = lossy.alphas(alphas).strategy(Strategy::Cholesky).rates(slow).backend(Backend::Auto);
        let path = ridge.fit(&x, &y).unwrap();
        assert_eq!(path.backend().name, Backend::Cpu);
        assert!(path.backend().fallback().is_some_and(|reason| reason.contains("lost")));
    });
}

#[test]
fn folds_are_shared_and_tell_of_a_device_that_is_lost_among_them() {
    watched(|| {
        let Some(devices) = devices(&[2.0, 1.0]) else { return };
        let (x, y) = regression(7, 90, 12, 2);
        let choose = |ridge: Ridge| CrossValidation::new(ridge).fit(&x, &y).unwrap();
        let wanted = choose(ridge(20).gpu(devices[0].0.clone()));
        let scores = |own: &Selection| (0..20).map(|k| own.mean(k, 1).to_bits()).collect::<Vec<_>>();
        let found = choose(ridge(20).gpus(devices.clone()));
        assert_eq!(scores(&found), scores(&wanted));
        assert!(!left_out(found.path()));
        let last = devices[1].0.device().clone();
        // After the path of all rows, which is told first.
        let lossy = ridge(20).gpus(devices).on_progress(move |done, _| {
            if done > 20 {
                last.destroy();
            }
        });
        let found = choose(lossy.memory_budget(0));
        assert_eq!(scores(&found), scores(&wanted));
        assert!(left_out(found.path()));
    });
}

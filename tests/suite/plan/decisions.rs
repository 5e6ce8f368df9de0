//! The plan: arithmetic without a device.

use ridgepath::{
    Backend, Error, Fallback, GpuPlan, GramPlan, Limits, Plan, Precision, Rates, Request, Shape, Strategy,
};

const SHAPE: Shape = Shape { rows: 100_000, features: 500, targets: 1, penalties: 100, problems: 1 };

const DOUBLE: Limits = Limits {
    storage_binding: 128 << 20,
    buffer: 256 << 20,
    workgroups: 65_535,
    workgroup_storage: 16_384,
    shader_f64: true,
};

/// The plan where every λ is factored, however many there are.
fn planned(shape: Shape, limits: Limits, memory_budget: u64) -> GpuPlan {
    let strategy = Some(Strategy::Cholesky);
    let request = Request { backend: Backend::Gpu, memory_budget, strategy, ..Request::default() };
    Plan::new(shape, request, Some(Ok(limits))).unwrap().gpu.unwrap()
}

fn plan(shape: Shape, memory_budget: u64) -> GpuPlan {
    planned(shape, Limits::default(), memory_budget)
}

fn sums(shape: Shape, precision: Precision, memory_budget: u64) -> Option<GramPlan> {
    let request = Request { backend: Backend::Gpu, precision, memory_budget, ..Request::default() };
    Plan::new(shape, request, Some(Ok(DOUBLE))).unwrap().gpu.unwrap().gram
}

#[test]
fn chunks_fit_the_budget_and_the_limits() {
    for budget in [8 << 20, 64 << 20, 1 << 30, 1 << 40] {
        for (rows, features, penalties) in
            [(100, 10, 1000), (100_000, 500, 100), (5_000, 4_096, 7), (3, 5_000, 2), (5_000, 5_000, 2)]
        {
            let shape = Shape { rows, features, targets: 1, penalties, problems: 1 };
            let plan = plan(shape, budget);
            let single = plan.matrices_per_chunk == 1;
            assert!(single || plan.solve_bytes <= budget, "{shape:?}, {budget}");
            let limit = Limits::default().storage_binding as usize;
            let order = features.min(rows);
            assert!(plan.matrices_per_chunk * order * order * 4 <= limit);
            assert!(plan.matrices_per_chunk <= penalties);
            for (precision, size) in [(Precision::Single, 4), (Precision::Double, 8)] {
                let Some(sums) = sums(shape, precision, budget) else {
                    let wide = order * (order + 1) * size > limit;
                    assert!(wide, "{shape:?}: the device forms what it has room for");
                    continue;
                };
                let least = sums.rows_per_chunk == sums.rows_per_split;
                assert!(least || sums.bytes <= budget, "{shape:?}, {budget}");
                assert!(sums.rows_per_chunk * sums.row_stride * size <= limit);
            }
        }
    }
}

#[test]
fn the_runs_of_rows_do_not_depend_on_the_budget() {
    for precision in [Precision::Single, Precision::Double] {
        let length = |budget| sums(SHAPE, precision, budget).unwrap().rows_per_split;
        let lengths = [0, 1 << 20, 1 << 30].map(length);
        assert!(lengths.windows(2).all(|pair| pair[0] == pair[1]), "{lengths:?}");
        assert_eq!(lengths[0] % 16, 0);
    }
}

#[test]
fn a_dispatch_takes_more_matrices_than_it_has_workgroups_in_a_dimension_and_no_more_than_in_two() {
    for penalties in [65_534, 65_535, 65_536, 1_000_000] {
        for (features, targets) in [(2, 1), (2, 40), (30, 1), (65, 1)] {
            let shape = Shape { rows: 100, features, targets, penalties, problems: 1 };
            let limits = Limits { storage_binding: 1 << 40, buffer: 1 << 40, ..DOUBLE };
            let gpu = planned(shape, limits, 1 << 50);
            if gpu.matrices_bound == "nothing: these are all" {
                // Panels of 64 columns, and a dispatch to solve, where that is not one.
                let wanted = if (features, targets) == (65, 1) { 3 } else { 1 + u64::from(targets > 32) };
                assert_eq!(gpu.factor.dispatches, wanted, "{shape:?}");
                assert_eq!(gpu.correction.dispatches, 1, "{shape:?}");
            }
        }
    }
    let shape = Shape { rows: 10, features: 2, targets: 1, penalties: 1_000_000, problems: 1 };
    let gpu = planned(shape, Limits { workgroups: 100, ..DOUBLE }, 1 << 40);
    assert_eq!((gpu.matrices_per_chunk, gpu.factor.dispatches), (10_000, 100));
}

#[test]
fn auto_takes_a_gpu_for_large_work_alone() {
    let rates = Rates { factor: 5e9, ..Rates::default() };
    let request = |precision| Request { precision, rates, ..Request::default() };
    let small = Shape { rows: 100, ..SHAPE };
    let choose = |shape, precision| {
        Plan::new(shape, request(precision), Some(Ok(Limits::default()))).map(|plan| (plan.backend, plan.fallbacks))
    };
    assert_eq!(choose(SHAPE, Precision::Single).unwrap(), (Backend::Gpu, Vec::new()));
    // In double precision one reduction serves all λ on the CPU, which for 500 features takes it milliseconds.
    assert_eq!(choose(SHAPE, Precision::Double).unwrap(), (Backend::Cpu, Vec::new()));
    assert_eq!(choose(Shape { features: 2000, ..SHAPE }, Precision::Double).unwrap(), (Backend::Gpu, Vec::new()));
    // In double precision the CPU forms G: rows alone are no reason to take a GPU.
    assert_eq!(choose(Shape { penalties: 1, ..SHAPE }, Precision::Double).unwrap(), (Backend::Cpu, Vec::new()));
    assert_eq!(choose(Shape { penalties: 1, ..small }, Precision::Single).unwrap(), (Backend::Cpu, Vec::new()));
}

#[test]
fn auto_reports_why_it_did_not_take_the_gpu() {
    let rates = Rates { factor: 5e9, ..Rates::default() };
    let request = Request { precision: Precision::Single, rates, ..Request::default() };
    let missing = Error::NoAdapter { reason: "only software adapters".into() };
    let plan = Plan::new(SHAPE, request, Some(Err(missing))).unwrap();
    assert_eq!(plan.backend, Backend::Cpu);
    assert!(matches!(&plan.fallbacks[..], [Fallback::Device { reason }] if reason.contains("only software adapters")));
    let large = Shape { features: 20_000, ..SHAPE };
    let plan = Plan::new(large, request, Some(Ok(Limits::default()))).unwrap();
    assert!(plan.backend == Backend::Cpu && !plan.fallbacks.is_empty());
}

#[test]
fn explain_names_backend_precision_chunks_and_fallback() {
    let request = Request { backend: Backend::Gpu, ..Request::default() };
    let text = |limits| Plan::new(SHAPE, request, Some(Ok(limits))).unwrap().explain();
    for part in ["100000 rows", "gpu, nodes", "rows a workgroup", "matrices,"] {
        assert!(text(DOUBLE).contains(part), "{part} in\n{}", text(DOUBLE));
    }
    // Without 64-bit floats in shaders.
    assert!(text(Limits::default()).contains("gram       on the CPU"), "{}", text(Limits::default()));
}

#[test]
fn costs_are_counted_without_a_device() {
    let costs = |features: usize, penalties: usize| {
        let shape = Shape { rows: 100_000, features, targets: 1, penalties, problems: 1 };
        let plan = plan(shape, 1 << 40);
        // Multiply-adds of a Cholesky factorization alone, over those done: with padding, inverses and the solution.
        let useful = penalties as f64 * (features as f64).powi(3) / 3.0 / plan.factor.flops as f64;
        let columns = (features * penalties.div_ceil(plan.matrices_per_chunk)) as f64;
        (plan.factor.dispatches, plan.factor.barriers as f64 / columns, useful, plan)
    };
    for (features, penalties, dispatches, barriers, useful) in [
        (16, 1000, 1, 0.44, 0.09),
        (64, 1000, 1, 0.30, 0.22),
        (128, 100, 3, 0.57, 0.36),
        (512, 100, 9, 1.01, 0.70),
        (1024, 16, 17, 1.53, 0.82),
        (2048, 4, 33, 2.54, 0.89),
    ] {
        let (found, per_column, share, plan) = costs(features, penalties);
        assert_eq!(found, dispatches, "{features} features: {:?}", plan.factor);
        assert!(per_column <= barriers, "{features} features: {per_column} barriers a column");
        assert!(share >= useful, "{features} features: {share} of the operations");
        // A matrix is written once and read at most once per panel of 64 and once per correction and direction.
        let matrices = (penalties * features * features * 4) as f64;
        let moved = plan.factor.bytes as f64 / matrices;
        assert!(moved <= 6.0 + features as f64 / 64.0, "{features} features: {moved} times the matrices");
        assert!(plan.correction.bytes as f64 <= 2.0 * matrices + (penalties * features) as f64 * 100.0);
    }
    // One symmetric half and the tiles across the diagonal (in double precision also those of the target). In double precision the
    // device frames X and Y in two dispatches more.
    let shape = Shape { features: 512, ..SHAPE };
    let whole = 2.0 * 100_000.0 * 512.0 * 512.0;
    for (precision, share, dispatches) in [(Precision::Single, 0.65, 4), (Precision::Double, 0.70, 4)] {
        let sums = sums(shape, precision, 1 << 40).unwrap();
        let done = sums.cost.flops as f64 / whole;
        assert!((0.5..share).contains(&done), "{done} of the whole product, {precision}");
        assert_eq!(sums.cost.dispatches, dispatches * 100_000_u64.div_ceil(sums.rows_per_chunk as u64));
    }
}

#[test]
fn rows_go_to_the_device_as_they_are_given() {
    let (m, n, t) = (100_000, 512, 3);
    let shape = Shape { rows: m, features: n, targets: t, ..SHAPE };
    let sums = |precision, element_bytes, problems| {
        let request = Request { backend: Backend::Gpu, precision, element_bytes, ..Request::default() };
        let plan = Plan::new(Shape { problems, ..shape }, request, Some(Ok(DOUBLE))).unwrap();
        let sums = plan.gpu.as_ref().unwrap().gram.clone().unwrap();
        let by = if sums.given.is_some() { "device" } else { "host" };
        let words = format!("upload   {} bytes, framed by the {by}", sums.upload);
        assert!(plan.explain().contains(&words), "{words} in\n{}", plan.explain());
        sums
    };
    for (bytes, row) in [([8, 8], 8 * (n + t)), ([4, 4], 4 * (n + t)), ([4, 8], 4 * n + 8 * t)] {
        let sums = sums(Precision::Double, bytes, 1);
        assert_eq!((sums.given, sums.upload), (Some(bytes), (m * row) as u64));
    }
    // In single precision what is given in double is centred before it is rounded.
    for (bytes, given, row) in
        [([4, 4], true, 4 * (n + t)), ([4, 8], true, 4 * (n + t)), ([8, 8], false, 4 * (n + t).next_multiple_of(4))]
    {
        let sums = sums(Precision::Single, bytes, 1);
        assert_eq!((sums.given.is_some(), sums.upload), (given, (m * row) as u64));
    }
    assert_eq!(sums(Precision::Double, [8, 4], 3).upload, (3 * m * (8 * n + 4 * t)) as u64);
}

#[test]
fn a_submission_is_no_more_than_a_fifth_of_a_second_of_a_slow_gpu() {
    for (rows, features, penalties) in [(10_000_000, 64, 65_000), (1_000_000, 2048, 500), (1000, 512, 20_000)] {
        let shape = Shape { rows, features, targets: 1, penalties, problems: 1 };
        let limits = Limits { storage_binding: 4 << 30, buffer: 4 << 30, ..DOUBLE };
        for (precision, most) in [(Precision::Single, 200_000_000_000), (Precision::Double, 6_250_000_000)] {
            let request = Request { backend: Backend::Gpu, precision, memory_budget: 1 << 40, ..Request::default() };
            let plan = Plan::new(shape, request, Some(Ok(limits))).unwrap().gpu.unwrap();
            let sums = plan.gram.unwrap();
            let gram = sums.cost.flops / (rows as u64).div_ceil(sums.rows_per_chunk as u64);
            let factor = plan.factor.flops / (penalties as u64).div_ceil(plan.matrices_per_chunk as u64);
            assert!(gram <= most && factor <= 200_000_000_000, "{shape:?}: {gram}, {factor}, {precision}");
        }
    }
}

#[test]
fn explain_prints_the_costs() {
    let request = Request { backend: Backend::Gpu, precision: Precision::Single, ..Request::default() };
    let plan = Plan::new(SHAPE, request, Some(Ok(Limits::default()))).unwrap();
    let (text, gpu) = (plan.explain(), plan.gpu.unwrap());
    for cost in [gpu.gram.unwrap().cost, gpu.factor, gpu.correction] {
        let words = format!(
            "{} dispatches, {} barriers, {} flops done, {} bytes moved",
            cost.dispatches, cost.barriers, cost.flops, cost.bytes
        );
        assert!(text.contains(&words), "{words} in\n{text}");
    }
}

#[test]
fn explain_names_the_limit_that_binds() {
    let shape = Shape { rows: 100_000, features: 500, targets: 1, penalties: 1000, problems: 1 };
    let bounds = |shape, limits, memory_budget| {
        let request =
            Request { backend: Backend::Gpu, precision: Precision::Single, memory_budget, ..Request::default() };
        let plan = Plan::new(shape, request, Some(Ok(limits))).unwrap();
        let (text, gpu) = (plan.explain(), plan.gpu.unwrap());
        let bounds = [gpu.gram.unwrap().rows_bound, gpu.matrices_bound];
        bounds.iter().for_each(|bound| assert!(text.contains(&format!("bound by {bound}")), "{bound} in\n{text}"));
        bounds
    };
    let wide = Limits { storage_binding: 4 << 30, buffer: 4 << 30, ..DOUBLE };
    assert_eq!(bounds(shape, wide, 8 << 20), ["the memory budget"; 2]);
    assert_eq!(bounds(shape, wide, 1 << 40)[1], "nothing: these are all");
    assert_eq!(bounds(shape, DOUBLE, 1 << 40)[1], "the adapter's storage buffer binding");
    assert_eq!(bounds(shape, wide, 1 << 40)[0], "the upload of rows beside the work");
    let few = Shape { rows: 1000, features: 2, penalties: 100_000, ..shape };
    let narrow = Limits { workgroups: 100, ..wide };
    assert_eq!(bounds(few, narrow, 1 << 40), ["nothing: these are all", "the adapter's workgroups a dimension"]);
    let large = Shape { rows: 1000, features: 4000, ..shape };
    assert_eq!(bounds(Shape { rows: 5000, ..large }, wide, 1 << 40)[1], "the length of a submission");
}

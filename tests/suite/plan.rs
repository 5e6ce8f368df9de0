//! The plan: arithmetic without a device.

use ridgepath::{Backend, Error, Limits, Plan, Precision, Request, Shape};

const SHAPE: Shape = Shape { rows: 100_000, features: 500, targets: 1, penalties: 100 };

fn plan(shape: Shape, memory_budget: u64) -> ridgepath::GpuPlan {
    let request = Request { backend: Backend::Gpu, memory_budget, ..Request::default() };
    Plan::new(shape, request, Some(Ok(Limits::default()))).unwrap().gpu.unwrap()
}

#[test]
fn chunks_fit_the_budget_and_the_limits() {
    for budget in [8 << 20, 64 << 20, 1 << 30, 1 << 40] {
        for (rows, features, penalties) in
            [(100, 10, 1000), (100_000, 500, 100), (5_000, 4_096, 7), (3, 5_000, 2), (5_000, 5_000, 2)]
        {
            let shape = Shape { rows, features, targets: 1, penalties };
            let plan = plan(shape, budget);
            let single = plan.lambdas_per_chunk == 1;
            assert!(single || plan.solve_bytes <= budget, "{shape:?}, {budget}");
            let least = plan.rows_per_chunk == plan.rows_per_split;
            assert!(least || plan.gram_bytes <= budget, "{shape:?}, {budget}");
            let limit = Limits::default().storage_binding as usize;
            let order = features.min(rows);
            assert!(plan.lambdas_per_chunk * order * order * 4 <= limit);
            assert!(plan.rows_per_chunk * plan.row_stride * 4 <= limit);
            assert!(plan.lambdas_per_chunk <= penalties);
        }
    }
}

#[test]
fn the_runs_of_rows_do_not_depend_on_the_budget() {
    let lengths: Vec<_> = [0, 1 << 20, 1 << 30].map(|budget| plan(SHAPE, budget).rows_per_split).to_vec();
    assert!(lengths.windows(2).all(|pair| pair[0] == pair[1]), "{lengths:?}");
    assert_eq!(lengths[0] % 16, 0);
}

#[test]
fn a_chunk_never_holds_more_lambdas_than_a_dispatch_has_workgroups() {
    let shape = Shape { rows: 10, features: 2, targets: 1, penalties: 1_000_000 };
    assert_eq!(plan(shape, 1 << 40).lambdas_per_chunk, 65_535);
}

#[test]
fn auto_takes_a_gpu_for_large_work_alone() {
    let request = |precision| Request { precision, ..Request::default() };
    let small = Shape { rows: 100, ..SHAPE };
    let choose = |shape, precision| {
        Plan::new(shape, request(precision), Some(Ok(Limits::default()))).map(|plan| (plan.backend, plan.fallback))
    };
    assert_eq!(choose(SHAPE, Precision::Single).unwrap(), (Backend::Gpu, None));
    assert_eq!(choose(SHAPE, Precision::Double).unwrap(), (Backend::Gpu, None));
    // In double precision the CPU forms G: rows alone are no reason to take a GPU.
    assert_eq!(choose(Shape { penalties: 1, ..SHAPE }, Precision::Double).unwrap(), (Backend::Cpu, None));
    assert_eq!(choose(Shape { penalties: 1, ..small }, Precision::Single).unwrap(), (Backend::Cpu, None));
}

#[test]
fn auto_reports_why_it_did_not_take_the_gpu() {
    let request = Request { precision: Precision::Single, ..Request::default() };
    let missing = Error::NoAdapter { reason: "only software adapters".into() };
    let plan = Plan::new(SHAPE, request, Some(Err(missing))).unwrap();
    assert_eq!(plan.backend, Backend::Cpu);
    assert!(plan.fallback.as_deref().is_some_and(|why| why.contains("only software adapters")));
    let large = Shape { features: 20_000, ..SHAPE };
    let plan = Plan::new(large, request, Some(Ok(Limits::default()))).unwrap();
    assert!(plan.backend == Backend::Cpu && plan.fallback.is_some());
}

#[test]
fn explain_names_backend_precision_chunks_and_fallback() {
    let request = Request { backend: Backend::Gpu, ..Request::default() };
    let text = Plan::new(SHAPE, request, Some(Ok(Limits::default()))).unwrap().explain();
    for part in ["100000 rows", "gpu, cholesky", "rows a workgroup", "λ,"] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
}

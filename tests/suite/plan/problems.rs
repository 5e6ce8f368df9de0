//! The plan of many problems of one shape.

use ridgepath::{BackPlan, Backend, Error, Form, GpuPlan, Limits, Plan, Precision, Request, Shape, Strategy};

const FOLD: Shape = Shape { rows: 10_000, features: 130, targets: 1, penalties: 20, problems: 1 };

fn planned(shape: Shape, request: Request, limits: Limits) -> ridgepath::Result<GpuPlan> {
    let plan = Plan::new(shape, Request { backend: Backend::Gpu, ..request }, Some(Ok(limits)))?;
    Ok(plan.gpu.expect("a plan for a GPU"))
}

#[test]
fn five_folds_take_as_many_dispatches_as_one_regression() {
    for (features, targets) in [(3, 1), (63, 1), (64, 40), (65, 1), (130, 40), (512, 1)] {
        let of = |problems| {
            let shape = Shape { features, targets, problems, ..FOLD };
            planned(shape, Request { memory_budget: 1 << 40, ..Request::default() }, Limits::default()).unwrap()
        };
        let (one, five) = (of(1), of(5));
        assert_eq!([one.matrices_per_chunk, five.matrices_per_chunk], [20, 100], "{features} features");
        for (one, five) in [(one.factor, five.factor), (one.correction, five.correction)] {
            assert_eq!((one.dispatches, one.barriers), (five.dispatches, five.barriers), "{features} features");
            assert_eq!((5 * one.flops, 5 * one.bytes), (five.flops, five.bytes), "{features} features");
        }
    }
}

#[test]
fn many_small_problems_are_cut_where_the_device_says() {
    let request = Request { memory_budget: 1 << 40, ..Request::default() };
    let shape = Shape { rows: 100, features: 3, targets: 1, penalties: 30, problems: 50_000 };
    let plan = planned(shape, request, Limits::default()).unwrap();
    assert_eq!((plan.matrices_per_chunk, plan.factor.dispatches), (1_500_000, 1), "more than workgroups a dimension");
    let narrow = planned(shape, request, Limits { workgroups: 100, ..Limits::default() }).unwrap();
    assert_eq!((narrow.matrices_per_chunk, narrow.factor.dispatches), (10_000, 150));
    assert_eq!(narrow.matrices_bound, "the adapter's workgroups a dimension");
    for memory_budget in [4 << 20, 8 << 20] {
        let plan = planned(shape, Request { memory_budget, ..request }, Limits::default()).unwrap();
        assert!(plan.solve_bytes <= memory_budget, "{memory_budget}: {}", plan.solve_bytes);
        assert_eq!(plan.matrices_bound, "the memory budget");
    }
}

#[test]
fn what_no_chunk_makes_smaller_is_refused_by_name() {
    let factored = Request { strategy: Some(Strategy::Cholesky), ..Request::default() };
    let named = |shape| match planned(shape, factored, Limits::default()) {
        Err(Error::TooLarge { what, needed, limit, .. }) => {
            assert!(needed > limit);
            what
        }
        other => panic!("{other:?}"),
    };
    // 33 of order 1000 are 132 million bytes.
    let wide = Shape { rows: 5000, features: 1000, targets: 1, penalties: 2, problems: 33 };
    planned(wide, Request::default(), Limits::default()).unwrap();
    assert_eq!(named(Shape { problems: 34, ..wide }), "the Gram matrices of all problems");
    assert_eq!(
        named(Shape { features: 3, penalties: 1 << 20, problems: 1 << 13, ..wide }),
        "the number of λs of all problems"
    );
}

#[test]
fn products_on_the_device_are_planned_by_the_problem() {
    let limits = Limits { shader_f64: true, ..Limits::default() };
    let shape = Shape { features: 130, targets: 60, penalties: 50, ..FOLD };
    let of = |problems, memory_budget| {
        planned(Shape { problems, ..shape }, Request { memory_budget, ..Request::default() }, limits).unwrap()
    };
    let (one, three) = (of(1, 1 << 40), of(3, 1 << 40));
    assert_eq!(three.product.unwrap().dispatches, 3 * one.product.unwrap().dispatches, "one problem at a time");
    assert_eq!(three.product.unwrap().flops, 3 * one.product.unwrap().flops);
    let few = Shape { penalties: 10, ..shape };
    let plan = planned(Shape { problems: 100, ..few }, Request::default(), limits).unwrap();
    assert_eq!(plan.product, None, "too small each, whatever they are together");
    for memory_budget in [8 << 20, 20 << 20, 64 << 20] {
        let plan = of(3, memory_budget);
        assert!(plan.matrices_per_chunk == 1 || plan.solve_bytes <= memory_budget, "{memory_budget}");
    }
}

#[test]
fn weights_come_back_once_where_corrections_stay_on_the_device() {
    // So few λ that each is factored.
    let shape = Shape { features: 500, targets: 100, penalties: 60, ..FOLD };
    let [there, here] = [true, false].map(|shader_f64| {
        let limits = Limits { shader_f64, ..Limits::default() };
        planned(shape, Request::default(), limits).unwrap().back
    });
    // 64-bit weights once, and eight sums a right-hand side; or 32-bit solutions each time. Right-hand sides go in fours.
    assert_eq!(there, BackPlan { step_bytes: 60 * 104 * 64, weight_bytes: 60 * 100 * 500 * 8 });
    assert_eq!(here, BackPlan { step_bytes: 60 * 104 * 500 * 4, weight_bytes: 0 });
    let text = |shader_f64| {
        let request = Request { backend: Backend::Gpu, ..Request::default() };
        Plan::new(shape, request, Some(Ok(Limits { shader_f64, ..Limits::default() }))).unwrap().explain()
    };
    assert!(text(true).contains("  back     399360 bytes a correction, 24000000 bytes once\n"), "{}", text(true));
    assert!(text(false).contains("  back     12480000 bytes a correction\n"), "{}", text(false));
}

#[test]
fn corrections_on_the_device_fit_a_submission() {
    // In double precision an operation may take 32 times as long.
    let limits = Limits { storage_binding: 4 << 30, buffer: 4 << 30, shader_f64: true, ..Limits::default() };
    for (features, targets) in [(500, 100), (2048, 1), (200, 1000)] {
        let shape = Shape { features, targets, penalties: 1000, ..FOLD };
        let strategy = Some(Strategy::Cholesky);
        let request = Request { memory_budget: 1 << 40, strategy, ..Request::default() };
        let plan = planned(shape, request, limits).unwrap();
        let chunks = 1000_u64.div_ceil(plan.matrices_per_chunk as u64);
        let flops = plan.product.unwrap().flops / chunks;
        assert!(32 * flops <= 200_000_000_000, "{features} features, {targets} targets: {flops}");
    }
}

#[test]
fn estimates_of_the_cpu_are_of_all_problems_and_the_strategy_is_that_of_one() {
    let many = Shape { problems: 7, ..FOLD };
    for form in [Form::Primal, Form::Dual] {
        assert!((many.flops(form) / FOLD.flops(form) - 7.0).abs() < 1e-12);
        for strategy in [Strategy::Cholesky, Strategy::Spectral] {
            assert_eq!(many.bytes_on_cpu(form, strategy), 7 * FOLD.bytes_on_cpu(form, strategy));
        }
    }
    for precision in [Precision::Single, Precision::Double] {
        let request = Request { precision, ..Request::default() };
        assert!((request.seconds_on_cpu(many) / request.seconds_on_cpu(FOLD) - 7.0).abs() < 1e-12);
    }
    for penalties in [1, 2, 10, 100] {
        let of = |problems| {
            let shape = Shape { penalties, problems, ..FOLD };
            Plan::new(shape, Request { backend: Backend::Cpu, ..Request::default() }, None).unwrap().strategy
        };
        assert_eq!(of(1), of(1000), "{penalties} λ");
    }
}

#[test]
fn explain_tells_how_many_problems_there_are() {
    let request = Request { backend: Backend::Gpu, ..Request::default() };
    let text = |shape| Plan::new(shape, request, Some(Ok(Limits::default()))).unwrap().explain();
    assert!(!text(FOLD).contains("problems"), "{}", text(FOLD));
    let many = text(Shape { problems: 5, ..FOLD });
    assert!(many.contains("20 λ of 5 problems\n") && many.contains("1 × 100 matrices,"), "{many}");
}

//! The plan of many problems of one shape.

use ridgepath::{Backend, Error, Form, GpuPlan, Limits, Plan, Precision, Request, Shape, Strategy};

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

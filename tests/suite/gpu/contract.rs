//! What Rust says of the shaders against what the shaders say.

use naga::{AddressSpace, Block, Expression, Function, Statement, StorageAccess, TypeInner};
use ridgepath::gpu::{kernel::Spec, registry::SPECS};

fn parsed(spec: &Spec) -> naga::Module {
    naga::front::wgsl::parse_str(spec.source).unwrap_or_else(|error| panic!("{}: {error}", spec.stage))
}

/// By the standard's capabilities alone, but for the stages that are there for 64-bit floats.
fn validated(stage: &str, module: &naga::Module) -> naga::valid::ModuleInfo {
    let wide = ["product", "frame_double", "correct", "residual"].contains(&stage);
    let beyond = if wide { naga::valid::Capabilities::FLOAT64 } else { Default::default() };
    let mut validator = naga::valid::Validator::new(naga::valid::ValidationFlags::all(), beyond);
    validator.validate(module).unwrap_or_else(|error| panic!("{stage}: {error:?}"))
}

/// The shader for workgroup memory of so wide a square, if it is one that takes what there is.
fn at_width(spec: &Spec, side: u32) -> String {
    let Some((_, constant)) = spec.wide else { return spec.source.into() };
    let declared = format!("override {constant}: u32 = 64u;");
    assert!(spec.source.contains(&declared), "{}: no {declared}", spec.stage);
    spec.source.replace(&declared, &format!("const {constant}: u32 = {side}u;"))
}

/// Threads and bytes of workgroup memory of every entry point.
fn sizes(spec: &Spec, source: &str) -> Vec<(String, u32, u32)> {
    let module = naga::front::wgsl::parse_str(source).unwrap_or_else(|error| panic!("{}: {error}", spec.stage));
    let info = validated(spec.stage, &module);
    let size = |(index, entry): (usize, &naga::EntryPoint)| {
        let used = |(handle, own): &(naga::Handle<naga::GlobalVariable>, &naga::GlobalVariable)| {
            own.space == AddressSpace::WorkGroup && !info.get_entry_point(index)[*handle].is_empty()
        };
        let bytes = |(_, own): (_, &naga::GlobalVariable)| module.types[own.ty].inner.size(module.to_ctx());
        let shared = module.global_variables.iter().filter(used).map(bytes).sum();
        (entry.name.clone(), entry.workgroup_size.iter().product(), shared)
    };
    module.entry_points.iter().enumerate().map(size).collect()
}

#[test]
fn every_shader_is_valid_wgsl_within_the_limits_of_the_web() {
    for spec in SPECS {
        validated(spec.stage, &parsed(spec));
        assert!(spec.bindings.len() <= 8, "{}: {} storage buffers", spec.stage, spec.bindings.len());
        for (name, threads, shared) in sizes(spec, &at_width(spec, 64)) {
            assert!(threads <= 256, "{name}: {threads} threads");
            assert!(shared <= 16_384, "{name}: {shared} bytes of workgroup memory");
        }
    }
}

#[test]
fn what_takes_all_the_workgroup_memory_there_is_takes_no_more() {
    for spec in SPECS {
        let Some((wide, _)) = spec.wide else { continue };
        // Metal and DX12, NVIDIA, AMD.
        for (side, bytes) in [(88, 32_768), (104, 49_152), (128, 65_536)] {
            let sizes = sizes(spec, &at_width(spec, side));
            let (_, threads, shared) = sizes.iter().find(|(name, ..)| name == wide).expect("the entry point");
            assert_eq!(*threads, side);
            assert!(*shared <= bytes && bytes - shared < 4 * 16 * side, "{wide}: {shared} of {bytes} bytes");
        }
    }
}

#[test]
fn entry_points_are_those_of_the_spec() {
    for spec in SPECS {
        let names: Vec<_> = parsed(spec).entry_points.iter().map(|entry| entry.name.clone()).collect();
        assert_eq!(names, spec.entries, "{}", spec.stage);
        let named = spec.entries.iter().all(|e| *e == spec.stage || e.starts_with(&format!("{}_", spec.stage)));
        assert!(named, "{}: {names:?}", spec.stage);
    }
}

#[test]
fn bindings_are_those_of_the_spec_in_their_order() {
    for spec in SPECS {
        let module = parsed(spec);
        let mut found: Vec<_> = module
            .global_variables
            .iter()
            .filter_map(|(_, variable)| {
                let binding = variable.binding.as_ref()?;
                assert_eq!(binding.group, 0);
                Some((binding.binding, variable.name.clone().unwrap_or_default(), variable.space))
            })
            .collect();
        found.sort_by_key(|(at, ..)| *at);
        assert_eq!(found[0], (0, "params".into(), AddressSpace::Uniform), "{}", spec.stage);
        assert_eq!(found.len(), spec.bindings.len() + 1, "{}", spec.stage);
        for ((at, name, space), (wanted, binding)) in found[1..].iter().zip((1u32..).zip(spec.bindings)) {
            let access = if binding.written { StorageAccess::LOAD | StorageAccess::STORE } else { StorageAccess::LOAD };
            assert_eq!((*at, name.as_str(), *space), (wanted, binding.name, AddressSpace::Storage { access }));
        }
    }
}

#[test]
fn params_have_the_offsets_of_the_rust_struct() {
    for spec in SPECS {
        let module = parsed(spec);
        let params = module.types.iter().find(|(_, ty)| ty.name.as_deref() == Some("Params")).expect("Params").1;
        let TypeInner::Struct { members, span } = &params.inner else { panic!("Params is a struct") };
        let found: Vec<_> =
            members.iter().map(|member| (member.name.as_deref().unwrap_or(""), member.offset as usize)).collect();
        assert_eq!(found, spec.params.0, "{}", spec.stage);
        assert_eq!(*span as usize, spec.params.1, "{}", spec.stage);
    }
}

#[test]
fn constants_have_the_values_of_the_rust_side() {
    for spec in SPECS {
        let module = parsed(spec);
        for (name, value) in spec.constants {
            let constant = module.constants.iter().find(|(_, own)| own.name.as_deref() == Some(name));
            let (_, constant) = constant.unwrap_or_else(|| panic!("{}: no const {name}", spec.stage));
            let literal = &module.global_expressions[constant.init];
            let wanted = Expression::Literal(naga::Literal::U32(*value));
            assert!(
                matches!((literal, &wanted),
                (Expression::Literal(naga::Literal::U32(a)), Expression::Literal(naga::Literal::U32(b))) if a == b),
                "{}: {name} is {literal:?}, wanted {value}",
                spec.stage
            );
        }
    }
}

/// All functions with the types of their expressions.
fn functions(stage: &str, source: &str) -> Vec<(String, Function, naga::valid::FunctionInfo, naga::Module)> {
    let module = naga::front::wgsl::parse_str(source).expect("valid");
    let validate = || validated(stage, &module);
    let own = module.functions.iter().map(|(handle, own)| {
        (own.name.clone().unwrap_or_default(), own.clone(), validate()[handle].clone(), module.clone())
    });
    let entries = module.entry_points.iter().enumerate().map(|(at, entry)| {
        (entry.name.clone(), entry.function.clone(), validate().get_entry_point(at).clone(), module.clone())
    });
    own.chain(entries).collect()
}

/// The functions that index an array, a matrix or a vector of a thread's own by a variable: it would not stay in registers.
fn indexed_registers(stage: &str, source: &str) -> Vec<String> {
    let indexed = |(_, function, info, module): &(String, Function, naga::valid::FunctionInfo, naga::Module)| {
        function.expressions.iter().any(|(_, expression)| {
            let Expression::Access { base, .. } = expression else { return false };
            let own = [AddressSpace::Function, AddressSpace::Private];
            match info[*base].ty.inner_with(&module.types) {
                TypeInner::Pointer { space, .. } | TypeInner::ValuePointer { space, .. } => own.contains(space),
                _ => true,
            }
        })
    };
    functions(stage, source).into_iter().filter(indexed).map(|(name, ..)| name).collect()
}

#[test]
fn no_register_is_indexed_by_a_variable() {
    for spec in SPECS {
        assert_eq!(indexed_registers(spec.stage, spec.source), [""; 0], "{}", spec.stage);
    }
    for body in ["var a: array<f32, 4>; out = a[i];", "var m: mat4x4f; m[i] = vec4f();", "out = vec4f()[i];"] {
        let source = format!("var<private> out: f32; fn f(i: u32) {{ {body} }}");
        assert_eq!(indexed_registers("made up", &source), ["f"], "{body}");
    }
}

/// Barriers of the workgroup in a block of statements, outside its loops, and in each of its loops.
fn barriers(block: &Block) -> (usize, Vec<usize>) {
    let (mut own, mut loops) = (0, Vec::new());
    for statement in block {
        let blocks = match statement {
            Statement::ControlBarrier(flags) => {
                own += usize::from(flags.contains(naga::Barrier::WORK_GROUP));
                vec![]
            }
            Statement::Loop { body, .. } => {
                let (inside, deeper) = barriers(body);
                loops.push(inside);
                loops.extend(deeper);
                vec![]
            }
            Statement::Block(block) => vec![block],
            Statement::If { accept, reject, .. } => vec![accept, reject],
            _ => vec![],
        };
        for (inside, deeper) in blocks.into_iter().map(barriers) {
            own += inside;
            loops.extend(deeper);
        }
    }
    loops.retain(|inside| *inside > 0);
    (own, loops)
}

#[test]
fn barriers_are_those_that_the_plan_counts() {
    let of = |spec: &Spec| -> Vec<(String, usize, Vec<usize>)> {
        let all = functions(spec.stage, spec.source).into_iter().map(|(name, own, ..)| (name, barriers(&own.body)));
        all.map(|(name, (own, loops))| (name, own, loops)).filter(|(_, own, loops)| *own + loops.len() > 0).collect()
    };
    let expect = |name: &str, own, loops: &[usize]| (name.to_owned(), own, loops.to_vec());
    // A loop step is tile / 16 rows of a tile of G (fours of rows of residues), 8 rows of a product in 64 bits, 8 columns of a diagonal block, 16 columns of a product, four targets,
    // a panel, down and up, or 32 rows of many targets.
    assert_eq!(of(&ridgepath::gpu::gram::SPEC), [expect("sum_tile", 0, &[1]), expect("gram_cross", 1, &[])]);
    assert_eq!(of(&ridgepath::gpu::product::SPEC), [expect("product_tile", 0, &[1])]);
    assert_eq!(of(&ridgepath::gpu::frame::SPEC), [expect("frame", 1, &[])]);
    assert_eq!(of(&ridgepath::gpu::frame::DOUBLE), [expect("frame_double", 1, &[])]);
    // Halves of 256 threads; four sums of each column.
    let centre = [
        expect("centre_origin", 1, &[1]),
        expect("centre_sums", 1, &[]),
        expect("centre_reduce", 1, &[]),
        expect("centre_squares", 1, &[]),
        expect("centre_total", 1, &[]),
    ];
    assert_eq!(of(&ridgepath::gpu::centre::SPEC), centre);
    assert_eq!(of(&ridgepath::gpu::equations::SPEC), []);
    assert_eq!(of(&ridgepath::gpu::coefficients::SPEC), [expect("coefficients", 1, &[1])]);
    assert_eq!(of(&ridgepath::gpu::report::SPEC), [expect("report", 1, &[1])]);
    // Halves of 64 threads.
    assert_eq!(of(&ridgepath::gpu::correct::SPEC), [expect("correct", 1, &[1])]);
    assert_eq!(of(&ridgepath::gpu::residual::SPEC), [expect("residual", 1, &[1])]);
    let residues = [expect("sum_tile", 0, &[1]), expect("residues_cross", 1, &[])];
    assert_eq!(of(&ridgepath::gpu::residues::SPEC), residues);
    let factor = [
        expect("invert", 0, &[2]),
        expect("invert_and_solve", 1, &[2]),
        expect("product", 0, &[2]),
        expect("factor_panel", 4, &[]),
    ];
    assert_eq!(of(&ridgepath::gpu::factor::SPEC), factor);
    let solve = [
        expect("product", 0, &[2]),
        expect("step", 2, &[]),
        expect("solve", 0, &[5, 5]),
        expect("solve_single", 3, &[]),
    ];
    assert_eq!(of(&ridgepath::gpu::solve::SPEC), solve);
}

#[test]
fn a_wrong_offset_would_be_seen() {
    let spec = SPECS[0];
    let source = spec.source.replacen("rows: u32,", "rows: u32, stray: u32,", 1);
    let module = naga::front::wgsl::parse_str(&source).expect("still valid");
    let params = module.types.iter().find(|(_, ty)| ty.name.as_deref() == Some("Params")).expect("Params").1;
    let TypeInner::Struct { members, .. } = &params.inner else { panic!("Params is a struct") };
    assert_ne!(members[1].name.as_deref(), Some(spec.params.0[1].0));
}

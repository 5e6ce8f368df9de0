//! The program's own shaders: one kernel a file, within the limits of the web, as the Rust side counts on them.

use std::fs;
use std::path::{Path, PathBuf};

use naga::{AddressSpace, ShaderStage};

fn shaders() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn parsed(file: &Path) -> (String, naga::Module) {
    let source = fs::read_to_string(file).unwrap();
    let module = naga::front::wgsl::parse_str(&source).unwrap_or_else(|error| panic!("{file:?}: {error}"));
    (source, module)
}

#[test]
fn every_shader_is_valid_and_holds_the_one_kernel_of_its_name() {
    let files = shaders();
    assert_eq!(files.len(), 2);
    for file in files {
        let (_, module) = parsed(&file);
        let mut validator = naga::valid::Validator::new(naga::valid::ValidationFlags::all(), Default::default());
        validator.validate(&module).unwrap_or_else(|error| panic!("{file:?}: {error:?}"));
        let [entry] = module.entry_points.as_slice() else { panic!("{file:?}: one entry point is wanted") };
        assert_eq!(Some(entry.name.as_str()), file.file_stem().and_then(|stem| stem.to_str()));
        assert_eq!((entry.stage, entry.workgroup_size), (ShaderStage::Compute, [256, 1, 1]));
    }
}

#[test]
fn bindings_are_storage_in_their_order() {
    for file in shaders() {
        let (_, module) = parsed(&file);
        for ((_, variable), wanted) in module.global_variables.iter().zip(0..) {
            let binding = variable.binding.as_ref().unwrap_or_else(|| panic!("{file:?}: workgroup memory"));
            assert_eq!((binding.group, binding.binding), (0, wanted));
            assert!(matches!(variable.space, AddressSpace::Storage { .. }));
        }
    }
}

#[test]
fn a_round_of_the_peak_has_the_multiply_adds_that_are_counted() {
    let (source, module) = parsed(&shaders()[1]);
    assert_eq!(module.entry_points[0].name, "peak_fma");
    assert_eq!(source.matches(" = fma(").count() * 4, 128, "of four numbers each");
    assert!(module.overrides.iter().any(|(_, own)| own.name.as_deref() == Some("rounds")));
}

// The most bytes a second that a plain kernel moves: 16 read and 16 written by every thread, neighbours beside each other.

@group(0) @binding(0) var<storage, read> input: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> output: array<vec4f>; // as long as `input`

@compute @workgroup_size(256)
fn peak_copy(@builtin(global_invocation_id) thread: vec3u) {
    if thread.x < arrayLength(&output) {
        output[thread.x] = input[thread.x];
    }
}

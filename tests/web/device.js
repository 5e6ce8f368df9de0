// A shader on the browser's device, by what its source says of itself.

export class Shader {
  constructor(device, name, source) {
    Object.assign(this, { device, name, source, pipelines: {}, ran: new Set() });
    this.entries = [...source.matchAll(/@compute[^{]*?\bfn\s+(\w+)/g)].map((found) => found[1]);
    const struct = source.match(/struct Params \{([^}]*)\}/)[1];
    this.params = [];
    this.words = 0;
    for (const [, member, type] of struct.replace(/\/\/.*/g, "").matchAll(/(\w+):\s*(\w+(?:<[^>]*>)?)/g)) {
      const vectors = type.match(/^array<vec4u, (\d+)>$/)?.[1];
      const known = vectors ? this.words % 4 === 0 : ["u32", "f32"].includes(type);
      if (!known) throw new Error(`${name}: no layout for ${member}, a ${type}`);
      this.params.push({ member, type, at: this.words });
      this.words += vectors ? 4 * vectors : 1;
    }
    const variables = source.matchAll(/@binding\((\d+)\) var<(uniform|storage, read_write|storage, read)> (\w+)/g);
    this.bindings = [...variables].map(([, at, space, variable]) => ({ at: +at, space, variable }));
  }

  // Compiles all entry points; throws the compiler's words.
  async compile() {
    this.device.pushErrorScope("validation");
    const module = this.device.createShaderModule({ label: this.name, code: this.source });
    const { messages } = await module.getCompilationInfo();
    for (const { type, lineNum, message } of messages) {
      if (type === "error") throw new Error(`line ${lineNum}: ${message}`);
    }
    const types = { uniform: "uniform", "storage, read": "read-only-storage", "storage, read_write": "storage" };
    const entries = this.bindings.map(({ at, space }) => ({
      binding: at,
      visibility: GPUShaderStage.COMPUTE,
      buffer: { type: types[space] },
    }));
    this.layout = this.device.createBindGroupLayout({ entries });
    const layout = this.device.createPipelineLayout({ bindGroupLayouts: [this.layout] });
    for (const entryPoint of this.entries) {
      this.pipelines[entryPoint] = await this.device.createComputePipelineAsync({
        label: entryPoint,
        layout,
        compute: { module, entryPoint },
      });
    }
    const error = await this.device.popErrorScope();
    if (error) throw new Error(error.message);
  }

  buffer(size, usage) {
    return this.device.createBuffer({ size: Math.max(16, Math.ceil(size / 16) * 16), usage });
  }

  // One dispatch after another, each [entry, params, workgroups], with buffers from typed arrays by the variables' names; resolves
  // to what the buffers hold then.
  async run(dispatches, arrays) {
    this.device.pushErrorScope("validation");
    const { STORAGE, COPY_DST, COPY_SRC, UNIFORM, MAP_READ } = GPUBufferUsage;
    const buffers = {};
    for (const { variable, space } of this.bindings) {
      if (space === "uniform") continue;
      const array = arrays[variable];
      if (!array) throw new Error(`${this.name}: no array for ${variable}`);
      buffers[variable] = this.buffer(array.byteLength, STORAGE | COPY_DST | COPY_SRC);
      this.device.queue.writeBuffer(buffers[variable], 0, array);
    }
    const encoder = this.device.createCommandEncoder();
    for (const [entry, params, groups] of dispatches) {
      const words = new DataView(new ArrayBuffer(Math.ceil(this.words / 4) * 16));
      for (const { member, type, at } of this.params) {
        if (!(member in params)) throw new Error(`${this.name}: no value for ${member}`);
        if (type === "f32") words.setFloat32(4 * at, params[member], true);
        else [params[member]].flat().forEach((value, word) => words.setUint32(4 * (at + word), value, true));
      }
      const uniform = this.buffer(words.byteLength, UNIFORM | COPY_DST);
      this.device.queue.writeBuffer(uniform, 0, words);
      const entries = this.bindings.map(({ at, space, variable }) => ({
        binding: at,
        resource: { buffer: space === "uniform" ? uniform : buffers[variable] },
      }));
      const pass = encoder.beginComputePass();
      pass.setPipeline(this.pipelines[entry]);
      pass.setBindGroup(0, this.device.createBindGroup({ layout: this.layout, entries }));
      pass.dispatchWorkgroups(...groups);
      pass.end();
      this.ran.add(entry);
    }
    const staged = {};
    for (const { variable, space } of this.bindings) {
      if (space !== "storage, read_write") continue;
      staged[variable] = this.buffer(buffers[variable].size, MAP_READ | COPY_DST);
      encoder.copyBufferToBuffer(buffers[variable], 0, staged[variable], 0, buffers[variable].size);
    }
    this.device.queue.submit([encoder.finish()]);
    const found = {};
    for (const [variable, buffer] of Object.entries(staged)) {
      await buffer.mapAsync(GPUMapMode.READ);
      found[variable] = new arrays[variable].constructor(buffer.getMappedRange().slice(0));
    }
    const error = await this.device.popErrorScope();
    if (error) throw new Error(error.message);
    return found;
  }
}

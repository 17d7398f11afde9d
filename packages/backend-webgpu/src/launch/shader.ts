/** A number that a shader reads from its `params`. */
export interface Param {
  readonly type: 'u32' | 'f32';
  readonly value: number;
}

export function u32(value: number): Param {
  return { type: 'u32', value };
}

export function f32(value: number): Param {
  return { type: 'f32', value };
}

export interface ShaderParts {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly params: Readonly<Record<string, Param>>;
  readonly workgroupSize: number;
  /** Buffers seen as `array<vec4<f32>>`. */
  readonly wide: readonly string[];
  /** Buffers of 16-bit floats, seen as `array<vec2<u32>>`; `widened` makes four numbers of an element. */
  readonly halves: readonly string[];
  /** WGSL with `fn kernel(group: u32, lane: u32)`: the index of the workgroup, and of the invocation in it. */
  readonly code: () => string;
}

/** The whole module: bindings (outputs, inputs, params), the kernel's text, and an entry point that numbers the workgroups. */
export function shaderSource({ inputs, outputs, params, workgroupSize, wide, halves, code }: ShaderParts): string {
  const element = (name: string): string =>
    halves.includes(name) ? 'vec2<u32>' : wide.includes(name) ? 'vec4<f32>' : 'f32';
  const array = (name: string): string => `${name}: array<${element(name)}>;`;
  const bindings = [
    ...outputs.map((name) => `var<storage, read_write> ${array(name)}`),
    ...inputs.map((name) => `var<storage, read> ${array(name)}`),
    'var<uniform> params: Params;',
  ];
  return `
struct Params { ${Object.entries(params)
    .map(([name, { type }]) => `${name}: ${type},`)
    .join(' ')} }
${bindings.map((binding, i) => `@group(0) @binding(${i}) ${binding}`).join('\n')}
${halves.length > 0 ? 'fn widened(w: vec2<u32>) -> vec4<f32> { return vec4(unpack2x16float(w.x), unpack2x16float(w.y)); }' : ''}
${code()}
@compute @workgroup_size(${workgroupSize})
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  kernel(workgroup.x + workgroup.y * workgroups.x, lane);
}`;
}

/** A model graph as ONNX protocol buffers (onnx.proto3), assembled node by node. */
export class OnnxBuilder {
  readonly #nodes: Uint8Array[] = [];
  readonly #initializers: Uint8Array[] = [];
  #names = 0;

  /** Adds a node and returns the names of its outputs. */
  node(op: string, inputs: readonly string[], attributes: Attributes = {}, outputs = 1): string[] {
    const names = Array.from({ length: outputs }, () => `t${this.#names++}`);
    this.#nodes.push(
      join([
        ...inputs.map((name) => text(1, name)),
        ...names.map((name) => text(2, name)),
        text(4, op),
        ...Object.entries(attributes).map(([name, value]) => message(5, encodeAttribute(name, value))),
      ]),
    );
    return names;
  }

  /** As `node` with one output. */
  one(op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.node(op, inputs, attributes)[0]!;
  }

  floats(values: Float32Array, shape: readonly number[]): string {
    return this.#constant(1, shape, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  integers(values: readonly number[]): string {
    return this.#constant(7, [values.length], new Uint8Array(BigInt64Array.from(values, BigInt).buffer));
  }

  /** `opset` 20 has the exact `Gelu`. */
  build(input: { name: string; shape: readonly number[] }, outputs: readonly string[]): Uint8Array {
    const graph = join([
      ...this.#nodes.map((node) => message(1, node)),
      text(2, 'g'),
      ...this.#initializers.map((tensor) => message(5, tensor)),
      message(11, encodeValue(input.name, input.shape)),
      ...outputs.map((name) => message(12, encodeValue(name, undefined))),
    ]);
    return join([integer(1, 9), message(7, graph), message(8, join([text(1, ''), integer(2, 20)]))]);
  }

  #constant(type: number, shape: readonly number[], bytes: Uint8Array): string {
    const name = `c${this.#names++}`;
    this.#initializers.push(
      join([...shape.map((n) => integer(1, n)), integer(2, type), text(8, name), message(9, bytes)]),
    );
    return name;
  }
}

/** A number is a float where it has a fraction or `float` says so; lists are integers. */
export type Attributes = Readonly<Record<string, number | readonly number[] | { readonly float: number }>>;

function encodeAttribute(name: string, value: Attributes[string]): Uint8Array {
  if (typeof value === 'number') return join([text(1, name), integer(3, value), integer(20, 2)]);
  if ('float' in value) {
    const bytes = new Uint8Array(Float32Array.of(value.float).buffer);
    return join([text(1, name), Uint8Array.of(2 * 8 + 5), bytes, integer(20, 1)]);
  }
  return join([text(1, name), ...value.map((n) => integer(8, n)), integer(20, 7)]);
}

function encodeValue(name: string, shape: readonly number[] | undefined): Uint8Array {
  const dimensions = shape === undefined ? [] : [message(2, join(shape.map((n) => message(1, integer(1, n)))))];
  return join([text(1, name), message(2, message(1, join([integer(1, 1), ...dimensions])))]);
}

function varint(value: number): number[] {
  if (value < 0) {
    // Two's complement in 64 bits.
    let rest = BigInt.asUintN(64, BigInt(value));
    const bytes: number[] = [];
    for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
    return [...bytes, Number(rest)];
  }
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest & 127) | 128);
  return [...bytes, rest];
}

function integer(field: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(field * 8), ...varint(value)]);
}

function message(field: number, bytes: Uint8Array): Uint8Array {
  return join([Uint8Array.from([...varint(field * 8 + 2), ...varint(bytes.length)]), bytes]);
}

function text(field: number, value: string): Uint8Array {
  return message(field, new TextEncoder().encode(value));
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

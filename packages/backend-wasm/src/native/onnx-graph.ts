/** A dimension: a number, or a name for one that is known only when the graph runs. */
export type Dimension = number | string;

export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** '' is ONNX itself. */
  readonly domain?: string;
  readonly attributes?: Readonly<Record<string, number>>;
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly inputs: Readonly<Record<string, readonly Dimension[]>>;
  readonly outputs: Readonly<Record<string, readonly Dimension[]>>;
}

const integerAttribute = 2;
const float32 = 1;
const irVersion = 8;
const opset = 17;
const contributedDomain = 'com.microsoft';

/** Serialises a float32 graph as an ONNX model (protocol buffers, onnx.proto3). Attributes are integers. */
export function encodeOnnx(graph: OnnxGraph): Uint8Array {
  const body = [
    ...graph.nodes.flatMap((node) => message(1, encodeNode(node))),
    ...text(2, 'glid'),
    ...Object.entries(graph.inputs).flatMap(([name, shape]) => message(11, encodeValue(name, shape))),
    ...Object.entries(graph.outputs).flatMap(([name, shape]) => message(12, encodeValue(name, shape))),
  ];
  return Uint8Array.from([
    ...integer(1, irVersion),
    ...message(7, body),
    ...message(8, [...text(1, ''), ...integer(2, opset)]),
    ...message(8, [...text(1, contributedDomain), ...integer(2, 1)]),
  ]);
}

function encodeNode(node: OnnxNode): number[] {
  const attributes = Object.entries(node.attributes ?? {});
  return [
    ...node.inputs.flatMap((name) => text(1, name)),
    ...node.outputs.flatMap((name) => text(2, name)),
    ...text(4, node.op),
    ...attributes.flatMap(([name, value]) =>
      message(5, [...text(1, name), ...integer(3, value), ...integer(20, integerAttribute)]),
    ),
    ...(node.domain === undefined ? [] : text(7, node.domain)),
  ];
}

function encodeValue(name: string, shape: readonly Dimension[]): number[] {
  const dimensions = shape.flatMap((size) => message(1, typeof size === 'string' ? text(2, size) : integer(1, size)));
  const tensorType = [...integer(1, float32), ...message(2, dimensions)];
  return [...text(1, name), ...message(2, message(1, tensorType))];
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return bytes;
}

function integer(field: number, value: number): number[] {
  return [...varint(field * 8), ...varint(value)];
}

function message(field: number, bytes: readonly number[]): number[] {
  return [...varint(field * 8 + 2), ...varint(bytes.length), ...bytes];
}

function text(field: number, value: string): number[] {
  return message(field, [...new TextEncoder().encode(value)]);
}

/**
 * Writes a TensorFlow graph as the bytes of a `saved_model.pb`, without a protobuf package:
 * the few messages needed (SavedModel, MetaGraphDef, GraphDef, NodeDef, AttrValue, TensorProto)
 * are fixed for ever by TensorFlow's own promise of compatibility.
 */

export type AttributeValue =
  | { kind: 'type'; value: number }
  | { kind: 'int'; value: number }
  | { kind: 'float'; value: number }
  | { kind: 'bool'; value: boolean }
  | { kind: 'string'; value: string }
  | { kind: 'shape'; value: readonly number[] }
  | { kind: 'ints'; value: readonly number[] }
  | { kind: 'tensor'; dtype: number; shape: readonly number[]; bytes: Uint8Array }

export interface GraphNode {
  name: string
  op: string
  /** `node:output`, or `^node` for a control dependency. */
  inputs: string[]
  attributes: Record<string, AttributeValue>
}

/** TensorFlow's DataType numbers that are used here. */
export const DataType = { float32: 1, int32: 3, string: 7, bool: 10, bfloat16: 14 } as const

/** A version that every TensorFlow 2.x reads; it decides which default attributes are filled in. */
const producerVersion = 1087

export function encodeSavedModel(nodes: readonly GraphNode[]): Uint8Array {
  const graph = concat([
    ...nodes.map((node) => field(1, encodeNode(node))),
    field(4, varintField(1, producerVersion)),
  ])
  const metaGraph = concat([field(1, textField(4, 'serve')), field(2, graph)])
  return concat([varintField(1, 1), field(2, metaGraph)])
}

function encodeNode(node: GraphNode): Uint8Array {
  return concat([
    textField(1, node.name),
    textField(2, node.op),
    ...node.inputs.map((input) => textField(3, input)),
    ...Object.entries(node.attributes).map(([name, value]) =>
      field(5, concat([textField(1, name), field(2, encodeAttribute(value))])),
    ),
  ])
}

function encodeAttribute(attribute: AttributeValue): Uint8Array {
  switch (attribute.kind) {
    case 'string':
      return textField(2, attribute.value)
    case 'int':
      return varintField(3, attribute.value)
    case 'float': {
      const buffer = new Uint8Array(5)
      buffer[0] = (4 << 3) | 5
      new DataView(buffer.buffer).setFloat32(1, attribute.value, true)
      return buffer
    }
    case 'bool':
      return varintField(5, attribute.value ? 1 : 0)
    case 'type':
      return varintField(6, attribute.value)
    case 'shape':
      return field(7, encodeShape(attribute.value))
    case 'ints':
      return field(1, field(3, concat(attribute.value.map(varint))))
    case 'tensor':
      return field(
        8,
        concat([
          varintField(1, attribute.dtype),
          field(2, encodeShape(attribute.shape)),
          field(4, attribute.bytes),
        ]),
      )
  }
}

function encodeShape(shape: readonly number[]): Uint8Array {
  return concat(shape.map((size) => field(2, varintField(1, size))))
}

function varint(value: number): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value))
  const out: number[] = []
  do {
    const low = Number(rest & 127n)
    rest >>= 7n
    out.push(rest > 0n ? low | 128 : low)
  } while (rest > 0n)
  return Uint8Array.from(out)
}

function field(number: number, bytes: Uint8Array): Uint8Array {
  return concat([varint((number << 3) | 2), varint(bytes.length), bytes])
}

function textField(number: number, text: string): Uint8Array {
  return field(number, new TextEncoder().encode(text))
}

function varintField(number: number, value: number): Uint8Array {
  return concat([varint(number << 3), varint(value)])
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts)
}

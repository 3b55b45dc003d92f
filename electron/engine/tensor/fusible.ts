/**
 * Rewrites convolutions so that TensorFlow fuses them with what comes after. Its optimiser knows convolution + bias +
 * relu and convolution + bias + sum, each as one kernel that goes over the result once; without a bias it knows
 * neither. Our any-size net has no biases, so it gets biases of zero here: the numbers stay the same.
 */
import { type AttributeValue, DataType, type GraphNode } from './graph-def.ts'

const sums = new Set(['Add', 'AddV2'])

/** To be fetched once before the first run: it sets the zeros. */
export const zerosSet = 'zerosSet:0'

/**
 * @returns a new graph that computes the same; the given one is left as it is.
 * `needsZeros` says whether `zerosSet` has to be fetched before anything else.
 */
export function makeFusible(nodes: readonly GraphNode[]): { nodes: GraphNode[]; needsZeros: boolean } {
  const byName = new Map(nodes.map((node) => [node.name, node]))
  const readers = new Map<string, number>()
  for (const { inputs } of nodes)
    for (const input of inputs) readers.set(input, (readers.get(input) ?? 0) + 1)
  /** Convolutions that are read once, by something that they can be fused with. */
  const wanted = new Map<string, number>()
  for (const { op, inputs } of nodes) {
    if (op !== 'Relu' && !sums.has(op)) continue
    for (const input of op === 'Relu' ? inputs.slice(0, 1) : inputs) {
      const conv = byName.get(input.split(':')[0]!)
      if (conv?.op !== 'Conv2D' || readers.get(input) !== 1) continue
      const width = widthOf(conv, byName)
      if (width !== null) {
        wanted.set(conv.name, width)
        break
      }
    }
  }
  // Not constants: TensorFlow would see that they are zero, and take the biases out again.
  const zeros = new Map<string, GraphNode[]>()
  const fusible = nodes.flatMap((node): GraphNode[] => {
    const width = wanted.get(node.name)
    if (width === undefined) return [node]
    const { name, attributes } = node
    const T = attributes['T'] as Extract<AttributeValue, { kind: 'type' }>
    const zero = `zero${width}of${T.value}`
    if (!zeros.has(zero)) zeros.set(zero, zeroVariable(zero, width, T))
    return [
      { ...node, name: `${name}/bare` },
      {
        name,
        op: 'BiasAdd',
        inputs: [`${name}/bare:0`, `${zero}/read:0`],
        attributes: { T, data_format: { kind: 'string', value: 'NHWC' } },
      },
    ]
  })
  if (zeros.size === 0) return { nodes: fusible, needsZeros: false }
  const done: GraphNode = {
    name: 'zerosSet',
    op: 'Const',
    inputs: [...zeros.keys()].map((zero) => `^${zero}/set`),
    attributes: constant([], DataType.float32, 4),
  }
  return { nodes: [...[...zeros.values()].flat(), ...fusible, done], needsZeros: true }
}

/** How many channels a convolution gives, when the graph says so. */
function widthOf({ inputs }: GraphNode, byName: ReadonlyMap<string, GraphNode>): number | null {
  let node = byName.get(inputs[1]!.split(':')[0]!)
  while (node) {
    const value = node.attributes['value'] ?? node.attributes['shape']
    if (node.op === 'Const' && value?.kind === 'tensor') return value.shape.at(-1) ?? null
    if (node.op === 'VarHandleOp' && value?.kind === 'shape') return value.value.at(-1) ?? null
    if (!['Cast', 'Identity', 'ReadVariableOp'].includes(node.op)) return null
    node = byName.get(node.inputs[0]!.split(':')[0]!)
  }
  return null
}

function zeroVariable(name: string, width: number, dtype: { kind: 'type'; value: number }): GraphNode[] {
  const bytes = width * (dtype.value === DataType.bfloat16 ? 2 : 4)
  const attributes: Record<string, AttributeValue> = {
    dtype,
    shape: { kind: 'shape', value: [width] },
    shared_name: { kind: 'string', value: name },
    container: { kind: 'string', value: '' },
  }
  return [
    { name, op: 'VarHandleOp', inputs: [], attributes },
    { name: `${name}/read`, op: 'ReadVariableOp', inputs: [name], attributes: { dtype } },
    { name: `${name}/first`, op: 'Const', inputs: [], attributes: constant([width], dtype.value, bytes) },
    { name: `${name}/set`, op: 'AssignVariableOp', inputs: [name, `${name}/first`], attributes: { dtype } },
  ]
}

function constant(shape: readonly number[], dtype: number, bytes: number): Record<string, AttributeValue> {
  return {
    dtype: { kind: 'type', value: dtype },
    value: { kind: 'tensor', dtype, shape, bytes: new Uint8Array(bytes) },
  }
}

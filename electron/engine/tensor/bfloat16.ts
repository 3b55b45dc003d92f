/**
 * Turns the convolutions of a graph, and what sits between them, to bfloat16: half the bytes and, on CPUs
 * with AVX512_BF16 or AMX, twice the speed. Weights, loss and optimiser stay in float32.
 */
import { type AttributeValue, DataType, type GraphNode } from './graph-def.ts'

/** Ops that run in bfloat16, with the inputs that are numbers of the picture (not sizes). */
const bfloat16Inputs: Record<string, readonly number[]> = {
  Conv2D: [0, 1],
  Conv2DBackpropInput: [1, 2],
  Conv2DBackpropFilter: [0, 2],
  BiasAdd: [0, 1],
  BiasAddGrad: [0],
  Relu: [0],
  ReluGrad: [0, 1],
  DepthToSpace: [0],
  SpaceToDepth: [0],
}

/** @returns a new graph with casts at the borders; the given one is left as it is. */
export function useBfloat16(nodes: readonly GraphNode[]): GraphNode[] {
  const half = new Set(nodes.filter(isFloatOp).map((node) => node.name))
  const out: GraphNode[] = []
  const casts = new Map<string, string>()
  const typeOf = (value: number): AttributeValue => ({ kind: 'type', value })

  const cast = (input: string, from: number, to: number): string => {
    const key = `${input}>${to}`
    let name = casts.get(key)
    if (name === undefined) {
      name = `cast_${casts.size}`
      casts.set(key, name)
      out.push({ name, op: 'Cast', inputs: [input], attributes: { SrcT: typeOf(from), DstT: typeOf(to) } })
    }
    return `${name}:0`
  }

  for (const node of nodes) {
    const inHalf = half.has(node.name)
    const picture = inHalf ? (bfloat16Inputs[node.op] ?? []) : []
    const inputs = node.inputs.map((input, index) => {
      if (input.startsWith('^')) return input
      const fromHalf = half.has(input.split(':')[0] ?? '')
      if (picture.includes(index)) return fromHalf ? input : cast(input, DataType.float32, DataType.bfloat16)
      return fromHalf ? cast(input, DataType.bfloat16, DataType.float32) : input
    })
    const attributes = inHalf ? { ...node.attributes, T: typeOf(DataType.bfloat16) } : node.attributes
    out.push({ ...node, inputs, attributes })
  }
  return out
}

function isFloatOp(node: GraphNode): boolean {
  const type = node.attributes['T']
  return node.op in bfloat16Inputs && type?.kind === 'type' && type.value === DataType.float32
}

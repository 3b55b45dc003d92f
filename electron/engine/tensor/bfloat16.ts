/**
 * Turns the convolutions of a graph, and what sits between them, to bfloat16: half the bytes
 * and, on CPUs with AVX512_BF16 or AMX, twice the speed. Weights, loss and moments stay in float32, and so does
 * the picture that the net's residual is taken from.
 */
import { type AttributeValue, DataType, type GraphNode } from './graph-def.ts'

/** Ops that run in bfloat16 wherever they stand, with the inputs that are numbers (not sizes). */
const always: Record<string, readonly number[]> = {
  Conv2D: [0, 1],
  Conv2DBackpropInput: [1, 2],
  Conv2DBackpropFilter: [0, 2],
}

/** Ops that run in bfloat16 when these inputs are bfloat16 already. */
const between: Record<string, readonly number[]> = {
  Relu: [0],
  ReluGrad: [0, 1],
  BiasAddGrad: [0],
  DepthToSpace: [0],
  SpaceToDepth: [0],
  Add: [0, 1],
  AddV2: [0, 1],
}

/** @returns a new graph with casts at the borders; the given one is left as it is. */
export function useBfloat16(nodes: readonly GraphNode[]): GraphNode[] {
  const half = new Set<string>()
  const out: GraphNode[] = []
  const casts = new Map<string, string>()
  const typeOf = (value: number): AttributeValue => ({ kind: 'type', value })
  const isHalf = (input: string): boolean => half.has(nodeOf(input))

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

  // A node is noted down after those it reads, so one pass knows what is half already.
  for (const node of nodes) {
    const numbers = isFloatOp(node) ? numbersOf(node, isHalf) : []
    if (numbers.length > 0) half.add(node.name)
    const inputs = node.inputs.map((input, index) => {
      if (input.startsWith('^')) return input
      if (numbers.includes(index))
        return isHalf(input) ? input : cast(input, DataType.float32, DataType.bfloat16)
      return isHalf(input) ? cast(input, DataType.bfloat16, DataType.float32) : input
    })
    const attributes =
      numbers.length > 0 ? { ...node.attributes, T: typeOf(DataType.bfloat16) } : node.attributes
    out.push({ ...node, inputs, attributes })
  }
  return out
}

/** The inputs that are to be bfloat16; none when the op stays in float32. */
function numbersOf({ op, inputs }: GraphNode, isHalf: (input: string) => boolean): readonly number[] {
  const following = between[op]
  return always[op] ?? (following?.every((index) => isHalf(inputs[index]!)) ? following : [])
}

function nodeOf(input: string): string {
  return input.split(':')[0]!
}

function isFloatOp(node: GraphNode): boolean {
  const type = node.attributes['T']
  return type?.kind === 'type' && type.value === DataType.float32
}

import { beforeAll, describe, expect, it } from 'vitest'
import { gaussianGenerator } from '../../../electron/engine/learning/noise.ts'
import { type Tensor4D, loadTensorflow, tensorflow } from '../../../electron/engine/tensor/backend.ts'
import { CompiledFunction } from '../../../electron/engine/tensor/compile.ts'
import { makeFusible } from '../../../electron/engine/tensor/fusible.ts'
import { DataType, type GraphNode } from '../../../electron/engine/tensor/graph-def.ts'

beforeAll(() => loadTensorflow())

const float = { kind: 'type', value: DataType.float32 } as const
const node = (name: string, op: string, inputs: string[]): GraphNode => ({
  name,
  op,
  inputs,
  attributes: { T: float },
})
const kernel: GraphNode = {
  name: 'kernel',
  op: 'Const',
  inputs: [],
  attributes: {
    dtype: float,
    value: { kind: 'tensor', dtype: DataType.float32, shape: [3, 3, 2, 5], bytes: new Uint8Array(360) },
  },
}
const opOf = (nodes: readonly GraphNode[], name: string): string | undefined =>
  nodes.find((each) => each.name === name)?.op

describe('convolutions', () => {
  it.each([
    ['relu', node('next', 'Relu', ['conv:0'])],
    ['a sum', node('next', 'AddV2', ['x:0', 'conv:0'])],
  ])('get a bias before %s', (_, next) => {
    const given = [kernel, node('x', 'Placeholder', []), node('conv', 'Conv2D', ['x:0', 'kernel:0']), next]
    const { nodes, needsZeros } = makeFusible(given)
    expect(needsZeros).toBe(true)
    expect(opOf(nodes, 'conv')).toBe('BiasAdd')
    expect(opOf(nodes, 'conv/bare')).toBe('Conv2D')
    expect(opOf(given, 'conv')).toBe('Conv2D')
  })

  it('are left alone where others read them too, or nothing can be fused', () => {
    const conv = node('conv', 'Conv2D', ['x:0', 'kernel:0'])
    const x = node('x', 'Placeholder', [])
    for (const next of [
      [node('a', 'Relu', ['conv:0']), node('b', 'Identity', ['conv:0'])],
      [node('a', 'Sub', ['x:0', 'conv:0'])],
    ]) {
      const given = [kernel, x, conv, ...next]
      expect(makeFusible(given)).toEqual({ nodes: given, needsZeros: false })
    }
  })

  it('give the same numbers fused', () => {
    const tf = tensorflow()
    const normal = gaussianGenerator(1)
    const random = (shape: [number, number, number, number]): Tensor4D =>
      tf.tensor(Float32Array.from({ length: shape.reduce((a, b) => a * b) }, normal), shape)
    const [a, b, x] = [random([3, 3, 4, 4]), random([3, 3, 4, 4]), random([2, 9, 7, 4])]
    const block = (h: Tensor4D, [first, second]: Tensor4D[]): Tensor4D =>
      tf.add(h, tf.conv2d(tf.relu(tf.conv2d(h, first!, 1, 'same')), second!, 1, 'same'))
    const fused = new CompiledFunction(
      (state, [h]) => ({ outputs: [block(h as Tensor4D, state as Tensor4D[])] }),
      { state: [a, b], args: [tf.zeros([1, 8, 8, 4])], freeAxes: [[0, 1, 2]], frozen: true },
    )
    const [out] = fused.run([x])
    expect(tf.max(tf.abs(tf.sub(out!, block(x, [a, b])))).dataSync()[0]!).toBeLessThan(1e-4)
    fused.dispose()
  })
})

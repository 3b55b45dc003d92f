import { beforeAll, describe, expect, it } from 'vitest'
import { gaussianGenerator } from '../../../electron/engine/learning/noise.ts'
import { initialState } from '../../../electron/engine/learning/training-step.ts'
import { Denoiser, netOf } from '../../../electron/engine/models/denoiser.ts'
import { type Tensor4D, loadTensorflow, tensorflow } from '../../../electron/engine/tensor/backend.ts'
import { halve } from '../../../electron/engine/tensor/ops.ts'
import { cpuHasBfloat16 } from '../../../electron/engine/tensor/precision.ts'
import { cardOf } from './card-of.ts'

beforeAll(() => loadTensorflow())

const kinds = [
  { kind: 'any-size', channels: 3, size: null, width: 72, height: 136 },
  { kind: 'any-size', channels: 1, size: null, width: 64, height: 64 },
  { kind: 'whole-image', channels: 1, size: { width: 28, height: 28 }, width: 28, height: 28 },
  { kind: 'whole-image', channels: 3, size: { width: 64, height: 48 }, width: 64, height: 48 },
] as const

function weightsOf(card: ReturnType<typeof cardOf>): { name: string; shape: number[]; data: Float32Array }[] {
  const net = netOf(card)
  const scale = new Float32Array(4 * card.channels).fill(8)
  return initialState(net, 5, { scale })
    .filter(({ name }) => name.startsWith('weight/'))
    .map((tensor) => ({ ...tensor, name: tensor.name.slice('weight/'.length) }))
}

const rootMeanSquare = (values: Float32Array): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length)

describe('r(x)', () => {
  // Some convolutions are computed wrongly in bfloat16 by TensorFlow itself: none of them may be in a net.
  it.runIf(cpuHasBfloat16()).each(kinds)(
    'in bfloat16 is r(x) in float32 but for rounding ($kind, $channels channels)',
    async ({ width, height, ...parts }) => {
      const card = cardOf(parts)
      const x = Float32Array.from({ length: width * height * card.channels }, gaussianGenerator(3)).map(
        (value) => 0.5 + 0.2 * value,
      )
      const [exact, rounded] = await Promise.all(
        (['float32', 'bfloat16'] as const).map(async (precision) => {
          const model = await Denoiser.load(card, weightsOf(card), { precision })
          return model.estimate(x, [1, height, width], Float32Array.of(0.2))
        }),
      )
      const residual = rootMeanSquare(exact!.map((value, i) => value - x[i]!))
      const error = rootMeanSquare(exact!.map((value, i) => value - rounded![i]!))
      expect(error).toBeGreaterThan(0)
      expect(error / residual).toBeLessThan(0.02)
    },
  )

  it('is the same whether the weights are frozen or can be changed', async () => {
    const card = cardOf({ kind: 'any-size', channels: 1, size: null })
    const weights = weightsOf(card)
    const [frozen, live] = await Promise.all(
      [false, true].map((live) => Denoiser.load(card, weights, { live, precision: 'float32' })),
    )
    const x = Float32Array.from({ length: 32 * 32 }, gaussianGenerator(3))
    const before = live!.estimate(x, [1, 32, 32], Float32Array.of(0.2))
    frozen!
      .estimate(x, [1, 32, 32], Float32Array.of(0.2))
      .forEach((value, i) => expect(value).toBeCloseTo(before[i]!, 5))
    live!.setWeights(weights.map((weight) => ({ ...weight, data: weight.data.map(() => 0) })))
    expect(live!.estimate(x, [1, 32, 32], Float32Array.of(0.2))).toEqual(x)
    expect(() => frozen!.setWeights(weights)).toThrow(/state/)
  })
})

describe('halving', () => {
  it('is the convolution with stride 2', () => {
    const tf = tensorflow()
    const x = tf.tensor4d(Float32Array.from({ length: 2 * 8 * 6 * 3 }, gaussianGenerator(1)), [2, 8, 6, 3])
    const kernel = tf.tensor4d(
      Float32Array.from({ length: 2 * 2 * 3 * 5 }, gaussianGenerator(2)),
      [2, 2, 3, 5],
    )
    const difference = tf.max(tf.abs(tf.sub(halve(x as Tensor4D, kernel), tf.conv2d(x, kernel, 2, 'valid'))))
    expect(difference.dataSync()[0]!).toBeLessThan(1e-5)
  })
})

import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { uniformGenerator } from '../../../electron/engine/learning/noise.ts'
import {
  crossEntropyByPatch,
  likePatches,
  squaredErrorByPatch,
} from '../../../electron/engine/nets/patch-loss.ts'
import {
  type Scalar,
  type Tensor,
  type Tensor4D,
  loadTensorflow,
  tensorflow,
} from '../../../electron/engine/tensor/backend.ts'

beforeAll(() => loadTensorflow())

const losses = [
  { name: 'bce', byPatch: crossEntropyByPatch },
  { name: 'mse', byPatch: squaredErrorByPatch },
] as const

const shape = [2, 8, 8, 3] as const
const perPatch = 8 * 8 * 3

function targets(seed: number, from = 0.3, to = 0.7): Float32Array {
  const random = uniformGenerator(seed)
  return Float32Array.from({ length: 2 * perPatch }, () => from + (to - from) * random())
}

/** Norm of the gradient for each patch. */
function pulls(
  byPatch: (typeof losses)[number]['byPatch'],
  estimate: Float32Array,
  clean: Float32Array,
): number[] {
  const tf = tensorflow()
  return tf.tidy(() => {
    const target = tf.tensor4d(clean, [...shape])
    const objective = (e: Tensor): Scalar => likePatches(byPatch(e, target)).objective
    const gradient = tf.grad(objective)(tf.tensor4d(estimate, [...shape])) as Tensor4D
    return [...tf.sqrt(tf.sum(tf.square(gradient), [1, 2, 3])).dataSync()]
  })
}

describe.each(losses)('the loss of patches, $name', ({ name, byPatch }) => {
  it('is above the least there is by nothing where the estimate is right, and never infinite', () => {
    const tf = tensorflow()
    const clean = targets(1, 0, 1)
    clean.set([0, 1, 0, 1])
    const target = tf.tensor4d(clean, [...shape])
    byPatch(target, target)
      .excess.dataSync()
      .forEach((excess) => expect(Math.abs(excess)).toBeLessThan(1e-6))
    for (const estimate of [clean, clean.map((value) => 1 - value), clean.map((value) => 3 * value - 1)]) {
      const { objective } = likePatches(byPatch(tf.tensor4d(estimate, [...shape]), target))
      expect(Number.isFinite(objective.dataSync()[0])).toBe(true)
      expect(pulls(byPatch, estimate, clean).every(Number.isFinite)).toBe(true)
    }
  })

  it('lets a patch with little error pull as much as its share, whatever the other’s error', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 1, noNaN: true }), fc.nat(1e6), (share, seed) => {
        const clean = targets(seed)
        const error = 0.1
        const wrong = clean.map(
          (value, i) => value + (i % 2 ? 1 : -1) * (i < perPatch ? error : share * error),
        )
        const [much, little] = pulls(byPatch, wrong, clean)
        // d log(e²) = 2 / e: ten times less error, ten times more pull. A plain mean gives ten times less.
        expect((little! * share) / much!).toBeGreaterThan(0.8)
        expect((little! * share) / much!).toBeLessThan(1.25)
      }),
      { numRuns: 30 },
    )
  })

  it('reports the plain mean', () => {
    const tf = tensorflow()
    const clean = targets(3)
    const wrong = clean.map((value) => value + 0.1)
    const each = wrong.map((p, i) =>
      name === 'mse' ? (p - clean[i]!) ** 2 : -clean[i]! * Math.log(p) - (1 - clean[i]!) * Math.log(1 - p),
    )
    const { mean } = byPatch(tf.tensor4d(wrong, [...shape]), tf.tensor4d(clean, [...shape]))
    expect(mean.dataSync()[0]).toBeCloseTo(each.reduce((a, b) => a + b, 0) / each.length, 5)
  })
})

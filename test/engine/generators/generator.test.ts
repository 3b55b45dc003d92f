import { describe, expect, it } from 'vitest'
import { Classifier } from '../../../electron/engine/generators/classifier.ts'
import { type PictureBatch, generate, generatorSize } from '../../../electron/engine/generators/generator.ts'
import { uniformGenerator } from '../../../electron/engine/learning/noise.ts'

const side = 16

/** Bars that stand or lie, somewhere: two classes that are learned in seconds. */
function bars(count: number, seed: number): { pictures: PictureBatch; labels: Uint8Array } {
  const random = uniformGenerator(seed)
  const labels = Uint8Array.from({ length: count }, () => (random() < 0.5 ? 0 : 1))
  const data = new Float32Array(count * side * side)
  labels.forEach((label, index) => {
    const at = 3 + Math.floor(10 * random())
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++) {
        const across = label ? x : y
        data[(index * side + y) * side + x] = Math.abs(across - at) <= 1 ? 1 : 0
      }
  })
  return { pictures: { width: side, height: side, channels: 1, data }, labels }
}

const mean = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length

describe('a generator', () => {
  it.each(['vae', 'gan'] as const)(
    '%s makes pictures in 0..1 that are like what it was taught, repeatable by seed',
    async (kind) => {
      const { pictures } = bars(192, 1)
      const make = (seed: number): Promise<PictureBatch> =>
        generate(pictures, { kind, count: 70, seed, epochs: 12 })
      const [one, same, other] = [await make(1), await make(1), await make(2)]
      expect(one).toMatchObject({ width: side, height: side, channels: 1 })
      expect(one.data).toHaveLength(70 * side * side)
      expect(one.data.every((value) => value >= 0 && value <= 1)).toBe(true)
      expect(one.data).toEqual(same.data)
      expect(one.data).not.toEqual(other.data)
      // Not one picture again and again, and nearly as dark as the taught ones: untaught ones are grey.
      expect(one.data.slice(0, side * side)).not.toEqual(one.data.slice(side * side, 2 * side * side))
      expect(Math.abs(mean(one.data) - mean(pictures.data))).toBeLessThan(0.2)
    },
  )

  it('can be cancelled', async () => {
    const { pictures } = bars(64, 1)
    const options = { kind: 'vae', count: 1, seed: 1 } as const
    await expect(generate(pictures, options, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'CANCELLED',
    })
  })

  it('rounds sizes up to what its nets can halve', () => {
    expect(generatorSize(28, 28)).toEqual({ width: 32, height: 32 })
    expect(generatorSize(5, 64)).toEqual({ width: 16, height: 64 })
  })
})

describe('the classifier', () => {
  it('tells classes apart that it has learned, and is sure of them', async () => {
    const taught = bars(512, 1)
    const heldOut = bars(100, 2)
    const classifier = await Classifier.teach(taught.pictures, taught.labels, 2, { seed: 1, epochs: 4 })
    expect(classifier.accuracy(heldOut.pictures.data, heldOut.labels)).toBeGreaterThan(0.95)
    expect(classifier.sureShare(heldOut.pictures.data)).toBeGreaterThan(0.5)
    const { features, probabilities } = classifier.run(heldOut.pictures.data)
    expect(features).toMatchObject({ count: 100, size: 64 })
    for (let row = 0; row < 100; row++)
      expect(probabilities[2 * row]! + probabilities[2 * row + 1]!).toBeCloseTo(1, 4)
    classifier.dispose()
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  gaussianGenerator,
  shuffledIndices,
  uniformGenerator,
} from '../../../electron/engine/learning/noise.ts'

const seeds = fc.integer({ min: 0, max: 0xffffffff })

describe('seeded noise', () => {
  it('is the same for the same seed and another for another', () => {
    fc.assert(
      fc.property(seeds, seeds, (a, b) => {
        const draw = (seed: number) => Array.from({ length: 8 }, gaussianGenerator(seed))
        expect(draw(a)).toEqual(draw(a))
        if (a !== b) expect(draw(a)).not.toEqual(draw(b))
      }),
    )
  })

  it('has a sequence of its own for every stream', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: 1e6 }), (seed, stream) => {
        const draw = (s: number) => Array.from({ length: 8 }, uniformGenerator(seed, s))
        expect(draw(stream)).not.toEqual(draw(stream + 1))
      }),
    )
  })

  it('is standard normal: mean, variance, skewness and kurtosis of 200,000 draws', () => {
    const normal = gaussianGenerator(7)
    const x = Array.from({ length: 200_000 }, normal)
    const moment = (power: number) => x.reduce((sum, value) => sum + value ** power, 0) / x.length
    expect(moment(1)).toBeCloseTo(0, 1.7)
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.02)
    expect(Math.abs(moment(3))).toBeLessThan(0.04)
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.12)
  })

  it('shuffles without losing anything', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), seeds, (count, seed) => {
        const order = shuffledIndices(count, uniformGenerator(seed))
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i))
      }),
    )
  })
})

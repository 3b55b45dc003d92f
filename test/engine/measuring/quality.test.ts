import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Pixels } from '../../../electron/engine/images/pixels.ts'
import { gaussianGenerator } from '../../../electron/engine/learning/noise.ts'
import { measureNoise, psnr, psnrOf } from '../../../electron/engine/measuring/quality.ts'

function picture(width: number, height: number, channels: 1 | 3, value: (index: number) => number): Pixels {
  const data = Float32Array.from({ length: width * height * channels }, (_, index) => value(index))
  return { width, height, channels, data, alpha: null, bitDepth: 8, icc: null }
}

describe('PSNR', () => {
  it('is 20 dB for an error of a tenth, and endless for none', () => {
    expect(psnrOf([0, 1, 0.5], [0.1, 0.9, 0.6])).toBeCloseTo(20, 6)
    expect(psnrOf([0.3], [0.3])).toBe(Infinity)
  })

  it('does not care which picture comes first, and falls as the error grows', () => {
    const value = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { minLength: 1 }), (pairs) => {
        const [a, b] = [pairs.map(([x]) => x), pairs.map(([, y]) => y)]
        expect(psnrOf(a, b)).toBe(psnrOf(b, a))
        const further = b.map((y, i) => a[i]! + 2 * (y - a[i]!))
        expect(psnrOf(a, further)).toBeLessThanOrEqual(psnrOf(a, b))
      }),
    )
  })

  it('refuses to compare pictures of different sizes', () => {
    expect(() =>
      psnr(
        picture(2, 2, 1, () => 0),
        picture(4, 1, 1, () => 0),
      ),
    ).toThrow(/2 x 2 x 1 with 4 x 1 x 1/)
  })
})

describe('the measured noise', () => {
  it('is the noise that was added, within 5 %, on flat and on soft pictures of either kind', () => {
    for (const sigma of [0.02, 0.1, 0.2]) {
      for (const channels of [1, 3] as const) {
        const normal = gaussianGenerator(3)
        const noisy = picture(128, 128, channels, (i) => 0.5 + 0.2 * Math.sin(i / 4000) + sigma * normal())
        expect(Math.abs(measureNoise(noisy) / sigma - 1)).toBeLessThan(0.05)
      }
    }
  })

  it('is found where a black or white ground has cut half of it off', () => {
    for (const ground of [0, 1]) {
      for (const sigma of [0.05, 0.2]) {
        const normal = gaussianGenerator(8)
        const clip = (value: number) => Math.min(1, Math.max(0, value))
        // A bar of the other colour on the ground, as a digit or a letter is.
        const clean = (i: number) => ((i % 64 > 24 && i % 64 < 34) !== (ground === 1) ? 1 : 0)
        const noisy = picture(64, 64, 1, (i) => clip(clean(i) + sigma * normal()))
        expect(Math.abs(measureNoise(noisy) / sigma - 1)).toBeLessThan(0.15)
        expect(measureNoise(picture(64, 64, 1, clean))).toBe(0)
      }
    }
  })

  it('is 0 for a picture without any, and for one too small to tell', () => {
    expect(measureNoise(picture(64, 64, 3, () => 0.3))).toBe(0)
    expect(measureNoise(picture(1, 1, 1, () => 0.3))).toBe(0)
  })
})

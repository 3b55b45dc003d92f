import { describe, expect, it } from 'vitest'
import { type Pixels, toSamples } from '../../electron/engine/images/pixels.ts'
import { Results } from '../../electron/engine/service/results.ts'

/** 400 pixels of 8 bits: 400 bytes as they are kept. */
function picture(): Pixels {
  return {
    width: 20,
    height: 20,
    channels: 1,
    data: new Float32Array(400),
    alpha: null,
    bitDepth: 8,
    icc: null,
  }
}

describe('kept results', () => {
  it('come back as an export would write them, with their transparency, in 8 and in 16 bits', () => {
    for (const bitDepth of [8, 16] as const) {
      const pixels: Pixels = {
        ...picture(),
        channels: 3,
        bitDepth,
        data: Float32Array.from({ length: 1200 }, (_, i) => Math.sin(i) * 0.7 + 0.5),
        alpha: Float32Array.from({ length: 400 }, (_, i) => i / 399),
      }
      const results = new Results(1e6)
      const kept = results.get(results.keep(pixels))
      expect(toSamples(kept, bitDepth)).toEqual(toSamples(pixels, bitDepth))
    }
  })

  it('give their place to newer ones, the longest unused first', () => {
    const results = new Results(1000)
    const first = results.keep(picture())
    const second = results.keep(picture())
    results.get(first)
    const third = results.keep(picture())
    expect(() => results.get(second)).toThrow(/no longer in memory/)
    expect(results.get(first)).toBeDefined()
    expect(results.get(third)).toBeDefined()
  })

  it('that are to last are pushed out only by others that are', () => {
    const results = new Results(1000)
    const dream = results.keep(picture(), { lasting: true })
    const walks = [1, 2, 3].map(() => results.keep(picture()))
    expect(results.get(dream)).toBeDefined()
    expect(() => results.get(walks[1]!)).toThrow(/no longer in memory/)
    results.keep(picture(), { lasting: true })
    expect(() => results.get(walks[2]!)).toThrow(/no longer in memory/)
    expect(results.get(dream)).toBeDefined()
    results.get(results.keep(picture(), { lasting: true }))
    results.keep(picture(), { lasting: true })
    expect(() => results.get(dream)).toThrow(/no longer in memory/)
  })

  it('hold at least the newest, whatever it takes', () => {
    const results = new Results(10)
    const first = results.keep(picture())
    expect(results.get(first)).toBeDefined()
    const second = results.keep(picture())
    expect(results.get(second)).toBeDefined()
    expect(() => results.get(first)).toThrow()
  })

  it('make room when they are forgotten, also twice', () => {
    const results = new Results(1000)
    const first = results.keep(picture())
    const second = results.keep(picture())
    results.forget(second)
    results.forget(second)
    results.keep(picture())
    expect(results.get(first)).toBeDefined()
  })
})

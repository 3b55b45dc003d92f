import { describe, expect, it } from 'vitest'
import type { Pixels } from '../../electron/engine/images/pixels.ts'
import { Results } from '../../electron/engine/service/results.ts'

/** 400 bytes of pixels. */
function picture(): Pixels {
  return {
    width: 10,
    height: 10,
    channels: 1,
    data: new Float32Array(100),
    alpha: null,
    bitDepth: 8,
    icc: null,
  }
}

describe('kept results', () => {
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

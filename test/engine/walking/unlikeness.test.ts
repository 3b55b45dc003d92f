import { describe, expect, it } from 'vitest'
import type { Pixels } from '../../../electron/engine/images/pixels.ts'
import type { Denoiser } from '../../../electron/engine/models/denoiser.ts'
import { heatColours, unlikeness } from '../../../electron/engine/walking/unlikeness.ts'

/** A denoiser that knows nothing but grey: r(x) = 0.5. */
const grey = {
  card: { size: null },
  net: { channels: 1, multipleOf: 8, reach: 8 },
  estimate: (x: Float32Array) => new Float32Array(x.length).fill(0.5),
} as unknown as Denoiser

function picture(channels: 1 | 3): Pixels {
  const [width, height] = [64, 40]
  const data = new Float32Array(width * height * channels).fill(0.5)
  for (let y = 10; y < 20; y++)
    for (let x = 40; x < 50; x++)
      for (let channel = 0; channel < channels; channel++) data[(y * width + x) * channels + channel] = 0.9
  return { width, height, channels, data, alpha: null, bitDepth: 8, icc: null }
}

describe('the map of unlikeness', () => {
  it.each([1, 3] as const)('is brightest where r(x) is furthest from x (%i channels)', async (channels) => {
    const { map, most } = await unlikeness(grey, picture(channels), 0.1)
    expect(most).toBeCloseTo(0.4, 5)
    const at = (x: number, y: number) => map.data[y * map.width + x]
    expect(at(45, 15)).toBeCloseTo(1, 5)
    expect(at(5, 30)).toBe(0)
    expect(at(39, 15)).toBeGreaterThan(0)
  })

  it('of a picture that the model knows is dark everywhere, and no number is lost', async () => {
    const known = { ...picture(1), data: new Float32Array(64 * 40).fill(0.5) }
    const { map, most } = await unlikeness(grey, known, 0.1)
    expect(most).toBe(0)
    expect(map.data.every((value) => value === 0)).toBe(true)
    expect([...heatColours(map).data.slice(0, 3)].map((value) => Math.round(255 * value))).toEqual([0, 0, 4])
  })
})

import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { uniformGenerator } from '../../../electron/engine/learning/noise.ts'
import { initialState } from '../../../electron/engine/learning/training-step.ts'
import { Denoiser, netOf } from '../../../electron/engine/models/denoiser.ts'
import { estimatePicture } from '../../../electron/engine/walking/tiles.ts'
import { loadTensorflow } from '../../../electron/engine/tensor/backend.ts'
import { cardOf } from '../models/card-of.ts'

async function untaught(
  kind: 'any-size' | 'whole-image',
  size: { width: number; height: number } | null,
): Promise<Denoiser> {
  const card = cardOf({ kind, size, channels: 1 })
  const net = netOf(card)
  const fixed = kind === 'any-size' ? { scale: new Float32Array(4).fill(8) } : {}
  const weights = initialState(net, 5, fixed)
    .filter(({ name }) => name.startsWith('weight/'))
    .map((tensor) => ({ ...tensor, name: tensor.name.slice('weight/'.length) }))
  return Denoiser.load(card, weights, { precision: 'float32' })
}

describe('a large picture in tiles', () => {
  let anySize: Denoiser
  beforeAll(async () => {
    await loadTensorflow()
    anySize = await untaught('any-size', null)
  })

  it('is the same as the picture at once, whatever its size and the size of the tiles', async () => {
    const side = fc.integer({ min: 1, max: 260 })
    await fc.assert(
      fc.asyncProperty(
        side,
        side,
        fc.integer({ min: 8, max: 200 }),
        fc.nat(),
        async (width, height, tile, seed) => {
          const x = Float32Array.from({ length: width * height }, uniformGenerator(seed))
          const whole = await estimatePicture(anySize, x, { width, height }, 0.1, { tile: 4096 })
          const tiled = await estimatePicture(anySize, x, { width, height }, 0.1, { tile })
          let largest = 0
          for (let i = 0; i < x.length; i++) largest = Math.max(largest, Math.abs(whole[i]! - tiled[i]!))
          expect(largest).toBeLessThan(1e-4)
        },
      ),
      { numRuns: 12 },
    )
  })

  it('counts its tiles', async () => {
    const counts: [number, number][] = []
    const x = new Float32Array(200 * 100)
    await estimatePicture(anySize, x, { width: 200, height: 100 }, 0.1, {
      tile: 104,
      onTiles: (done, of) => counts.push([done, of]),
    })
    expect(counts).toEqual([
      [1, 2],
      [2, 2],
    ])
  })

  it('under a whole-image model is covered with windows, without seams or gaps', async () => {
    const model = await untaught('whole-image', { width: 20, height: 20 })
    for (const [width, height] of [
      [20, 20],
      [7, 50],
      [61, 33],
    ] as const) {
      const x = new Float32Array(width * height).fill(0.5)
      const out = await estimatePicture(model, x, { width, height }, 0.2)
      expect(out).toHaveLength(x.length)
      expect(out.every((value) => Number.isFinite(value) && value >= 0 && value <= 1)).toBe(true)
    }
  })
})

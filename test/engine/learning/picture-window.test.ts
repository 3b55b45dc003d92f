import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { uniformGenerator } from '../../../electron/engine/learning/noise.ts'
import {
  type Picture,
  PictureWindow,
  type WindowOptions,
} from '../../../electron/engine/learning/picture-window.ts'
import type { PictureInfo } from '../../../shared/domain.ts'

const bytesEach = 100

function infosOf(count: number): PictureInfo[] {
  return Array.from({ length: count }, (_, index) => ({
    path: `${index}`,
    format: 'png',
    width: 10,
    height: 10,
    channels: 1,
    bitDepth: 8,
    alpha: false,
    bytes: 50,
  })) as unknown as PictureInfo[]
}

/** Pictures whose only pixel says which they are; reading takes a few turns of the event loop. */
function optionsOf(
  parts: Partial<WindowOptions> & { delays?: () => number } = {},
): WindowOptions & { reads: string[] } {
  const reads: string[] = []
  return {
    reads,
    read: async (info) => {
      reads.push(info.path)
      for (let turn = parts.delays?.() ?? 0; turn > 0; turn--)
        await new Promise((resolve) => setImmediate(resolve))
      return [{ width: 1, height: 1, data: Uint8Array.of(Number(info.path)) }]
    },
    bytesOf: () => bytesEach,
    weightOf: () => 1,
    budgetBytes: 1000,
    seed: 3,
    plan: 'counted',
    ...parts,
  }
}

async function drawAt(window: PictureWindow, step: number): Promise<number[]> {
  await window.moveTo(step)
  const random = uniformGenerator(1, step)
  return Array.from({ length: 4 }, () => window.draw(random).data[0]!)
}

async function run(count: number, options: WindowOptions, steps: number, from = 0): Promise<number[][]> {
  const window = await PictureWindow.open(infosOf(count), from, options)
  const drawn: number[][] = []
  for (let step = from; step < steps; step++) {
    drawn.push(await drawAt(window, step))
    expect(window.bytesHeld).toBeLessThanOrEqual(options.budgetBytes)
  }
  return drawn
}

describe('the window on a folder that is larger than the budget', () => {
  it('draws the same at a step, however long reading takes, and when begun in the middle', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 60 }),
        fc.nat(1e6),
        fc.integer({ min: 0, max: 90 }),
        async (count, seed, from) => {
          const random = uniformGenerator(seed)
          const quick = await run(count, optionsOf({ seed }), 100)
          const slow = await run(
            count,
            optionsOf({ seed, delays: () => Math.floor(6 * random()) }),
            100,
            from,
          )
          expect(slow).toEqual(quick.slice(from))
        },
      ),
      { numRuns: 15 },
    )
  })

  it('comes by every picture', async () => {
    const drawn = await run(40, optionsOf(), 8 * 40)
    expect(new Set(drawn.flat()).size).toBe(40)
  })

  it('keeps a folder that fits, and reads it once', async () => {
    const options = optionsOf({ budgetBytes: 10_000 })
    const window = await PictureWindow.open(infosOf(50), 0, options)
    for (let step = 0; step < 1000; step++) await drawAt(window, step)
    expect(options.reads).toHaveLength(50)
    expect(window.readable).toBe(50)
  })

  it('draws by weight', async () => {
    const weightOf = ({ data }: Picture): number => (data[0]! < 5 ? 3 : 1)
    const window = await PictureWindow.open(infosOf(10), 0, optionsOf({ weightOf }))
    const random = uniformGenerator(2)
    const draws = Array.from({ length: 20_000 }, () => window.draw(random).data[0]!)
    expect(draws.filter((index) => index < 5).length / draws.length).toBeCloseTo(15 / 20, 1)
  })
})

describe('with a plan by time', () => {
  it('no step ever waits, though a picture takes for ever', async () => {
    let left = 12
    const read: WindowOptions['read'] = (info) =>
      left-- > 0
        ? Promise.resolve([{ width: 1, height: 1, data: Uint8Array.of(Number(info.path)) }])
        : new Promise<never>(() => undefined)
    const window = await PictureWindow.open(infosOf(100), 0, optionsOf({ plan: 'timed', read }))
    for (let step = 0; step < 1000; step++) expect(window.moveTo(step)).toBeNull()
    expect(window.isEmpty).toBe(false)
  })

  it('passes over what cannot be read, and says how much is left', async () => {
    const read: WindowOptions['read'] = (info) =>
      Promise.resolve(
        Number(info.path) % 2 ? [] : [{ width: 1, height: 1, data: Uint8Array.of(Number(info.path)) }],
      )
    const window = await PictureWindow.open(infosOf(10), 0, optionsOf({ plan: 'timed', read }))
    expect(window.readable).toBe(5)
    const random = uniformGenerator(2)
    for (let draw = 0; draw < 100; draw++) expect(window.draw(random).data[0]! % 2).toBe(0)
  })

  it('ends when it is cancelled', async () => {
    const aborted = AbortSignal.abort()
    await expect(
      PictureWindow.open(infosOf(10), 0, optionsOf({ plan: 'timed', signal: aborted })),
    ).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UphillError } from '../../../shared/errors.ts'
import { gaussianGenerator } from '../../../electron/engine/learning/noise.ts'
import {
  annealedSchedule,
  annealedStep,
  lowestSigma,
  walk,
  type Walked,
} from '../../../electron/engine/walking/walk.ts'

/** Values that are normal with this mean and deviation: their best denoiser is known exactly. */
const mean = 0.5
const spread = 0.1
const exact = async (x: Float32Array, sigma: number) =>
  x.map((value) => mean + ((value - mean) * spread ** 2) / (spread ** 2 + sigma ** 2))
const logDensity = (value: number, sigma: number) => -((value - mean) ** 2) / (2 * (spread ** 2 + sigma ** 2))

const constant = { schedule: 'constant', alpha: 0.5, addNoise: false, churn: 0 } as const
const annealed = { schedule: 'annealed', alpha: 1, addNoise: false, churn: 0 } as const

async function all(steps: AsyncGenerator<Walked>): Promise<Walked[]> {
  const out: Walked[] = []
  for await (const step of steps) out.push(step)
  return out
}

describe('the walk', () => {
  it('goes uphill at every step of the paper’s constant walk, and says by how much', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.float({ min: -2, max: 3, noNaN: true }),
        fc.double({ min: 0.02, max: 1, noNaN: true }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        async (start, sigma, alpha) => {
          const walked = await all(
            walk(Float32Array.of(start), exact, { ...constant, alpha, sigma, steps: 5 }, () => 0),
          )
          for (let i = 1; i < walked.length; i++) {
            const gained = logDensity(walked[i]!.x[0]!, sigma) - logDensity(walked[i - 1]!.x[0]!, sigma)
            expect(gained).toBeGreaterThanOrEqual(-1e-6)
            // The reported gain is the gradient at the start of the step times the step: an upper bound that is near.
            expect(walked[i]!.step.gain).toBeGreaterThanOrEqual(gained - 1e-5)
          }
        },
      ),
    )
  })

  it('ends at the mean of what it knows when it walks long enough', async () => {
    const walked = await all(
      walk(Float32Array.of(2, -1), exact, { ...constant, sigma: 0.3, steps: 60 }, () => 0),
    )
    for (const value of walked.at(-1)!.x) expect(value).toBeCloseTo(mean, 5)
  })

  it('takes the spread of the data when it comes down from pure noise', async () => {
    const start = new Float32Array(40_000).fill(0.5)
    for (const churn of [0, 1]) {
      const options = { ...annealed, addNoise: true, churn, sigma: 3, steps: 60 }
      const walked = await all(walk(start, exact, options, gaussianGenerator(4)))
      const { x } = walked.at(-1)!
      const average = x.reduce((a, b) => a + b, 0) / x.length
      const deviation = Math.sqrt(x.reduce((a, b) => a + (b - average) ** 2, 0) / x.length)
      expect(average).toBeCloseTo(mean, 1)
      expect(Math.abs(deviation - spread)).toBeLessThan(0.02)
    }
  })

  it('is the same walk for the same seed, and leaves its start alone', async () => {
    const start = Float32Array.of(0.1, 0.9, 0.4)
    const options = { ...annealed, addNoise: true, churn: 1, sigma: 0.5, steps: 4 }
    const run = async () => (await all(walk(start, exact, options, gaussianGenerator(11)))).at(-1)!.x
    expect(await run()).toEqual(await run())
    expect([...start]).toEqual([...Float32Array.of(0.1, 0.9, 0.4)])
  })

  it('yields the start and every step, and one step is the denoiser itself', async () => {
    const walked = await all(
      walk(Float32Array.of(0.8), exact, { ...annealed, sigma: 0.2, steps: 1 }, () => 0),
    )
    expect(walked.map(({ step }) => step.index)).toEqual([0, 1])
    expect(walked[1]!.x[0]).toBeCloseTo((await exact(Float32Array.of(0.8), 0.2))[0]!, 6)
  })

  it('stops when it is cancelled', async () => {
    const controller = new AbortController()
    const steps = walk(Float32Array.of(0.8), exact, { ...annealed, sigma: 0.2, steps: 9 }, () => 0, {
      signal: controller.signal,
    })
    await steps.next()
    await steps.next()
    controller.abort()
    await expect(steps.next()).rejects.toSatisfy(
      (error) => error instanceof UphillError && error.code === 'CANCELLED',
    )
  })
})

describe('the annealed schedule', () => {
  it('only falls, starts at sigma and ends at 0', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 10, noNaN: true }),
        fc.integer({ min: 1, max: 200 }),
        (sigma, steps) => {
          const sigmas = annealedSchedule(sigma, steps)
          expect(sigmas).toHaveLength(steps + 1)
          expect(sigmas[0]).toBe(sigma)
          expect(sigmas.at(-1)).toBe(0)
          for (let i = 1; i < sigmas.length; i++)
            expect(sigmas[i]!).toBeLessThanOrEqual(sigmas[i - 1]! * (1 + 1e-12))
          if (steps > 1) expect(sigmas.at(-2)!).toBeCloseTo(Math.min(sigma, lowestSigma), 9)
        },
      ),
    )
  })

  it('keeps exactly the noise the next step expects', () => {
    const sigmas = fc.double({ min: 1e-3, max: 10, noNaN: true })
    const share = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(sigmas, share, share, (now, fall, churn) => {
        const next = now * fall
        const { keep, fresh } = annealedStep(now, next, churn)
        expect(Math.hypot(keep * now, fresh)).toBeCloseTo(next, 9)
      }),
    )
  })
})

/**
 * The walk uphill, for one picture or a million pixels: x <- x + h (r(x) - x) + noise.
 *
 * r(x) - x = sigma² ∇ log p_sigma(x), so each step goes up the gradient of the log density
 * (Creswell, Arulkumaran & Bharath 2017, arXiv 1708.08487). With a schedule of falling sigmas it is the
 * deterministic or stochastic coarse-to-fine ascent of Kadkhodaie & Simoncelli 2021 and Song et al. 2021.
 */
import type { WalkOptions, WalkStep } from '../../../shared/domain.ts'
import { throwIfCancelled } from '../../../shared/errors.ts'
import type { Random } from '../learning/noise.ts'

/** r(x) for the whole of x, assuming noise of standard deviation `sigma`. */
export type Estimate = (x: Float32Array, sigma: number) => Promise<Float32Array>

export interface WalkRun {
  signal?: AbortSignal | undefined
}

export interface Walked {
  step: WalkStep
  x: Float32Array
}

/** Where an annealed walk ends before its last, full step: below what an 8-bit picture can show well. */
export const lowestSigma = 0.02

/**
 * @param start values in about 0..1; left as it is
 * @param sigma where the walk comes down from, in the units of the values
 * @param normal standard normal numbers for added noise
 * @yields the start (index 0, after added noise), then every step; the arrays are the caller's
 */
export async function* walk(
  start: Float32Array,
  estimate: Estimate,
  options: Pick<WalkOptions, 'schedule' | 'steps' | 'alpha' | 'addNoise' | 'churn'> & { sigma: number },
  normal: Random,
  run: WalkRun = {},
): AsyncGenerator<Walked> {
  const { steps, sigma } = options
  let x: Float32Array = options.addNoise ? start.map((value) => value + sigma * normal()) : start.slice()
  yield { step: { index: 0, steps, sigma, residual: 0, gain: 0 }, x }
  const sigmas =
    options.schedule === 'constant' ? constantSchedule(sigma, steps) : annealedSchedule(sigma, steps)
  for (let index = 0; index < steps; index++) {
    throwIfCancelled(run.signal)
    const now = sigmas[index]!
    const next = sigmas[index + 1]!
    const r = await estimate(x, now)
    const { keep, fresh } =
      options.schedule === 'constant'
        ? { keep: 1 - options.alpha, fresh: 0 }
        : annealedStep(now, next, options.churn)
    const { moved, residual, gain } = moveTowards(x, r, keep, now)
    if (fresh > 0) for (let i = 0; i < moved.length; i++) moved[i]! += fresh * normal()
    x = moved
    yield { step: { index: index + 1, steps, sigma: now, residual, gain }, x }
  }
}

/** The paper's walk: the same sigma at every step. One more than `steps`, for uniform indexing. */
export function constantSchedule(sigma: number, steps: number): number[] {
  return new Array<number>(steps + 1).fill(sigma)
}

/** Sigmas from `sigma` down to lowestSigma in equal ratios, then 0. */
export function annealedSchedule(sigma: number, steps: number): number[] {
  const last = Math.min(sigma, lowestSigma)
  const sigmas = Array.from({ length: steps }, (_, index) =>
    steps === 1 ? sigma : sigma * (last / sigma) ** (index / (steps - 1)),
  )
  return [...sigmas, 0]
}

/**
 * How much of x - r is kept, and how much fresh noise is added, to come from noise `now` to noise `next`:
 * kept and fresh noise together have standard deviation `next` (Song et al. 2021, eq. 16).
 */
export function annealedStep(now: number, next: number, churn: number): { keep: number; fresh: number } {
  const fresh = churn * next * Math.sqrt(Math.max(0, 1 - (next / now) ** 2))
  const down = Math.sqrt(Math.max(0, next * next - fresh * fresh))
  return { keep: down / now, fresh }
}

/** r + keep (x - r), with the size of the residual and the gain in log-probability, per value. */
function moveTowards(
  x: Float32Array,
  r: Float32Array,
  keep: number,
  sigma: number,
): { moved: Float32Array; residual: number; gain: number } {
  const moved = new Float32Array(x.length)
  let squares = 0
  for (let i = 0; i < x.length; i++) {
    const toward = r[i]! - x[i]!
    squares += toward * toward
    moved[i] = r[i]! - keep * toward
  }
  const meanSquare = squares / x.length
  // dx = (1 - keep)(r - x), so (r - x)·dx / sigma² is this.
  return { moved, residual: Math.sqrt(meanSquare), gain: ((1 - keep) * meanSquare) / (sigma * sigma) }
}

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
  let x: Float32Array = start.slice()
  if (options.addNoise) addNoise(x, sigma, normal)
  yield { step: { index: 0, steps, sigma, residual: 0, gain: 0 }, x }
  for (const [index, move] of walkPlan(options).entries()) {
    throwIfCancelled(run.signal)
    const r = await estimate(x, move.sigma)
    const { moved, squares } = moveTowards(x, r, move.keep)
    if (move.fresh > 0) addNoise(moved, move.fresh, normal)
    x = moved
    yield { step: stepOf(index, steps, move, squares / x.length), x }
  }
}

export interface Move {
  /** The noise level that r is told. */
  sigma: number
  /** How much of x - r is kept. */
  keep: number
  /** Standard deviation of the noise that is added after it. */
  fresh: number
}

/** All moves of a walk. */
export function walkPlan(
  options: Pick<WalkOptions, 'schedule' | 'steps' | 'alpha' | 'churn'> & { sigma: number },
): Move[] {
  const { steps, sigma, alpha, churn } = options
  if (options.schedule === 'constant') {
    return constantSchedule(sigma, steps).map((now) => ({ sigma: now, keep: 1 - alpha, fresh: 0 }))
  }
  const sigmas = annealedSchedule(sigma, steps)
  return sigmas
    .slice(0, steps)
    .map((now, index) => ({ sigma: now, ...annealedStep(now, sigmas[index + 1]!, churn) }))
}

/** @param meanSquare of the residual r - x, over all values */
export function stepOf(index: number, steps: number, { sigma, keep }: Move, meanSquare: number): WalkStep {
  // dx = (1 - keep)(r - x), so the gain (r - x)·dx / sigma², per value, is this.
  const gain = ((1 - keep) * meanSquare) / (sigma * sigma)
  return { index: index + 1, steps, sigma, residual: Math.sqrt(meanSquare), gain }
}

/** The paper's walk: the same sigma at every step. */
export function constantSchedule(sigma: number, steps: number): number[] {
  return new Array<number>(steps).fill(sigma)
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

/** r + keep (x - r), and the sum of the squared residuals r - x. */
export function moveTowards(
  x: Float32Array,
  r: Float32Array,
  keep: number,
): { moved: Float32Array; squares: number } {
  const moved = new Float32Array(x.length)
  let squares = 0
  for (let i = 0; i < x.length; i++) {
    const toward = r[i]! - x[i]!
    squares += toward * toward
    moved[i] = r[i]! - keep * toward
  }
  return { moved, squares }
}

/** Adds noise in place, in the order of the values. */
export function addNoise(values: Float32Array, sigma: number, normal: Random): void {
  for (let i = 0; i < values.length; i++) values[i]! += sigma * normal()
}

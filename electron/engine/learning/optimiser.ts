/**
 * One update of all parameters, in tfjs ops, to be compiled into the step.
 *
 * Matrices inside the net: Muon (Jordan et al. 2024), momentum orthogonalised by Newton-Schulz steps.
 * The rest: Adam (Kingma & Ba 2015). Gradients are clipped to a global norm of 1, and an exponential
 * moving average of the weights is kept, which is what walks use.
 */
import type { Parameter } from '../nets/net.ts'
import { type Scalar, type Tensor, type Tensor2D, type Tensor3D, tensorflow } from '../tensor/backend.ts'
import { halfSquaredNorm } from '../tensor/ops.ts'

export const adamRate = 1e-3
export const muonRate = 0.02
const adamBeta1 = 0.9
const adamBeta2 = 0.99
const adamEpsilon = 1e-8
const muonMomentum = 0.95
const clipNorm = 1

/** State tensors of one parameter beside its weight and its average: Muon one, Adam two, fixed none. */
export function momentCount(parameter: Parameter): number {
  return { muon: 1, adam: 2, fixed: 0 }[parameter.role]
}

/** What changes from step to step, as scalar tensors. */
export interface StepScalars {
  /** Share of the full learning rate, 0..1. */
  rate: Scalar
  /** 1 - beta^t of Adam's two moments. */
  correction1: Scalar
  correction2: Scalar
  /** Weight of the old average, 0..1. */
  decay: Scalar
}

export function stepScalarValues(
  step: number,
  rate: number,
): { rate: number; correction1: number; correction2: number; decay: number } {
  return {
    rate,
    correction1: 1 - adamBeta1 ** (step + 1),
    correction2: 1 - adamBeta2 ** (step + 1),
    decay: Math.min(0.998, (step + 1) / (step + 10)),
  }
}

/** @returns new weights, moments and averages, in the order given. */
export function updateParameters(
  parameters: readonly Parameter[],
  weights: readonly Tensor[],
  moments: readonly (readonly Tensor[])[],
  averages: readonly Tensor[],
  gradients: readonly Tensor[],
  scalars: StepScalars,
): { weights: Tensor[]; moments: Tensor[][]; averages: Tensor[] } {
  const tf = tensorflow()
  const norm = tf.sqrt(tf.mul(2, tf.addN(gradients.map(halfSquaredNorm))))
  const clip = tf.minimum(1, tf.div(clipNorm, tf.add(norm, 1e-12)))
  const learned = parameters.flatMap(({ role }, index) => (role === 'fixed' ? [] : [index]))
  const clipped = new Map(learned.map((index, order) => [index, tf.mul(gradients[order]!, clip)]))

  const out = { weights: [...weights], moments: moments.map((all) => [...all]), averages: [...averages] }
  const apply = (index: number, { step, kept }: Update): void => {
    const updated = tf.sub(weights[index]!, step)
    out.weights[index] = updated
    out.moments[index] = kept
    out.averages[index] = tf.add(updated, tf.mul(tf.sub(averages[index]!, updated), scalars.decay))
  }
  const withRole = (role: Parameter['role']): number[] =>
    learned.filter((index) => parameters[index]!.role === role)
  for (const index of withRole('adam')) {
    apply(index, adamUpdate(clipped.get(index)!, moments[index]!, scalars))
  }
  const muon = withRole('muon')
  const updates = muonUpdates(
    muon.map((index) => ({ gradient: clipped.get(index)!, momentum: moments[index]![0]! })),
    scalars,
  )
  muon.forEach((index, order) => apply(index, updates[order]!))
  return out
}

interface Update {
  /** What is subtracted from the weight. */
  step: Tensor
  /** The moments after it. */
  kept: Tensor[]
}

function adamUpdate(
  gradient: Tensor,
  moments: readonly Tensor[],
  { rate, correction1, correction2 }: StepScalars,
): Update {
  const tf = tensorflow()
  const mean = tf.add(tf.mul(moments[0]!, adamBeta1), tf.mul(gradient, 1 - adamBeta1))
  const variance = tf.add(tf.mul(moments[1]!, adamBeta2), tf.mul(tf.square(gradient), 1 - adamBeta2))
  const denominator = tf.add(tf.sqrt(tf.div(variance, correction2)), adamEpsilon)
  const step = tf.mul(tf.div(tf.div(mean, correction1), denominator), tf.mul(rate, adamRate))
  return { step, kept: [mean, variance] }
}

/** All at once, because matrices of one size are orthogonalised together. */
function muonUpdates(
  parameters: readonly { gradient: Tensor; momentum: Tensor }[],
  { rate }: StepScalars,
): Update[] {
  const tf = tensorflow()
  const nesterov = parameters.map(({ gradient, momentum }) => {
    const kept = tf.add(tf.mul(momentum, muonMomentum), gradient)
    const columns = gradient.shape.at(-1)!
    const matrix = tf.reshape(tf.add(gradient, tf.mul(kept, muonMomentum)), [
      gradient.size / columns,
      columns,
    ])
    return { kept, matrix: matrix as Tensor2D }
  })
  const scales = nesterov.map(({ matrix: { shape } }) =>
    tf.mul(rate, muonRate * Math.sqrt(Math.max(1, shape[1] / shape[0]))),
  )
  const directions = orthogonalised(
    nesterov.map(({ matrix }) => matrix),
    scales,
  )
  return nesterov.map(({ kept }, index) => ({
    step: tf.reshape(directions[index]!, kept.shape),
    kept: [kept],
  }))
}

const newtonSchulzSteps = 4

/**
 * For each matrix [r, c] about the nearest one with orthonormal rows or columns, times its scale: four quintic
 * Newton-Schulz steps, X <- X p(X'X). All of them are polynomials in the Gram matrix G = X'X of the smaller side,
 * so they are done on that, for all matrices of one size together: G <- p(G) G p(G), and X is multiplied once.
 * Singular values below 3e-4 of the norm are lost in rounding: they would be noise in any case.
 */
export function orthogonalised(matrices: readonly Tensor2D[], scales: readonly Tensor[]): Tensor[] {
  const tf = tensorflow()
  const out: Tensor[] = [...matrices]
  const sides = matrices.map(({ shape }) => Math.min(...shape))
  for (const side of new Set(sides)) {
    const members = matrices.flatMap((_, index) => (sides[index] === side ? [index] : []))
    const one = tf.reshape(tf.eye(side), [1, side, side])
    const grams = tf.stack(members.map((index) => gramOf(matrices[index]!))) as Tensor3D
    // The trace of X'X is the squared norm of X.
    const squaredNorm = tf.add(tf.sum(tf.mul(grams, one), [1, 2], true), 1e-24)
    let g = tf.div(grams, squaredNorm) as Tensor3D
    let product: Tensor3D | null = null
    for (let step = 1; step <= newtonSchulzSteps; step++) {
      const square = tf.mul(tf.matMul(g, g), 2.0315)
      const p = tf.add(tf.add(tf.mul(one, 3.4445), tf.mul(g, -4.775)), square) as Tensor3D
      product = product ? tf.matMul(product, p) : p
      if (step < newtonSchulzSteps) g = tf.matMul(tf.matMul(p, g), p)
    }
    const wanted = tf.reshape(tf.stack(members.map((index) => scales[index]!)), [-1, 1, 1])
    const turns = tf.unstack(tf.mul(product!, tf.mul(wanted, tf.rsqrt(squaredNorm)))) as Tensor2D[]
    members.forEach((index, order) => (out[index] = turned(matrices[index]!, turns[order]!)))
  }
  return out
}

const isWide = ({ shape: [rows, columns] }: Tensor2D): boolean => columns > rows

/** X'X or XX', whichever is smaller. */
function gramOf(x: Tensor2D): Tensor2D {
  return tensorflow().matMul(x, x, !isWide(x), isWide(x))
}

function turned(x: Tensor2D, by: Tensor2D): Tensor2D {
  return isWide(x) ? tensorflow().matMul(by, x) : tensorflow().matMul(x, by)
}

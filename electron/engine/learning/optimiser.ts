/**
 * One update of all parameters, in tfjs ops, to be compiled into the step.
 *
 * Matrices inside the net: Muon (Jordan et al. 2024), momentum orthogonalised by Newton-Schulz steps.
 * The rest: Adam (Kingma & Ba 2015). Gradients are clipped to a global norm of 1, and an exponential
 * moving average of the weights is kept, which is what walks use.
 */
import type { Parameter } from '../nets/net.ts'
import { type Scalar, type Tensor, tensorflow } from '../tensor/backend.ts'

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
  const squares = gradients.map((gradient) => tf.sum(tf.square(gradient)))
  const norm = tf.sqrt(tf.addN(squares))
  const clip = tf.minimum(1, tf.div(clipNorm, tf.add(norm, 1e-12)))
  const out = { weights: [] as Tensor[], moments: [] as Tensor[][], averages: [] as Tensor[] }
  let next = 0
  parameters.forEach((parameter, index) => {
    const weight = weights[index]!
    const average = averages[index]!
    if (parameter.role === 'fixed') {
      out.weights.push(weight)
      out.moments.push([])
      out.averages.push(average)
      return
    }
    const gradient = tf.mul(gradients[next++]!, clip)
    const update = parameter.role === 'muon' ? muonUpdate : adamUpdate
    const { step, kept } = update(gradient, moments[index]!, scalars)
    const updated = tf.sub(weight, step)
    out.weights.push(updated)
    out.moments.push(kept)
    out.averages.push(tf.add(updated, tf.mul(tf.sub(average, updated), scalars.decay)))
  })
  return out
}

type Update = (
  gradient: Tensor,
  moments: readonly Tensor[],
  scalars: StepScalars,
) => { step: Tensor; kept: Tensor[] }

const adamUpdate: Update = (gradient, moments, { rate, correction1, correction2 }) => {
  const tf = tensorflow()
  const mean = tf.add(tf.mul(moments[0]!, adamBeta1), tf.mul(gradient, 1 - adamBeta1))
  const variance = tf.add(tf.mul(moments[1]!, adamBeta2), tf.mul(tf.square(gradient), 1 - adamBeta2))
  const denominator = tf.add(tf.sqrt(tf.div(variance, correction2)), adamEpsilon)
  const step = tf.mul(tf.div(tf.div(mean, correction1), denominator), tf.mul(rate, adamRate))
  return { step, kept: [mean, variance] }
}

const muonUpdate: Update = (gradient, moments, { rate }) => {
  const tf = tensorflow()
  const momentum = tf.add(tf.mul(moments[0]!, muonMomentum), gradient)
  const nesterov = tf.add(gradient, tf.mul(momentum, muonMomentum))
  const columns = gradient.shape.at(-1)!
  const rows = gradient.size / columns
  const direction = tf.reshape(orthogonalise(tf.reshape(nesterov, [rows, columns])), gradient.shape)
  const scale = muonRate * Math.sqrt(Math.max(1, columns / rows))
  return { step: tf.mul(direction, tf.mul(rate, scale)), kept: [momentum] }
}

/** About the nearest matrix with orthonormal rows or columns: four quintic Newton-Schulz steps. [r, c] -> [r, c]. */
export function orthogonalise(matrix: Tensor): Tensor {
  const tf = tensorflow()
  const wide = matrix.shape[1]! > matrix.shape[0]!
  let x = tf.div(matrix, tf.add(tf.norm(matrix), 1e-12))
  for (let i = 0; i < 4; i++) {
    // The smaller of the two products; the polynomial is the same from either side.
    const a = tf.matMul(x as never, x as never, !wide, wide)
    const b = tf.add(tf.mul(a, -4.775), tf.mul(tf.matMul(a, a), 2.0315))
    const product = wide ? tf.matMul(b as never, x as never) : tf.matMul(x as never, b as never)
    x = tf.add(tf.mul(x, 3.4445), product)
  }
  return x
}

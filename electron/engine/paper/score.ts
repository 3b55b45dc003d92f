/**
 * The theory, checked where the truth is known: on a mixture of Gaussians a denoiser taught with noise of sigma
 * gives (r(x) - x) / sigma² = ∇ log p_sigma(x), the score of the density smoothed by the noise (Robbins' and
 * Miyasawa's formula; Alain & Bengio 2014; Creswell et al. 2017 for BCE).
 */
import type { LossName } from '../../../shared/domain.ts'
import { throwIfCancelled } from '../../../shared/errors.ts'
import { AdamStep, initialWeights } from '../learning/adam-step.ts'
import { type Random, gaussianFrom, uniformGenerator } from '../learning/noise.ts'
import { learningRate } from '../learning/schedule.ts'
import { ParameterTable, crossEntropyFromLogits, meanSquaredError } from '../nets/net.ts'
import { type Scalar, type Tensor, type Tensor4D, loadTensorflow, tensorflow } from '../tensor/backend.ts'
import { CompiledFunction } from '../tensor/compile.ts'
import { biasAdd, registerNativeGradients } from '../tensor/ops.ts'

/** Equal weights, one standard deviation: all of it well inside 0..1. */
export class Mixture {
  readonly dimensions: number
  readonly means: readonly Float64Array[]
  readonly deviation: number

  constructor(dimensions: number, components: number, deviation: number, seed: number) {
    const random = uniformGenerator(seed, 0x313)
    this.dimensions = dimensions
    this.deviation = deviation
    this.means = Array.from({ length: components }, () =>
      Float64Array.from({ length: dimensions }, () => 0.3 + 0.4 * random()),
    )
  }

  sample(out: Float32Array, random: Random, normal: Random): void {
    const { dimensions, means, deviation } = this
    for (let at = 0; at < out.length; at += dimensions) {
      const mean = means[Math.floor(random() * means.length)]!
      for (let i = 0; i < dimensions; i++) {
        out[at + i] = Math.min(1, Math.max(0, mean[i]! + deviation * normal()))
      }
    }
  }

  /** log p_sigma(x), and its gradient, of the density smoothed by noise of sigma. */
  smoothed(x: Float32Array, sigma: number): { logDensity: number; score: Float64Array } {
    const variance = this.deviation ** 2 + sigma ** 2
    const exponents = this.means.map((mean) => {
      let squares = 0
      for (let i = 0; i < x.length; i++) squares += (x[i]! - mean[i]!) ** 2
      return -squares / (2 * variance)
    })
    const most = Math.max(...exponents)
    const shares = exponents.map((exponent) => Math.exp(exponent - most))
    const sum = shares.reduce((a, b) => a + b, 0)
    const score = new Float64Array(x.length)
    shares.forEach((share, component) => {
      const mean = this.means[component]!
      for (let i = 0; i < x.length; i++) score[i]! += ((share / sum) * (mean[i]! - x[i]!)) / variance
    })
    const scale = (x.length / 2) * Math.log(2 * Math.PI * variance) + Math.log(this.means.length)
    return { logDensity: most + Math.log(sum) - scale, score }
  }
}

/** A denoiser of plain vectors: a linear path and two hidden layers, squashed into 0..1. */
export class VectorDenoiser {
  readonly #compiled: CompiledFunction
  readonly #dimensions: number

  private constructor(compiled: CompiledFunction, dimensions: number) {
    this.#compiled = compiled
    this.#dimensions = dimensions
  }

  static async teach(
    mixture: Mixture,
    options: { sigma: number; loss: LossName; steps: number; seed: number; signal?: AbortSignal | undefined },
  ): Promise<VectorDenoiser> {
    await loadTensorflow()
    registerNativeGradients()
    const tf = tensorflow()
    const { dimensions } = mixture
    const { sigma, steps, seed } = options
    const table = parameters(dimensions)
    const batch = 512
    const shape = [batch, 1, 1, dimensions]
    const loss = (weights: Tensor[], [clean, noisy]: Tensor[]): Scalar => {
      const z = logits(table, weights, noisy as Tensor4D)
      // The factors keep both losses at about the same size.
      return options.loss === 'bce'
        ? tf.mul(crossEntropyFromLogits(z, clean!), 4)
        : tf.mul(meanSquaredError(tf.sigmoid(z), clean!), 8)
    }
    const learned = table.list.map((_, index) => index)
    const args = [tf.zeros(shape), tf.ones(shape)]
    const step = new AdamStep(table.list, initialWeights(table.list, seed), args, [{ learned, loss }])
    tf.dispose(args)
    const random = uniformGenerator(seed, 1)
    const normal = gaussianFrom(random)
    const clean = new Float32Array(batch * dimensions)
    for (let index = 0; index < steps; index++) {
      throwIfCancelled(options.signal)
      mixture.sample(clean, random, normal)
      const noisy = clean.map((value) => value + sigma * normal())
      const inputs = [tf.tensor(clean, shape), tf.tensor(noisy, shape)]
      step.run(inputs, 2e-3 * learningRate(index / steps))
      tf.dispose(inputs)
      if (index % 16 === 0) await new Promise<void>((resolve) => setImmediate(resolve))
    }
    const state = step.weights().map(({ data, shape: of }) => tf.tensor(data, of))
    step.dispose()
    const example = [tf.zeros([1, 1, 1, dimensions])]
    const compiled = new CompiledFunction(
      (weights, [x]) => ({ outputs: [tf.sigmoid(logits(table, weights, x as Tensor4D))] }),
      { state, args: example, freeAxes: [[0]], frozen: true },
    )
    tf.dispose([...state, ...example])
    return new VectorDenoiser(compiled, dimensions)
  }

  /** r(x) for vectors one after the other. */
  estimate(x: Float32Array): Float32Array {
    const tf = tensorflow()
    const input = tf.tensor(x, [x.length / this.#dimensions, 1, 1, this.#dimensions])
    const [out] = this.#compiled.run([input])
    const values = new Float32Array(out!.dataSync())
    tf.dispose([input, out!])
    return values
  }

  dispose(): void {
    this.#compiled.dispose()
  }
}

const hidden = 256

function parameters(dimensions: number): ParameterTable {
  const table = new ParameterTable()
  const dense = (name: string, from: number, to: number, gain: number): void =>
    table.conv(name, 1, from, to, { gain, role: 'adam', bias: true })
  dense('straight', dimensions, dimensions, 1)
  dense('first', dimensions, hidden, 16)
  dense('second', hidden, hidden, 2)
  dense('last', hidden, dimensions, 0.1)
  return table
}

function logits(table: ParameterTable, weights: Tensor[], x: Tensor4D): Tensor4D {
  const tf = tensorflow()
  const weight = table.of(weights)
  const dense = (h: Tensor4D, name: string): Tensor4D =>
    biasAdd(tf.conv2d(h, weight(name) as Tensor4D, 1, 'same'), weight(`${name}/bias`))
  const centred = tf.sub(x, 0.5) as Tensor4D
  // Smooth units: the truth is smooth, and kinks cost accuracy.
  const swish = (h: Tensor4D): Tensor4D => tf.mul(h, tf.sigmoid(h)) as Tensor4D
  const seen = swish(dense(swish(dense(centred, 'first')), 'second'))
  return tf.add(dense(centred, 'straight'), dense(seen, 'last')) as Tensor4D
}

export interface ScoreCheck {
  dimensions: number
  sigma: number
  points: number
  /** Mean cosine between (r(x) - x) / sigma² and the true score, over noisy samples. */
  cosine: { bce: number; mse: number }
  /** Root mean square difference of the two residuals r(x) - x, divided by the size of the second. */
  bceVsMse: number
  /** Share of points whose true log density was higher after the walk than before. */
  raisedShare: { bce: number; mse: number }
}

/**
 * @param options.steps of teaching, in batches of 512
 * @returns the check, and the two denoisers for a figure
 */
export async function checkScore(
  mixture: Mixture,
  options: { sigma: number; steps: number; seed: number; points: number; signal?: AbortSignal | undefined },
): Promise<{ check: ScoreCheck; denoisers: Record<LossName, VectorDenoiser> }> {
  const { sigma, points } = options
  const bce = await VectorDenoiser.teach(mixture, { ...options, loss: 'bce' })
  const mse = await VectorDenoiser.teach(mixture, { ...options, loss: 'mse' })
  const random = uniformGenerator(options.seed, 2)
  const normal = gaussianFrom(random)
  const x = new Float32Array(points * mixture.dimensions)
  mixture.sample(x, random, normal)
  for (let i = 0; i < x.length; i++) x[i]! += sigma * normal()
  const [a, b] = [residuals(bce, x), residuals(mse, x)]
  const difference = Math.sqrt(sumOfSquares(a.map((value, i) => value - b[i]!)) / sumOfSquares(b))
  const check: ScoreCheck = {
    dimensions: mixture.dimensions,
    sigma,
    points,
    cosine: { bce: meanCosine(mixture, x, a, sigma), mse: meanCosine(mixture, x, b, sigma) },
    bceVsMse: difference,
    raisedShare: { bce: raised(mixture, bce, x, sigma), mse: raised(mixture, mse, x, sigma) },
  }
  return { check, denoisers: { bce, mse } }
}

function residuals(model: VectorDenoiser, x: Float32Array): Float32Array {
  return model.estimate(x).map((value, i) => value - x[i]!)
}

function meanCosine(mixture: Mixture, x: Float32Array, residual: Float32Array, sigma: number): number {
  const { dimensions } = mixture
  let sum = 0
  for (let at = 0; at < x.length; at += dimensions) {
    const { score } = mixture.smoothed(x.subarray(at, at + dimensions), sigma)
    const own = residual.subarray(at, at + dimensions)
    const product = score.reduce((total, value, i) => total + value * own[i]!, 0)
    sum += product / Math.sqrt(sumOfSquares(score) * sumOfSquares(own))
  }
  return sum / (x.length / dimensions)
}

/** Ten steps of the paper's walk, each a tenth of the way to r(x). */
function raised(mixture: Mixture, model: VectorDenoiser, start: Float32Array, sigma: number): number {
  const { dimensions } = mixture
  let x: Float32Array = start
  for (let step = 0; step < 10; step++) {
    const residual = residuals(model, x)
    x = x.map((value, i) => value + 0.1 * residual[i]!)
  }
  let higher = 0
  for (let at = 0; at < x.length; at += dimensions) {
    const logDensity = (of: Float32Array): number =>
      mixture.smoothed(of.subarray(at, at + dimensions), sigma).logDensity
    if (logDensity(x) > logDensity(start)) higher++
  }
  return higher / (x.length / dimensions)
}

function sumOfSquares(values: Float32Array | Float64Array): number {
  let sum = 0
  for (const value of values) sum += value * value
  return sum
}

import type { LossName, ModelKind } from '../../../shared/domain.ts'
import type { Scalar, Tensor, Tensor4D } from '../tensor/backend.ts'
import { tensorflow } from '../tensor/backend.ts'

/**
 * How a parameter is learned: `muon` for matrices inside the net (Jordan et al. 2024, orthogonalised momentum),
 * `adam` for first and last layers, biases and gains, `fixed` for what is measured on the data and kept.
 */
export type ParameterRole = 'muon' | 'adam' | 'fixed'

export interface Parameter {
  name: string
  shape: number[]
  role: ParameterRole
  /** Standard deviation of the normal initial values; 0 gives zeros. */
  std: number
  /** Mends the initial values in place. */
  shapeInitial?: (values: Float32Array) => void
}

/**
 * A denoiser r: noisy picture -> E[clean | noisy]. Pictures are [batch, height, width, channels] in about 0..1
 * (noise may leave that range), sigma is [batch, 1, 1, 1].
 * With r trained so, r(x) - x = sigma² ∇ log p_sigma(x) (Tweedie; Creswell et al. 2017, Alain & Bengio 2014).
 */
export interface Net {
  readonly kind: ModelKind
  readonly channels: 1 | 3
  readonly parameters: readonly Parameter[]
  /** Height and width must be multiples of this. */
  readonly multipleOf: number
  /** How far a pixel's estimate can see, in pixels; Infinity when it sees the whole picture. */
  readonly reach: number
  /** @returns the mean loss per pixel value, and what to minimise: the same but for scale, or for the weight of each picture. */
  loss(
    weights: readonly Tensor[],
    noisy: Tensor4D,
    clean: Tensor4D,
    sigma: Tensor4D,
    loss: LossName,
  ): { mean: Scalar; objective: Scalar }
  denoise(weights: readonly Tensor[], noisy: Tensor4D, sigma: Tensor4D): Tensor4D
}

/** Picks weights by name while a net is being written down, and lists what it needs. */
export class ParameterTable {
  readonly list: Parameter[] = []
  readonly #index = new Map<string, number>()

  add(parameter: Parameter): void {
    this.#index.set(parameter.name, this.list.length)
    this.list.push(parameter)
  }

  /** A convolution kernel [size, size, from, to], He et al.'s variance times `gain`/2. */
  conv(
    name: string,
    size: number,
    from: number,
    to: number,
    options: { gain?: number; scale?: number; role?: ParameterRole; bias?: boolean } = {},
  ): void {
    const { gain = 2, scale = 1, role = 'muon', bias = false } = options
    const std = scale * Math.sqrt(gain / (size * size * from))
    this.add({ name, shape: [size, size, from, to], role, std })
    if (bias) this.add({ name: `${name}/bias`, shape: [to], role: 'adam', std: 0 })
  }

  of(weights: readonly Tensor[]): (name: string) => Tensor {
    return (name) => {
      const weight = weights[this.#index.get(name) ?? -1]
      if (!weight) throw new Error(`no parameter ${name}`)
      return weight
    }
  }
}

/** Mean binary cross-entropy in nats of logits against targets in 0..1: mean of softplus(z) - z·target. */
export function crossEntropyFromLogits(logits: Tensor, target: Tensor): Scalar {
  const tf = tensorflow()
  return tf.mean(tf.sub(tf.softplus(logits), tf.mul(logits, target)))
}

export function meanSquaredError(estimate: Tensor, target: Tensor): Scalar {
  const tf = tensorflow()
  return tf.mean(tf.square(tf.sub(estimate, target)))
}

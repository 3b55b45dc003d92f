/** Plain Adam (Kingma & Ba 2015) over any loss, as one compiled graph: for the small helpers that are no denoisers. */
import type { Parameter } from '../nets/net.ts'
import { type Scalar, type Tensor, tensorflow } from '../tensor/backend.ts'
import { CompiledFunction } from '../tensor/compile.ts'
import type { NamedArray } from '../models/safetensors.ts'
import { gaussianFrom, uniformGenerator } from './noise.ts'

const beta2 = 0.99
const epsilon = 1e-8

/** Parameters that follow one loss; the others stay as they are while it is descended. */
export interface Goal {
  /** Which parameters, by index. */
  learned: readonly number[]
  /** @param weights all parameters, in order */
  loss: (weights: Tensor[], args: Tensor[]) => Scalar
}

/** Seeded normal values of the standard deviations that the parameters ask for. */
export function initialWeights(parameters: readonly Parameter[], seed: number): NamedArray[] {
  return parameters.map(({ name, shape, std }, index) => {
    const normal = gaussianFrom(uniformGenerator(seed, index))
    const size = shape.reduce((a, b) => a * b, 1)
    const data =
      std === 0 ? new Float32Array(size) : Float32Array.from({ length: size }, () => std * normal())
    return { name, shape, data }
  })
}

export class AdamStep {
  readonly #parameters: readonly Parameter[]
  readonly #compiled: CompiledFunction
  readonly #beta1: number
  #step = 0

  /**
   * @param args examples of what the losses are given
   * @param goals descended at once, each from the weights before the step
   */
  constructor(
    parameters: readonly Parameter[],
    weights: readonly NamedArray[],
    args: readonly Tensor[],
    goals: readonly Goal[],
    options: { beta1?: number; bfloat16?: boolean } = {},
  ) {
    this.#parameters = parameters
    this.#beta1 = options.beta1 ?? 0.9
    const tf = tensorflow()
    const start = weights.map(({ data, shape }) => tf.tensor(data, shape))
    const zeros = (): Tensor[] => weights.map(({ shape }) => tf.zeros(shape))
    const state = [...start, ...zeros(), ...zeros()]
    const scalars = [0, 1, 2].map((value) => tf.scalar(value))
    this.#compiled = new CompiledFunction((s, all) => this.#define(s, all, goals), {
      state,
      args: [...scalars, ...args],
      bfloat16: options.bfloat16 ?? false,
    })
    tf.dispose([...state, ...scalars])
  }

  /** One step. @returns the losses before it, in the order of the goals */
  run(args: readonly Tensor[], rate: number): number[] {
    const tf = tensorflow()
    this.#step++
    const scalars = [rate, 1 - this.#beta1 ** this.#step, 1 - beta2 ** this.#step].map((value) =>
      tf.scalar(value),
    )
    const losses = this.#compiled.run([...scalars, ...args])
    const values = losses.map((loss) => loss.dataSync()[0]!)
    tf.dispose([...scalars, ...losses])
    return values
  }

  weights(): NamedArray[] {
    return this.#compiled.getState(0, this.#parameters.length).map((tensor, index) => {
      const data = new Float32Array(tensor.dataSync())
      tensor.dispose()
      return { name: this.#parameters[index]!.name, shape: [...tensor.shape], data }
    })
  }

  dispose(): void {
    this.#compiled.dispose()
  }

  #define(state: Tensor[], all: Tensor[], goals: readonly Goal[]): { outputs: Tensor[]; state: Tensor[] } {
    const tf = tensorflow()
    const count = this.#parameters.length
    const [rate, correction1, correction2] = all as [Scalar, Scalar, Scalar]
    const args = all.slice(3)
    const weights = state.slice(0, count)
    const next = [...state]
    const outputs = goals.map(({ learned, loss }) => {
      const { value, grads } = tf.valueAndGrads((...candidates: Tensor[]) => {
        const mixed = [...weights]
        learned.forEach((index, order) => (mixed[index] = candidates[order]!))
        return loss(mixed, args)
      })(learned.map((index) => weights[index]!))
      learned.forEach((index, order) => {
        const gradient = grads[order]!
        const mean = tf.add(tf.mul(state[count + index]!, this.#beta1), tf.mul(gradient, 1 - this.#beta1))
        const square = tf.add(
          tf.mul(state[2 * count + index]!, beta2),
          tf.mul(tf.square(gradient), 1 - beta2),
        )
        const divisor = tf.add(tf.sqrt(tf.div(square, correction2)), epsilon)
        next[index] = tf.sub(weights[index]!, tf.mul(rate, tf.div(tf.div(mean, correction1), divisor)))
        next[count + index] = mean
        next[2 * count + index] = square
      })
      return value
    })
    return { outputs, state: next }
  }
}

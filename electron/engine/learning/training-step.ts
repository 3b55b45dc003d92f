/**
 * The training step: noise, forward, loss, gradient, optimiser and average, as one compiled graph.
 * There is one definition of it; compiled or not, it is ordinary tfjs code.
 */
import type { LossName } from '../../../shared/domain.ts'
import type { Net, Parameter } from '../nets/net.ts'
import { type Scalar, type Tensor, type Tensor4D, tensorflow } from '../tensor/backend.ts'
import { CompiledFunction, type Traced } from '../tensor/compile.ts'
import { statelessNormal } from '../tensor/ops.ts'
import { gaussianFrom, uniformGenerator } from './noise.ts'
import { momentCount, stepScalarValues, updateParameters } from './optimiser.ts'

/** Every tensor of a teaching by name: what a checkpoint holds. */
export interface NamedTensor {
  name: string
  shape: number[]
  data: Float32Array
}

export interface Batch {
  /** Clean pictures, [batch, height, width, channels] in 0..1. */
  clean: Float32Array
  /** Standard deviation of the noise for each picture. */
  sigmas: Float32Array
}

export interface StepOptions {
  net: Net
  loss: LossName
  batch: number
  height: number
  width: number
  bfloat16?: boolean
  /** Run op by op, without compiling: the second way of knowing, for tests. */
  eager?: boolean
}

export class TrainingStep {
  readonly #options: StepOptions
  readonly #names: string[]
  #compiled: CompiledFunction | null = null
  #eagerState: Tensor[] = []

  /** @param initial what a checkpoint held, or `initialState` for a new net */
  constructor(options: StepOptions, initial: readonly NamedTensor[]) {
    this.#options = options
    const tf = tensorflow()
    this.#names = stateNames(options.net.parameters)
    const byName = new Map(initial.map((tensor) => [tensor.name, tensor]))
    const state = this.#names.map((name) => {
      const tensor = byName.get(name)
      if (!tensor) throw new Error(`the state has no ${name}`)
      return tf.tensor(tensor.data, tensor.shape)
    })
    if (options.eager) {
      this.#eagerState = state
      return
    }
    const { batch, height, width, net } = options
    const picture = tf.zeros([batch, height, width, net.channels])
    const args = [
      picture,
      tf.ones([batch, 1, 1, 1]),
      tf.tensor1d([1, 2], 'int32'),
      ...[0, 1, 1, 0].map((x) => tf.scalar(x)),
    ]
    this.#compiled = new CompiledFunction((s, a) => this.#define(s, a), {
      state,
      args,
      bfloat16: options.bfloat16 ?? false,
    })
    tf.dispose([...state, ...args])
  }

  /** One step. `noiseSeed` decides the noise. @returns the mean loss per pixel value before the update. */
  run(batch: Batch, step: number, rate: number, noiseSeed: readonly [number, number]): number {
    const tf = tensorflow()
    const { batch: size, height, width, net } = this.#options
    const scalars = stepScalarValues(step, rate)
    const args = [
      tf.tensor(batch.clean, [size, height, width, net.channels]),
      tf.tensor(batch.sigmas, [size, 1, 1, 1]),
      tf.tensor1d([...noiseSeed], 'int32'),
      ...[scalars.rate, scalars.correction1, scalars.correction2, scalars.decay].map((value) =>
        tf.scalar(value),
      ),
    ]
    const [loss] = this.#compiled ? this.#compiled.run(args) : this.#runEager(args)
    const value = loss!.dataSync()[0]!
    tf.dispose([...args, loss!])
    return value
  }

  /** Goes back to a state that was read before. */
  setState(state: readonly NamedTensor[]): void {
    const tf = tensorflow()
    const tensors = state.map(({ data, shape }) => tf.tensor(data, shape))
    if (!this.#compiled) {
      tf.dispose(this.#eagerState)
      this.#eagerState = tensors
      return
    }
    this.#compiled.setState(tensors)
    tf.dispose(tensors)
  }

  /** All state, for a checkpoint. */
  state(): NamedTensor[] {
    return this.#read(0, this.#names.length)
  }

  /** The averaged weights, in the order of the net's parameters: what walks use. */
  averages(): NamedTensor[] {
    const count = this.#options.net.parameters.length
    return this.#read(this.#names.length - count, this.#names.length).map((tensor, index) => ({
      ...tensor,
      name: this.#options.net.parameters[index]!.name,
    }))
  }

  dispose(): void {
    this.#compiled?.dispose()
    tensorflow().dispose(this.#eagerState)
  }

  #read(from: number, to: number): NamedTensor[] {
    const tensors =
      this.#compiled?.getState(from, to) ?? this.#eagerState.slice(from, to).map((tensor) => tensor.clone())
    return tensors.map((tensor, index) => {
      const data = new Float32Array(tensor.dataSync())
      const named = { name: this.#names[from + index]!, shape: [...tensor.shape], data }
      tensor.dispose()
      return named
    })
  }

  #runEager(args: Tensor[]): Tensor[] {
    const tf = tensorflow()
    const old = this.#eagerState
    const { outputs, state } = tf.tidy(
      () => this.#define(old, args) as { outputs: Tensor[]; state: Tensor[] },
    )
    this.#eagerState = state
    tf.dispose(old.filter((tensor) => !state.includes(tensor)))
    return outputs
  }

  #define(state: Tensor[], args: Tensor[]): Traced {
    const tf = tensorflow()
    const { net, loss } = this.#options
    const [clean, sigma, seed, rate, correction1, correction2, decay] = args as [
      Tensor4D,
      Tensor4D,
      Tensor,
      Scalar,
      Scalar,
      Scalar,
      Scalar,
    ]
    const { parameters } = net
    const weights = state.slice(0, parameters.length)
    const averages = state.slice(state.length - parameters.length)
    let next = parameters.length
    const moments = parameters.map((parameter) => state.slice(next, (next += momentCount(parameter))))

    const noise = statelessNormal(clean.shape, seed)
    const noisy = tf.add(clean, tf.mul(noise, sigma)) as Tensor4D
    const learned = parameters.flatMap((parameter, index) => (parameter.role === 'fixed' ? [] : [index]))
    let mean: Scalar | undefined
    const { grads } = tf.valueAndGrads((...candidates: Tensor[]) => {
      const all = [...weights]
      learned.forEach((index, order) => (all[index] = candidates[order]!))
      const result = net.loss(all, noisy, clean, sigma, loss)
      mean = tf.keep(result.mean.clone())
      return result.objective
    })(learned.map((index) => weights[index]!))
    const updated = updateParameters(parameters, weights, moments, averages, grads, {
      rate,
      correction1,
      correction2,
      decay,
    })
    const output = mean!.clone()
    mean!.dispose()
    return { outputs: [output], state: [...updated.weights, ...updated.moments.flat(), ...updated.averages] }
  }
}

/** Weights, then moments, then averages. */
function stateNames(parameters: readonly Parameter[]): string[] {
  return [
    ...parameters.map(({ name }) => `weight/${name}`),
    ...parameters.flatMap((parameter) =>
      Array.from({ length: momentCount(parameter) }, (_, index) => `moment${index}/${parameter.name}`),
    ),
    ...parameters.map(({ name }) => `average/${name}`),
  ]
}

/** A new net's state: seeded normal weights, zero moments, averages equal to the weights. */
export function initialState(
  net: Net,
  seed: number,
  fixed: Readonly<Record<string, Float32Array>> = {},
): NamedTensor[] {
  const weights = net.parameters.map((parameter, index) => {
    const size = parameter.shape.reduce((a, b) => a * b, 1)
    const given = fixed[parameter.name]
    if (given) return { name: `weight/${parameter.name}`, shape: parameter.shape, data: given }
    const data = new Float32Array(size)
    if (parameter.std > 0) {
      const normal = gaussianFrom(uniformGenerator(seed, index))
      for (let i = 0; i < size; i++) data[i] = parameter.std * normal()
    }
    parameter.shapeInitial?.(data)
    return { name: `weight/${parameter.name}`, shape: parameter.shape, data }
  })
  const moments = net.parameters.flatMap((parameter, index) =>
    Array.from({ length: momentCount(parameter) }, (_, moment) => ({
      name: `moment${moment}/${parameter.name}`,
      shape: parameter.shape,
      data: new Float32Array(weights[index]!.data.length),
    })),
  )
  const averages = weights.map(({ name, shape, data }) => ({
    name: name.replace('weight/', 'average/'),
    shape,
    data: data.slice(),
  }))
  return [...weights, ...moments, ...averages]
}

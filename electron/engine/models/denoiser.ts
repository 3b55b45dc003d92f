import type { ModelCard } from '../../../shared/domain.ts'
import { UphillError } from '../../../shared/errors.ts'
import { anySizeNet } from '../nets/any-size.ts'
import type { Net } from '../nets/net.ts'
import { wholeImageNet, wholeImageSize } from '../nets/whole-image.ts'
import { type Tensor, type Tensor4D, loadTensorflow, tensorflow } from '../tensor/backend.ts'
import { CompiledFunction } from '../tensor/compile.ts'
import { type Precision, cpuHasBfloat16, rememberedPrecision, worthIt } from '../tensor/precision.ts'
import { registerNativeGradients } from '../tensor/ops.ts'
import type { NamedArray } from './safetensors.ts'

/** The net a card describes. */
export function netOf(card: Pick<ModelCard, 'kind' | 'channels' | 'size'>): Net {
  if (card.kind === 'any-size') return anySizeNet(card.channels)
  if (!card.size)
    throw new UphillError('MODEL_DAMAGED', 'A whole-image model must say its size.', 'Teach the model again.')
  return wholeImageNet(card.channels, wholeImageSize(card.size.width, card.size.height))
}

export interface DenoiserOptions {
  /** Convolutions in bfloat16; `auto` (the default) takes what is faster here. */
  precision?: Precision | 'auto'
  /** Weights can be changed, as while teaching: slower. */
  live?: boolean
}

/** A model in memory, ready to walk: r(x) = E[clean | x]. */
export class Denoiser {
  readonly card: ModelCard
  readonly net: Net
  readonly #compiled: CompiledFunction

  /** Use Denoiser.load: TensorFlow has to be there. */
  constructor(card: ModelCard, net: Net, compiled: CompiledFunction) {
    this.card = card
    this.net = net
    this.#compiled = compiled
  }

  /**
   * @param weights averaged weights, named as the net's parameters
   * @throws UphillError NATIVE_MISSING, or MODEL_DAMAGED when weights are missing or of another shape
   */
  static async load(
    card: ModelCard,
    weights: readonly NamedArray[],
    options: DenoiserOptions = {},
  ): Promise<Denoiser> {
    await loadTensorflow()
    registerNativeGradients()
    const tf = tensorflow()
    const net = netOf(card)
    const byName = new Map(weights.map((weight) => [weight.name, weight]))
    const state = net.parameters.map(({ name, shape }) => {
      const weight = byName.get(name)
      if (weight?.shape.join() !== shape.join()) {
        throw new UphillError(
          'MODEL_DAMAGED',
          `The model “${card.name}” has no fitting weights for ${name}.`,
          'Teach it again.',
        )
      }
      return tf.tensor(weight.data, weight.shape)
    })
    const compile = (precision: Precision): Denoiser =>
      new Denoiser(card, net, compileDenoise(card, net, state, precision, options.live ?? false))
    const { precision = 'auto' } = options
    try {
      return precision === 'auto' ? await fastest(card, compile) : compile(precision)
    } finally {
      tf.dispose(state)
    }
  }

  /** Takes other weights of the same net, as while teaching. */
  setWeights(weights: readonly NamedArray[]): void {
    const tf = tensorflow()
    const state = weights.map(({ data, shape }) => tf.tensor(data, shape))
    this.#compiled.setState(state)
    tf.dispose(state)
  }

  /**
   * r(x) for a batch of pictures.
   * @param x [batch, height, width, channels], about 0..1; height and width multiples of net.multipleOf
   * @param sigmas noise level of each picture; blind nets ignore it
   */
  estimate(x: Float32Array, shape: readonly [number, number, number], sigmas: Float32Array): Float32Array {
    const tf = tensorflow()
    const args = [tf.tensor(x, [...shape, this.net.channels]), tf.tensor(sigmas, [shape[0], 1, 1, 1])]
    const [out] = this.#compiled.run(args)
    const data = out!.dataSync() as Float32Array
    tf.dispose([...args, out!])
    return data
  }

  dispose(): void {
    this.#compiled.dispose()
  }
}

function compileDenoise(
  card: ModelCard,
  net: Net,
  state: Tensor[],
  precision: Precision,
  live: boolean,
): CompiledFunction {
  const tf = tensorflow()
  const { width, height } = exampleSize(card, net, 2)
  const args = [tf.zeros([1, height, width, net.channels]), tf.ones([1, 1, 1, 1])]
  const freeAxes = [card.size ? [0] : [0, 1, 2], [0]]
  const compiled = new CompiledFunction(
    (s, [x, sigma]) => ({ outputs: [net.denoise(s, x as Tensor4D, sigma as Tensor4D)] }),
    { state, args, freeAxes, frozen: !live, bfloat16: precision === 'bfloat16' },
  )
  tf.dispose(args)
  return compiled
}

function exampleSize(card: ModelCard, net: Net, coarsePixels: number): { width: number; height: number } {
  if (card.size) return wholeImageSize(card.size.width, card.size.height)
  return { width: coarsePixels * net.multipleOf, height: coarsePixels * net.multipleOf }
}

/** What is faster here, as it was found the first time: the same seed has to give the same pictures every time. */
async function fastest(card: ModelCard, compile: (precision: Precision) => Denoiser): Promise<Denoiser> {
  if (!cpuHasBfloat16()) return compile('float32')
  const choice = await rememberedPrecision(card.kind, () => {
    const [float32, bfloat16] = [compile('float32'), compile('bfloat16')]
    const found = milliseconds(bfloat16) < worthIt * milliseconds(float32) ? 'bfloat16' : 'float32'
    float32.dispose()
    bfloat16.dispose()
    return found
  })
  return compile(choice)
}

function milliseconds(model: Denoiser): number {
  const { width, height } = exampleSize(model.card, model.net, 16)
  const count = model.card.size ? 16 : 1
  const x = new Float32Array(count * width * height * model.net.channels).fill(0.5)
  const sigmas = new Float32Array(count).fill(0.1)
  const times = [0, 1, 2].map(() => {
    const start = performance.now()
    model.estimate(x, [count, height, width], sigmas)
    return performance.now() - start
  })
  return Math.min(...times)
}

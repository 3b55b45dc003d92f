import type { ModelCard } from '../../../shared/domain.ts'
import { UphillError } from '../../../shared/errors.ts'
import { anySizeNet } from '../nets/any-size.ts'
import type { Net } from '../nets/net.ts'
import { wholeImageNet, wholeImageSize } from '../nets/whole-image.ts'
import { type Tensor4D, loadTensorflow, tensorflow } from '../tensor/backend.ts'
import { CompiledFunction } from '../tensor/compile.ts'
import { registerNativeGradients } from '../tensor/ops.ts'
import type { NamedArray } from './safetensors.ts'

/** The net a card describes. */
export function netOf(card: Pick<ModelCard, 'kind' | 'channels' | 'size'>): Net {
  if (card.kind === 'any-size') return anySizeNet(card.channels)
  if (!card.size)
    throw new UphillError('MODEL_DAMAGED', 'A whole-image model must say its size.', 'Teach the model again.')
  return wholeImageNet(card.channels, wholeImageSize(card.size.width, card.size.height))
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
  static async load(card: ModelCard, weights: readonly NamedArray[]): Promise<Denoiser> {
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
    const padded = card.size
      ? wholeImageSize(card.size.width, card.size.height)
      : { width: 2 * net.multipleOf, height: 2 * net.multipleOf }
    const args = [tf.zeros([1, padded.height, padded.width, net.channels]), tf.ones([1, 1, 1, 1])]
    const freeAxes = [card.size ? [0] : [0, 1, 2], [0]]
    const compiled = new CompiledFunction(
      (s, [x, sigma]) => ({ outputs: [net.denoise(s, x as Tensor4D, sigma as Tensor4D)] }),
      {
        state,
        args,
        freeAxes,
      },
    )
    tf.dispose([...state, ...args])
    return new Denoiser(card, net, compiled)
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

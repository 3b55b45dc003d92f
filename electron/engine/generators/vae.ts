/** A variational autoencoder with one hidden layer each way, over whole pictures. */
import { AdamStep, initialWeights } from '../learning/adam-step.ts'
import { ParameterTable, crossEntropyFromLogits } from '../nets/net.ts'
import { type Scalar, type Tensor, type Tensor4D, tensorflow } from '../tensor/backend.ts'
import { biasAdd, reshapeBatch, statelessNormal } from '../tensor/ops.ts'
import type { GeneratorRecipe } from './generator.ts'

const hidden = 400
const latent = 20
const batch = 64

export function vaeRecipe(size: { width: number; height: number; channels: number }): GeneratorRecipe {
  const { width, height, channels } = size
  const values = width * height * channels
  const table = new ParameterTable()
  const dense = (name: string, from: number, to: number, gain: number): void =>
    table.conv(name, 1, from, to, { gain, role: 'adam', bias: true })
  dense('encode', values, hidden, 2)
  dense('mean', hidden, latent, 1)
  dense('logVariance', hidden, latent, 0.1)
  dense('decode', latent, hidden, 2)
  dense('pixels', hidden, values, 1)

  const layer = (weights: Tensor[], x: Tensor4D, name: string): Tensor4D => {
    const weight = table.of(weights)
    const product = tensorflow().conv2d(x, weight(name) as Tensor4D, 1, 'same')
    return biasAdd(product, weight(`${name}/bias`))
  }
  const logits = (weights: Tensor[], z: Tensor4D): Tensor4D =>
    layer(weights, tensorflow().relu(layer(weights, z, 'decode')), 'pixels')

  return {
    latent,
    batch,
    epochs: 12,
    initial: (seed) => initialWeights(table.list, seed),
    rate: () => 1e-3,
    step: (weights, args) => {
      const loss = (w: Tensor[], [x, seed]: Tensor[]): Scalar => {
        const tf = tensorflow()
        const flat = reshapeBatch(x as Tensor4D, [1, 1, values])
        const seen = tf.relu(layer(w, flat, 'encode'))
        const mean = layer(w, seen, 'mean')
        const logVariance = layer(w, seen, 'logVariance')
        const noise = statelessNormal([batch, 1, 1, latent], seed!)
        const z = tf.add(mean, tf.mul(tf.exp(tf.mul(logVariance, 0.5)), noise)) as Tensor4D
        const missed = tf.mul(crossEntropyFromLogits(logits(w, z), flat), values)
        const spread = tf.sub(tf.add(tf.square(mean), tf.exp(logVariance)), tf.add(logVariance, 1))
        return tf.add(missed, tf.mul(tf.mean(spread), latent / 2))
      }
      const learned = table.list.map((_, index) => index)
      return new AdamStep(table.list, weights, args, [{ learned, loss }])
    },
    sample: (weights, z) =>
      reshapeBatch(tensorflow().sigmoid(logits(weights, z)) as Tensor4D, [height, width, channels]),
  }
}

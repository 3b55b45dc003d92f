/** A small convolutional GAN: non-saturating loss, generator and discriminator take their steps at once. */
import { AdamStep, initialWeights } from '../learning/adam-step.ts'
import { ParameterTable } from '../nets/net.ts'
import { type Scalar, type Tensor, type Tensor4D, tensorflow } from '../tensor/backend.ts'
import { biasAdd, halve, reshapeBatch, statelessNormal } from '../tensor/ops.ts'
import type { GeneratorRecipe } from './generator.ts'

const latent = 64
const batch = 64
/** Channels at an eighth, a quarter and a half of the resolution. */
const makerWidths = [96, 64, 32] as const
const criticWidths = [24, 48, 64] as const

export function ganRecipe(size: { width: number; height: number; channels: number }): GeneratorRecipe {
  const { width, height, channels } = size
  const [h8, w8] = [height / 8, width / 8]
  const table = new ParameterTable()
  const add = (name: string, kernel: number, from: number, to: number, gain: number): void =>
    table.conv(name, kernel, from, to, { gain, role: 'adam', bias: true })
  add('make/start', 1, latent, h8 * w8 * makerWidths[0], 2)
  makerWidths.forEach((from, level) => {
    addNorm(table, `make/grow${level}`, from)
    add(`make/grow${level}`, 3, from, 4 * (makerWidths[level + 1] ?? channels), 1)
  })
  const ofMaker = table.list.length
  let from = channels
  criticWidths.forEach((to, level) => {
    add(`judge/halve${level}`, 2, from, to, 2)
    if (level > 0) addNorm(table, `judge/halve${level}`, to)
    add(`judge/conv${level}`, 3, to, to, 2)
    addNorm(table, `judge/conv${level}`, to)
    from = to
  })
  add('judge/end', 1, h8 * w8 * from, 1, 1)

  const make = (weights: Tensor[], z: Tensor4D): Tensor4D => {
    const tf = tensorflow()
    const weight = table.of(weights)
    const conv = (x: Tensor4D, name: string): Tensor4D =>
      biasAdd(tf.conv2d(x, weight(name) as Tensor4D, 1, 'same'), weight(`${name}/bias`))
    let h = reshapeBatch(conv(z, 'make/start'), [h8, w8, makerWidths[0]])
    makerWidths.forEach((_, level) => {
      h = tf.depthToSpace(conv(tf.relu(normalised(h, weight, `make/grow${level}`)), `make/grow${level}`), 2)
    })
    return tf.sigmoid(h)
  }
  const judge = (weights: Tensor[], x: Tensor4D): Tensor4D => {
    const tf = tensorflow()
    const weight = table.of(weights)
    const leaky = (h: Tensor): Tensor4D => tf.sub(tf.relu(h), tf.mul(tf.relu(tf.neg(h)), 0.2)) as Tensor4D
    const conv = (h: Tensor4D, name: string): Tensor4D =>
      biasAdd(tf.conv2d(h, weight(name) as Tensor4D, 1, 'same'), weight(`${name}/bias`))
    let h = x
    criticWidths.forEach((_, level) => {
      h = biasAdd(halve(h, weight(`judge/halve${level}`)), weight(`judge/halve${level}/bias`))
      h = leaky(level > 0 ? normalised(h, weight, `judge/halve${level}`) : h)
      h = leaky(normalised(conv(h, `judge/conv${level}`), weight, `judge/conv${level}`))
    })
    return conv(reshapeBatch(h, [1, 1, h8 * w8 * criticWidths[2]]), 'judge/end')
  }
  const indices = (first: number, end: number): number[] =>
    Array.from({ length: end - first }, (_, index) => first + index)

  return {
    latent,
    batch,
    epochs: 12,
    initial: (seed) => initialWeights(table.list, seed),
    rate: () => 4e-4,
    step: (weights, args) => {
      const noise = (seed: Tensor): Tensor4D => statelessNormal([batch, 1, 1, latent], seed) as Tensor4D
      const makerLoss = (w: Tensor[], [, seed]: Tensor[]): Scalar => {
        const tf = tensorflow()
        return tf.mean(tf.softplus(tf.neg(judge(w, make(w, noise(seed!))))))
      }
      const criticLoss = (w: Tensor[], [x, seed]: Tensor[]): Scalar => {
        const tf = tensorflow()
        const judged = judge(w, x as Tensor4D)
        // One-sided label smoothing (Salimans et al. 2016): the truth is 0.9 sure.
        const real = tf.sub(tf.softplus(judged), tf.mul(judged, 0.9))
        const fake = tf.softplus(judge(w, make(w, noise(seed!))))
        return tf.add(tf.mean(real), tf.mean(fake))
      }
      return new AdamStep(
        table.list,
        weights,
        args,
        [
          { learned: indices(0, ofMaker), loss: makerLoss },
          { learned: indices(ofMaker, table.list.length), loss: criticLoss },
        ],
        { beta1: 0.5 },
      )
    },
    sample: (weights, z) => make(weights, z),
  }
}

function addNorm(table: ParameterTable, name: string, width: number): void {
  table.add({ name: `${name}/gain`, shape: [width], role: 'adam', std: 0 })
  table.add({ name: `${name}/shift`, shape: [width], role: 'adam', std: 0 })
}

/** Batch normalisation (Ioffe & Szegedy 2015), also when sampling: batches are always of one size. */
function normalised(x: Tensor4D, weight: (name: string) => Tensor, name: string): Tensor4D {
  const tf = tensorflow()
  const centred = tf.sub(x, tf.mean(x, [0, 1, 2], true))
  const scaled = tf.mul(centred, tf.rsqrt(tf.add(tf.mean(tf.square(centred), [0, 1, 2], true), 1e-5)))
  return tf.add(tf.mul(scaled, tf.add(weight(`${name}/gain`), 1)), weight(`${name}/shift`)) as Tensor4D
}

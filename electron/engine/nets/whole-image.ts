/**
 * The net for small pictures of one size (digits, faces, icons, GAN samples): a U-Net that is told sigma and
 * sees the whole picture at once through a dense layer at its coarsest scale. Knowing sigma and global context
 * are what let a walk from far away end at a picture instead of at strokes.
 */
import { type Tensor, type Tensor4D, tensorflow } from '../tensor/backend.ts'
import { biasAdd, halve, reshapeBatch, spaceToDepth } from '../tensor/ops.ts'
import { type Net, ParameterTable, crossEntropyFromLogits, meanSquaredError } from './net.ts'

const widthOfLevel = [64, 96, 128, 128] as const
const globalWidth = 256
const sigmaFeatures = 16
const sigmaHidden = 64

/** Levels of the U-Net below the half-resolution stem, so that the coarsest grid is at most 8 pixels a side. */
function levelsFor(width: number, height: number): number {
  let levels = 2
  while (Math.max(width, height) / 2 ** levels > 8 && levels < widthOfLevel.length) levels++
  return levels
}

/** Width and height, padded so that the net can halve them evenly. */
export function wholeImageSize(width: number, height: number): { width: number; height: number } {
  const multiple = 2 ** levelsFor(width, height)
  return { width: Math.ceil(width / multiple) * multiple, height: Math.ceil(height / multiple) * multiple }
}

/** @param size of the padded pictures, from wholeImageSize */
export function wholeImageNet(channels: 1 | 3, size: { width: number; height: number }): Net {
  const levels = levelsFor(size.width, size.height)
  const widths = widthOfLevel.slice(0, levels)
  const deepest = widths[levels - 1]!
  const grid = { height: size.height / 2 ** levels, width: size.width / 2 ** levels }
  const inner = 4 * channels
  const table = new ParameterTable()

  table.conv('sigma/a', 1, sigmaFeatures, sigmaHidden, { role: 'adam', bias: true })
  const block = (name: string, width: number): void => {
    table.conv(`${name}/a`, 3, width, width, { bias: true })
    table.conv(`${name}/b`, 3, width, width, { scale: 0.3, bias: true })
    // Feature-wise gain and shift from sigma (Perez et al. 2018).
    table.conv(`${name}/sigma`, 1, sigmaHidden, 2 * width, { scale: 0.1, role: 'adam', bias: true })
  }
  table.conv('head', 3, inner, widths[0]!, { gain: 1, role: 'adam', bias: true })
  widths.forEach((width, level) => {
    block(`down${level}`, width)
    const next = widths[level + 1]
    if (next === undefined) return
    table.conv(`shrink${level}`, 2, width, next, { gain: 1, bias: true })
    table.conv(`grow${level}`, 1, next, 4 * width, { gain: 1, bias: true })
    block(`up${level}`, width)
  })
  // A dense layer over the whole grid, as convolutions so that the batch size stays free.
  const cells = grid.height * grid.width
  table.add({
    name: 'global/in',
    shape: [grid.height, grid.width, deepest, globalWidth],
    // Not muon: orthogonalising so large a matrix costs as much as the step itself.
    role: 'adam',
    std: Math.sqrt(2 / (cells * deepest)),
  })
  table.add({ name: 'global/in/bias', shape: [globalWidth], role: 'adam', std: 0 })
  table.conv('global/out', 1, globalWidth, cells * deepest, { gain: 1, scale: 0.5, role: 'adam', bias: true })
  block('middle', deepest)
  table.conv('tail', 3, widths[0]!, inner, { scale: 0.1, role: 'adam', bias: true })

  const logits = (weights: readonly Tensor[], noisy: Tensor4D, sigma: Tensor4D): Tensor4D => {
    const tf = tensorflow()
    const weight = table.of(weights)
    const biased = (x: Tensor4D, name: string): Tensor4D => biasAdd(x, weight(`${name}/bias`))
    const conv = (x: Tensor4D, name: string): Tensor4D =>
      biased(tf.conv2d(x, weight(name) as Tensor4D, 1, 'same'), name)
    const known = tf.relu(conv(sigmaEmbedding(sigma), 'sigma/a'))
    const runBlock = (x: Tensor4D, name: string): Tensor4D => {
      const [gain, shift] = tf.split(conv(known, `${name}/sigma`), 2, 3) as [Tensor4D, Tensor4D]
      const inside = tf.add(tf.mul(conv(x, `${name}/a`), tf.add(gain, 1)), shift) as Tensor4D
      return tf.add(x, conv(tf.relu(inside), `${name}/b`))
    }
    // Pictures of variance about 1/4 and noise of variance sigma²: the input keeps unit size at every sigma.
    const inputScale = tf.rsqrt(tf.add(tf.square(sigma), 0.25))
    let h = conv(spaceToDepth(tf.mul(tf.sub(noisy, 0.5), inputScale), 2), 'head')
    const skips: Tensor4D[] = []
    for (let level = 0; level < levels; level++) {
      h = runBlock(h, `down${level}`)
      if (level === levels - 1) break
      skips.push(h)
      h = biased(halve(h, weight(`shrink${level}`)), `shrink${level}`)
    }
    const seen = biased(tf.conv2d(h, weight('global/in') as Tensor4D, 1, 'valid'), 'global/in')
    h = tf.add(h, reshapeBatch(conv(tf.relu(seen), 'global/out'), [grid.height, grid.width, deepest]))
    h = runBlock(h, 'middle')
    for (let level = levels - 2; level >= 0; level--) {
      h = tf.add(tf.depthToSpace(conv(h, `grow${level}`), 2), skips[level]!)
      h = runBlock(h, `up${level}`)
    }
    return tf.depthToSpace(conv(h, 'tail'), 2)
  }

  return {
    kind: 'whole-image',
    channels,
    parameters: table.list,
    multipleOf: 2 ** levels,
    reach: Infinity,
    loss: (weights, noisy, clean, sigma, loss) => {
      const tf = tensorflow()
      const z = logits(weights, noisy, sigma)
      const mean = loss === 'bce' ? crossEntropyFromLogits(z, clean) : meanSquaredError(tf.sigmoid(z), clean)
      return { mean, objective: tf.mul(mean, loss === 'bce' ? 4 : 30) }
    },
    denoise: (weights, noisy, sigma) => tensorflow().sigmoid(logits(weights, noisy, sigma)),
  }
}

/** log sigma as sines and cosines at eight frequencies: [b, 1, 1, 1] -> [b, 1, 1, 16]. */
function sigmaEmbedding(sigma: Tensor4D): Tensor4D {
  const tf = tensorflow()
  const count = sigmaFeatures / 2
  const frequencies = Array.from({ length: count }, (_, index) => 50 ** (index / (count - 1)) / 4)
  const angle = tf.mul(tf.log(sigma), tf.tensor4d(frequencies, [1, 1, 1, count]))
  return tf.concat([tf.sin(angle), tf.cos(angle)], 3) as Tensor4D
}

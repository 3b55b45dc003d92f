/**
 * The net for pictures of any size: a bias-free, blind, fully convolutional U-Net (Mohan et al. 2020;
 * Kadkhodaie & Simoncelli 2021) at half resolution, in Haar x opponent-colour coordinates that are
 * scaled to about equal size. It is not told sigma: being bias-free, it works beyond the noise it was taught with.
 */
import { type Tensor, type Tensor2D, type Tensor3D, type Tensor4D, tensorflow } from '../tensor/backend.ts'
import { halve, spaceToDepth } from '../tensor/ops.ts'
import { type Net, ParameterTable } from './net.ts'
import { crossEntropyByPatch, likePatches, squaredErrorByPatch } from './patch-loss.ts'

const widths = [48, 64, 96] as const
const blocks = [1, 1, 2] as const

/** What the residual is scaled with, so that the first estimate is the noisy picture itself. */
const residualScale = 0.1

export function anySizeNet(channels: 1 | 3): Net {
  const inner = 4 * channels
  const table = new ParameterTable()
  table.add({ name: 'scale', shape: [1, 1, 1, inner], role: 'fixed', std: 0 })
  addHead(table, channels)
  const residual = (name: string, width: number): void => {
    table.conv(`${name}/a`, 3, width, width)
    table.conv(`${name}/b`, 3, width, width, { scale: 0.3 })
  }
  widths.forEach((width, level) => {
    for (let block = 0; block < blocks[level]!; block++) residual(`down${level}/${block}`, width)
    const next = widths[level + 1]
    if (next === undefined) return
    table.conv(`shrink${level}`, 2, width, next, { gain: 1 })
    table.conv(`grow${level}`, 1, next, 4 * width, { gain: 1 })
    for (let block = 0; block < blocks[level]!; block++) residual(`up${level}/${block}`, width)
  })
  table.conv('tail', 3, widths[0], inner, { scale: residualScale, role: 'adam' })

  const forward = (weights: readonly Tensor[], noisy: Tensor4D): Tensor4D => {
    const tf = tensorflow()
    const weight = table.of(weights)
    const conv = (x: Tensor4D, name: string): Tensor4D => tf.conv2d(x, weight(name) as Tensor4D, 1, 'same')
    const runBlocks = (x: Tensor4D, name: string, count: number): Tensor4D => {
      let h = x
      for (let block = 0; block < count; block++) {
        h = tf.add(h, conv(tf.relu(conv(h, `${name}/${block}/a`)), `${name}/${block}/b`))
      }
      return h
    }
    const shuffled = spaceToDepth(noisy, 2)
    // The change of coordinates and back is linear, so it goes into the kernels: they are small, pictures are not.
    const { into, outOf } = coordinateMatrices(channels, weight('scale'))
    const taps = tf.reshape(weight('head'), [9, inner, widths[0]]) as Tensor3D
    const head = tf.matMul(tf.tile(tf.reshape(into, [1, inner, inner]) as Tensor3D, [9, 1, 1]), taps)
    let h = tf.conv2d(shuffled, tf.reshape(head, [3, 3, inner, widths[0]]) as Tensor4D, 1, 'same')
    const skips: Tensor4D[] = []
    widths.forEach((_, level) => {
      h = runBlocks(h, `down${level}`, blocks[level]!)
      if (level === widths.length - 1) return
      skips.push(h)
      h = halve(h, weight(`shrink${level}`))
    })
    for (let level = widths.length - 2; level >= 0; level--) {
      h = tf.add(tf.depthToSpace(conv(h, `grow${level}`), 2), skips[level]!)
      h = runBlocks(h, `up${level}`, blocks[level]!)
    }
    const tail = tf.matMul(tf.reshape(weight('tail'), [9 * widths[0], inner]) as Tensor2D, outOf)
    const residual = tf.conv2d(h, tf.reshape(tail, [3, 3, widths[0], inner]) as Tensor4D, 1, 'same')
    return tf.sub(shuffled, residual)
  }

  return {
    kind: 'any-size',
    channels,
    parameters: table.list,
    multipleOf: 2 * 2 ** (widths.length - 1),
    reach: reachInPixels(),
    // The residual is taken in pixel space: on logits it loses 3.6 dB.
    loss: (weights, noisy, clean, _sigma, loss) => {
      const byPatch = loss === 'bce' ? crossEntropyByPatch : squaredErrorByPatch
      return likePatches(byPatch(forward(weights, noisy), spaceToDepth(clean, 2)))
    },
    denoise: (weights, noisy) => tensorflow().depthToSpace(forward(weights, noisy), 2),
  }
}

/** The head sees detail, not brightness: most filters have no response to a flat picture. */
function addHead(table: ParameterTable, channels: 1 | 3): void {
  const inner = 4 * channels
  const width = widths[0]
  const blindToFlat = (width * 3) / 4
  table.conv('head', 3, inner, width, { gain: 1, role: 'adam' })
  const head = table.list.at(-1)!
  head.shapeInitial = (values) => {
    const at = (tap: number, input: number, filter: number): number => (tap * inner + input) * width + filter
    for (let colour = 0; colour < channels; colour++) {
      for (let filter = 0; filter < blindToFlat; filter++) {
        let mean = 0
        for (let tap = 0; tap < 9; tap++) mean += values[at(tap, colour * 4, filter)]! / 9
        for (let tap = 0; tap < 9; tap++) values[at(tap, colour * 4, filter)]! -= mean
      }
    }
    for (let filter = blindToFlat; filter < width; filter++) {
      for (let tap = 0; tap < 9; tap++) values[at(tap, 0, filter)]! *= 0.3
    }
  }
}

/** Pixels -> scaled coordinates, and the residual in coordinates -> pixels: [from, to]. */
function coordinateMatrices(channels: 1 | 3, scale: Tensor): { into: Tensor2D; outOf: Tensor2D } {
  const tf = tensorflow()
  const inner = 4 * channels
  const basis = haarOpponentBasis(channels)
  const into = tf.mul(tf.tensor2d(basis.forward, [inner, inner]), tf.reshape(scale, [1, inner])) as Tensor2D
  return { into, outOf: tf.mul(tf.tensor2d(basis.inverse, [inner, inner]), residualScale) }
}

/** Pixels from the centre to the furthest input that counts: the halo a tile needs. */
function reachInPixels(): number {
  // Head and tail, then per level two convolutions a block, on the way down and up; coarse pixels are 2^level.
  let reach = 2
  widths.forEach((_, level) => {
    const passes = level === widths.length - 1 ? 1 : 2
    reach += 2 ** level * 2 * blocks[level]! * passes
    if (level > 0) reach += 2 ** level
  })
  return 2 * reach
}

/**
 * Orthonormal change of coordinates for 2x2 pixels of `channels` colours: Haar (mean, horizontal, vertical,
 * diagonal) x opponent colours (light, red-blue, green-magenta). Kernels are row-major [from, to];
 * pixel values come in the order of spaceToDepth: (dy, dx, colour).
 */
export function haarOpponentBasis(channels: 1 | 3): { forward: Float32Array; inverse: Float32Array } {
  const haar = [
    [0.5, 0.5, 0.5, 0.5],
    [0.5, -0.5, 0.5, -0.5],
    [0.5, 0.5, -0.5, -0.5],
    [0.5, -0.5, -0.5, 0.5],
  ]
  const [r2, r3, r6] = [Math.SQRT2, Math.sqrt(3), Math.sqrt(6)]
  const colours =
    channels === 1
      ? [[1]]
      : [
          [1 / r3, 1 / r3, 1 / r3],
          [1 / r2, 0, -1 / r2],
          [1 / r6, -2 / r6, 1 / r6],
        ]
  const inner = 4 * channels
  const forward = new Float32Array(inner * inner)
  const inverse = new Float32Array(inner * inner)
  for (let colour = 0; colour < channels; colour++) {
    for (let wave = 0; wave < 4; wave++) {
      for (let position = 0; position < 4; position++) {
        for (let channel = 0; channel < channels; channel++) {
          const value = haar[wave]![position]! * colours[colour]![channel]!
          const pixel = position * channels + channel
          const coordinate = colour * 4 + wave
          forward[pixel * inner + coordinate] = value
          inverse[coordinate * inner + pixel] = value
        }
      }
    }
  }
  return { forward, inverse }
}

/**
 * The scale of each coordinate, 1/sqrt(var(t - local mean of t) + 0.01), measured on clean patches
 * [n, h, w, channels]. It belongs to the model: with another data set's scale it loses 0.4 dB.
 */
export function measureScale(patches: Tensor4D, channels: 1 | 3): Tensor {
  const tf = tensorflow()
  return tf.tidy(() => {
    const inner = 4 * channels
    const kernel = tf.tensor4d(haarOpponentBasis(channels).forward, [1, 1, inner, inner])
    const coordinates = tf.conv2d(spaceToDepth(patches, 2), kernel, 1, 'same')
    const detail = tf.sub(coordinates, tf.avgPool(coordinates, 3, 1, 'same'))
    const { variance } = tf.moments(detail, [0, 1, 2], true)
    return tf.rsqrt(tf.add(variance, 0.01))
  })
}

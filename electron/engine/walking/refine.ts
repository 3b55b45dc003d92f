/** Walks for pictures: refining one that is there, and dreaming new ones from noise. */
import type { WalkOptions, WalkStep } from '../../../shared/domain.ts'
import type { Pixels } from '../images/pixels.ts'
import { gaussianFrom, gaussianGenerator, uniformGenerator } from '../learning/noise.ts'
import { measureNoise } from '../measuring/quality.ts'
import type { Denoiser } from '../models/denoiser.ts'
import { wholeImageSize } from '../nets/whole-image.ts'
import { estimatePicture } from './tiles.ts'
import { walk } from './walk.ts'

export interface RefineRun {
  signal?: AbortSignal | undefined
  /** Tiles done within the present step, for large pictures. */
  onTiles?: ((done: number, of: number) => void) | undefined
  /** Side of a tile in pixels, without halo. */
  tile?: number
}

/** Less than this cannot be measured, more is no photograph. */
const measurable = { least: 0.005, most: 0.6 }

/** A large picture is measured in pairs of rows from all over it: as many pixels as this, about. */
const sampledPixels = 4e6

/** A part of a picture that is as noisy as the whole. */
export function noiseSample(picture: {
  width: number
  height: number
  rows: (y: number, count: number) => Pixels
}): Pixels {
  const { width, height } = picture
  if (width * height <= sampledPixels) return picture.rows(0, height)
  const pairs = Math.max(1, Math.floor(sampledPixels / (2 * width)))
  const parts = Array.from({ length: pairs }, (_, pair) =>
    picture.rows(2 * Math.floor((pair * (height / 2 - 1)) / pairs), 2),
  )
  const data = new Float32Array(pairs * parts[0]!.data.length)
  parts.forEach((part, index) => data.set(part.data, index * part.data.length))
  return { ...parts[0]!, height: 2 * pairs, data, alpha: null }
}

/** The noise level a walk starts from: as asked, or as measured in the picture. */
export function startingSigma(pixels: Pixels, sigma: WalkOptions['sigma']): number {
  if (sigma !== 'auto') return sigma
  return Math.min(measurable.most, Math.max(measurable.least, measureNoise(pixels)))
}

/**
 * Walks a picture uphill. Alpha is kept as it is; a colour picture under a greyscale model is walked channel by
 * channel, a greyscale picture under a colour model as grey.
 * @param pixels left as they are
 * @yields the picture before the walk (index 0, after added noise), then after every step; values may leave 0..1 a little
 * @throws UphillError CANCELLED
 */
export async function* refine(
  model: Denoiser,
  pixels: Pixels,
  options: WalkOptions,
  run: RefineRun = {},
): AsyncGenerator<{ step: WalkStep; pixels: Pixels; secondsLeft: number | null }> {
  const planes = toPlanes(pixels, model.net.channels)
  const { width, height } = pixels
  const values = width * height * model.net.channels
  const estimate = async (x: Float32Array, sigma: number): Promise<Float32Array> => {
    const out = new Float32Array(x.length)
    for (let plane = 0; plane < planes.count; plane++) {
      const onTiles =
        run.onTiles && ((done: number, of: number) => run.onTiles?.(plane * of + done, planes.count * of))
      const part = x.subarray(plane * values, (plane + 1) * values)
      out.set(
        await estimatePicture(model, part, { width, height }, sigma, { ...run, onTiles }),
        plane * values,
      )
    }
    return out
  }
  const sigma = startingSigma(pixels, options.sigma)
  const timer = stepTimer(options.steps)
  for await (const { step, x } of walk(
    planes.data,
    estimate,
    { ...options, sigma },
    gaussianGenerator(options.seed),
    run,
  )) {
    yield { step, pixels: { ...pixels, data: fromPlanes(x, planes, pixels) }, secondsLeft: timer(step.index) }
  }
}

/** A walk that may start anywhere is given enough noise to forget where. */
const dreamSigma = { 'whole-image': 5, 'any-size': 1 } as const
const dreamSize = 128

/**
 * New pictures from pure noise: down from a sigma at which nothing is left, stochastically (churn 1).
 * The same seed gives the same pictures, whatever the count.
 * @yields all pictures after every step
 * @throws UphillError CANCELLED
 */
export async function* dream(
  model: Denoiser,
  options: {
    count: number
    seed: number
    steps: number
    size?: { width: number; height: number } | undefined
  },
  run: { signal?: AbortSignal | undefined } = {},
): AsyncGenerator<{ step: WalkStep; pictures: Pixels[]; secondsLeft: number | null }> {
  const { kind, channels, size: own } = model.card
  const shown = own ?? options.size ?? { width: dreamSize, height: dreamSize }
  const size = own ? wholeImageSize(own.width, own.height) : roundedUp(shown, model.net.multipleOf)
  const values = size.width * size.height * channels
  const sigma = dreamSigma[kind]
  // Every picture has a generator of its own, so that picture 3 is the same in a sheet of 4 and of 40.
  const generators = Array.from({ length: options.count }, (_, index) =>
    gaussianFrom(uniformGenerator(options.seed, index)),
  )
  let drawn = 0
  const normal = (): number => generators[Math.floor(drawn++ / values) % options.count]!()
  const estimate = async (x: Float32Array, now: number): Promise<Float32Array> => {
    const out = new Float32Array(x.length)
    const batch = Math.max(1, Math.floor(2 ** 20 / values))
    for (let first = 0; first < options.count; first += batch) {
      const count = Math.min(batch, options.count - first)
      const part = x.subarray(first * values, (first + count) * values)
      out.set(
        model.estimate(part, [count, size.height, size.width], new Float32Array(count).fill(now)),
        first * values,
      )
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    return out
  }
  const grey = new Float32Array(options.count * values).fill(0.5)
  const walkOptions = {
    schedule: 'annealed',
    steps: options.steps,
    alpha: 1,
    addNoise: true,
    churn: 1,
    sigma,
  } as const
  const timer = stepTimer(options.steps)
  for await (const { step, x } of walk(grey, estimate, walkOptions, normal, run)) {
    const pictures = generators.map((_, index) => {
      const data = crop(x.subarray(index * values, (index + 1) * values), size.width, shown, channels)
      return { ...shown, channels, data, alpha: null, bitDepth: 8, icc: null } satisfies Pixels
    })
    yield { step, pictures, secondsLeft: timer(step.index) }
  }
}

function crop(
  data: Float32Array,
  width: number,
  part: { width: number; height: number },
  channels: number,
): Float32Array {
  const out = new Float32Array(part.width * part.height * channels)
  for (let y = 0; y < part.height; y++) {
    out.set(
      data.subarray(y * width * channels, (y * width + part.width) * channels),
      y * part.width * channels,
    )
  }
  return out
}

function roundedUp(
  size: { width: number; height: number },
  multipleOf: number,
): { width: number; height: number } {
  const up = (value: number): number => Math.ceil(value / multipleOf) * multipleOf
  return { width: up(size.width), height: up(size.height) }
}

/** Seconds left from the steps so far; null before the first has been timed. */
function stepTimer(steps: number): (index: number) => number | null {
  const start = performance.now()
  return (index) => (index === 0 ? null : ((performance.now() - start) / 1000 / index) * (steps - index))
}

export interface Planes {
  data: Float32Array
  count: number
}

/** The picture with the channels of the net: as it is, grey as three equal channels, or colours as three grey pictures. */
export function toPlanes(pixels: Pixels, channels: 1 | 3): Planes {
  if (pixels.channels === channels) return { data: pixels.data, count: 1 }
  const count = pixels.width * pixels.height
  const data = new Float32Array(count * 3)
  if (channels === 3) {
    for (let i = 0; i < data.length; i++) data[i] = pixels.data[Math.floor(i / 3)]!
    return { data, count: 1 }
  }
  for (let i = 0; i < data.length; i++) data[(i % 3) * count + Math.floor(i / 3)] = pixels.data[i]!
  return { data, count: 3 }
}

/** The inverse of toPlanes, in a picture like `pixels`. */
export function fromPlanes(x: Float32Array, planes: Pick<Planes, 'count'>, pixels: Pixels): Float32Array {
  if (x.length === pixels.data.length && planes.count === 1) return x
  const count = pixels.width * pixels.height
  const data = new Float32Array(pixels.data.length)
  if (planes.count === 3) {
    for (let i = 0; i < data.length; i++) data[i] = x[(i % 3) * count + Math.floor(i / 3)]!
    return data
  }
  for (let i = 0; i < count; i++) data[i] = (x[3 * i]! + x[3 * i + 1]! + x[3 * i + 2]!) / 3
  return data
}

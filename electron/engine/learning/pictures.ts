/**
 * The pictures of a dataset in memory as bytes, and batches drawn from them.
 * Which batch belongs to a step depends on (seed, step) alone.
 */
import os from 'node:os'
import type { Dataset, ModelKind, PictureInfo } from '../../../shared/domain.ts'
import { UphillError, isCancelled, throwIfCancelled } from '../../../shared/errors.ts'
import { decodeBytes8 } from '../images/decode.ts'
import type { Batch } from './training-step.ts'
import { type Random, gaussianFrom, shuffledIndices, uniformGenerator } from './noise.ts'

interface Picture {
  width: number
  height: number
  /** HWC, 0..255. */
  data: Uint8Array
}

export interface PictureSetOptions {
  kind: ModelKind
  channels: 1 | 3
  /** Size of one training example in pixels: the padded picture, or the patch. */
  width: number
  height: number
  seed: number
  /** Memory for decoded pictures; default a quarter of the machine's. */
  budgetBytes?: number
  signal?: AbortSignal | undefined
  onProgress?: (done: number, of: number) => void
}

/** Photographs are learned from at most this many pixels a side, and at a half and a third of it as well. */
const largestSide = 1500
const scales = [1, 1 / 2, 1 / 3]
/** Patches are the best of three by detail: skies teach little. */
const tries = 3
const heldOutCrop = 128

export class PictureSet {
  readonly #options: PictureSetOptions
  readonly #pictures: Picture[]
  /** Cumulative chance of each picture. */
  readonly #chances: Float64Array
  /** Held-out examples, never drawn: whole pictures, or crops. */
  readonly heldOut: readonly Picture[]
  readonly taught: number
  readonly heldOutPictures: number

  private constructor(options: PictureSetOptions, pictures: Picture[], taught: number, heldOut: Picture[]) {
    this.#options = options
    this.#pictures = pictures
    this.taught = taught
    this.heldOut = heldOut
    this.heldOutPictures = heldOut.length
    // Larger pictures have more to show, but not in proportion to their area.
    const weight = ({ width, height }: Picture): number =>
      options.kind === 'whole-image' ? 1 : Math.sqrt(width * height)
    let sum = 0
    this.#chances = Float64Array.from(pictures, (picture) => (sum += weight(picture)))
  }

  /**
   * Reads the pictures: a seeded few are held out; when they do not all fit into the budget, a seeded part is taken.
   * A picture that cannot be read any more is passed over.
   * @throws UphillError TOO_FEW_PICTURES when fewer than two can be read; CANCELLED
   */
  static async load(dataset: Dataset, options: PictureSetOptions): Promise<PictureSet> {
    const { kind, channels, signal, onProgress } = options
    const order = shuffledIndices(dataset.pictures.length, uniformGenerator(options.seed, 0xda7a))
    const infos = order.map((index) => dataset.pictures[index]!)
    const most = kind === 'whole-image' ? 64 : 16
    const heldOutCount = Math.min(most, Math.max(1, Math.round(infos.length / 20)))
    const budget = options.budgetBytes ?? os.totalmem() / 4
    const chosen = withinBudget(infos.slice(heldOutCount), kind, channels, budget)
    let done = 0
    const total = chosen.length + heldOutCount
    const read = async (info: PictureInfo, scale: number): Promise<Picture | null> => {
      throwIfCancelled(signal)
      try {
        const side = Math.max(info.width, info.height)
        const maxSide = Math.round(Math.min(side, largestSide) * scale)
        const fit = kind === 'whole-image' || maxSide >= side ? undefined : { maxSide }
        return fitToExample(await decodeBytes8(info.path, channels, fit), options)
      } catch (error) {
        if (isCancelled(error)) throw error
        return null
      }
    }
    const readAll = async (list: readonly PictureInfo[], wanted: readonly number[]): Promise<Picture[][]> =>
      mapConcurrently(list, 4, async (info) => {
        const versions: Picture[] = []
        for (const scale of wanted) {
          const smallest = Math.min(info.width, info.height) * scale
          if (scale < 1 && smallest < 2 * Math.max(options.width, options.height)) continue
          const picture = await read(info, scale)
          if (picture) versions.push(picture)
        }
        onProgress?.(++done, total)
        return versions
      })
    const heldOut = (await readAll(infos.slice(0, heldOutCount), [1])).flat()
    const taught = (await readAll(chosen, kind === 'whole-image' ? [1] : scales)).filter(
      (versions) => versions.length > 0,
    )
    if (heldOut.length === 0 || taught.length === 0) {
      throw new UphillError(
        'TOO_FEW_PICTURES',
        `Too few pictures of ${dataset.folder} could be read.`,
        'Look at the folder again: files may have been moved or changed.',
      )
    }
    const shown = kind === 'whole-image' ? heldOut : heldOut.map((picture) => centreCrop(picture, channels))
    return new PictureSet(options, taught.flat(), taught.length, shown)
  }

  /** The clean examples and noise levels of one step. */
  batch(step: number, size: number): Batch {
    const { width, height, channels, kind, seed } = this.#options
    const random = uniformGenerator(seed, step + 1)
    const values = width * height * channels
    const clean = new Float32Array(size * values)
    const sigmas = new Float32Array(size)
    const sigmaOf = sigmaSampler(kind, random)
    for (let index = 0; index < size; index++) {
      sigmas[index] = sigmaOf()
      const picture = this.#draw(random)
      if (kind === 'whole-image') {
        for (let i = 0; i < values; i++) clean[index * values + i] = picture.data[i]! / 255
      } else {
        this.#copyPatch(picture, random, clean.subarray(index * values, (index + 1) * values))
      }
    }
    return { clean, sigmas }
  }

  /** Some clean examples without augmentation, for measuring. */
  sample(count: number): Float32Array {
    const { channels, width, height } = this.#options
    const values = width * height * channels
    const out = new Float32Array(count * values)
    for (let index = 0; index < count; index++)
      out.set(this.batch(-2 - index, 1).clean.subarray(0, values), index * values)
    return out
  }

  #draw(random: Random): Picture {
    const target = random() * this.#chances.at(-1)!
    let low = 0
    let high = this.#chances.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#chances[middle]! > target) high = middle
      else low = middle + 1
    }
    return this.#pictures[low]!
  }

  #copyPatch(picture: Picture, random: Random, out: Float32Array): void {
    const { width, height, channels } = this.#options
    let best = { x: 0, y: 0, detail: -1 }
    for (let attempt = 0; attempt < tries; attempt++) {
      const x = Math.floor(random() * (picture.width - width + 1))
      const y = Math.floor(random() * (picture.height - height + 1))
      const detail = detailOf(picture, x, y, width, height, channels)
      if (detail > best.detail) best = { x, y, detail }
    }
    const turn = Math.floor(random() * 8)
    const square = width === height
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        let [y, x] = square && turn & 4 ? [column, row] : [row, column]
        if (turn & 1) y = height - 1 - y
        if (turn & 2) x = width - 1 - x
        const from = ((best.y + y) * picture.width + best.x + x) * channels
        const to = (row * width + column) * channels
        for (let channel = 0; channel < channels; channel++)
          out[to + channel] = picture.data[from + channel]! / 255
      }
    }
  }
}

/**
 * Noise levels to teach with, as standard deviations in 0..1. Whole-image nets walk down from pure noise:
 * log-normal over 0.02..5. Blind nets: evenly over what photographs have, and now and then much more.
 */
function sigmaSampler(kind: ModelKind, random: Random): () => number {
  if (kind === 'whole-image') {
    const normal = gaussianFrom(random)
    return () => Math.min(5, Math.max(0.02, Math.exp(-1 + 1.2 * normal())))
  }
  return () => (random() < 0.85 ? (5 + 55 * random()) / 255 : Math.exp(Math.log(60 / 255) * random()))
}

/** Mean horizontal difference on every other row: cheap, and enough to tell detail from sky. */
function detailOf(
  picture: Picture,
  x0: number,
  y0: number,
  width: number,
  height: number,
  channels: number,
): number {
  const middle = channels === 3 ? 1 : 0
  let sum = 0
  for (let y = 0; y < height; y += 2) {
    const row = ((y0 + y) * picture.width + x0) * channels + middle
    for (let x = 0; x + 2 < width; x += 2) {
      sum += Math.abs(picture.data[row + (x + 2) * channels]! - picture.data[row + x * channels]!)
    }
  }
  return sum
}

/** Repeats the edges of a picture that is smaller than an example, and pads whole pictures to the net's size. */
function fitToExample(picture: Picture, { kind, width, height, channels }: PictureSetOptions): Picture {
  const toWidth = kind === 'whole-image' ? width : Math.max(width, picture.width)
  const toHeight = kind === 'whole-image' ? height : Math.max(height, picture.height)
  if (toWidth === picture.width && toHeight === picture.height) return picture
  const data = new Uint8Array(toWidth * toHeight * channels)
  for (let y = 0; y < toHeight; y++) {
    for (let x = 0; x < toWidth; x++) {
      const from =
        (Math.min(y, picture.height - 1) * picture.width + Math.min(x, picture.width - 1)) * channels
      for (let channel = 0; channel < channels; channel++) {
        data[(y * toWidth + x) * channels + channel] = picture.data[from + channel]!
      }
    }
  }
  return { width: toWidth, height: toHeight, data }
}

function centreCrop(picture: Picture, channels: number): Picture {
  const width = Math.min(heldOutCrop, picture.width - (picture.width % 8))
  const height = Math.min(heldOutCrop, picture.height - (picture.height % 8))
  const x0 = Math.floor((picture.width - width) / 2)
  const y0 = Math.floor((picture.height - height) / 2)
  const data = new Uint8Array(width * height * channels)
  for (let y = 0; y < height; y++) {
    const from = ((y0 + y) * picture.width + x0) * channels
    data.set(picture.data.subarray(from, from + width * channels), y * width * channels)
  }
  return { width, height, data }
}

function withinBudget(
  infos: readonly PictureInfo[],
  kind: ModelKind,
  channels: number,
  budget: number,
): PictureInfo[] {
  const chosen: PictureInfo[] = []
  let bytes = 0
  for (const info of infos) {
    const side = Math.max(info.width, info.height)
    const shrink = kind === 'whole-image' ? 1 : Math.min(1, largestSide / side)
    const scaleFactor = kind === 'whole-image' ? 1 : 1 + 1 / 4 + 1 / 9
    bytes += info.width * info.height * shrink ** 2 * channels * scaleFactor
    if (bytes > budget && chosen.length > 0) break
    chosen.push(info)
  }
  return chosen
}

async function mapConcurrently<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length)
  let next = 0
  const lane = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) results[index] = await work(items[index]!)
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane))
  return results
}

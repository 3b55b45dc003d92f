/**
 * Batches drawn from the pictures of a dataset. Which batch belongs to a step depends on (seed, step) and on
 * what is in the window alone (picture-window.ts).
 */
import os from 'node:os'
import type { Dataset, ModelKind, PictureInfo } from '../../../shared/domain.ts'
import { UphillError, isCancelled, throwIfCancelled } from '../../../shared/errors.ts'
import { decodeBytes8, shrinkBytes8 } from '../images/decode.ts'
import { type Random, gaussianFrom, shuffledIndices, uniformGenerator } from './noise.ts'
import { type Picture, PictureWindow } from './picture-window.ts'
import type { Batch } from './training-step.ts'

export interface PictureSetOptions {
  kind: ModelKind
  channels: 1 | 3
  /** Size of one training example in pixels: the padded picture, or the patch. */
  width: number
  height: number
  seed: number
  /** A counted plan waits for its pictures and is repeatable, a timed one never waits. */
  plan: 'counted' | 'timed'
  /** The step that comes first: more than 0 in a teaching that is resumed. */
  step?: number
  /** Memory for decoded pictures; default a quarter of the machine's. */
  budgetBytes?: number | undefined
  signal?: AbortSignal | undefined
  /** Share of the first reading, 0..1. */
  onProgress?: (share: number) => void
  /** A picture has been read, or could not be. */
  onRead?: () => void
}

/** Photographs are learned from at most this many pixels a side, and at a half and a third of it as well. */
const largestSide = 1500
const scales = [1, 1 / 2, 1 / 3]
/** Patches are the best of three by detail: skies teach little. */
const tries = 3
const heldOutCrop = 128

export class PictureSet {
  readonly #options: PictureSetOptions
  readonly #window: PictureWindow
  /** Held-out examples, never drawn: whole pictures, or crops. */
  readonly heldOut: readonly Picture[]

  private constructor(options: PictureSetOptions, window: PictureWindow, heldOut: Picture[]) {
    this.#options = options
    this.#window = window
    this.heldOut = heldOut
  }

  /**
   * Reads the pictures: a seeded few are held out; of the rest as many as fit into the budget are in memory at a
   * time. A picture that cannot be read any more is passed over.
   * @throws UphillError TOO_FEW_PICTURES when fewer than two can be read; CANCELLED
   */
  static async load(dataset: Dataset, options: PictureSetOptions): Promise<PictureSet> {
    const { kind, channels, seed, plan, step = 0, signal, onProgress } = options
    const order = shuffledIndices(dataset.pictures.length, uniformGenerator(seed, 0xda7a))
    const infos = order.map((index) => dataset.pictures[index]!)
    const most = kind === 'whole-image' ? 64 : 16
    const heldOutCount = Math.min(most, Math.max(1, Math.round(infos.length / 20)))
    const heldOut: Picture[] = []
    for (const info of infos.slice(0, heldOutCount)) {
      throwIfCancelled(signal)
      const [picture] = await PictureSet.readVersions(info, options, [1])
      if (picture) heldOut.push(kind === 'whole-image' ? picture : centreCrop(picture, channels))
    }
    const window = await PictureWindow.open(
      infos.slice(heldOutCount),
      step,
      {
        read: async (info) => {
          const versions = await PictureSet.readVersions(info, options)
          options.onRead?.()
          return versions
        },
        bytesOf: (info) => bytesOf(info, options),
        // Larger pictures have more to show, but not in proportion to their area.
        weightOf: ({ width, height }) => (kind === 'whole-image' ? 1 : Math.sqrt(width * height)),
        budgetBytes: options.budgetBytes ?? os.totalmem() / 4,
        seed,
        plan,
        signal,
      },
      onProgress,
    )
    if (heldOut.length === 0 || window.isEmpty) {
      throw new UphillError(
        'TOO_FEW_PICTURES',
        `Too few pictures of ${dataset.folder} could be read.`,
        'Look at the folder again: files may have been moved or changed.',
      )
    }
    return new PictureSet(options, window, heldOut)
  }

  /** A picture at the scales that are learned from, decoded once; nothing when it cannot be read. */
  static async readVersions(
    info: PictureInfo,
    options: Pick<PictureSetOptions, 'kind' | 'channels' | 'width' | 'height' | 'signal'>,
    wanted: readonly number[] = options.kind === 'whole-image' ? [1] : scales,
  ): Promise<Picture[]> {
    const { kind, channels, signal } = options
    throwIfCancelled(signal)
    const longest = Math.max(info.width, info.height)
    const smallest = Math.min(info.width, info.height)
    const most = Math.min(longest, largestSide)
    try {
      const fit = kind === 'whole-image' || longest <= largestSide ? undefined : { maxSide: largestSide }
      const full = await decodeBytes8(info.path, channels, fit)
      const versions = [full]
      for (const scale of wanted) {
        if (scale === 1 || smallest * scale < 2 * Math.max(options.width, options.height)) continue
        versions.push(await shrinkBytes8(full, channels, Math.round(most * scale)))
      }
      return versions.map((version) => fitToExample(version, options))
    } catch (error) {
      if (isCancelled(error)) throw error
      return []
    }
  }

  /** Pictures that are learned from, as far as is known. */
  get taught(): number {
    return this.#window.readable
  }

  /** To be called before each step, while others read beside it. @returns null, or what the step has to wait for */
  prepare(step: number): Promise<void> | null {
    return this.#window.moveTo(step)
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
      const picture = this.#window.draw(random)
      if (kind === 'whole-image') {
        copyScaled(picture.data, clean, index * values)
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
    // A flip is a walk backwards, a transposition exchanges the strides.
    const [flipY, flipX, transpose] = [turn & 1, turn & 2, turn & 4 && width === height]
    const down = (flipY ? -1 : 1) * picture.width * channels
    const right = (flipX ? -1 : 1) * channels
    const [alongRow, alongColumn] = transpose ? [down, right] : [right, down]
    const top = best.y + (flipY ? height - 1 : 0)
    const left = best.x + (flipX ? width - 1 : 0)
    const { data } = picture
    let to = 0
    for (let row = 0; row < height; row++) {
      let from = (top * picture.width + left) * channels + row * alongColumn
      for (let column = 0; column < width; column++, from += alongRow) {
        for (let channel = 0; channel < channels; channel++) out[to++] = data[from + channel]! * unit
      }
    }
  }
}

const unit = 1 / 255

function copyScaled(bytes: Uint8Array, out: Float32Array, at: number): void {
  for (let i = 0; i < bytes.length; i++) out[at + i] = bytes[i]! * unit
}

/** What the versions of a picture will about take. */
function bytesOf(info: PictureInfo, { kind, channels }: PictureSetOptions): number {
  if (kind === 'whole-image') return info.width * info.height * channels
  const shrink = Math.min(1, largestSide / Math.max(info.width, info.height))
  const allScales = scales.reduce((sum, scale) => sum + scale ** 2, 0)
  return info.width * info.height * shrink ** 2 * channels * allScales
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
function fitToExample(
  picture: Picture,
  { kind, width, height, channels }: Pick<PictureSetOptions, 'kind' | 'channels' | 'width' | 'height'>,
): Picture {
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

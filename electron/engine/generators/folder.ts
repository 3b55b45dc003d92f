/** A folder of small pictures of one size as a batch, for a generator to learn from. */
import type { Dataset } from '../../../shared/domain.ts'
import { UphillError, isCancelled, throwIfCancelled } from '../../../shared/errors.ts'
import { decodeBytes8 } from '../images/decode.ts'
import type { Pixels } from '../images/pixels.ts'
import { shuffledIndices, uniformGenerator } from '../learning/noise.ts'
import { type PictureBatch, generatorSize } from './generator.ts'

/** Pixels a side: larger pictures want a larger generator than these. */
const largestSide = 64
/** More pictures would teach a small generator no more. */
const mostPictures = 20_000

/**
 * @returns the pictures in the middle of sides that a generator can make; a picture that cannot be read is passed over
 * @throws UphillError BAD_INPUT when sizes differ or are too large; TOO_FEW_PICTURES, CANCELLED
 */
export async function readForGenerator(
  dataset: Dataset,
  run: {
    signal?: AbortSignal | undefined
    onProgress?: ((share: number) => void) | undefined
    seed: number
  },
): Promise<PictureBatch> {
  const { uniformSize: size, greyscale } = dataset
  if (!size || Math.max(size.width, size.height) > largestSide) {
    const what = size ? `are ${size.width} x ${size.height} pixels` : 'have different sizes'
    throw new UphillError(
      'BAD_INPUT',
      `The pictures of ${dataset.folder} ${what}; these small generators learn pictures of one size, at most ${largestSide} pixels a side.`,
      'Give a folder of small pictures of one size, or samples that you have already, to uphill refine.',
    )
  }
  const channels = greyscale ? 1 : 3
  const order = shuffledIndices(dataset.pictures.length, uniformGenerator(run.seed, 0x6e))
  const chosen = order.slice(0, mostPictures)
  const read: Uint8Array[] = []
  for (const [done, index] of chosen.entries()) {
    throwIfCancelled(run.signal)
    try {
      read.push((await decodeBytes8(dataset.pictures[index]!.path, channels)).data)
    } catch (error) {
      if (isCancelled(error)) throw error
    }
    if (done % 50 === 0) run.onProgress?.(done / chosen.length)
  }
  if (read.length < 2) {
    throw new UphillError(
      'TOO_FEW_PICTURES',
      `Too few pictures of ${dataset.folder} could be read.`,
      'Give a folder of at least a hundred pictures.',
    )
  }
  const { width, height } = generatorSize(size.width, size.height)
  const data = new Float32Array(read.length * width * height * channels)
  read.forEach((bytes, index) => {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        // Beyond the picture its edge goes on.
        const from = (Math.min(y, size.height - 1) * size.width + Math.min(x, size.width - 1)) * channels
        const to = ((index * height + y) * width + x) * channels
        for (let channel = 0; channel < channels; channel++) data[to + channel] = bytes[from + channel]! / 255
      }
    }
  })
  return { width, height, channels, data }
}

/** One picture of a batch, cut to the size of the folder's pictures. */
export function pictureOf(
  { width, height, channels, data }: PictureBatch,
  index: number,
  size: { width: number; height: number },
): Pixels {
  const out = new Float32Array(size.width * size.height * channels)
  for (let y = 0; y < size.height; y++) {
    const from = (index * height + y) * width * channels
    out.set(data.subarray(from, from + size.width * channels), y * size.width * channels)
  }
  return { ...size, channels, data: out, alpha: null, bitDepth: 8, icc: null }
}

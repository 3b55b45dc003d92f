/** Is a picture whole, and has it colour? Found out at the price of a thumbnail. */
import type { PictureInfo } from '../../../shared/domain.ts'
import { largestPixels, readHeader } from './header.ts'
import { requireRoom, sampleBytes } from './room.ts'
import { decodingFailed, openSource, pipeline, refused } from './source.ts'

/** Smaller pictures have nothing to teach. */
export const smallestSide = 16

/** Rounding of profiles and chroma makes greys differ by this much; no eye sees it. */
const greyTolerance = 2

const checkedSide = 128

export interface CheckedPicture {
  info: PictureInfo
  /** One channel, or three that are equal. */
  greyscale: boolean
}

/**
 * Reads the whole file and decodes all of it, scaled down while decoding where the format allows: a header may
 * be in order when the pixels are not.
 * @param large waits for its turn before decoding a picture of many megapixels
 * @throws RefusedPicture, UphillError OUT_OF_MEMORY
 */
export async function checkPicture(
  path: string,
  large: <T>(work: () => Promise<T>) => Promise<T>,
): Promise<CheckedPicture> {
  const source = await openSource(path, 'pixels')
  const { info } = await readHeader(source)
  if (Math.min(info.width, info.height) < smallestSide) {
    throw refused(
      path,
      'too-small',
      `The picture has ${info.width} x ${info.height} pixels; at least ${smallestSide} a side are needed.`,
    )
  }
  // In the worst case, an interlaced file, all of it is in memory at once.
  requireRoom(info, sampleBytes(info))
  const decode = () =>
    pipeline(source, { limitInputPixels: largestPixels })
      .resize(checkedSide, checkedSide, { fit: 'inside', withoutEnlargement: true, kernel: 'linear' })
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true })
  try {
    const { data, info: raw } = await (info.width * info.height > 40e6 ? large(decode) : decode())
    return { info, greyscale: info.channels === 1 || isGrey(data, raw.channels) }
  } catch (error) {
    throw decodingFailed(source, error)
  }
}

function isGrey(samples: Uint8Array, bands: number): boolean {
  for (let i = 0; i < samples.length; i += bands) {
    // What is under full transparency is not seen.
    if (bands === 4 && samples[i + 3]! < 8) continue
    const [red, green, blue] = [samples[i]!, samples[i + 1]!, samples[i + 2]!]
    if (Math.max(red, green, blue) - Math.min(red, green, blue) > greyTolerance) return false
  }
  return true
}

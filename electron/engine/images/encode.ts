/** From pixels to pictures that are shown or kept. */
import { lstat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { ExportFormat, ExportOptions, ShownPicture } from '../../../shared/domain.ts'
import { UphillError } from '../../../shared/errors.ts'
import { toFileError, writeFileAtomic } from '../files/atomic.ts'
import { numberedPath } from '../files/numbered-name.ts'
import { sized } from './header.ts'
import { type Pixels, imageOf, onWhite } from './pixels.ts'

/**
 * The picture as a lossless PNG of 8 bits, scaled down to at most `maxSide` pixels a side, values clipped to 0..1.
 * The compression is fast rather than small: it is looked at once.
 */
export async function showPixels(pixels: Pixels, maxSide: number): Promise<ShownPicture> {
  const { data, info } = await imageOf(pixels, 8)
    .resize(maxSide, maxSide, { fit: 'inside', withoutEnlargement: true })
    .png({ compressionLevel: 1 })
    .toBuffer({ resolveWithObject: true })
  return { mime: 'image/png', width: info.width, height: info.height, bytes: data }
}

/**
 * Writes the picture as sRGB. PNG and TIFF are lossless and have 16 bits when `pixels.bitDepth` is 16; alpha is kept
 * where the format can and laid on white in a JPEG. No metadata, and no profile: pixels are sRGB (see Pixels.icc).
 * The format is the one in `options`, whatever the path ends in.
 * @returns the path really used (with `number` it may be "name (2).png") and the size of the file in bytes
 * @throws UphillError FILE_EXISTS, DISK_FULL, NOT_WRITABLE, FOLDER_NOT_FOUND, NAME_INVALID, PICTURE_TOO_LARGE
 */
export async function exportPicture(
  pixels: Pixels,
  path: string,
  options: ExportOptions,
): Promise<{ path: string; bytes: number }> {
  const target = resolve(path)
  // Before the work of encoding; writing looks again.
  if (options.whenExists === 'fail' && (await isThere(target))) {
    throw toFileError(Object.assign(new Error('file exists'), { code: 'EEXIST' }), target, 'export')
  }
  const data = await encode(pixels, options)
  if (options.whenExists !== 'number') {
    await writeFileAtomic(target, data, { whenExists: options.whenExists })
    return { path: target, bytes: data.byteLength }
  }
  for (let number = 1; ; number++) {
    const free = numberedPath(target, number)
    try {
      await writeFileAtomic(free, data, { whenExists: 'fail' })
      return { path: free, bytes: data.byteLength }
    } catch (error) {
      if (!(error instanceof UphillError) || error.code !== 'FILE_EXISTS' || number >= 100_000) throw error
    }
  }
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

/** Pixels a side that the formats themselves allow. */
const longestSide: Partial<Record<ExportFormat, number>> = { jpeg: 65_535, webp: 16_383, avif: 65_535 }

async function encode(pixels: Pixels, { format, quality }: ExportOptions): Promise<Buffer> {
  const most = longestSide[format]
  if (most !== undefined && Math.max(pixels.width, pixels.height) > most) {
    throw new UphillError(
      'PICTURE_TOO_LARGE',
      `A ${format.toUpperCase()} has at most ${most.toLocaleString('en-GB')} pixels a side; ` +
        `this picture has ${sized(pixels.width, pixels.height)}.`,
      'Export it as PNG or TIFF.',
    )
  }
  switch (format) {
    case 'png':
      return imageOf(pixels, pixels.bitDepth).png().toBuffer()
    case 'tiff':
      return imageOf(pixels, pixels.bitDepth).tiff({ compression: 'lzw', predictor: 'horizontal' }).toBuffer()
    case 'jpeg':
      // Colour at half size shows in red edges; who asks for this quality wants none of it.
      return imageOf(onWhite(pixels), 8)
        .jpeg({ quality, chromaSubsampling: quality >= 90 ? '4:4:4' : '4:2:0' })
        .toBuffer()
    case 'webp':
      return imageOf(pixels, 8).webp({ quality, smartSubsample: true }).toBuffer()
    case 'avif':
      return imageOf(pixels, 8).avif({ quality }).toBuffer()
  }
}

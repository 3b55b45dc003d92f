/** From pixels to pictures that are shown or kept. */
import { lstat, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Exif, Sharp } from 'sharp'
import type { ExportFormat, ExportOptions, ShownPicture } from '../../../shared/domain.ts'
import { UphillError } from '../../../shared/errors.ts'
import { type WriteTo, toFileError, writeFileAtomic } from '../files/atomic.ts'
import { numberedPath } from '../files/numbered-name.ts'
import { sized } from './header.ts'
import { type Pixels, imageOf, onWhite } from './pixels.ts'
import { recipeXmp } from './recipe.ts'

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
 * where the format can and laid on white in a JPEG. Pixels are sRGB (see Pixels.icc); a profile that says so, and a
 * note, are written when they are asked for, and nothing else but the details of the camera that are given (readDetails).
 * The format is the one in `options`, whatever the path ends in.
 * @returns the path really used (with `number` it may be "name (2).png") and the size of the file in bytes
 * @throws UphillError FILE_EXISTS, DISK_FULL, NOT_WRITABLE, FOLDER_NOT_FOUND, NAME_INVALID, PICTURE_TOO_LARGE
 */
export async function exportPicture(
  pixels: Pixels,
  path: string,
  options: ExportOptions,
  details: Exif = {},
): Promise<{ path: string; bytes: number }> {
  refuseTooLarge(pixels, options)
  const form = fileForm(pixels.bitDepth, options)
  const image = imageOf(form.onWhite ? onWhite(pixels) : pixels, form.bitDepth)
  return placePicture(path, options, () => encoder(image, options, details).toBuffer())
}

/** How a picture lies in a file: its bits, and whether transparency is lost. */
export function fileForm(
  bitDepth: 8 | 16,
  { format }: Pick<ExportOptions, 'format'>,
): { bitDepth: 8 | 16; onWhite: boolean } {
  const deep = bitDepth === 16 && (format === 'png' || format === 'tiff')
  return { bitDepth: deep ? 16 : 8, onWhite: format === 'jpeg' }
}

/**
 * Puts an encoded picture where it is wanted, under another name when that is what the options say.
 * @param encode gives the bytes of the file, or writes it
 * @returns and throws as exportPicture
 */
export async function placePicture(
  path: string,
  { whenExists }: Pick<ExportOptions, 'whenExists'>,
  encode: () => Promise<Uint8Array | WriteTo>,
): Promise<{ path: string; bytes: number }> {
  const target = resolve(path)
  // Before the work of encoding; writing looks again.
  if (whenExists === 'fail' && (await isThere(target))) {
    throw toFileError(Object.assign(new Error('file exists'), { code: 'EEXIST' }), target, 'export')
  }
  const data = await encode()
  const placed = async (place: string): Promise<{ path: string; bytes: number }> => ({
    path: place,
    bytes: (await stat(place)).size,
  })
  if (whenExists !== 'number') {
    await writeFileAtomic(target, data, { whenExists })
    return placed(target)
  }
  for (let number = 1; ; number++) {
    const free = numberedPath(target, number)
    try {
      await writeFileAtomic(free, data, { whenExists: 'fail' })
      return await placed(free)
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

/** @throws UphillError PICTURE_TOO_LARGE when the format has no room for so many pixels a side */
export function refuseTooLarge(
  { width, height }: { width: number; height: number },
  { format }: Pick<ExportOptions, 'format'>,
): void {
  const most = longestSide[format]
  if (most === undefined || Math.max(width, height) <= most) return
  throw new UphillError(
    'PICTURE_TOO_LARGE',
    `A ${format.toUpperCase()} has at most ${most.toLocaleString('en-GB')} pixels a side; ` +
      `this picture has ${sized(width, height)}.`,
    'Export it as PNG or TIFF.',
  )
}

/** The image on its way into a file of the format, with what it says of itself; its samples are as fileForm says. */
export function encoder(image: Sharp, options: ExportOptions, details: Exif = {}): Sharp {
  const { profile, note, recipe } = options
  let described = image
  if (profile) described = described.withIccProfile('srgb', { attach: true })
  if (recipe) described = described.withXmp(recipeXmp(recipe))
  const said = note ? { ImageDescription: note, Software: 'Uphill' } : {}
  const exif = { ...details, IFD0: { ...details.IFD0, ...said } }
  if (Object.values(exif).some((fields) => Object.keys(fields).length > 0))
    described = described.withExif(exif)
  return compressed(described, options)
}

function compressed(image: Sharp, { format, quality }: ExportOptions): Sharp {
  switch (format) {
    case 'png':
      return image.png()
    case 'tiff':
      return image.tiff({ compression: 'lzw', predictor: 'horizontal' })
    case 'jpeg':
      // Colour at half size shows in red edges; who asks for this quality wants none of it.
      return image.jpeg({ quality, chromaSubsampling: quality >= 90 ? '4:4:4' : '4:2:0' })
    case 'webp':
      return image.webp({ quality, smartSubsample: true })
    case 'avif':
      return image.avif({ quality })
  }
}

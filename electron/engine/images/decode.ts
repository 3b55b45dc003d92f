/** From picture files to pixels. Files are only read. */
import sharp, { type Sharp } from 'sharp'
import type { PictureInfo, ShownPicture } from '../../../shared/domain.ts'
import { type ToSrgb, readProfile, toGrey } from './colour.ts'
import { type Header, largestPixels, readHeader } from './header.ts'
import { type Pixels, imageOf, onWhite } from './pixels.ts'
import { requireRoom, roomBytes, sampleBytes, valueBytes } from './room.ts'
import { type PictureSource, decodingFailed, openSource, pipeline } from './source.ts'

/**
 * What a picture is, from its header alone; the pixels may still turn out damaged.
 * @throws UphillError PICTURE_UNREADABLE, PICTURE_TOO_LARGE, FILE_NOT_FOUND, with the reason in words
 */
export async function readPictureInfo(path: string): Promise<PictureInfo> {
  return (await readHeader(await openSource(path, 'header'))).info
}

/**
 * Reads a picture in full precision: upright by its EXIF orientation, first frame, converted to sRGB in 0..1
 * (from CMYK, Lab or any profile; colours outside sRGB are clipped). Greyscale stays one channel.
 * @param options.channels 1 gives luminance, 3 repeats the grey
 * @param options.maxPixels refuse larger pictures from their header; default 400 megapixels
 * @param options.room bytes that may be taken; a picture that needs more is refused from its header
 * @throws UphillError PICTURE_UNREADABLE, PICTURE_TOO_LARGE, FILE_NOT_FOUND, OUT_OF_MEMORY
 */
export async function decodePicture(
  path: string,
  options: { channels?: 1 | 3; maxPixels?: number; room?: number } = {},
): Promise<Pixels> {
  const { maxPixels = largestPixels, room = roomBytes() } = options
  const source = await openSource(path, 'pixels')
  const header = await readHeader(source, maxPixels)
  requireRoom(header.info, valueBytes(header.info), room)
  try {
    return withChannels(await decode(source, header, maxPixels), options.channels)
  } catch (error) {
    throw decodingFailed(source, error)
  }
}

async function decode(source: PictureSource, { info, icc }: Header, maxPixels: number): Promise<Pixels> {
  const deep = info.bitDepth === 16
  const toSrgb = deep && icc ? readProfile(icc, info.channels) : undefined
  const image = pipeline(source, { limitInputPixels: maxPixels, ignoreIcc: toSrgb !== undefined })
  if (toSrgb === undefined) leaveP3(image, info, icc)
  const { data: bytes, info: raw } = await image
    .toColourspace(decodedSpace(info))
    .raw({ depth: deep ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true })
  const samples = deep ? new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2) : bytes
  const alpha = info.alpha ? bandOf(samples, raw.channels - 1, raw.channels, deep ? 65535 : 255) : null
  // GIF headers promise transparency whether there is any or not.
  const opaque = info.format === 'gif' && alpha?.every((value) => value === 1)
  return {
    width: raw.width,
    height: raw.height,
    channels: info.channels,
    data: colourOf(samples, raw.channels, info.channels, deep ? toSrgb : null),
    alpha: opaque ? null : alpha,
    bitDepth: info.bitDepth,
    icc: null,
  }
}

/** The colour space that samples are decoded to. */
export function decodedSpace({ channels, bitDepth, alpha }: PictureInfo): string {
  if (channels === 3) return bitDepth === 16 ? 'rgb16' : 'srgb'
  // 8-bit 'b-w' would lose the alpha channel; grey in three channels is the same grey.
  return bitDepth === 16 ? 'grey16' : alpha ? 'srgb' : 'b-w'
}

/** sharp turns 16-bit colour with a profile into Display P3, and leaves it there unless told. */
export function leaveP3(image: Sharp, info: PictureInfo, icc: Uint8Array | null): Sharp {
  return info.bitDepth === 16 && info.channels === 3 && icc ? image.withIccProfile('srgb') : image
}

/** One of interleaved bands, in 0..1. */
export function bandOf(
  samples: Uint8Array | Uint16Array,
  band: number,
  bands: number,
  top: number,
): Float32Array {
  const values = new Float32Array(samples.length / bands)
  for (let i = 0, from = band; i < values.length; i++, from += bands) values[i] = samples[from]! / top
  return values
}

/** The colour of interleaved samples as sRGB in 0..1; `toSrgb` only where they have 16 bits. */
export function colourOf(
  samples: Uint8Array | Uint16Array,
  bands: number,
  channels: 1 | 3,
  toSrgb: ToSrgb | undefined,
): Float32Array {
  const deep = samples instanceof Uint16Array
  if (deep && toSrgb) return toSrgb(samples, bands)
  const top = deep ? 65535 : 255
  if (channels === 1) return bandOf(samples, 0, bands, top)
  const data = new Float32Array((samples.length / bands) * 3)
  for (let from = 0, to = 0; to < data.length; from += bands, to += 3) {
    data[to] = samples[from]! / top
    data[to + 1] = samples[from + 1]! / top
    data[to + 2] = samples[from + 2]! / top
  }
  return data
}

function withChannels(pixels: Pixels, channels: 1 | 3 | undefined): Pixels {
  if (channels === undefined || channels === pixels.channels) return pixels
  if (channels === 1) return { ...pixels, channels, data: toGrey(pixels.data) }
  const data = new Float32Array(pixels.data.length * 3)
  for (let i = 0; i < pixels.data.length; i++) data.fill(pixels.data[i]!, 3 * i, 3 * i + 3)
  return { ...pixels, channels, data }
}

/**
 * A picture of at most `size` pixels a side; a smaller one keeps its size.
 * PNG for small pictures, so that single pixels stay what they are, WebP for the rest.
 * @throws UphillError as decodePicture
 */
export async function decodeThumbnail(path: string, size: number): Promise<ShownPicture> {
  const source = await openSource(path, 'pixels')
  const { info, icc } = await readHeader(source)
  requireRoom(info, sampleBytes(info))
  const small = Math.max(info.width, info.height) <= size
  try {
    const image = pipeline(source, { limitInputPixels: largestPixels })
      .resize(size, size, { fit: 'inside', withoutEnlargement: true })
      .toColourspace('srgb')
    leaveP3(image, info, icc)
    const encoded = small ? image.png({ compressionLevel: 3 }) : image.webp({ quality: 82, effort: 2 })
    const { data, info: made } = await encoded.toBuffer({ resolveWithObject: true })
    return { mime: small ? 'image/png' : 'image/webp', width: made.width, height: made.height, bytes: data }
  } catch (error) {
    throw decodingFailed(source, error)
  }
}

/**
 * Brightness of a few cells of a picture, upright and on white, row by row, 0..255: to compare pictures by.
 * @throws UphillError as decodePicture
 */
export async function decodeSmallGrey(path: string, width: number, height: number): Promise<Uint8Array> {
  const source = await openSource(path, 'pixels')
  try {
    return await pipeline(source, { limitInputPixels: largestPixels })
      .flatten({ background: '#ffffff' })
      .resize(width, height, { fit: 'fill' })
      .toColourspace('b-w')
      .raw()
      .toBuffer()
  } catch (error) {
    throw decodingFailed(source, error)
  }
}

/**
 * A picture for teaching: upright, sRGB, on white where it is transparent, HWC, 0..255.
 * @param fit scale down to at most this many pixels a side; never up
 * @throws UphillError as decodePicture
 */
export async function decodeBytes8(
  path: string,
  channels: 1 | 3,
  fit?: { maxSide: number },
): Promise<{ width: number; height: number; data: Uint8Array }> {
  const source = await openSource(path, 'pixels')
  const header = await readHeader(source)
  const { info: about } = header
  requireRoom(about, about.bitDepth === 16 ? valueBytes(about) : sampleBytes(about))
  try {
    const image = await opaqueImage(source, header)
    if (fit) image.resize(fit.maxSide, fit.maxSide, { fit: 'inside', withoutEnlargement: true })
    const { data, info } = await image
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw()
      .toBuffer({ resolveWithObject: true })
    return {
      width: info.width,
      height: info.height,
      data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    }
  } catch (error) {
    throw decodingFailed(source, error)
  }
}

/** A picture of decodeBytes8, scaled down to at most `maxSide` pixels a side. */
export async function shrinkBytes8(
  picture: { width: number; height: number; data: Uint8Array },
  channels: 1 | 3,
  maxSide: number,
): Promise<{ width: number; height: number; data: Uint8Array }> {
  const { width, height } = picture
  const { data, info } = await sharp(picture.data, { raw: { width, height, channels } })
    .resize(maxSide, maxSide, { fit: 'inside', withoutEnlargement: true })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, data }
}

async function opaqueImage(source: PictureSource, header: Header): Promise<Sharp> {
  const { info } = header
  // sharp would cut 16 bits to 8 without rounding, and get profiles wrong.
  if (info.bitDepth === 16) return imageOf(onWhite(await decode(source, header, largestPixels)), 8)
  const image = pipeline(source, { limitInputPixels: largestPixels })
  return info.alpha ? image.flatten({ background: '#ffffff' }) : image
}

/** What a picture is, from its header alone. */
import type { Metadata } from 'sharp'
import type { PictureInfo } from '../../../shared/domain.ts'
import { type PictureSource, decodingFailed, pipeline, refused } from './source.ts'

/** 400 megapixels: 4.8 GB as floats in colour. */
export const largestPixels = 400e6

export interface Header {
  info: PictureInfo
  /** The embedded colour profile. */
  icc: Uint8Array | null
}

/**
 * Reads the header and refuses what cannot be decoded, before any pixel is.
 * @throws RefusedPicture, UphillError OUT_OF_MEMORY
 */
export async function readHeader(source: PictureSource, maxPixels = largestPixels): Promise<Header> {
  let metadata: Metadata
  try {
    // Without the limit: ours below names the size, and metadata() decodes nothing.
    metadata = await pipeline(source, { limitInputPixels: false }).metadata()
  } catch (error) {
    throw decodingFailed(source, error)
  }
  const { path, format, bytes } = source
  const { width, height } = metadata.autoOrient
  if (width * height > maxPixels) {
    throw refused(
      path,
      'too-large',
      `The picture has ${sized(width, height)}; at most ${megapixels(maxPixels)} can be opened.`,
    )
  }
  if (format === 'avif' && metadata.compression !== 'av1') {
    throw refused(path, 'unsupported', 'HEIC pictures cannot be read. Save it as PNG, JPEG, WebP or TIFF.')
  }
  const lab = metadata.space === 'lab' || metadata.space === 'labs'
  if (!lab && !['uchar', 'ushort'].includes(metadata.depth)) {
    const bits = metadata.bitsPerSample ?? 32
    throw refused(
      path,
      'unsupported',
      `Pictures with ${bits} bits per value cannot be read. Save it with 8 or 16 bits.`,
    )
  }
  const bands = metadata.channels - (metadata.hasAlpha ? 1 : 0)
  if (metadata.space === 'multiband' || ![1, 3, 4].includes(bands)) {
    throw refused(path, 'unsupported', `Pictures with ${metadata.channels} channels cannot be read.`)
  }
  return {
    info: {
      path,
      format,
      width,
      height,
      channels: bands === 1 ? 1 : 3,
      alpha: metadata.hasAlpha,
      bitDepth: metadata.depth === 'ushort' ? 16 : 8,
      bytes,
    },
    icc: metadata.icc ?? null,
  }
}

export function sized(width: number, height: number): string {
  const grouped = (value: number): string => value.toLocaleString('en-GB')
  return `${grouped(width)} x ${grouped(height)} pixels (${megapixels(width * height)})`
}

function megapixels(pixels: number): string {
  return `${Number((pixels / 1e6).toPrecision(3)).toLocaleString('en-GB')} megapixels`
}

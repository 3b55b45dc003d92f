/** Whether a picture has room in memory, asked before a single pixel of it is decoded. */
import { freemem } from 'node:os'
import type { PictureInfo } from '../../../shared/domain.ts'
import { sized } from './header.ts'
import { RefusedPicture } from './source.ts'

/** Something must be left for the system and for what is done with the picture. */
const ourShare = 0.8

/** What this process may still take, in bytes; limits of a container count. */
export function roomBytes(): number {
  // Node 20.13 and newer know of limits.
  const available = (process as { availableMemory?: () => number }).availableMemory?.() ?? freemem()
  return ourShare * available
}

function sampleCount({ width, height, channels, alpha }: PictureInfo): number {
  return width * height * (alpha ? channels + 1 : channels)
}

/** The samples as the decoder gives them. */
export function sampleBytes(info: PictureInfo): number {
  return sampleCount(info) * (info.bitDepth / 8)
}

/** The samples, and the values in 0..1 that are made of them. */
export function valueBytes(info: PictureInfo): number {
  return sampleBytes(info) + sampleCount(info) * Float32Array.BYTES_PER_ELEMENT
}

/**
 * @param bytes that are needed to work on the picture
 * @throws RefusedPicture PICTURE_TOO_LARGE that names the size of the picture, what it takes and what there is
 */
export function requireRoom(info: PictureInfo, bytes: number, room = roomBytes()): void {
  if (bytes <= room) return
  const size = sized(info.width, info.height)
  throw new RefusedPicture(
    'PICTURE_TOO_LARGE',
    'too-large',
    info.path,
    `The picture has ${size}; that takes ${inWords(bytes)} of memory, and ${inWords(room)} can be had.`,
    'Close other programs, or make it smaller or cut it into parts first.',
  )
}

function inWords(bytes: number): string {
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}

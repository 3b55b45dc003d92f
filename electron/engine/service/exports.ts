/** Results on their way to files: at the size that was asked for, and never over the person's own pictures. */
import { basename, dirname } from 'node:path'
import sharp from 'sharp'
import type { ExportOptions } from '../../../shared/domain.ts'
import { UphillError } from '../../../shared/errors.ts'
import { makeFolder } from '../files/folder.ts'
import { decodePicture } from '../images/decode.ts'
import { type DetailsKept, readDetails } from '../images/details.ts'
import { exportPicture } from '../images/encode.ts'
import { type Pixels, toSamples } from '../images/pixels.ts'
import type { Originals } from './originals.ts'
import type { PathGuard } from './path-guard.ts'

export interface ExportTarget {
  path: string
  options: ExportOptions
  /** Scaled down to at most this many pixels a side; a smaller picture keeps its size. */
  longestSide?: number | undefined
  /** Share of the change that is kept, 0..1. */
  amount: number
  details: DetailsKept
}

export class Exports {
  readonly #guard: PathGuard
  readonly #originals: Originals
  readonly #onExported: (path: string) => void

  constructor(guard: PathGuard, originals: Originals, onExported: (path: string) => void) {
    this.#guard = guard
    this.#originals = originals
    this.#onExported = onExported
  }

  /** @throws BAD_INPUT, FILE_EXISTS, and what exportPicture throws */
  async check({ path, options }: ExportTarget): Promise<void> {
    this.#guard.check(path)
    if (options.whenExists === 'replace') await this.#originals.refuse(path)
  }

  /**
   * @param original the picture that the result was made from; needed for an amount below 1, and for details
   * @throws as check, and PICTURE_UNREADABLE when the original has gone or changed
   */
  async write(
    pixels: Pixels,
    target: ExportTarget,
    original?: string,
  ): Promise<{ path: string; bytes: number }> {
    await this.check(target)
    if (original !== undefined) this.#guard.check(original)
    const mixed =
      target.amount < 1 && original !== undefined
        ? mix(await decodePicture(original), pixels, target.amount, original)
        : pixels
    const exported = await exportPicture(
      await scaledDown(mixed, target.longestSide),
      target.path,
      target.options,
      original === undefined ? {} : await readDetails(original, target.details),
    )
    this.#onExported(exported.path)
    return exported
  }

  /** The folder of the target and those above it. @throws NOT_WRITABLE, DISK_FULL */
  async makeRoom({ path }: ExportTarget): Promise<void> {
    this.#guard.check(path)
    await makeFolder(dirname(path))
  }
}

/** The original, and a share of what has changed. Transparency is the result's, which a walk leaves as it was. */
function mix(original: Pixels, result: Pixels, amount: number, path: string): Pixels {
  const { width, height, channels } = result
  if (original.width !== width || original.height !== height || original.channels !== channels) {
    throw new UphillError(
      'PICTURE_UNREADABLE',
      `“${basename(path)}” has changed since it was refined.`,
      'Open it again and refine it anew.',
    )
  }
  const data = original.data.map((value, index) => value + amount * ((result.data[index] ?? value) - value))
  return { ...result, data }
}

async function scaledDown(pixels: Pixels, longestSide: number | undefined): Promise<Pixels> {
  const { width, height } = pixels
  if (longestSide === undefined || Math.max(width, height) <= longestSide) return pixels
  const deep = pixels.bitDepth === 16
  const { samples, bands } = toSamples(pixels, pixels.bitDepth)
  const { data, info } = await sharp(samples, {
    raw: { width, height, channels: bands },
    limitInputPixels: false,
  })
    .toColourspace(deep ? (bands < 3 ? 'grey16' : 'rgb16') : bands < 3 ? 'b-w' : 'srgb')
    .resize(longestSide, longestSide, { fit: 'inside' })
    .raw({ depth: deep ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true })
  const out = deep ? new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2) : data
  const top = deep ? 65535 : 255
  const band = (index: number, from: number): number => (out[index * info.channels + from] ?? 0) / top
  const count = info.width * info.height
  const { channels } = pixels
  return {
    ...pixels,
    width: info.width,
    height: info.height,
    data: Float32Array.from({ length: count * channels }, (_, i) =>
      band(Math.floor(i / channels), i % channels),
    ),
    alpha: pixels.alpha && Float32Array.from({ length: count }, (_, i) => band(i, channels)),
  }
}

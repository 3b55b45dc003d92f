/**
 * Pictures too large for memory: decoded into a file of plain rows, and encoded from one. The files are libvips'
 * own format, a header of 64 bytes and then the samples, which sharp writes and reads row by row.
 */
import fs from 'node:fs'
import path from 'node:path'
import sharp from 'sharp'
import type { ExportOptions } from '../../../shared/domain.ts'
import { type ToSrgb, readProfile } from './colour.ts'
import { bandOf, colourOf, decodedSpace, leaveP3 } from './decode.ts'
import { encoder, fileForm, placePicture, refuseTooLarge } from './encode.ts'
import { type Header, largestPixels, readHeader } from './header.ts'
import { type Pixels, onWhite, toSamples } from './pixels.ts'
import { decodingFailed, openSource, pipeline } from './source.ts'

const headerBytes = 64

/** A picture whose pixels are read from a file in a work folder, a few rows at a time. */
export interface LargePicture {
  width: number
  height: number
  channels: 1 | 3
  bitDepth: 8 | 16
  hasAlpha: boolean
  /** Rows as decodePicture would give them. */
  rows: (y: number, count: number) => Pixels
  close: () => void
}

/**
 * Decodes as decodePicture does, but into a file in `folder`.
 * @throws UphillError as decodePicture
 */
export async function decodeLarge(picturePath: string, folder: string): Promise<LargePicture> {
  const source = await openSource(picturePath, 'pixels')
  const header = await readHeader(source)
  const { info, icc } = header
  const deep = info.bitDepth === 16
  const toSrgb = deep && icc ? readProfile(icc, info.channels) : undefined
  const plain = path.join(folder, 'decoded.v')
  try {
    const image = pipeline(source, { limitInputPixels: largestPixels, ignoreIcc: toSrgb !== undefined })
    if (toSrgb === undefined) leaveP3(image, info, icc)
    await image.toColourspace(decodedSpace(info)).toFile(plain)
  } catch (error) {
    throw decodingFailed(source, error)
  }
  return new PlainFile(plain, header, toSrgb ?? null)
}

class PlainFile implements LargePicture {
  readonly width: number
  readonly height: number
  readonly channels: 1 | 3
  readonly bitDepth: 8 | 16
  readonly hasAlpha: boolean
  readonly #file: number
  readonly #bands: number
  readonly #toSrgb: ToSrgb

  constructor(file: string, { info }: Header, toSrgb: ToSrgb) {
    this.#file = fs.openSync(file, 'r')
    const header = Buffer.alloc(headerBytes)
    fs.readSync(this.#file, header, 0, headerBytes, 0)
    this.width = header.readInt32LE(4)
    this.height = header.readInt32LE(8)
    this.#bands = header.readInt32LE(12)
    this.channels = info.channels
    this.bitDepth = info.bitDepth
    this.hasAlpha = info.alpha && [2, 4].includes(this.#bands)
    this.#toSrgb = toSrgb
  }

  rows(y: number, count: number): Pixels {
    const deep = this.bitDepth === 16
    const rowBytes = this.width * this.#bands * (deep ? 2 : 1)
    const bytes = new Uint8Array(rowBytes * count)
    fs.readSync(this.#file, bytes, 0, bytes.length, headerBytes + y * rowBytes)
    const samples = deep ? new Uint16Array(bytes.buffer) : bytes
    const { width, channels, bitDepth } = this
    const data = colourOf(samples, this.#bands, channels, deep ? this.#toSrgb : null)
    const alpha = this.hasAlpha ? bandOf(samples, this.#bands - 1, this.#bands, deep ? 65535 : 255) : null
    return { width, height: count, channels, data, alpha, bitDepth, icc: null }
  }

  close(): void {
    fs.closeSync(this.#file)
  }
}

/**
 * Writes a picture that comes in rows, as exportPicture does.
 * @param rows [0, height) in bands, top to bottom, all alike but for their height
 * @param folder a work folder, for the samples before they are encoded
 * @returns and throws as exportPicture
 */
export async function exportLarge(
  rows: Iterable<Pixels>,
  size: { width: number; height: number },
  target: string,
  options: ExportOptions,
  folder: string,
): Promise<{ path: string; bytes: number }> {
  refuseTooLarge(size, options)
  const plain = path.join(folder, 'result.v')
  const space = writePlain(plain, rows, size, options)
  const image = sharp(plain, { limitInputPixels: false }).toColourspace(space)
  return placePicture(target, options, () =>
    Promise.resolve(async (file: string) => void (await encoder(image, options).toFile(file))),
  )
}

/** The numbers of libvips for what its header says. */
const interpretation = { 'b-w': 1, srgb: 22, rgb16: 25, grey16: 26 } as const

type Space = keyof typeof interpretation

function writePlain(
  file: string,
  rows: Iterable<Pixels>,
  size: { width: number; height: number },
  options: ExportOptions,
): Space {
  const out = fs.openSync(file, 'wx')
  let space: Space = 'srgb'
  try {
    let position = headerBytes
    for (const band of rows) {
      const form = fileForm(band.bitDepth, options)
      const { samples, bands } = toSamples(form.onWhite ? onWhite(band) : band, form.bitDepth)
      space = spaceOf(bands, form.bitDepth)
      if (position === headerBytes)
        fs.writeSync(out, plainHeader(size, bands, form.bitDepth), 0, headerBytes, 0)
      fs.writeSync(out, samples, 0, samples.byteLength, position)
      position += samples.byteLength
    }
    return space
  } finally {
    fs.closeSync(out)
  }
}

function spaceOf(bands: number, bitDepth: 8 | 16): Space {
  if (bands < 3) return bitDepth === 16 ? 'grey16' : 'b-w'
  return bitDepth === 16 ? 'rgb16' : 'srgb'
}

function plainHeader(
  { width, height }: { width: number; height: number },
  bands: number,
  bitDepth: 8 | 16,
): Buffer {
  const header = Buffer.alloc(headerBytes)
  header.writeUInt32LE(0x08f2a6b6, 0)
  header.writeInt32LE(width, 4)
  header.writeInt32LE(height, 8)
  header.writeInt32LE(bands, 12)
  header.writeInt32LE(bitDepth, 16)
  header.writeInt32LE(bitDepth === 16 ? 2 : 0, 20)
  header.writeInt32LE(interpretation[spaceOf(bands, bitDepth)], 28)
  header.writeFloatLE(1, 32)
  header.writeFloatLE(1, 36)
  return header
}

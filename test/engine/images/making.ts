/** Real picture files for tests, and some that are not. */
import { writeFileSync } from 'node:fs'
import { crc32, deflateSync } from 'node:zlib'
import sharp, { type Sharp } from 'sharp'
import type { Pixels } from '../../../electron/engine/images/pixels.ts'

/** A picture of whole numbers that has detail everywhere and is the same every time. */
export function samples(
  bitDepth: 8 | 16,
  width: number,
  height: number,
  bands: number,
): Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> {
  const length = width * height * bands
  const all = bitDepth === 16 ? new Uint16Array(length) : new Uint8Array(length)
  let state = 12345
  return all.map((_, i) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state >>> 16) ^ (i * 37)
  })
}

/** A sharp image of these samples in their own depth. */
export function imageFrom(
  data: Uint8Array | Uint16Array,
  width: number,
  height: number,
  bands: 1 | 2 | 3 | 4,
): Sharp {
  const deep = data instanceof Uint16Array
  const space = bands < 3 ? (deep ? 'grey16' : 'b-w') : deep ? 'rgb16' : 'srgb'
  return sharp(data, { raw: { width, height, channels: bands } }).toColourspace(space)
}

/** A soft colourful picture, as photographs are. */
export function photo(width: number, height: number): Sharp {
  const data = new Uint8Array(width * height * 3)
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      data[i++] = (255 * x) / width
      data[i++] = 128 + 100 * Math.sin(x / 9) * Math.cos(y / 7)
      data[i++] = (255 * y) / height
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } })
}

export function pixelsOf(
  width: number,
  height: number,
  channels: 1 | 3,
  value: (i: number) => number,
  rest: Partial<Pixels> = {},
): Pixels {
  const data = Float32Array.from({ length: width * height * channels }, (_, i) => value(i))
  return { width, height, channels, data, alpha: null, bitDepth: 8, icc: null, ...rest }
}

/** A PNG that says it is this large. Its pixels are one short row of nothing. */
export function hugePng(path: string, width: number, height: number): void {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2], 8)
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10])
  const chunks = [
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(3 * width))),
    chunk('IEND', Buffer.alloc(0)),
  ]
  writeFileSync(path, Buffer.concat([signature, ...chunks]))
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(data.length, 0)
  body.copy(framed, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}

/** The PNG with this profile put into it, its values as they are. */
export function withProfile(png: Buffer, icc: Buffer): Buffer {
  const endOfHeader = 33
  const profile = chunk('iCCP', Buffer.concat([Buffer.from('a profile\0\0', 'latin1'), deflateSync(icc)]))
  return Buffer.concat([png.subarray(0, endOfHeader), profile, png.subarray(endOfHeader)])
}

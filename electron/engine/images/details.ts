/**
 * What a camera wrote about a picture (Exif 2.32, a TIFF structure inside the file), as the strings that sharp writes
 * again. Only fields that stay true of a refined picture are taken: nothing about its pixels, no thumbnail, no notes
 * of the maker. libvips writes ASCII: letters with accents lose them.
 */
import sharp, { type Exif } from 'sharp'

/** `camera`: without where it was taken. */
export type DetailsKept = 'none' | 'camera' | 'all'

type Fields = Record<string, string>

const image: Record<number, string> = {
  0x010f: 'Make',
  0x0110: 'Model',
  0x0132: 'DateTime',
  0x013b: 'Artist',
  0x8298: 'Copyright',
}
const camera: Record<number, string> = {
  0x829a: 'ExposureTime',
  0x829d: 'FNumber',
  0x8822: 'ExposureProgram',
  0x8827: 'ISOSpeedRatings',
  0x9003: 'DateTimeOriginal',
  0x9004: 'DateTimeDigitized',
  0x9010: 'OffsetTime',
  0x9011: 'OffsetTimeOriginal',
  0x9012: 'OffsetTimeDigitized',
  0x9204: 'ExposureBiasValue',
  0x9207: 'MeteringMode',
  0x9209: 'Flash',
  0x920a: 'FocalLength',
  0xa402: 'ExposureMode',
  0xa403: 'WhiteBalance',
  0xa405: 'FocalLengthIn35mmFilm',
  0xa433: 'LensMake',
  0xa434: 'LensModel',
}
const place: Record<number, string> = {
  0x0001: 'GPSLatitudeRef',
  0x0002: 'GPSLatitude',
  0x0003: 'GPSLongitudeRef',
  0x0004: 'GPSLongitude',
  0x0005: 'GPSAltitudeRef',
  0x0006: 'GPSAltitude',
  0x0007: 'GPSTimeStamp',
  0x001d: 'GPSDateStamp',
}
const cameraPointer = 0x8769
const placePointer = 0x8825

/** Longer values are no names and no dates. */
const longestValue = 400
/** An IFD of a real picture has some dozens of fields. */
const mostFields = 500

/** Reads what is to be kept; a picture without details, or with damaged ones, has none. The file is only read. */
export async function readDetails(path: string, kept: DetailsKept): Promise<Exif> {
  if (kept === 'none') return {}
  const metadata = await sharp(path, { limitInputPixels: false })
    .metadata()
    .catch(() => null)
  return metadata?.exif ? parseDetails(metadata.exif, kept) : {}
}

/** @param exif with or without the "Exif\0\0" that JPEG puts before it */
export function parseDetails(exif: Uint8Array, kept: 'camera' | 'all'): Exif {
  const all = Buffer.from(exif.buffer, exif.byteOffset, exif.byteLength)
  const tiff = all.toString('latin1', 0, 4) === 'Exif' ? all.subarray(6) : all
  const order = tiff.toString('latin1', 0, 2)
  if (order !== 'II' && order !== 'MM') return {}
  const reader = new Reader(tiff, order === 'II')
  const first = reader.long(4)
  const result: Exif = {}
  const ifd0 = reader.fields(first, image)
  if (Object.keys(ifd0).length > 0) result.IFD0 = ifd0
  const shot = reader.fields(reader.pointer(first, cameraPointer), camera)
  if (Object.keys(shot).length > 0) result.IFD2 = shot
  const where = kept === 'all' ? reader.fields(reader.pointer(first, placePointer), place) : {}
  if (Object.keys(where).length > 0) result.IFD3 = where
  return result
}

/** Every offset comes from the file: what points outside is as if it were not there. */
class Reader {
  readonly #bytes: Buffer
  readonly #little: boolean

  constructor(bytes: Buffer, little: boolean) {
    this.#bytes = bytes
    this.#little = little
  }

  short(at: number): number {
    if (at < 0 || at + 2 > this.#bytes.length) return 0
    return this.#little ? this.#bytes.readUInt16LE(at) : this.#bytes.readUInt16BE(at)
  }

  long(at: number): number {
    if (at < 0 || at + 4 > this.#bytes.length) return 0
    return this.#little ? this.#bytes.readUInt32LE(at) : this.#bytes.readUInt32BE(at)
  }

  pointer(ifd: number, tag: number): number {
    for (const at of this.#entries(ifd)) if (this.short(at) === tag) return this.long(at + 8)
    return 0
  }

  fields(ifd: number, names: Readonly<Record<number, string>>): Fields {
    const found: Fields = {}
    for (const at of this.#entries(ifd)) {
      const name = names[this.short(at)]
      const value = name === undefined ? '' : this.#value(at)
      if (name !== undefined && value !== '') found[name] = value
    }
    return found
  }

  #entries(ifd: number): number[] {
    if (ifd <= 0) return []
    const count = Math.min(mostFields, this.short(ifd))
    return Array.from({ length: count }, (_, index) => ifd + 2 + 12 * index)
  }

  #value(entry: number): string {
    const type = this.short(entry + 2)
    const count = this.long(entry + 4)
    const size = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 9: 4, 10: 8 }[type]
    if (size === undefined || count === 0 || count > longestValue) return ''
    const at = size * count <= 4 ? entry + 8 : this.long(entry + 8)
    if (at + size * count > this.#bytes.length) return ''
    if (type === 2) {
      const text = this.#bytes.toString('utf8', at, at + count)
      // eslint-disable-next-line no-control-regex
      return text.replace(/[\u0000-\u001f\u007f\ufffd]/g, '').trim()
    }
    return Array.from({ length: count }, (_, index) => this.#number(type, at + size * index)).join(' ')
  }

  #number(type: number, at: number): string {
    if (type === 1) return String(this.#bytes[at] ?? 0)
    if (type === 3) return String(this.short(at))
    const signed = type === 9 || type === 10
    const part = (from: number): string => String(signed ? this.long(from) | 0 : this.long(from))
    return type === 5 || type === 10 ? `${part(at)}/${part(at + 4)}` : part(at)
  }
}

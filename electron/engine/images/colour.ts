/**
 * Colour that must be exact. sharp converts profiles well in 8 bits; in 16 bits it works in Display P3 and through
 * a coarse table (measured: wrong by up to 3,000 of 65,535 on plain sRGB), so matrix profiles are converted here.
 */

/** sRGB (IEC 61966-2-1) to linear light, both in 0..1. */
export function toLinear(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
}

/** Linear light to sRGB, both in 0..1. */
export function fromLinear(value: number): number {
  return value <= 0.0031308 ? value * 12.92 : 1.055 * value ** (1 / 2.4) - 0.055
}

const encodeSteps = 65536
let encodeTable: Float64Array | undefined

/** fromLinear by a table, clipped to 0..1; off by less than 1e-7. */
function encode(value: number): number {
  encodeTable ??= Float64Array.from({ length: encodeSteps + 2 }, (_, i) =>
    fromLinear(Math.min(1, i / encodeSteps)),
  )
  if (!(value > 0)) return 0
  if (value >= 1) return 1
  const at = value * encodeSteps
  const below = Math.floor(at)
  const low = encodeTable[below]!
  return low + (encodeTable[below + 1]! - low) * (at - below)
}

/** Luminance (Rec. 709, in linear light) of RGB, as one channel. Equal channels keep their value exactly. */
export function toGrey(rgb: Float32Array): Float32Array {
  const grey = new Float32Array(rgb.length / 3)
  for (let pixel = 0, i = 0; pixel < grey.length; pixel++, i += 3) {
    const [red, green, blue] = [rgb[i]!, rgb[i + 1]!, rgb[i + 2]!]
    grey[pixel] =
      red === green && green === blue
        ? red
        : encode(0.2126 * toLinear(red) + 0.7152 * toLinear(green) + 0.0722 * toLinear(blue))
  }
  return grey
}

/** Converts 16-bit samples to sRGB in 0..1; null when the samples are sRGB as they are. */
export type ToSrgb = ((samples: Uint16Array, bands: number) => Float32Array) | null

type Matrix = [number, number, number, number, number, number, number, number, number]

/** XYZ relative to D50 (as profiles have it) to linear sRGB, Bradford-adapted. */
// prettier-ignore
const xyzToSrgb: Matrix = [
  3.1338561, -1.6168667, -0.4906146,
  -0.9787684, 1.9161415, 0.033454,
  0.0719453, -0.2289914, 1.4052427,
]

/**
 * Reads a matrix or grey profile (ICC.1): sRGB, Adobe RGB, Display P3, ProPhoto, Rec. 2020, grey gammas.
 * The converter takes interleaved samples of `bands` values per pixel, of which the first 3 (RGB) or 1 (grey) are colour.
 * @returns undefined for profiles made of tables and for damaged ones
 */
export function readProfile(icc: Uint8Array, channels: 1 | 3): ToSrgb | undefined {
  try {
    const tags = tagsOf(
      Buffer.from(icc.buffer, icc.byteOffset, icc.byteLength),
      channels === 3 ? 'RGB ' : 'GRAY',
    )
    if (!tags || tags.has('A2B0')) return undefined
    return channels === 3 ? readMatrixProfile(tags) : greyConverter(readCurve(tags.get('kTRC')))
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function tagsOf(icc: Buffer, space: string): Map<string, Buffer> | null {
  if (icc.toString('latin1', 16, 20) !== space || icc.toString('latin1', 20, 24) !== 'XYZ ') {
    // A grey profile has only its curve; what it connects to does not matter.
    if (space !== 'GRAY' || icc.toString('latin1', 16, 20) !== space) return null
  }
  const tags = new Map<string, Buffer>()
  const count = Math.min(icc.readUInt32BE(128), 100)
  for (let at = 132; at < 132 + count * 12; at += 12) {
    const start = icc.readUInt32BE(at + 4)
    tags.set(icc.toString('latin1', at, at + 4), icc.subarray(start, start + icc.readUInt32BE(at + 8)))
  }
  return tags
}

type Curve = (value: number) => number

function readCurve(tag: Buffer | undefined): Curve | undefined {
  if (!tag) return undefined
  const type = tag.toString('latin1', 0, 4)
  if (type === 'curv') {
    const count = tag.readUInt32BE(8)
    if (count === 0) return (value) => value
    if (count === 1) {
      const gamma = tag.readUInt16BE(12) / 256
      return (value) => value ** gamma
    }
    const table = Float64Array.from({ length: count }, (_, i) => tag.readUInt16BE(12 + 2 * i) / 65535)
    return (value) => {
      const at = value * (count - 1)
      const below = Math.min(count - 2, Math.floor(at))
      return table[below]! + (table[below + 1]! - table[below]!) * (at - below)
    }
  }
  if (type !== 'para') return undefined
  const kind = tag.readUInt16BE(8)
  const parameters = [1, 3, 4, 5, 7][kind]
  if (parameters === undefined) return undefined
  const [g = 1, a = 1, b = 0, c = 0, d = 0, e = 0, f = 0] = Array.from(
    { length: parameters },
    (_, i) => tag.readInt32BE(12 + 4 * i) / 65536,
  )
  const power = (value: number): number => Math.max(0, a * value + b) ** g
  switch (kind) {
    case 0:
      return (value) => value ** g
    case 1:
      return (value) => (value >= -b / a ? power(value) : 0)
    case 2:
      return (value) => (value >= -b / a ? power(value) + c : c)
    case 3:
      return (value) => (value >= d ? power(value) : c * value)
    default:
      return (value) => (value >= d ? power(value) + e : c * value + f)
  }
}

function readMatrixProfile(tags: Map<string, Buffer>): ToSrgb | undefined {
  const curves = ['rTRC', 'gTRC', 'bTRC'].map((name) => readCurve(tags.get(name)))
  const columns = ['rXYZ', 'gXYZ', 'bXYZ'].map((name) => {
    const tag = tags.get(name)
    return tag && [0, 1, 2].map((i) => tag.readInt32BE(8 + 4 * i) / 65536)
  })
  if (curves.includes(undefined) || columns.includes(undefined)) return undefined
  const matrix = [0, 1, 2].flatMap((row) =>
    columns.map((xyz) => [0, 1, 2].reduce((sum, i) => sum + xyzToSrgb[3 * row + i]! * xyz![i]!, 0)),
  )
  const isSrgb =
    matrix.every((value, i) => Math.abs(value - (i % 4 === 0 ? 1 : 0)) < 0.003) &&
    curves.every((curve) => isSrgbCurve(curve!))
  if (isSrgb) return null
  const [red, green, blue] = curves.map((curve) => tableOf(curve!)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  const [m0, m1, m2, m3, m4, m5, m6, m7, m8] = matrix as Matrix
  return (samples, bands) => {
    const data = new Float32Array((samples.length / bands) * 3)
    for (let from = 0, to = 0; to < data.length; from += bands, to += 3) {
      const r = red[samples[from]!]!
      const g = green[samples[from + 1]!]!
      const b = blue[samples[from + 2]!]!
      data[to] = encode(m0 * r + m1 * g + m2 * b)
      data[to + 1] = encode(m3 * r + m4 * g + m5 * b)
      data[to + 2] = encode(m6 * r + m7 * g + m8 * b)
    }
    return data
  }
}

function greyConverter(curve: Curve | undefined): ToSrgb | undefined {
  if (!curve) return undefined
  if (isSrgbCurve(curve)) return null
  const table = tableOf(curve).map(encode)
  return (samples, bands) => {
    const data = new Float32Array(samples.length / bands)
    for (let from = 0, to = 0; to < data.length; from += bands, to++) data[to] = table[samples[from]!]!
    return data
  }
}

function isSrgbCurve(curve: Curve): boolean {
  return Array.from({ length: 65 }, (_, i) => i / 64).every(
    (value) => Math.abs(curve(value) - toLinear(value)) < 0.001,
  )
}

function tableOf(curve: Curve): Float64Array {
  return Float64Array.from({ length: 65536 }, (_, i) => curve(i / 65535))
}

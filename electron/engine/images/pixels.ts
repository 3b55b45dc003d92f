/** Pictures in memory, and the way between whole numbers and 0..1. */
import sharp, { type Sharp } from 'sharp'

/** A decoded picture. Values are sRGB (with its transfer curve, not linear) in 0..1, row by row, channels interleaved. */
export interface Pixels {
  width: number
  height: number
  channels: 1 | 3
  /** HWC, length width * height * channels. */
  data: Float32Array
  /** Opacity, width * height in 0..1, not multiplied into data; null when every pixel is opaque by format. */
  alpha: Float32Array | null
  /** What the source had, and what an export should have where its format can. */
  bitDepth: 8 | 16
  /**
   * The colour profile that the values are in; null means sRGB. decodePicture converts to sRGB and always gives
   * null: carrying on the profile of the source would describe the converted values wrongly.
   */
  icc: Uint8Array | null
}

export type Samples = Uint8Array | Uint16Array

/** The pixels as whole numbers, alpha as the last channel. Rounds to nearest, clips to the range; NaN becomes 0. */
export function toSamples(pixels: Pixels, bitDepth: 8 | 16): { samples: Samples; bands: 1 | 2 | 3 | 4 } {
  const { width, height, channels, data, alpha } = pixels
  const count = width * height
  if (data.length !== count * channels || (alpha && alpha.length !== count)) {
    throw new Error(`pixels of ${width} x ${height} x ${channels} cannot have ${data.length} values`)
  }
  const bands = (channels + (alpha ? 1 : 0)) as 1 | 2 | 3 | 4
  const samples = bitDepth === 16 ? new Uint16Array(count * bands) : new Uint8Array(count * bands)
  const top = bitDepth === 16 ? 65535 : 255
  if (!alpha) {
    for (let i = 0; i < data.length; i++) samples[i] = rounded(data[i]!, top)
    return { samples, bands }
  }
  for (let pixel = 0, to = 0, from = 0; pixel < count; pixel++) {
    for (let channel = 0; channel < channels; channel++) samples[to++] = rounded(data[from++]!, top)
    samples[to++] = rounded(alpha[pixel]!, top)
  }
  return { samples, bands }
}

/** The store into a typed array cuts the fraction off, and makes 0 of NaN. */
function rounded(value: number, top: number): number {
  const scaled = value * top + 0.5
  return scaled < 0 ? 0 : scaled > top ? top : scaled
}

/** The picture on white, without alpha. */
export function onWhite(pixels: Pixels): Pixels {
  const { channels, alpha } = pixels
  if (!alpha) return pixels
  const data = new Float32Array(pixels.data.length)
  for (let i = 0; i < data.length; i++) {
    const opacity = alpha[Math.floor(i / channels)]!
    data[i] = pixels.data[i]! * opacity + 1 - opacity
  }
  return { ...pixels, data, alpha: null }
}

/** The pixels as a sharp pipeline of 8 or 16 bits. */
export function imageOf(pixels: Pixels, bitDepth: 8 | 16): Sharp {
  if (pixels.icc) throw new Error('these pixels are not sRGB; convert them before they are shown or exported')
  const { width, height, channels } = pixels
  const { samples, bands } = toSamples(pixels, bitDepth)
  const space = channels === 1 ? (bitDepth === 16 ? 'grey16' : 'b-w') : bitDepth === 16 ? 'rgb16' : 'srgb'
  return sharp(samples, { raw: { width, height, channels: bands }, limitInputPixels: false }).toColourspace(
    space,
  )
}

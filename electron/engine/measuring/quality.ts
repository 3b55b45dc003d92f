/** How near two pictures are, and how noisy one is. */
import type { Pixels } from '../images/pixels.ts'

/** Peak signal to noise ratio in dB for values in 0..1; Infinity for equal pictures. */
export function psnrOf(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`cannot compare ${a.length} values with ${b.length}`)
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2
  return sum === 0 ? Infinity : -10 * Math.log10(sum / a.length)
}

/** PSNR of two pictures of the same size and channels; alpha does not count. */
export function psnr(a: Pixels, b: Pixels): number {
  if (a.width !== b.width || a.height !== b.height || a.channels !== b.channels) {
    throw new Error(`cannot compare ${describe(a)} with ${describe(b)}`)
  }
  return psnrOf(a.data, b.data)
}

function describe({ width, height, channels }: Pixels): string {
  return `${width} x ${height} x ${channels}`
}

/**
 * Standard deviation in 0..1 of white noise in a picture: the median of the finest diagonal Haar details,
 * divided by 0.6745 (Donoho & Johnstone 1994). Texture counts as noise a little; flat pictures give 0.
 */
export function measureNoise({ data, width, height, channels }: Pixels): number {
  const details: number[] = []
  // A million details are plenty: large pictures are sampled in rows.
  const rows = Math.floor(height / 2)
  const columns = Math.floor(width / 2)
  const every = Math.max(1, Math.floor((rows * columns * channels) / 1e6))
  for (let row = 0; row < rows; row += every) {
    for (let column = 0; column < columns; column++) {
      for (let channel = 0; channel < channels; channel++) {
        const at = (2 * row * width + 2 * column) * channels + channel
        const below = at + width * channels
        const diagonal = (data[at]! - data[at + channels]! - data[below]! + data[below + channels]!) / 2
        details.push(Math.abs(diagonal))
      }
    }
  }
  if (details.length === 0) return 0
  const sorted = Float64Array.from(details).sort()
  return sorted[Math.floor(sorted.length / 2)]! / 0.6745
}

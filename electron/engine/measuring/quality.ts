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
 * Where a black or white ground has cut half of the noise off, as in an 8-bit file, the other half is measured.
 */
export function measureNoise({ data, width, height, channels }: Pixels): number {
  const details: number[] = []
  const grounds = [new CutGround(0), new CutGround(1)]
  // A million blocks are plenty: large pictures are sampled in rows.
  const rows = Math.floor(height / 2)
  const columns = Math.floor(width / 2)
  const every = Math.max(1, Math.floor((rows * columns * channels) / 1e6))
  for (let row = 0; row < rows; row += every) {
    for (let column = 0; column < columns; column++) {
      for (let channel = 0; channel < channels; channel++) {
        const at = (2 * row * width + 2 * column) * channels + channel
        const below = at + width * channels
        const block = [data[at]!, data[at + channels]!, data[below]!, data[below + channels]!] as const
        details.push(Math.abs(block[0] - block[1] - block[2] + block[3]) / 2)
        for (const ground of grounds) ground.add(block)
      }
    }
  }
  if (details.length === 0) return 0
  const cut = grounds.find((ground) => ground.isNoisy(details.length))
  return (cut ? cut.median() : median(details)) / 0.6745
}

/** The blocks of a picture that touch black (or white), and how far their other pixels are from it. */
class CutGround {
  readonly #bound: 0 | 1
  readonly #distances: number[] = []
  #blocks = 0

  constructor(bound: 0 | 1) {
    this.#bound = bound
  }

  add(block: readonly number[]): void {
    const inside = block.filter((value) => value > 0 && value < 1)
    if (!block.some((value) => value === this.#bound)) return
    this.#blocks++
    for (const value of inside) this.#distances.push(Math.abs(value - this.#bound))
  }

  /** Cut noise leaves about half of the pixels on the bound, evenly mixed; clean grounds are almost all bound. */
  isNoisy(blocks: number): boolean {
    return this.#blocks > 0.2 * blocks && this.#distances.length > 0.3 * 4 * this.#blocks
  }

  median(): number {
    return median(this.#distances)
  }
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.floor(sorted.length / 2)]!
}

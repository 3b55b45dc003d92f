/** Pictures for the report. */
import sharp from 'sharp'
import type { PictureBatch } from '../generators/generator.ts'
import type { Mixture, VectorDenoiser } from './score.ts'

const gap = 2
const zoom = 2

/** Rows of pictures as one PNG, each as large as it is times two. Rows have the same size of picture. */
export async function sheetOf(rows: readonly PictureBatch[], columns: number): Promise<Buffer> {
  const { width, height, channels } = rows[0]!
  const [cellWidth, cellHeight] = [width * zoom + gap, height * zoom + gap]
  const size = { width: columns * cellWidth + gap, height: rows.length * cellHeight + gap }
  const pixels = Buffer.alloc(size.width * size.height * 3, 90)
  rows.forEach(({ data }, row) => {
    const count = Math.min(columns, data.length / (width * height * channels))
    for (let column = 0; column < count; column++) {
      for (let y = 0; y < height * zoom; y++) {
        for (let x = 0; x < width * zoom; x++) {
          const from = ((column * height + Math.floor(y / zoom)) * width + Math.floor(x / zoom)) * channels
          const to = ((gap + row * cellHeight + y) * size.width + gap + column * cellWidth + x) * 3
          for (let channel = 0; channel < 3; channel++) {
            const value = data[from + (channels === 3 ? channel : 0)]!
            pixels[to + channel] = 255 * Math.min(1, Math.max(0, value)) + 0.5
          }
        }
      }
    }
  })
  return sharp(pixels, { raw: { ...size, channels: 3 } })
    .png({ palette: false, compressionLevel: 9 })
    .toBuffer()
}

/** The first pictures of a batch. */
export function firstOf(batch: PictureBatch, count: number, from = 0): PictureBatch {
  const values = batch.width * batch.height * batch.channels
  return { ...batch, data: batch.data.slice(from * values, (from + count) * values) }
}

const fieldSide = 640
const arrows = 22

/** The density of a mixture in the plane, smoothed by sigma, and what a denoiser takes for its gradient. */
export async function scoreField(mixture: Mixture, model: VectorDenoiser, sigma: number): Promise<Buffer> {
  const density = new Float64Array(fieldSide * fieldSide)
  for (let y = 0; y < fieldSide; y++) {
    for (let x = 0; x < fieldSide; x++) {
      const at = Float32Array.of((x + 0.5) / fieldSide, (y + 0.5) / fieldSide)
      density[y * fieldSide + x] = Math.exp(mixture.smoothed(at, sigma).logDensity)
    }
  }
  const most = density.reduce((a, b) => Math.max(a, b), 0)
  const shades = Buffer.from(Uint8Array.from(density, (value) => 255 - 170 * Math.sqrt(value / most)))
  const points = Array.from({ length: arrows * arrows }, (_, index) => [
    ((index % arrows) + 0.5) / arrows,
    (Math.floor(index / arrows) + 0.5) / arrows,
  ])
  const estimate = model.estimate(Float32Array.from(points.flat()))
  const lines = points.map(([x, y], index) => {
    const [dx, dy] = [estimate[2 * index]! - x!, estimate[2 * index + 1]! - y!]
    const length = Math.hypot(dx, dy)
    const scale = (0.8 / arrows) * Math.min(1, length / sigma) * (fieldSide / length)
    const [x0, y0] = [x! * fieldSide, y! * fieldSide]
    return `<path d="M${x0.toFixed(1)} ${y0.toFixed(1)}l${(dx * scale).toFixed(1)} ${(dy * scale).toFixed(1)}"/>`
  })
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${fieldSide}" height="${fieldSide}">` +
    '<marker id="tip" markerWidth="6" markerHeight="6" refX="4" refY="2" orient="auto"><path d="M0 0L4 2L0 4z" fill="#a33"/></marker>' +
    `<g stroke="#a33" stroke-width="1.4" fill="none" marker-end="url(#tip)">${lines.map((line) => line.replace('/>', ' marker-end="url(#tip)"/>')).join('')}</g></svg>`
  return sharp(shades, { raw: { width: fieldSide, height: fieldSide, channels: 1 } })
    .toColourspace('srgb')
    .composite([{ input: Buffer.from(svg) }])
    .png()
    .toBuffer()
}

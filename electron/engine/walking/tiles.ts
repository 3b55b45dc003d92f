/**
 * r(x) for a picture of any size, in tiles. Each tile is computed with a halo as wide as the net can see, so that
 * the result does not depend on the tiling. Whole-image nets see everything: larger pictures are covered with
 * overlapping windows that fade into each other.
 */
import { throwIfCancelled } from '../../../shared/errors.ts'
import type { Denoiser } from '../models/denoiser.ts'
import { wholeImageSize } from '../nets/whole-image.ts'

export interface TileRun {
  signal?: AbortSignal | undefined
  onTiles?: ((done: number, of: number) => void) | undefined
  /** Side of a tile in pixels, without halo. */
  tile?: number
}

interface Size {
  width: number
  height: number
}

const defaultTile = 384

/**
 * @param x HWC with the channels of the model's net
 * @returns r(x), of the same size
 */
export async function estimatePicture(
  model: Denoiser,
  x: Float32Array,
  size: Size,
  sigma: number,
  run: TileRun = {},
): Promise<Float32Array> {
  return model.card.kind === 'whole-image'
    ? inWindows(model, x, size, sigma, run)
    : inTiles(model, x, size, sigma, run)
}

async function inTiles(
  model: Denoiser,
  x: Float32Array,
  size: Size,
  sigma: number,
  run: TileRun,
): Promise<Float32Array> {
  const { channels, multipleOf, reach } = model.net
  const up = (value: number): number => Math.ceil(value / multipleOf) * multipleOf
  const padded = { width: up(size.width), height: up(size.height) }
  const halo = up(reach)
  const tile = up(run.tile ?? defaultTile)
  const out = new Float32Array(x.length)
  const columns = tileEdges(padded.width, tile, multipleOf)
  const rows = tileEdges(padded.height, tile, multipleOf)
  const of = (columns.length - 1) * (rows.length - 1)
  let done = 0
  for (let row = 0; row + 1 < rows.length; row++) {
    for (let column = 0; column + 1 < columns.length; column++) {
      throwIfCancelled(run.signal)
      const inner = { x0: columns[column]!, x1: columns[column + 1]!, y0: rows[row]!, y1: rows[row + 1]! }
      const outer = {
        x0: Math.max(0, inner.x0 - halo),
        x1: Math.min(padded.width, inner.x1 + halo),
        y0: Math.max(0, inner.y0 - halo),
        y1: Math.min(padded.height, inner.y1 + halo),
      }
      const width = outer.x1 - outer.x0
      const height = outer.y1 - outer.y0
      const input = cut(x, size, channels, outer.x0, outer.y0, { width, height })
      const estimate = model.estimate(input, [1, height, width], Float32Array.of(sigma))
      const right = Math.min(inner.x1, size.width)
      for (let y = inner.y0; y < Math.min(inner.y1, size.height); y++) {
        const from = ((y - outer.y0) * width + inner.x0 - outer.x0) * channels
        const to = (y * size.width + inner.x0) * channels
        out.set(estimate.subarray(from, from + (right - inner.x0) * channels), to)
      }
      run.onTiles?.(++done, of)
      await turn()
    }
  }
  return out
}

async function inWindows(
  model: Denoiser,
  x: Float32Array,
  size: Size,
  sigma: number,
  run: TileRun,
): Promise<Float32Array> {
  const { channels } = model.net
  const own = model.card.size!
  const window = wholeImageSize(own.width, own.height)
  const xs = windowStarts(size.width, own.width)
  const ys = windowStarts(size.height, own.height)
  const starts = ys.flatMap((y0) => xs.map((x0) => ({ x0, y0 })))
  const sums = new Float32Array(x.length)
  const weights = new Float32Array(size.width * size.height)
  const batch = 32
  for (let first = 0; first < starts.length; first += batch) {
    throwIfCancelled(run.signal)
    const group = starts.slice(first, first + batch)
    const values = window.width * window.height * channels
    const input = new Float32Array(group.length * values)
    // Beyond its own size a window repeats its edge, as it was taught.
    group.forEach(({ x0, y0 }, index) => {
      input.set(cut(cut(x, size, channels, x0, y0, own), own, channels, 0, 0, window), index * values)
    })
    const estimate = model.estimate(
      input,
      [group.length, window.height, window.width],
      new Float32Array(group.length).fill(sigma),
    )
    group.forEach(({ x0, y0 }, index) => {
      for (let y = 0; y < own.height && y0 + y < size.height; y++) {
        for (let column = 0; column < own.width && x0 + column < size.width; column++) {
          const weight = starts.length === 1 ? 1 : fade(column, own.width) * fade(y, own.height)
          const to = (y0 + y) * size.width + x0 + column
          const from = index * values + (y * window.width + column) * channels
          weights[to]! += weight
          for (let channel = 0; channel < channels; channel++)
            sums[to * channels + channel]! += weight * estimate[from + channel]!
        }
      }
    })
    if (starts.length > 1) run.onTiles?.(Math.min(first + batch, starts.length), starts.length)
    await turn()
  }
  return sums.map((sum, index) => sum / weights[Math.floor(index / channels)]!)
}

/** Evened edges: 1,200 pixels become 2 x 600, not 1,024 + 176. */
function tileEdges(length: number, tile: number, multipleOf: number): number[] {
  const count = Math.max(1, Math.ceil(length / tile))
  const edges = Array.from(
    { length: count },
    (_, index) => Math.round((index * length) / count / multipleOf) * multipleOf,
  )
  return [...new Set([...edges, length])]
}

/** Starts of windows that overlap by at least half and reach the end. */
function windowStarts(length: number, window: number): number[] {
  if (length <= window) return [0]
  const count = Math.ceil((length - window) / (window / 2)) + 1
  return Array.from({ length: count }, (_, index) => Math.round((index * (length - window)) / (count - 1)))
}

/** Weight of a window at a pixel: a half sine, never quite 0. */
function fade(position: number, length: number): number {
  return Math.sin((Math.PI * (position + 0.5)) / length)
}

/** A part of a picture; what lies outside repeats the edge. */
function cut(
  x: Float32Array,
  size: Size,
  channels: number,
  x0: number,
  y0: number,
  part: Size,
): Float32Array {
  const out = new Float32Array(part.width * part.height * channels)
  const inside = Math.max(0, Math.min(part.width, size.width - x0))
  for (let row = 0; row < part.height; row++) {
    const y = Math.min(y0 + row, size.height - 1)
    const from = (y * size.width + x0) * channels
    const to = row * part.width * channels
    out.set(x.subarray(from, from + inside * channels), to)
    const last = (y * size.width + size.width - 1) * channels
    for (let column = inside; column < part.width; column++) {
      for (let channel = 0; channel < channels; channel++)
        out[to + column * channels + channel] = x[last + channel]!
    }
  }
  return out
}

/** A real turn of the event loop, so that cancelling gets through. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

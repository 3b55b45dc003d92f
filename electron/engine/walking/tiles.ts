/**
 * r(x) for a picture of any size, in tiles. Each tile is computed with a halo as wide as the net can see, so that
 * the result does not depend on the tiling. Whole-image nets see everything: larger pictures are covered with
 * overlapping windows that fade into each other.
 */
import { throwIfCancelled } from '../../../shared/errors.ts'
import { MemoryRaster, type Raster, type Region } from '../images/raster.ts'
import type { Denoiser } from '../models/denoiser.ts'
import { wholeImageSize } from '../nets/whole-image.ts'
import { withLessMemory } from '../tensor/memory.ts'

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

/** Pictures up to this side go through at once; beyond it halos cost less than memory. */
const defaultTile = 768
/** Below this, halos are most of the work and little memory is saved. */
const leastTile = 64
/** Where memory has run out with larger tiles: the next step of the walk need not find out again. */
const fittingTiles = new WeakMap<Denoiser, number>()

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
  if (model.card.kind === 'whole-image') return inWindows(model, x, size, sigma, run)
  const out = new Float32Array(x.length)
  const { channels } = model.net
  await estimateInTiles(
    model,
    new MemoryRaster(size, channels, x),
    new MemoryRaster(size, channels, out),
    sigma,
    run,
  )
  return out
}

/**
 * r(x) of an any-size model, from one raster into another.
 * When memory runs out, with smaller tiles.
 * @throws UphillError CANCELLED, OUT_OF_MEMORY
 */
export async function estimateInTiles(
  model: Denoiser,
  x: Raster,
  out: Raster,
  sigma: number,
  run: TileRun = {},
): Promise<void> {
  const tile = Math.min(run.tile ?? defaultTile, fittingTiles.get(model) ?? Infinity)
  await withLessMemory(
    tile,
    Math.min(tile, leastTile),
    (side) => estimateTiles(model, x, out, sigma, { ...run, tile: side }),
    (smaller) => fittingTiles.set(model, smaller),
  )
}

async function estimateTiles(
  model: Denoiser,
  x: Raster,
  out: Raster,
  sigma: number,
  run: TileRun & { tile: number },
): Promise<void> {
  const { channels, multipleOf, reach } = model.net
  const up = (value: number): number => Math.ceil(value / multipleOf) * multipleOf
  const padded = { width: up(x.width), height: up(x.height) }
  const halo = up(reach)
  const tile = up(run.tile)
  const columns = tileEdges(padded.width, tile, multipleOf)
  const rows = tileEdges(padded.height, tile, multipleOf)
  const of = (columns.length - 1) * (rows.length - 1)
  let done = 0
  for (let row = 0; row + 1 < rows.length; row++) {
    for (let column = 0; column + 1 < columns.length; column++) {
      throwIfCancelled(run.signal)
      const inner = { x0: columns[column]!, x1: columns[column + 1]!, y0: rows[row]!, y1: rows[row + 1]! }
      const outer = {
        x: Math.max(0, inner.x0 - halo),
        y: Math.max(0, inner.y0 - halo),
        width: Math.min(padded.width, inner.x1 + halo) - Math.max(0, inner.x0 - halo),
        height: Math.min(padded.height, inner.y1 + halo) - Math.max(0, inner.y0 - halo),
      }
      const estimate = model.estimate(cut(x, outer), [1, outer.height, outer.width], Float32Array.of(sigma))
      const target = {
        x: inner.x0,
        y: inner.y0,
        width: Math.min(inner.x1, x.width) - inner.x0,
        height: Math.min(inner.y1, x.height) - inner.y0,
      }
      const from = { ...target, x: inner.x0 - outer.x, y: inner.y0 - outer.y }
      out.write(target, new MemoryRaster(outer, channels, estimate).read(from))
      run.onTiles?.(++done, of)
      await turn()
    }
  }
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
  const picture = new MemoryRaster(size, channels, x)
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
      const seen = new MemoryRaster(own, channels, cut(picture, { x: x0, y: y0, ...own }))
      input.set(cut(seen, { x: 0, y: 0, ...window }), index * values)
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

/** A part of a picture; what lies outside, on the right and below, repeats the edge. */
function cut(picture: Raster, { x, y, width, height }: Region): Float32Array {
  const { channels } = picture
  const inside = {
    x,
    y,
    width: Math.min(width, picture.width - x),
    height: Math.min(height, picture.height - y),
  }
  const part = picture.read(inside)
  if (inside.width === width && inside.height === height) return part
  const out = new Float32Array(width * height * channels)
  for (let row = 0; row < height; row++) {
    const from = Math.min(row, inside.height - 1) * inside.width * channels
    const to = row * width * channels
    out.set(part.subarray(from, from + inside.width * channels), to)
    const last = from + (inside.width - 1) * channels
    for (let column = inside.width; column < width; column++) {
      for (let channel = 0; channel < channels; channel++)
        out[to + column * channels + channel] = part[last + channel]!
    }
  }
  return out
}

/** A real turn of the event loop, so that cancelling gets through. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

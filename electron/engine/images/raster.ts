/** Pictures as numbers that may be larger than memory: read and written in parts. */
import fs from 'node:fs'

/** A part of a picture, in pixels. */
export interface Region {
  x: number
  y: number
  width: number
  height: number
}

/** A picture of floats, row by row, channels interleaved. Regions lie inside of it. */
export interface Raster {
  readonly width: number
  readonly height: number
  readonly channels: number
  read(region: Region): Float32Array
  write(region: Region, data: Float32Array): void
}

export class MemoryRaster implements Raster {
  readonly width: number
  readonly height: number
  readonly channels: number
  readonly data: Float32Array

  constructor(size: { width: number; height: number }, channels: number, data: Float32Array) {
    this.width = size.width
    this.height = size.height
    this.channels = channels
    this.data = data
  }

  read({ x, y, width, height }: Region): Float32Array {
    const values = width * this.channels
    const out = new Float32Array(values * height)
    for (let row = 0; row < height; row++) {
      const from = ((y + row) * this.width + x) * this.channels
      out.set(this.data.subarray(from, from + values), row * values)
    }
    return out
  }

  write({ x, y, width, height }: Region, data: Float32Array): void {
    const values = width * this.channels
    for (let row = 0; row < height; row++) {
      this.data.set(
        data.subarray(row * values, (row + 1) * values),
        ((y + row) * this.width + x) * this.channels,
      )
    }
  }
}

/**
 * In a file of its own, in the byte order of the machine. Reads and writes block: they are many and short, and most
 * meet the system's cache.
 */
export class FileRaster implements Raster {
  readonly width: number
  readonly height: number
  readonly channels: number
  readonly #file: number

  /** Makes the file; what is not written is 0. */
  constructor(path: string, size: { width: number; height: number }, channels: number) {
    this.width = size.width
    this.height = size.height
    this.channels = channels
    this.#file = fs.openSync(path, 'wx+')
    fs.ftruncateSync(this.#file, size.width * size.height * channels * 4)
  }

  read(region: Region): Float32Array {
    const out = new Float32Array(region.width * region.height * this.channels)
    for (const { at, values, position } of this.#runs(region)) {
      const bytes = new Uint8Array(out.buffer, at * 4, values * 4)
      if (fs.readSync(this.#file, bytes, 0, bytes.length, position) !== bytes.length) {
        throw new Error('a working file is shorter than it was')
      }
    }
    return out
  }

  write(region: Region, data: Float32Array): void {
    for (const { at, values, position } of this.#runs(region)) {
      const bytes = new Uint8Array(data.buffer, data.byteOffset + at * 4, values * 4)
      fs.writeSync(this.#file, bytes, 0, bytes.length, position)
    }
  }

  close(): void {
    fs.closeSync(this.#file)
  }

  /** What lies side by side in the file: all of a region of whole rows, else a row at a time. */
  *#runs({ x, y, width, height }: Region): Generator<{ at: number; values: number; position: number }> {
    const whole = width === this.width
    const values = width * this.channels * (whole ? height : 1)
    for (let row = 0; row < (whole ? 1 : height); row++) {
      const position = ((y + row) * this.width + x) * this.channels * 4
      yield { at: row * values, values, position }
    }
  }
}

/** Whole rows, top to bottom, about 16 MB of floats at a time. */
export function* bandsOf({
  width,
  height,
  channels,
}: Pick<Raster, 'width' | 'height' | 'channels'>): Generator<Region> {
  const rows = Math.max(1, Math.floor(2 ** 22 / (width * channels)))
  for (let y = 0; y < height; y += rows) yield { x: 0, y, width, height: Math.min(rows, height - y) }
}

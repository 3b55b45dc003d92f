/** What is computed from the pixels of two pictures that are compared: 8-bit sRGB, RGBA. */
import type { ShownPicture } from '../../../shared/domain.ts'

/** RGBA, row by row; as ImageData has it. */
export interface Rgba {
  readonly width: number
  readonly height: number
  readonly data: Uint8ClampedArray
}

export async function readPixels(picture: ShownPicture): Promise<ImageData> {
  const bitmap = await createImageBitmap(new Blob([new Uint8Array(picture.bytes)], { type: picture.mime }))
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height)
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (!context) throw new Error('this page has no canvas')
  context.drawImage(bitmap, 0, 0)
  bitmap.close()
  return context.getImageData(0, 0, canvas.width, canvas.height)
}

/**
 * |a - b| times `factor`, per channel, opaque: black where nothing has changed.
 * Both must have one size.
 */
export function difference(a: Rgba, b: Rgba, factor: number): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(a.data.length)
  for (let i = 0; i < out.length; i += 4) {
    for (let channel = i; channel < i + 3; channel++) {
      out[channel] = Math.abs((a.data[channel] ?? 0) - (b.data[channel] ?? 0)) * factor
    }
    out[i + 3] = 255
  }
  return out
}

/** `a`, and a share of what `b` has changed. Both must have one size. */
export function mixed(a: Rgba, b: Rgba, amount: number): Rgba {
  if (amount === 1) return b
  const data = new Uint8ClampedArray(a.data.length)
  for (let i = 0; i < data.length; i++) {
    const from = a.data[i] ?? 0
    data[i] = from + amount * ((b.data[i] ?? 0) - from)
  }
  return { width: a.width, height: a.height, data }
}

export interface Histogram {
  /** Share of the pixels at each of the 256 values. */
  readonly channels: readonly {
    readonly name: 'red' | 'green' | 'blue' | 'grey'
    readonly shares: number[]
  }[]
}

/** Of every pixel; one channel when the picture is grey. Transparent pixels count as they are stored. */
export function histogram({ data }: Rgba): Histogram {
  const counts = [0, 1, 2].map(() => new Array<number>(256).fill(0)) as [number[], number[], number[]]
  let grey = true
  for (let i = 0; i < data.length; i += 4) {
    const [red = 0, green = 0, blue = 0] = [data[i], data[i + 1], data[i + 2]]
    grey &&= red === green && green === blue
    counts[0][red] = (counts[0][red] ?? 0) + 1
    counts[1][green] = (counts[1][green] ?? 0) + 1
    counts[2][blue] = (counts[2][blue] ?? 0) + 1
  }
  const shares = (values: number[]): number[] => values.map((count) => (count * 4) / data.length)
  const names = ['red', 'green', 'blue'] as const
  return {
    channels: grey
      ? [{ name: 'grey', shares: shares(counts[0]) }]
      : names.map((name, index) => ({ name, shares: shares(counts[index] ?? []) })),
  }
}

/** The three values at a pixel, or null outside of the picture. */
export function valuesAt({ width, height, data }: Rgba, x: number, y: number): number[] | null {
  if (x < 0 || y < 0 || x >= width || y >= height) return null
  const start = 4 * (y * width + x)
  const values = [...data.subarray(start, start + 3)]
  return values.every((value) => value === values[0]) ? values.slice(0, 1) : values
}

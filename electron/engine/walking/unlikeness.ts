/** Where a picture is unlike what a model knows: how far r(x) is from x, pixel by pixel. */
import { throwIfCancelled } from '../../../shared/errors.ts'
import type { Pixels } from '../images/pixels.ts'
import type { Denoiser } from '../models/denoiser.ts'
import { type RefineRun, startingSigma, toPlanes } from './refine.ts'
import { estimatePicture } from './tiles.ts'

/** Smoothed over this share of the shorter side. */
const blurShare = 1 / 96

/**
 * |r(x) - x|, the mean over the channels, smoothed by a box.
 * @param sigma the noise level to assume; `auto` measures it
 * @returns greyscale, 1 where the picture is least like what the model knows; `most` is the difference there, in 0..1
 * @throws UphillError CANCELLED
 */
export async function unlikeness(
  model: Denoiser,
  pixels: Pixels,
  sigma: number | 'auto',
  run: RefineRun = {},
): Promise<{ map: Pixels; most: number }> {
  const { width, height } = pixels
  const planes = toPlanes(pixels, model.net.channels)
  const values = planes.data.length / planes.count
  const channels = values / (width * height)
  const difference = new Float32Array(width * height)
  const level = startingSigma(pixels, sigma)
  for (let plane = 0; plane < planes.count; plane++) {
    throwIfCancelled(run.signal)
    const x = planes.data.subarray(plane * values, (plane + 1) * values)
    const estimate = await estimatePicture(model, x, { width, height }, level, run)
    for (let i = 0; i < values; i++) {
      const at = Math.floor(i / channels)
      difference[at] = difference[at]! + Math.abs(estimate[i]! - x[i]!) / (channels * planes.count)
    }
  }
  const radius = Math.max(1, Math.round(Math.min(width, height) * blurShare))
  const smooth = transposed(
    blurredRows(transposed(blurredRows(difference, width, radius), width), height, radius),
    height,
  )
  const most = smooth.reduce((a, b) => Math.max(a, b), 0)
  const data = most > 0 ? smooth.map((value) => value / most) : smooth
  return { map: { width, height, channels: 1, data, alpha: null, bitDepth: 8, icc: null }, most }
}

/** Means over 2 radius + 1 neighbours in each row; at the edges over those that are there. */
function blurredRows(data: Float32Array, width: number, radius: number): Float32Array {
  const out = new Float32Array(data.length)
  for (let row = 0; row < data.length; row += width) {
    let sum = 0
    let [from, to] = [0, 0]
    for (let x = 0; x < width; x++) {
      while (to < Math.min(width, x + radius + 1)) sum += data[row + to++]!
      while (from < x - radius) sum -= data[row + from++]!
      out[row + x] = Math.max(0, sum / (to - from))
    }
  }
  return out
}

function transposed(data: Float32Array, width: number): Float32Array {
  const height = data.length / width
  return data.map((_, index) => data[(index % height) * width + Math.floor(index / height)]!)
}

/** Dark violet to yellow (after matplotlib's inferno, by N. Smith and S. van der Walt, 2015). */
const colours = [
  [0, 0, 4],
  [87, 16, 110],
  [188, 55, 84],
  [249, 142, 9],
  [252, 255, 164],
] as const

/** The map in colours, for people to look at. */
export function heatColours(map: Pixels): Pixels {
  const data = new Float32Array(map.data.length * 3)
  map.data.forEach((value, index) => {
    const at = Math.min(1, Math.max(0, value)) * (colours.length - 1)
    const low = Math.min(colours.length - 2, Math.floor(at))
    for (let channel = 0; channel < 3; channel++) {
      const [a, b] = [colours[low]![channel]!, colours[low + 1]![channel]!]
      data[3 * index + channel] = (a + (b - a) * (at - low)) / 255
    }
  })
  return { ...map, channels: 3, data }
}

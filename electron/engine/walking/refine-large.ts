/**
 * Refining a picture that is too large for memory: from its file into another, with all numbers in between on the
 * disk. The walk is the one of refine.ts, and so is the result.
 */
import path from 'node:path'
import type { ExportOptions, WalkOptions, WalkStep } from '../../../shared/domain.ts'
import { throwIfCancelled } from '../../../shared/errors.ts'
import { withWorkFolder } from '../files/work-folder.ts'
import { type LargePicture, decodeLarge, exportLarge } from '../images/large.ts'
import type { Pixels } from '../images/pixels.ts'
import { FileRaster, type Raster, bandsOf } from '../images/raster.ts'
import { type Random, gaussianGenerator } from '../learning/noise.ts'
import type { Denoiser } from '../models/denoiser.ts'
import { type RefineRun, fromPlanes, noiseSample, startingSigma, toPlanes } from './refine.ts'
import { estimateInTiles } from './tiles.ts'
import { type Move, addNoise, moveTowards, stepOf, walkPlan } from './walk.ts'

/** From here on memory decides: in memory a picture takes about 60 bytes a pixel. */
export const largePixels = 20e6

/** Only any-size models: the others see a picture in windows of their own small size. */
export function isLarge(model: Denoiser, { width, height }: { width: number; height: number }): boolean {
  return model.card.kind === 'any-size' && width * height > largePixels
}

export interface LargeRun extends RefineRun {
  /** Where working files may lie; they take some 30 bytes a pixel and are gone at the end. */
  workParent: string
  onStep?: (step: WalkStep) => void
}

/**
 * @param picture width and height as readPictureInfo gives them
 * @returns the path really used, where the walk started, and its gain in nats per value
 * @throws UphillError as decodePicture, exportPicture and withWorkFolder; CANCELLED
 */
export async function refineLarge(
  model: Denoiser,
  picture: { path: string; width: number; height: number },
  target: string,
  options: { walk: WalkOptions; output: ExportOptions },
  run: LargeRun,
): Promise<{ path: string; bytes: number; sigma: number; gain: number }> {
  const bytes = picture.width * picture.height * (model.net.channels === 3 ? 36 : 72)
  return withWorkFolder(run.workParent, bytes, async (folder) => {
    throwIfCancelled(run.signal)
    const source = await decodeLarge(picture.path, folder)
    const walked = new LargeWalk(model, source, folder)
    try {
      const { sigma, gain } = await walked.run(options.walk, run)
      throwIfCancelled(run.signal)
      const placed = await exportLarge(walked.result(), source, target, options.output, folder)
      return { ...placed, sigma, gain }
    } finally {
      walked.close()
      source.close()
    }
  })
}

class LargeWalk {
  readonly #model: Denoiser
  readonly #source: LargePicture
  /** Planes below each other: one, or three of a colour picture under a greyscale model. */
  readonly #x: FileRaster
  readonly #r: FileRaster
  readonly #planes: number

  constructor(model: Denoiser, source: LargePicture, folder: string) {
    this.#model = model
    this.#source = source
    const { channels } = model.net
    this.#planes = channels === 1 && source.channels === 3 ? 3 : 1
    const size = { width: source.width, height: source.height * this.#planes }
    this.#x = new FileRaster(path.join(folder, 'x'), size, channels)
    this.#r = new FileRaster(path.join(folder, 'r'), size, channels)
  }

  async run(options: WalkOptions, run: LargeRun): Promise<{ sigma: number; gain: number }> {
    const sigma = startingSigma(noiseSample(this.#source), options.sigma)
    const normal = gaussianGenerator(options.seed)
    this.#load()
    if (options.addNoise) this.#eachBand((x) => (addNoise(x, sigma, normal), x))
    const { steps } = options
    run.onStep?.({ index: 0, steps, sigma, residual: 0, gain: 0 })
    let gain = 0
    for (const [index, move] of walkPlan({ ...options, sigma }).entries()) {
      throwIfCancelled(run.signal)
      await this.#estimate(move.sigma, run)
      const step = stepOf(index, steps, move, this.#move(move, normal))
      gain += step.gain
      run.onStep?.(step)
    }
    return { sigma, gain }
  }

  /** The pixels as they are now, in bands; values may leave 0..1 a little. */
  *result(): Generator<Pixels> {
    const { width, height } = this.#source
    for (const { y, height: count } of bandsOf({ width, height, channels: this.#source.channels })) {
      const pixels = this.#source.rows(y, count)
      const parts = this.#rowsOfPlanes(y, count).map((region) => this.#x.read(region))
      const data = fromPlanes(joined(parts), { count: this.#planes }, pixels)
      yield { ...pixels, data }
    }
  }

  close(): void {
    this.#x.close()
    this.#r.close()
  }

  #load(): void {
    const { width, height, channels } = this.#source
    for (const { y, height: count } of bandsOf({ width, height, channels })) {
      const planes = toPlanes(this.#source.rows(y, count), this.#model.net.channels)
      const values = planes.data.length / planes.count
      this.#rowsOfPlanes(y, count).forEach((region, plane) =>
        this.#x.write(region, planes.data.subarray(plane * values, (plane + 1) * values)),
      )
    }
  }

  #rowsOfPlanes(y: number, count: number): { x: 0; y: number; width: number; height: number }[] {
    const { width, height } = this.#source
    return Array.from({ length: this.#planes }, (_, plane) => ({
      x: 0 as const,
      y: plane * height + y,
      width,
      height: count,
    }))
  }

  async #estimate(sigma: number, run: LargeRun): Promise<void> {
    const { width, height } = this.#source
    for (let plane = 0; plane < this.#planes; plane++) {
      const onTiles = (done: number, of: number): void => run.onTiles?.(plane * of + done, this.#planes * of)
      const part = (raster: Raster): Raster => rowsOf(raster, plane * height, { width, height })
      await estimateInTiles(this.#model, part(this.#x), part(this.#r), sigma, { ...run, onTiles })
    }
  }

  /** x <- r + keep (x - r) + noise. @returns the mean squared residual */
  #move({ keep, fresh }: Move, normal: Random): number {
    let sum = 0
    this.#eachBand((x, region) => {
      const { moved, squares } = moveTowards(x, this.#r.read(region), keep)
      sum += squares
      if (fresh > 0) addNoise(moved, fresh, normal)
      return moved
    })
    return sum / (this.#x.width * this.#x.height * this.#x.channels)
  }

  #eachBand(change: (x: Float32Array, region: Parameters<Raster['read']>[0]) => Float32Array): void {
    for (const region of bandsOf(this.#x)) this.#x.write(region, change(this.#x.read(region), region))
  }
}

/** Some rows of a raster as a raster of their own. */
function rowsOf(raster: Raster, top: number, size: { width: number; height: number }): Raster {
  return {
    ...size,
    channels: raster.channels,
    read: (region) => raster.read({ ...region, y: top + region.y }),
    write: (region, data) => raster.write({ ...region, y: top + region.y }, data),
  }
}

function joined(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0]!
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

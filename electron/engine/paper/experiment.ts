/**
 * The paper's two experiments on one set of pictures (Creswell, Arulkumaran & Bharath 2017, arXiv 1708.08487):
 * samples of a VAE and of a GAN walked uphill, and new samples from pure noise; beside them controls that are no walks.
 */
import fs from 'node:fs/promises'
import path from 'node:path'
import sharp, { type Sharp } from 'sharp'
import type { LossName } from '../../../shared/domain.ts'
import { teachOptions } from '../../../shared/domain.ts'
import { indexFolder } from '../datasets/index-folder.ts'
import { Classifier } from '../generators/classifier.ts'
import { type GeneratorKind, type PictureBatch, generate } from '../generators/generator.ts'
import { gaussianGenerator } from '../learning/noise.ts'
import { type TeachRun, processorClock, teach } from '../learning/teach.ts'
import { type Features, frechetDistance } from '../measuring/frechet.ts'
import { nearestNeighbours } from '../measuring/neighbours.ts'
import { psnrOf } from '../measuring/quality.ts'
import type { Denoiser } from '../models/denoiser.ts'
import { ModelLibrary } from '../models/library.ts'
import type { LabelledPictures, PaperData } from './digits.ts'
import { firstOf } from './sheets.ts'
import { type BatchWalk, estimateBatch, recentred, walkBatch } from './walks.ts'

export const seed = 1

/** How much of everything. */
export interface Scale {
  samples: number
  /** How often generators see each picture, and the classifier. */
  epochs: number
  classifierEpochs: number
  taught: number
  /** Steps of a walk at most. */
  walkSteps: number
}

export const fullScale: Scale = {
  samples: 600,
  epochs: 12,
  classifierEpochs: 3,
  taught: 8000,
  walkSteps: Infinity,
}
/** Pictures with twelve times the values: fewer samples, and generators that see the fewer pictures more often. */
export const colourScale: Scale = {
  samples: 300,
  epochs: 20,
  classifierEpochs: 12,
  taught: Infinity,
  walkSteps: Infinity,
}
/** To see whether it works. */
export const quickScale: Scale = { samples: 70, epochs: 1, classifierEpochs: 1, taught: 300, walkSteps: 3 }

/** The walks of the report; sigma is the strength, and the report has others beside it. */
export const walks: Record<GeneratorKind | 'noise', BatchWalk> = {
  vae: { schedule: 'annealed', steps: 40, sigma: 2, churn: 1, alpha: 1, addNoise: true, seed: 5 },
  gan: { schedule: 'annealed', steps: 40, sigma: 2, churn: 1, alpha: 1, addNoise: true, seed: 5 },
  noise: { schedule: 'annealed', steps: 60, sigma: 5, churn: 1, alpha: 1, addNoise: true, seed: 5 },
}

const strengths = [0.5, 1, 1.5, 2] as const

/** The paper's own: the same sigma at every step, nothing added. */
export const constantWalk: BatchWalk = {
  schedule: 'constant',
  steps: 5,
  sigma: 0.3,
  alpha: 1,
  churn: 0,
  addNoise: false,
  seed: 5,
}

export interface Scored {
  /** Fréchet distance to the held-out pictures, on the classifier's features. */
  fd: number
  /** Share that the classifier is more than 0.9 sure of. */
  sure: number
}

/** A walk as short as the scale says. */
const within = (walk: BatchWalk, { walkSteps }: Scale): BatchWalk => ({
  ...walk,
  steps: Math.min(walk.steps, walkSteps),
})

function firstLabelled(pictures: LabelledPictures, count: number): LabelledPictures {
  const taken = Math.min(count, pictures.count)
  return { ...pictures, ...firstOf(pictures, taken), labels: pictures.labels.slice(0, taken), count: taken }
}

/** What stays the same whatever the denoiser: the classifier, the samples, the truth. */
export class Bench {
  readonly data: PaperData
  readonly classifier: Classifier
  readonly accuracy: number
  readonly samples: Record<GeneratorKind, PictureBatch>
  readonly generatorSeconds: Record<GeneratorKind, number>
  readonly scale: Scale
  readonly #truth: Features

  private constructor(
    data: PaperData,
    scale: Scale,
    classifier: Classifier,
    samples: Record<GeneratorKind, PictureBatch>,
    seconds: Record<GeneratorKind, number>,
  ) {
    this.data = data
    this.scale = scale
    this.classifier = classifier
    this.samples = samples
    this.generatorSeconds = seconds
    this.accuracy = classifier.accuracy(data.heldOut.data, data.heldOut.labels)
    this.#truth = classifier.run(data.heldOut.data).features
  }

  static async make(all: PaperData, scale: Scale, signal?: AbortSignal): Promise<Bench> {
    const { samples: count, epochs, classifierEpochs } = scale
    const taught = firstLabelled(all.taught, scale.taught)
    const data = { ...all, taught }
    const classifier = await Classifier.teach(taught, taught.labels, data.classes, {
      seed,
      epochs: classifierEpochs,
      signal,
    })
    const samples = {} as Record<GeneratorKind, PictureBatch>
    const seconds = {} as Record<GeneratorKind, number>
    for (const kind of ['vae', 'gan'] as const) {
      const start = processorClock.now()
      samples[kind] = await generate(taught, { kind, count, seed, epochs }, { signal })
      seconds[kind] = (processorClock.now() - start) / 1000
    }
    return new Bench(data, scale, classifier, samples, seconds)
  }

  score({ data }: PictureBatch): Scored {
    return {
      fd: frechetDistance(this.classifier.run(data).features, this.#truth),
      sure: this.classifier.sureShare(data),
    }
  }
}

export interface Experiment {
  loss: LossName
  /** CPU time of teaching, divided by the number of cores. */
  teachSeconds: number
  steps: number
  refined: Record<GeneratorKind, PictureBatch>
  /** Samples from noise, and the strip of one walk: pictures after each of some steps. */
  dreamed: PictureBatch
  strip: PictureBatch[]
  scores: Record<GeneratorKind | 'noise', Scored>
  controls: Record<GeneratorKind, Record<string, Scored>>
  /** Walks of several strengths; `moved` is the root mean square difference from the sample. */
  strengths: Record<GeneratorKind, ({ sigma: number; moved: number } & Scored)[]>
  /** Mean PSNR in dB of held-out pictures, noisy (clipped) and denoised in one pass, by sigma. */
  psnr: { sigma: number; noisy: number; denoised: number }[]
  /** Root mean square distance to the nearest taught picture: of samples, and of held-out pictures. */
  nearest: { samples: number; heldOut: number; copies: number; shown: PictureBatch }
}

/** @param folder for the pictures as files and for the model; @param minutes of CPU time divided by cores */
export async function runExperiment(
  bench: Bench,
  loss: LossName,
  options: { folder: string; minutes: number; steps?: number | undefined },
  run: TeachRun,
): Promise<Experiment> {
  const { data } = bench
  const own = { width: data.pictureSide, height: data.pictureSide }
  const pictures = path.join(options.folder, `${data.name}-pictures`)
  await writePictures(pictures, recentred(data.taught, own))
  const library = new ModelLibrary(path.join(options.folder, 'models'))
  const id = `${data.name}-${loss}`
  const plan = teachOptions.parse({
    folder: pictures,
    name: id,
    kind: 'whole-image',
    loss,
    seed,
    seconds: Math.max(1, options.minutes * 60),
    ...(options.steps && { steps: options.steps }),
  })
  const card = await teach(library, id, await indexFolder(pictures), plan, { ...run, clock: processorClock })
  const model = await library.open(id)
  const refined = {} as Record<GeneratorKind, PictureBatch>
  const controls = {} as Experiment['controls']
  const ofStrength = { vae: [], gan: [] } as Experiment['strengths']
  for (const kind of ['vae', 'gan'] as const) {
    const samples = bench.samples[kind]
    for (const sigma of strengths) {
      const walked = await walkBatch(model, samples, within({ ...walks[kind], sigma }, bench.scale))
      if (sigma === walks[kind].sigma) refined[kind] = walked
      const moved = 10 ** (-psnrOf(walked.data, samples.data) / 20)
      ofStrength[kind].push({ sigma, moved, ...bench.score(walked) })
    }
    controls[kind] = await controlsOf(bench, model, bench.samples[kind])
  }
  const { dreamed, strip } = await dreamPictures(bench, model)
  return {
    loss,
    teachSeconds: card.seconds,
    steps: card.step,
    refined,
    dreamed,
    strip,
    controls,
    strengths: ofStrength,
    scores: {
      vae: bench.score(refined.vae),
      gan: bench.score(refined.gan),
      noise: bench.score(dreamed),
    },
    psnr: denoising(bench, model),
    nearest: nearestTaught(bench, dreamed),
  }
}

async function writePictures(folder: string, { width, height, channels, data }: PictureBatch): Promise<void> {
  await fs.rm(folder, { recursive: true, force: true })
  await fs.mkdir(folder, { recursive: true })
  const values = width * height * channels
  for (let index = 0; index * values < data.length; index++) {
    const bytes = Uint8Array.from(
      data.subarray(index * values, (index + 1) * values),
      (value) => 255 * value + 0.5,
    )
    await sharp(bytes, { raw: { width, height, channels } })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .png({ compressionLevel: 1 })
      .toFile(path.join(folder, `${String(index).padStart(5, '0')}.png`))
  }
}

/** What is no walk, for comparison: filters, one pass of the denoiser, and the paper's constant step. */
async function controlsOf(
  bench: Bench,
  model: Denoiser,
  samples: PictureBatch,
): Promise<Record<string, Scored>> {
  const own = { width: bench.data.pictureSide, height: bench.data.pictureSide }
  const once = (sigma: number): PictureBatch =>
    recentred(estimateBatch(model, recentred(samples, own), sigma), samples)
  return {
    'Gaussian filter, 0.7 pixels': bench.score(await filtered(samples, (image) => image.blur(0.7))),
    'median filter, 3 x 3': bench.score(await filtered(samples, (image) => image.median(3))),
    'one pass, sigma 0.3': bench.score(once(0.3)),
    'one pass, sigma 1': bench.score(once(1)),
    'constant step, sigma 0.3, 5 times': bench.score(await walkBatch(model, samples, constantWalk)),
  }
}

async function filtered(batch: PictureBatch, filter: (image: Sharp) => Sharp): Promise<PictureBatch> {
  const { width, height, channels } = batch
  const values = width * height * channels
  const data = new Float32Array(batch.data.length)
  for (let at = 0; at < data.length; at += values) {
    const bytes = Uint8Array.from(batch.data.subarray(at, at + values), (value) => 255 * value + 0.5)
    const image = filter(sharp(bytes, { raw: { width, height, channels } }))
    const out = await image
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw()
      .toBuffer()
    for (let i = 0; i < values; i++) data[at + i] = out[i]! / 255
  }
  return { ...batch, data }
}

const stripLength = 12

async function dreamPictures(
  bench: Bench,
  model: Denoiser,
): Promise<{ dreamed: PictureBatch; strip: PictureBatch[] }> {
  const { taught } = bench.data
  const size = taught.width * taught.height * taught.channels
  const grey = { ...taught, data: new Float32Array(bench.scale.samples * size).fill(0.5) }
  const strip: PictureBatch[] = []
  const walk = within(walks.noise, bench.scale)
  const { steps } = walk
  const dreamed = await walkBatch(model, grey, walk, (index, pictures) => {
    if (index % Math.ceil(steps / stripLength) === 0 || index === steps) strip.push(firstOf(pictures, 6))
  })
  return { dreamed, strip }
}

function denoising({ data }: Bench, model: Denoiser): Experiment['psnr'] {
  const own = { width: data.pictureSide, height: data.pictureSide }
  const clean = recentred(firstOf(data.heldOut, 200), own)
  return [0.05, 0.1, 0.2, 0.4, 0.8].map((sigma) => {
    const normal = gaussianGenerator(seed)
    const noisy = { ...clean, data: clean.data.map((value) => value + sigma * normal()) }
    const clipped = noisy.data.map((value) => Math.min(1, Math.max(0, value)))
    return {
      sigma,
      noisy: psnrOf(clipped, clean.data),
      denoised: psnrOf(estimateBatch(model, noisy, sigma).data, clean.data),
    }
  })
}

const shownNeighbours = 16

function nearestTaught({ data }: Bench, dreamed: PictureBatch): Experiment['nearest'] {
  const values = dreamed.width * dreamed.height * dreamed.channels
  const some = firstOf(dreamed, 200)
  const samples = nearestNeighbours(some.data, data.taught.data, values)
  const heldOut = nearestNeighbours(firstOf(data.heldOut, 200).data, data.taught.data, values)
  const mean = (of: typeof samples): number => of.reduce((sum, { distance }) => sum + distance, 0) / of.length
  const shown = new Float32Array(shownNeighbours * values)
  samples.slice(0, shownNeighbours).forEach(({ index }, at) => {
    shown.set(data.taught.data.subarray(index * values, (index + 1) * values), at * values)
  })
  const least = Math.min(...heldOut.map(({ distance }) => distance))
  return {
    samples: mean(samples),
    heldOut: mean(heldOut),
    copies: samples.filter(({ distance }) => distance < least).length / samples.length,
    shown: { ...dreamed, data: shown },
  }
}

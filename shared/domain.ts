/**
 * What the product talks about: pictures, datasets, models, teaching, walks, exports.
 * Every type is a zod schema, so that the same words are checked wherever they enter a process.
 * Units are in the names or beside them; pixel values are in 0..1 unless a name says otherwise.
 */
import * as z from 'zod'
import { errorCodes } from './errors.ts'

/** Binary data on the wire. z.instanceof would infer a type that refuses Buffers. */
export const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected bytes')

export const filePath = z.string().min(1).max(4096)
export const seed = z.int().min(0).max(0xffffffff)
export const id = z.string().min(1).max(128)

export const errorInfo = z.object({
  code: z.enum(errorCodes),
  message: z.string(),
  next: z.string(),
})

// ---------------------------------------------------------------- pictures

export const pictureFormat = z.enum(['png', 'jpeg', 'webp', 'tiff', 'gif', 'avif'])
export type PictureFormat = z.infer<typeof pictureFormat>

/** A picture as it lies on disk. width and height are after EXIF orientation. */
export const pictureInfo = z.object({
  path: filePath,
  format: pictureFormat,
  width: z.int().positive(),
  height: z.int().positive(),
  /** 1 greyscale, 3 colour; alpha is counted apart. */
  channels: z.union([z.literal(1), z.literal(3)]),
  alpha: z.boolean(),
  bitDepth: z.union([z.literal(8), z.literal(16)]),
  bytes: z.number().nonnegative(),
})
export type PictureInfo = z.infer<typeof pictureInfo>

/** A file that was left out, and why, in words for people. */
export const pictureProblem = z.object({
  path: filePath,
  kind: z.enum(['unreadable', 'unsupported', 'too-large', 'too-small', 'not-permitted', 'not-a-picture']),
  reason: z.string(),
})
export type PictureProblem = z.infer<typeof pictureProblem>

/** Where pictures to learn from lie: a folder, perhaps others too, and pictures of them that a person left out. */
export const pictureSource = z.object({
  folder: filePath,
  more: z.array(filePath).max(100).default([]),
  leftOut: z.array(filePath).max(100_000).default([]),
})
export type PictureSource = z.infer<typeof pictureSource>

/** Folders that have been looked at. `pictures` is sorted by path. */
export const dataset = z.object({
  folder: filePath,
  /** Further folders. */
  more: z.array(filePath),
  pictures: z.array(pictureInfo),
  problems: z.array(pictureProblem),
  /** Files that are no pictures by name (text, video, ...): counted, not listed. */
  ignored: z.int().nonnegative(),
  /** Set when every picture has this one size in pixels, else null. */
  uniformSize: z.object({ width: z.int(), height: z.int() }).nullable(),
  /** True when every picture is greyscale (also colour files whose channels are equal). */
  greyscale: z.boolean(),
})
export type Dataset = z.infer<typeof dataset>

/** What the page needs to know of a dataset; the pictures themselves are asked for by page. */
export const datasetSummary = z.object({
  datasetId: id,
  folder: filePath,
  more: z.array(filePath),
  pictures: z.int().nonnegative(),
  /** Of these, left out by hand. */
  leftOut: z.int().nonnegative(),
  problems: z.array(pictureProblem),
  ignored: z.int().nonnegative(),
  uniformSize: z.object({ width: z.int(), height: z.int() }).nullable(),
  greyscale: z.boolean(),
  megapixels: z.number().nonnegative(),
  formats: z.partialRecord(pictureFormat, z.int()),
})
export type DatasetSummary = z.infer<typeof datasetSummary>

export const indexProgress = z.object({
  /** Files found so far, and files looked at so far. */
  found: z.int().nonnegative(),
  done: z.int().nonnegative(),
})
export type IndexProgress = z.infer<typeof indexProgress>

// ---------------------------------------------------------------- teaching and models

/**
 * Two kinds of net. `whole-image`: pictures that are all small and of one size (digits, faces, icons,
 * GAN samples); knows sigma and sees the whole picture. `any-size`: photographs; blind to sigma, local.
 */
export const modelKind = z.enum(['whole-image', 'any-size'])
export type ModelKind = z.infer<typeof modelKind>

export const lossName = z.enum(['bce', 'mse'])
export type LossName = z.infer<typeof lossName>

/** Quick, Good and Best are minutes of teaching; the engine says how long each takes here. */
export const presetName = z.enum(['quick', 'good', 'best'])
export type PresetName = z.infer<typeof presetName>

export const modelName = z
  .string()
  .trim()
  .min(1, 'Give the model a name.')
  .max(80, 'A model name has at most 80 characters.')
  // eslint-disable-next-line no-control-regex
  .regex(/^[^\u0000-\u001f]*$/, 'A model name has no control characters.')

export const modelNotes = z.string().max(4000, 'Notes have at most 4,000 characters.')

export const teachOptions = z.object({
  ...pictureSource.shape,
  name: modelName,
  /** `auto` chooses from the pictures: whole-image when all are small and of one size. */
  kind: z.union([modelKind, z.literal('auto')]).default('auto'),
  loss: lossName.default('bce'),
  /** Seconds of teaching, not counting pauses. */
  seconds: z
    .number()
    .positive()
    .max(7 * 24 * 3600)
    .default(180),
  /** Steps of teaching instead of seconds: the same steps and seed give the same weights. */
  steps: z.int().positive().optional(),
  seed: seed.default(1),
})
export type TeachOptions = z.infer<typeof teachOptions>
export type TeachRequest = z.input<typeof teachOptions>

/** One point of the learning curve. */
export const curvePoint = z.object({
  step: z.int().nonnegative(),
  /** Seconds of teaching so far, pauses not counted. */
  seconds: z.number().nonnegative(),
  /** Mean loss since the last point (nats per pixel value for BCE, squared error for MSE). */
  loss: z.number(),
  /** Mean PSNR in dB over held-out pictures at `heldOutSigma`; null between measurements. */
  psnr: z.number().nullable(),
})
export type CurvePoint = z.infer<typeof curvePoint>

/** The noise at which held-out PSNR is measured, as a standard deviation in 0..1. */
export const heldOutSigma = 0.2

export const modelCard = z.object({
  /** Version of this format; a reader refuses newer ones and reads all older ones. */
  format: z.literal(1),
  id,
  name: modelName,
  notes: modelNotes.optional(),
  kind: modelKind,
  loss: lossName,
  /**
   * Of any-size models: the logarithm of the loss is minimised, so that every patch counts alike. Models taught with
   * its plain mean say nothing.
   */
  patches: z.literal('alike').optional(),
  /** Channels of the net: 1 greyscale, 3 colour. */
  channels: z.union([z.literal(1), z.literal(3)]),
  /** Size of the pictures of a whole-image model; null for any-size. */
  size: z.object({ width: z.int(), height: z.int() }).nullable(),
  parameters: z.int().positive(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  taughtWith: z.object({
    ...pictureSource.shape,
    pictures: z.int(),
    heldOut: z.int(),
    seed,
    plannedSeconds: z.number(),
  }),
  /** Finished, or stopped early and able to go on. */
  state: z.enum(['teaching', 'stopped', 'finished']),
  step: z.int().nonnegative(),
  seconds: z.number().nonnegative(),
  scores: z.object({
    /** Held-out PSNR in dB of the noisy pictures, and of the model's estimate, at heldOutSigma. */
    psnrNoisy: z.number().nullable(),
    psnrDenoised: z.number().nullable(),
    loss: z.number().nullable(),
  }),
  curve: z.array(curvePoint),
})
export type ModelCard = z.infer<typeof modelCard>

/** A picture small enough to show at once, encoded as PNG or WebP. */
export const shownPicture = z.object({
  mime: z.enum(['image/png', 'image/webp']),
  width: z.int(),
  height: z.int(),
  bytes,
})
export type ShownPicture = z.infer<typeof shownPicture>

/** Held-out pictures as the model sees them now: noisy, its estimate, and the truth. */
export const teachPreview = z.object({
  sigma: z.number(),
  rows: z.array(z.object({ noisy: shownPicture, denoised: shownPicture, truth: shownPicture })),
})
export type TeachPreview = z.infer<typeof teachPreview>

export const teachProgress = z.object({
  phase: z.enum(['reading', 'preparing', 'teaching', 'saving']),
  step: z.int().nonnegative(),
  /** Share of the work that is done, 0..1. */
  share: z.number().min(0).max(1),
  seconds: z.number().nonnegative(),
  /** Honest estimate; null while nothing is known. */
  secondsLeft: z.number().nonnegative().nullable(),
  loss: z.number().nullable(),
  psnr: z.number().nullable(),
  psnrNoisy: z.number().nullable(),
  picturesPerSecond: z.number().nonnegative().nullable(),
})
export type TeachProgress = z.infer<typeof teachProgress>

// ---------------------------------------------------------------- walking

/**
 * How to walk uphill: x <- x + step (r(x) - x) + noise.
 * `sigma` is the strength: the noise level from which the walk comes down, as a standard deviation in 0..1.
 */
export const walkOptions = z.object({
  /** `constant`: the paper's repeated step. `annealed`: down a schedule of sigmas. */
  schedule: z.enum(['constant', 'annealed']).default('annealed'),
  /** `auto` measures the noise in the picture. */
  sigma: z.union([z.number().min(0.001).max(10), z.literal('auto')]).default('auto'),
  steps: z.int().min(1).max(1000).default(6),
  /** Step size alpha of the constant schedule, 0..1: 1 replaces x by r(x). */
  alpha: z.number().min(0.01).max(1).default(0.5),
  /** Adds noise of `sigma` before walking: the picture is re-imagined, not only cleaned. */
  addNoise: z.boolean().default(false),
  /** Share of fresh noise in each annealed step: 0 deterministic, 1 fully stochastic (ancestral). */
  churn: z.number().min(0).max(1).default(0),
  seed: seed.default(1),
})
export type WalkOptions = z.infer<typeof walkOptions>
export type WalkRequest = z.input<typeof walkOptions>

export const walkStep = z.object({
  /** 0 is the picture before the first step. */
  index: z.int().nonnegative(),
  steps: z.int().positive(),
  /** Noise level assumed at this step, and the level the residual speaks of: rms(r(x) - x). */
  sigma: z.number().nonnegative(),
  residual: z.number().nonnegative(),
  /** Gain in log-probability by this step, in nats per pixel value: (r(x)-x)·dx / sigma² / values. */
  gain: z.number(),
})
export type WalkStep = z.infer<typeof walkStep>

// ---------------------------------------------------------------- export

/** How a picture was made: enough to make it again from the same original. */
export const recipe = z.object({
  version: z.literal(1),
  model: z.object({ id, name: modelName }),
  walk: walkOptions,
  /** The step of the walk that was kept, and the share of its change. */
  step: z.int().nonnegative(),
  amount: z.number().min(0).max(1).default(1),
})
export type Recipe = z.infer<typeof recipe>

export const exportFormat = z.enum(['png', 'jpeg', 'webp', 'tiff', 'avif'])
export type ExportFormat = z.infer<typeof exportFormat>

export const exportOptions = z.object({
  format: exportFormat.default('png'),
  /** 1..100, for jpeg, webp and avif. */
  quality: z.int().min(1).max(100).default(92),
  /** What to do when the file is there: refuse, choose a free name, or replace (only after a person said so). */
  whenExists: z.enum(['fail', 'number', 'replace']).default('fail'),
  /** Writes the sRGB profile into the file: for print, and for programs that guess otherwise. */
  profile: z.boolean().default(false),
  /** How the picture was made, for the description in its EXIF; nothing is written without it. */
  note: z.string().max(500).optional(),
  /** The same for Uphill, which can take the settings from it; as XMP. */
  recipe: recipe.optional(),
})
export type ExportOptions = z.infer<typeof exportOptions>

// ---------------------------------------------------------------- settings

/** What a person has chosen for the engine; null leaves it to Uphill. */
export const engineSettings = z.object({
  /** Decoded pictures in memory while teaching, in MiB; null: a quarter of the machine's memory. */
  memoryMiB: z.int().min(64).max(4_194_304).nullable().default(null),
  /** Processor cores to compute with; null: all. From the next start. */
  cores: z.int().min(1).max(1024).nullable().default(null),
  /** Where models are kept; null: in Uphill's own folder. From the next start. */
  modelsFolder: filePath.nullable().default(null),
  /** What computes: `auto` takes an NVIDIA card when the GPU pack is installed and works. From the next start. */
  device: z.enum(['auto', 'cpu', 'gpu']).default('auto'),
  /** Looks for a newer Uphill when it starts. Nobody is asked anything over the network before a person says yes. */
  updates: z.boolean().default(false),
})
export type EngineSettings = z.infer<typeof engineSettings>

// ---------------------------------------------------------------- doctor

export const doctorReport = z.object({
  tensorflow: z.string().nullable(),
  backend: z.string(),
  cpu: z.object({ model: z.string(), cores: z.int(), features: z.array(z.string()) }),
  /** The name of an NVIDIA card, or null. */
  gpu: z.string().nullable(),
  device: z.object({
    /** What computes in this process. */
    kind: z.enum(['cpu', 'gpu']),
    /** Why it is not the card, where that is worth a word. */
    why: z.string().nullable(),
    /** Whether the optional part for NVIDIA cards is installed; null where there is none for this system. */
    pack: z.boolean().nullable(),
  }),
  electron: z.string().nullable(),
  node: z.string(),
  platform: z.string(),
  memoryGiB: z.number(),
  modelsFolder: filePath,
  problems: z.array(z.object({ what: z.string(), next: z.string() })),
})
export type DoctorReport = z.infer<typeof doctorReport>

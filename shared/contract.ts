/**
 * Everything the page may ask of the engine, and all it may get back.
 * The page's client, the engine's handlers and the checks at both ends are made from this one table.
 */
import * as z from 'zod'
import {
  bytes,
  datasetSummary,
  doctorReport,
  engineSettings,
  errorInfo,
  exportOptions,
  filePath,
  id,
  indexProgress,
  modelCard,
  modelName,
  modelNotes,
  pictureInfo,
  pictureSource,
  presetName,
  recipe,
  seed,
  shownPicture,
  teachOptions,
  teachPreview,
  teachProgress,
  walkOptions,
  walkStep,
} from './domain.ts'
import { call, stream } from './rpc.ts'

/** A teaching that the engine runs, whoever watches. It survives the page and, by its checkpoint, the engine. */
export const teaching = z.object({
  modelId: id,
  name: modelName,
  state: z.enum(['running', 'paused', 'finished', 'stopped', 'failed']),
  progress: teachProgress,
  error: errorInfo.nullable(),
})
export type Teaching = z.infer<typeof teaching>

/** A model as the gallery shows it. `damaged` ones are listed with the reason, never hidden. */
export const modelListing = z.discriminatedUnion('status', [
  z.object({ status: z.literal('ok'), card: modelCard }),
  z.object({ status: z.literal('damaged'), id, folder: filePath, error: errorInfo }),
])

/** Where a result goes, and how. */
export const exportTarget = z.object({
  path: filePath,
  options: exportOptions,
  /** Scaled down to at most this many pixels a side. */
  longestSide: z.int().min(16).max(65_535).optional(),
  /** Share of the change that is kept: 0 is the picture as it was, 1 what the walk has made of it. */
  amount: z.number().min(0).max(1).default(1),
  /** What of the original's own details is written: nothing, camera and dates, or those and the place. */
  details: z.enum(['none', 'camera', 'all']).default('none'),
})
export type ExportTarget = z.input<typeof exportTarget>

/** A picture that waits to be refined from a file to a file. */
export const queueOrder = z.object({
  path: filePath,
  modelId: id,
  modelName,
  walk: walkOptions,
  target: exportTarget,
})
export type QueueOrder = z.infer<typeof queueOrder>

export const contract = {
  /** What runs here, and what to do about what does not. */
  doctor: call(z.object({}), doctorReport),
  /** What helps others to help, as text: without the names of files, folders and models. */
  diagnostics: call(z.object({}), z.object({ text: z.string() })),
  settings: call(z.object({}), engineSettings),
  /** Keeps all of them; a folder for models must be one that the person has chosen, and that can be written. */
  changeSettings: call(engineSettings, engineSettings),

  /** Looks at a folder. Progress while it goes, then the summary. The folder is only read. */
  openFolder: stream(
    pictureSource.pick({ folder: true, more: true }),
    z.discriminatedUnion('type', [
      z.object({ type: z.literal('progress'), progress: indexProgress }),
      z.object({ type: z.literal('opened'), dataset: datasetSummary }),
    ]),
  ),
  /** A page of pictures of an opened folder, each with a thumbnail of at most `size` pixels. */
  thumbnails: call(
    z.object({
      datasetId: id,
      from: z.int().nonnegative(),
      count: z.int().min(1).max(200),
      size: z.int().min(16).max(512),
    }),
    z.array(z.object({ info: pictureInfo, thumbnail: shownPicture.nullable(), leftOut: z.boolean() })),
  ),
  /** Leaves pictures out of what is learned, or takes them in again; the files stay where they are. */
  leaveOut: call(
    z.object({ datasetId: id, paths: z.array(filePath).max(100_000), out: z.boolean() }),
    datasetSummary,
  ),
  /** Pictures that came or went since the folder was looked at. */
  changes: call(z.object({ datasetId: id }), z.object({ added: z.int(), gone: z.int() })),
  /** Groups of pictures that are nearly the same, the largest of each group first. */
  nearDuplicates: stream(
    z.object({ datasetId: id }),
    z.discriminatedUnion('type', [
      z.object({ type: z.literal('progress'), done: z.int(), of: z.int() }),
      z.object({ type: z.literal('done'), groups: z.array(z.array(pictureInfo)) }),
    ]),
  ),
  /** A small picture of one of them. */
  thumbnail: call(
    z.object({ datasetId: id, path: filePath, size: z.int().min(16).max(512) }),
    shownPicture.nullable(),
  ),

  /** What teaching on this folder would mean: which kind of net, and the presets with their seconds. */
  planTeaching: call(
    z.object({ datasetId: id }),
    z.object({
      kind: z.enum(['whole-image', 'any-size']),
      /** Why this kind: all of one small size and many; too few for that; of different or large sizes. */
      reason: z.enum(['whole', 'few', 'patches']),
      fewPictures: z.boolean(),
      suggestedName: modelName,
      presets: z.array(z.object({ preset: presetName, seconds: z.number() })),
    }),
  ),
  startTeaching: call(teachOptions, z.object({ modelId: id })),
  /** Continues a stopped model from its last checkpoint, for `seconds` more when it had finished. */
  resumeTeaching: call(
    z.object({
      modelId: id,
      seconds: z.number().positive().optional(),
      /** Open folders to go on with; else those that it was taught with. */
      datasetId: id.optional(),
    }),
    z.object({ modelId: id }),
  ),
  pauseTeaching: call(z.object({ modelId: id }), z.object({})),
  /** Stops and keeps what has been learned; it can be resumed. */
  stopTeaching: call(z.object({ modelId: id }), z.object({})),
  /** All teachings of this engine process, the newest first. */
  teachings: call(z.object({}), z.array(teaching)),
  /** Follows one teaching: what is there at once, then every change. Ends when the teaching ends. */
  watchTeaching: stream(
    z.object({ modelId: id }),
    z.discriminatedUnion('type', [
      z.object({ type: z.literal('state'), teaching }),
      z.object({ type: z.literal('curve'), curve: modelCard.shape.curve }),
      z.object({ type: z.literal('preview'), preview: teachPreview }),
      z.object({ type: z.literal('ended'), teaching, card: modelCard.nullable() }),
    ]),
  ),

  models: call(z.object({}), z.array(modelListing)),
  renameModel: call(z.object({ modelId: id, name: modelName }), modelCard),
  /** A copy under another name, which can be taught further on its own. */
  duplicateModel: call(z.object({ modelId: id, name: modelName }), modelCard),
  /** What a person wants to remember about a model. */
  setModelNotes: call(z.object({ modelId: id, notes: modelNotes }), modelCard),
  /** Moves the model to the trash folder beside the models; nothing is erased. */
  trashModel: call(z.object({ modelId: id }), z.object({ trashId: id })),
  /** Brings a model back from the trash. */
  restoreModel: call(z.object({ trashId: id }), modelCard),
  /** The model as one file, to give away: without the names of folders, without notes. */
  shareModel: call(
    z.object({ modelId: id, path: filePath }),
    z.object({ path: filePath, bytes: z.number() }),
  ),
  /** Takes in a model that somebody has shared. */
  takeModel: call(z.object({ path: filePath }), modelCard),
  /** A picture of what the model was taught with, or null. */
  modelPreview: call(z.object({ modelId: id }), shownPicture.nullable()),

  /** A small picture of a file, wherever it lies; null when it cannot be read. */
  smallPicture: call(z.object({ path: filePath, size: z.int().min(16).max(512) }), shownPicture.nullable()),
  /** Opens one picture to refine. `view` is at most `maxSide` pixels on its longer side. */
  openPicture: call(
    z.object({ path: filePath, maxSide: z.int().min(64).max(8192).default(4096) }),
    z.object({
      info: pictureInfo,
      view: shownPicture,
      /** Noise measured in the picture, as a standard deviation in 0..1. */
      noise: z.number().nonnegative(),
      /** When it was made here, and says how. */
      recipe: recipe.nullable(),
    }),
  ),
  /** Walks a picture uphill. Each step with what it looks like; the result is kept under `resultId`. */
  refine: stream(
    z.object({
      path: filePath,
      modelId: id,
      walk: walkOptions,
      maxSide: z.int().min(64).max(8192).default(4096),
    }),
    z.discriminatedUnion('type', [
      z.object({
        type: z.literal('step'),
        step: walkStep,
        view: shownPicture,
        /** Every step is kept for export, while there is memory. */
        resultId: id,
        secondsLeft: z.number().nullable(),
      }),
      /** Within one step of a large picture: tiles done. */
      z.object({ type: z.literal('tiles'), done: z.int(), of: z.int(), secondsLeft: z.number().nullable() }),
      z.object({ type: z.literal('done'), resultId: id, seconds: z.number() }),
    ]),
  ),
  /** New pictures from pure noise. */
  dream: stream(
    z.object({
      modelId: id,
      count: z.int().min(1).max(64),
      seed: z.int().min(0).max(0xffffffff),
      steps: z.int().min(1).max(200).default(30),
      /** Size in pixels for any-size models; whole-image models have their own. */
      size: z.object({ width: z.int().min(16).max(1024), height: z.int().min(16).max(1024) }).optional(),
    }),
    z.discriminatedUnion('type', [
      z.object({
        type: z.literal('step'),
        step: walkStep,
        views: z.array(shownPicture),
        secondsLeft: z.number().nullable(),
      }),
      z.object({ type: z.literal('done'), resultIds: z.array(id), seconds: z.number() }),
    ]),
  ),
  /** What a walk would do to a part of a picture: a square around a place given in shares of width and height. */
  previewWalk: call(
    z.object({
      path: filePath,
      modelId: id,
      walk: walkOptions,
      at: z.object({ x: z.number().min(0).max(1), y: z.number().min(0).max(1) }),
      side: z.int().min(32).max(512),
    }),
    z.object({ before: shownPicture, after: shownPicture }),
  ),
  /** Where a picture is unlike what the model knows, in colours; `most` is |r(x) - x| where it is most so. */
  unlikeness: call(
    z.object({
      path: filePath,
      modelId: id,
      sigma: walkOptions.shape.sigma,
      maxSide: z.int().min(64).max(8192).default(4096),
    }),
    z.object({ view: shownPicture, most: z.number() }),
  ),
  /** The pictures in what was chosen or dropped: files as they are, folders with all that is in them. */
  findPictures: call(
    z.object({ paths: z.array(filePath).min(1).max(10_000) }),
    z.object({
      /** `folder` is where a picture lies below what was given: empty for a file, else the folder's own name first. */
      pictures: z.array(z.object({ path: filePath, folder: z.string() })),
      leftOut: z.array(z.object({ path: filePath, reason: z.string() })),
    }),
  ),
  /** Walks a picture from a file to a file, without showing it on the way. */
  refineToFile: stream(
    z.object({ path: filePath, modelId: id, walk: walkOptions, target: exportTarget }),
    z.discriminatedUnion('type', [
      z.object({ type: z.literal('progress'), share: z.number().min(0).max(1) }),
      z.object({
        type: z.literal('done'),
        path: filePath,
        bytes: z.number(),
        gain: z.number(),
        seconds: z.number(),
      }),
    ]),
  ),
  /** What waited in the queue when Uphill ended last. */
  keptQueue: call(z.object({}), z.array(queueOrder)),
  /** Keeps what waits, in place of what was kept. */
  keepQueue: call(z.object({ orders: z.array(queueOrder).max(100_000) }), z.object({})),
  /** Frees a kept result. */
  forgetResult: call(z.object({ resultId: id }), z.object({})),

  /**
   * Writes a kept result to a file, atomically; never over an existing file unless `replace` was chosen, and never
   * over a picture that was opened here.
   */
  exportResult: call(
    z.object({
      resultId: id,
      target: exportTarget,
      /** The picture that was walked; without it there is no amount but 1, and there are no details. */
      original: filePath.optional(),
    }),
    z.object({ path: filePath, bytes: z.number() }),
  ),

  /**
   * Teaches a small generator on an open folder and keeps samples of it for a week, as files: something to refine for
   * those who have no samples of a generator. Small pictures of one size only.
   */
  makeSamples: stream(
    z.object({
      datasetId: id,
      kind: z.enum(['vae', 'gan']),
      count: z.int().min(1).max(1000).default(64),
      seed: seed.default(1),
      epochs: z.int().min(1).max(1000).optional(),
    }),
    z.discriminatedUnion('type', [
      z.object({
        type: z.literal('progress'),
        phase: z.enum(['reading', 'teaching']),
        share: z.number().min(0).max(1),
        secondsLeft: z.number().nullable(),
      }),
      z.object({ type: z.literal('done'), folder: filePath, count: z.int() }),
    ]),
  ),

  /** The bundled pictures as folders: digits to learn from, and noisy ones that are not among them. */
  samplePictures: call(z.object({}), z.object({ folder: filePath, noisy: filePath })),

  /** Pixels pasted or dropped without a path (clipboard): kept as a file of the session. */
  keepPasted: call(z.object({ bytes }), z.object({ path: filePath })),
} as const

export type Contract = typeof contract

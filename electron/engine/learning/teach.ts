/**
 * Teaching: from a dataset to a model in the library.
 *
 * A teaching is stopped by its signal and keeps what it has learned; it is resumed from its checkpoint, which
 * holds weights, moments, averages and the step number. Batches and noise depend on (seed, step) alone, so a
 * resumed teaching goes on as if it had not stopped.
 */
import { availableParallelism } from 'node:os'
import type {
  CurvePoint,
  Dataset,
  ModelCard,
  PictureSource,
  TeachOptions,
  TeachPreview,
  TeachProgress,
} from '../../../shared/domain.ts'
import { modelCard } from '../../../shared/domain.ts'
import { UphillError } from '../../../shared/errors.ts'
import { indexSource } from '../datasets/index-folder.ts'
import { Denoiser, netOf } from '../models/denoiser.ts'
import type { StoredCard } from '../models/card.ts'
import type { ModelLibrary } from '../models/library.ts'
import { measureScale } from '../nets/any-size.ts'
import type { Net } from '../nets/net.ts'
import { wholeImageSize } from '../nets/whole-image.ts'
import { type Tensor4D, loadTensorflow, tensorflow } from '../tensor/backend.ts'
import { withLessMemory } from '../tensor/memory.ts'
import { registerNativeGradients } from '../tensor/ops.ts'
import { Evaluation } from './evaluation.ts'
import type { PauseGate } from './pause-gate.ts'
import { PictureSet } from './pictures.ts'
import { chooseKind } from './plan.ts'
import { choosePrecision } from './precision.ts'
import { type TeachClock, TeachLoop } from './teach-loop.ts'
import { type NamedTensor, type StepOptions, TrainingStep, initialState } from './training-step.ts'

export type TeachEvent =
  | { type: 'progress'; progress: TeachProgress }
  | { type: 'curve'; curve: CurvePoint[] }
  | { type: 'preview'; preview: TeachPreview }

export interface TeachRun {
  /** Stops and keeps: the promise resolves with a card whose state is `stopped`. */
  signal?: AbortSignal | undefined
  pause?: PauseGate | undefined
  onEvent?: ((event: TeachEvent) => void) | undefined
  /** Memory for decoded pictures, in bytes; default a quarter of the machine's. */
  budgetBytes?: number | undefined
  /** What a plan by time is measured with; default the time on the wall. */
  clock?: TeachClock | undefined
}

/** CPU time of this process, shared among the cores: the same work counts the same on a busy machine. */
export const processorClock: TeachClock = {
  now: () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000 / availableParallelism()
  },
}

/** What one step of an any-size model sees: patches, and their side in pixels. */
export const anySizeExample = { batch: 8, side: 64 } as const
/** Pixels in a batch of whole pictures: 64 digits of 32 x 32. */
const wholeImageBatchPixels = 64 * 32 * 32

/**
 * Teaches a new model.
 * @param modelId from library.freshId
 * @throws UphillError NAME_TAKEN, MODEL_IN_USE, NO_PICTURES, TOO_FEW_PICTURES, NATIVE_MISSING, DIVERGED, DISK_FULL, NOT_WRITABLE;
 * CANCELLED only when it was stopped before anything was learned
 */
export function teach(
  library: ModelLibrary,
  modelId: string,
  dataset: Dataset,
  options: TeachOptions,
  run: TeachRun = {},
): Promise<ModelCard> {
  return alone(library, modelId, () => begin(library, modelId, dataset, options, run))
}

/** Another window or command must neither teach, rename nor delete the model meanwhile. */
async function alone(
  library: ModelLibrary,
  modelId: string,
  work: () => Promise<ModelCard>,
): Promise<ModelCard> {
  const lock = await library.lock(modelId)
  try {
    return await work()
  } finally {
    await lock.release()
  }
}

async function begin(
  library: ModelLibrary,
  modelId: string,
  dataset: Dataset,
  options: TeachOptions,
  run: TeachRun,
): Promise<ModelCard> {
  const kind = chooseKind(dataset, options.kind)
  await library.requireFreeName(options.name)
  await loadTensorflow()
  registerNativeGradients()
  const now = new Date().toISOString()
  const draft: StoredCard = {
    format: 1,
    id: modelId,
    name: options.name,
    kind,
    loss: options.loss,
    channels: dataset.greyscale ? 1 : 3,
    size: kind === 'whole-image' ? dataset.uniformSize : null,
    parameters: 1,
    createdAt: now,
    updatedAt: now,
    taughtWith: {
      folder: dataset.folder,
      more: dataset.more,
      leftOut: options.leftOut,
      pictures: dataset.pictures.length,
      heldOut: 0,
      seed: options.seed,
      plannedSeconds: options.seconds,
    },
    state: 'teaching',
    step: 0,
    seconds: 0,
    scores: { psnrNoisy: null, psnrDenoised: null, loss: null },
    curve: [],
    files: { weights: null, checkpoint: null, preview: null },
    precision: 'float32',
    plan: { fromSeconds: 0, fromStep: 0, steps: options.steps ?? null },
  }
  const net = netOf(draft)
  const parameters = net.parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)
  return learn(library, { ...draft, parameters }, net, dataset, null, run)
}

/**
 * Continues a model from its last checkpoint: to the end of its plan, or `extraSeconds` more when that has been reached.
 * @param source other folders to go on with; they stay on the card
 * @throws UphillError as teach, and MODEL_NOT_FOUND, MODEL_DAMAGED; BAD_INPUT when it is finished and no time is given,
 * and when a whole-image model is to go on with pictures of another size
 */
export function resumeTeaching(
  library: ModelLibrary,
  modelId: string,
  extraSeconds?: number,
  run: TeachRun = {},
  source?: PictureSource,
): Promise<ModelCard> {
  return alone(library, modelId, () => goOn(library, modelId, extraSeconds, run, source))
}

async function goOn(
  library: ModelLibrary,
  modelId: string,
  extraSeconds: number | undefined,
  run: TeachRun,
  source: PictureSource | undefined,
): Promise<ModelCard> {
  const found = await library.readGeneration(await library.stored(modelId), 'checkpoint')
  let { card } = found
  if (extraSeconds !== undefined) {
    const plannedSeconds = card.seconds + extraSeconds
    const plan = { fromSeconds: card.seconds, fromStep: card.step, steps: null }
    card = { ...card, plan, taughtWith: { ...card.taughtWith, plannedSeconds } }
  } else if (card.state === 'finished') {
    throw new UphillError(
      'BAD_INPUT',
      `“${card.name}” has finished its plan.`,
      'Say how much longer it should learn.',
    )
  }
  if (source) card = { ...card, taughtWith: { ...card.taughtWith, ...source } }
  await loadTensorflow()
  registerNativeGradients()
  emitPhase(run, 'reading', card)
  const dataset = await indexSource(card.taughtWith, { signal: run.signal })
  refuseOtherSize(card, dataset)
  return learn(library, { ...card, state: 'teaching' }, netOf(card), dataset, found.tensors, run)
}

function refuseOtherSize({ name, size }: StoredCard, { folder, uniformSize }: Dataset): void {
  if (!size || (uniformSize?.width === size.width && uniformSize.height === size.height)) return
  throw new UphillError(
    'BAD_INPUT',
    `“${name}” knows pictures of ${size.width} × ${size.height} pixels, and not all of ${folder} are so.`,
    'Give it pictures of that size, or teach a new model.',
  )
}

async function learn(
  library: ModelLibrary,
  draft: StoredCard,
  net: Net,
  dataset: Dataset,
  checkpoint: NamedTensor[] | null,
  run: TeachRun,
): Promise<ModelCard> {
  const example = exampleSize(draft, net, dataset)
  const { seed } = draft.taughtWith
  emitPhase(run, 'reading', draft)
  const set = await PictureSet.load(dataset, {
    kind: draft.kind,
    channels: draft.channels,
    width: example.width,
    height: example.height,
    seed,
    plan: draft.plan.steps === null ? 'timed' : 'counted',
    step: draft.step,
    budgetBytes: run.budgetBytes,
    signal: run.signal,
    onProgress: (share) => emitPhase(run, 'reading', draft, share),
  })
  emitPhase(run, 'preparing', draft)
  await turn()
  const state =
    checkpoint ??
    initialState(net, seed, draft.kind === 'any-size' ? { scale: scaleOf(set, draft.channels, example) } : {})
  const begin = { card: draft, state, checkpoint: checkpoint !== null }
  return withLessMemory(example.batch, 1, async (batch) => {
    // Not the first try: on from what was saved before memory ran out.
    const saved = batch < example.batch ? await lastSaved(library, draft.id) : null
    return learnFrom(library, saved ?? begin, net, set, { ...example, batch }, run)
  })
}

interface From {
  card: StoredCard
  state: NamedTensor[]
  /** The state is one of a checkpoint, and the precision on the card was chosen. */
  checkpoint: boolean
}

async function lastSaved(library: ModelLibrary, id: string): Promise<From | null> {
  try {
    const { card, tensors } = await library.readGeneration(await library.stored(id), 'checkpoint')
    return { card: { ...card, state: 'teaching' }, state: tensors, checkpoint: true }
  } catch {
    return null
  }
}

async function learnFrom(
  library: ModelLibrary,
  { card: draft, state, checkpoint }: From,
  net: Net,
  set: PictureSet,
  example: { batch: number; width: number; height: number },
  run: TeachRun,
): Promise<ModelCard> {
  const { seed } = draft.taughtWith
  const options: StepOptions = { net, loss: draft.loss, ...example }
  const precision = checkpoint ? draft.precision : firstPrecision(draft, options, state)
  const step = new TrainingStep({ ...options, bfloat16: precision === 'bfloat16' }, state)
  const model = await Denoiser.load(modelCard.parse(draft), step.averages(), { precision, live: true })
  const card: StoredCard = {
    ...draft,
    patches: draft.kind === 'any-size' ? 'alike' : undefined,
    precision,
    taughtWith: { ...draft.taughtWith, pictures: set.taught, heldOut: set.heldOut.length },
  }
  try {
    const evaluation = new Evaluation(set, draft.channels, seed)
    const loop = new TeachLoop({
      library,
      card,
      step,
      model,
      set,
      evaluation,
      batch: example.batch,
      clock: run.clock ?? { now: () => performance.now() },
      run,
    })
    return modelCard.parse(await loop.run())
  } finally {
    step.dispose()
    model.dispose()
  }
}

/** Counted steps promise the same weights every time, so nothing may be left to a stopwatch. */
function firstPrecision(
  card: StoredCard,
  options: StepOptions,
  state: NamedTensor[],
): StoredCard['precision'] {
  return card.plan.steps === null ? choosePrecision(options, state) : 'float32'
}

/** The size of what one step sees. */
function exampleSize(
  card: StoredCard,
  net: Net,
  dataset: Dataset,
): { batch: number; width: number; height: number } {
  if (card.kind === 'whole-image') {
    const size = wholeImageSize(card.size!.width, card.size!.height)
    const batch = Math.min(64, Math.max(4, Math.round(wholeImageBatchPixels / (size.width * size.height))))
    return { batch, ...size }
  }
  // Most pictures should hold a whole patch; the few smaller ones are padded.
  const sides = dataset.pictures.map(({ width, height }) => Math.min(width, height)).sort((a, b) => a - b)
  const typical = sides[Math.floor(sides.length / 10)] ?? anySizeExample.side
  const side = Math.max(
    2 * net.multipleOf,
    Math.min(anySizeExample.side, typical - (typical % net.multipleOf)),
  )
  return { batch: anySizeExample.batch, width: side, height: side }
}

function scaleOf(
  set: PictureSet,
  channels: 1 | 3,
  { width, height }: { width: number; height: number },
): Float32Array {
  const tf = tensorflow()
  const count = 64
  const patches = tf.tensor4d(set.sample(count), [count, height, width, channels]) as Tensor4D
  const scale = measureScale(patches, channels)
  const values = new Float32Array(scale.dataSync())
  tf.dispose([patches, scale])
  return values
}

function emitPhase(run: TeachRun, phase: TeachProgress['phase'], card: StoredCard, share = 0): void {
  run.onEvent?.({
    type: 'progress',
    progress: {
      phase,
      step: card.step,
      share: phase === 'teaching' ? share : 0,
      seconds: card.seconds,
      secondsLeft: null,
      loss: card.scores.loss,
      psnr: card.scores.psnrDenoised,
      psnrNoisy: card.scores.psnrNoisy,
      picturesPerSecond: null,
    },
  })
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** What reading pictures costs the learning, and what reading costs compared with sharp alone. */
import sharp from 'sharp'
import { throwIfCancelled } from '../../../shared/errors.ts'
import { indexFolder } from '../datasets/index-folder.ts'
import { PictureSet } from '../learning/pictures.ts'
import { TrainingStep, initialState } from '../learning/training-step.ts'
import { anySizeNet } from '../nets/any-size.ts'
import { loadTensorflow } from '../tensor/backend.ts'
import { registerNativeGradients } from '../tensor/ops.ts'
import { cpuHasBfloat16 } from '../tensor/precision.ts'
import type { Ratio } from './interleave.ts'
import { spread } from './interleave.ts'

export interface LoadingTimings {
  /** Share of the loop's time in which no step ran: drawing batches, moving the window, waiting. */
  waitShare: number
  /** Time of a step while pictures are read beside it, divided by that of a step without, in turns. */
  stepBesideReading: Ratio
  picturesRead: number
  steps: number
  /** Decoding to three scales, divided by sharp decoding once, picture by picture. */
  readToSharp: Ratio
}

/** @param folder of photographs that does not fit into the budget */
export async function timeLoading(
  folder: string,
  options: { seconds: number; batch: number; side: number; signal?: AbortSignal },
): Promise<LoadingTimings> {
  await loadTensorflow()
  registerNativeGradients()
  const { batch, side, signal } = options
  const dataset = await indexFolder(folder, { signal })
  let read = 0
  const load = (budgetBytes: number): Promise<PictureSet> =>
    PictureSet.load(dataset, {
      kind: 'any-size',
      channels: 3,
      width: side,
      height: side,
      seed: 1,
      plan: 'timed',
      budgetBytes,
      signal,
      onRead: () => read++,
    })
  // A third of the folder: the window moves for as long as the learning lasts.
  const bytes = dataset.pictures.reduce((sum, { width, height }) => sum + width * height * 3 * 1.37, 0)
  const [moving, still] = [await load(bytes / 3), await load(bytes * 2)]
  read = 0
  const net = anySizeNet(3)
  const state = initialState(net, 1, { scale: new Float32Array(12).fill(8) })
  const step = new TrainingStep(
    { net, loss: 'bce', batch, width: side, height: side, bfloat16: cpuHasBfloat16() },
    state,
  )
  let steps = 0
  let inSteps = 0
  const loop = async (set: PictureSet, milliseconds: number): Promise<{ perStep: number; all: number }> => {
    const start = performance.now()
    let [count, inside] = [0, 0]
    while (performance.now() - start < milliseconds) {
      const waiting = set.prepare(steps)
      if (waiting) await waiting
      const drawn = set.batch(steps, batch)
      const began = performance.now()
      step.run(drawn, steps, 0.1, [1, steps])
      inside += performance.now() - began
      steps++
      count++
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    inSteps += inside
    return { perStep: inside / count, all: performance.now() - start }
  }
  const ratios: number[] = []
  let [moved, inMoved] = [0, 0]
  const turns = 10
  await loop(still, 500)
  for (let turn = 0; turn < turns; turn++) {
    throwIfCancelled(signal)
    const without = await loop(still, (options.seconds * 1000) / turns / 2)
    inSteps = 0
    const beside = await loop(moving, (options.seconds * 1000) / turns / 2)
    ratios.push(beside.perStep / without.perStep)
    moved += beside.all
    inMoved += inSteps
  }
  step.dispose()
  const own: number[] = []
  for (const { path } of dataset.pictures.slice(0, 12)) {
    const start = performance.now()
    await readOnce(path, side)
    const middle = performance.now()
    await sharp(path).resize(1500, 1500, { fit: 'inside', withoutEnlargement: true }).raw().toBuffer()
    own.push((middle - start) / (performance.now() - middle))
  }
  return {
    waitShare: 1 - inMoved / moved,
    stepBesideReading: spread(ratios),
    picturesRead: read,
    steps,
    readToSharp: spread(own),
  }

  async function readOnce(path: string, of: number): Promise<void> {
    const info = dataset.pictures.find((picture) => picture.path === path)!
    await PictureSet.readVersions(info, { kind: 'any-size', channels: 3, width: of, height: of })
  }
}

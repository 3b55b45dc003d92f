/** Whether bfloat16 costs quality: the same teaching, step for step, in both precisions. */
import { throwIfCancelled } from '../../../shared/errors.ts'
import type { ModelCard } from '../../../shared/domain.ts'
import { indexFolder } from '../datasets/index-folder.ts'
import { Evaluation } from '../learning/evaluation.ts'
import { PictureSet } from '../learning/pictures.ts'
import { learningRate } from '../learning/schedule.ts'
import { TrainingStep, initialState } from '../learning/training-step.ts'
import { Denoiser } from '../models/denoiser.ts'
import { anySizeNet } from '../nets/any-size.ts'
import { type Precision, cpuHasBfloat16 } from '../tensor/precision.ts'

export interface PrecisionQuality {
  steps: number
  /** Mean PSNR in dB of held-out pictures, denoised in the precision that was taught with. */
  psnr: Record<Precision, number>
}

/** @returns null where the processor has no bfloat16 */
export async function comparePrecisions(
  folder: string,
  options: { steps: number; batch: number; side: number; signal?: AbortSignal },
): Promise<PrecisionQuality | null> {
  if (!cpuHasBfloat16()) return null
  const { steps, batch, side, signal } = options
  const set = await PictureSet.load(await indexFolder(folder, { signal }), {
    kind: 'any-size',
    channels: 3,
    width: side,
    height: side,
    seed: 1,
    plan: 'counted',
    signal,
  })
  const net = anySizeNet(3)
  const evaluation = new Evaluation(set, 3, 1)
  const psnr = { float32: 0, bfloat16: 0 }
  for (const precision of ['float32', 'bfloat16'] as const) {
    const state = initialState(net, 1, { scale: new Float32Array(12).fill(8) })
    const bfloat16 = precision === 'bfloat16'
    const step = new TrainingStep({ net, loss: 'bce', batch, width: side, height: side, bfloat16 }, state)
    for (let index = 0; index < steps; index++) {
      throwIfCancelled(signal)
      step.run(set.batch(index, batch), index, learningRate(index / steps), [1, index])
      if (index % 4 === 0) await new Promise<void>((resolve) => setImmediate(resolve))
    }
    const model = await Denoiser.load(card, step.averages(), { precision })
    psnr[precision] = evaluation.psnr(model)
    model.dispose()
    step.dispose()
  }
  return { steps, psnr }
}

const card = { kind: 'any-size', channels: 3, size: null, name: 'benchmark' } as unknown as ModelCard

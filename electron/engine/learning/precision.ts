import { type Precision, cpuHasBfloat16, worthIt } from '../tensor/precision.ts'
import type { NamedTensor, StepOptions } from './training-step.ts'
import { TrainingStep } from './training-step.ts'

/** Times a few steps both ways and says which is faster here. The given state is not changed. */
export function choosePrecision(options: StepOptions, state: readonly NamedTensor[]): Precision {
  if (!cpuHasBfloat16()) return 'float32'
  try {
    const float32 = fastestStep({ ...options, bfloat16: false }, state)
    const bfloat16 = fastestStep({ ...options, bfloat16: true }, state)
    return bfloat16 < worthIt * float32 ? 'bfloat16' : 'float32'
  } catch {
    return 'float32'
  }
}

function fastestStep(options: StepOptions, state: readonly NamedTensor[]): number {
  const step = new TrainingStep(options, state)
  try {
    const { batch, height, width, net } = options
    const clean = new Float32Array(batch * height * width * net.channels).fill(0.5)
    const sigmas = new Float32Array(batch).fill(0.1)
    let best = Infinity
    for (let round = 0; round < 4; round++) {
      const start = performance.now()
      const loss = step.run({ clean, sigmas }, round, 0, [1, round])
      if (!Number.isFinite(loss)) return Infinity
      if (round > 0) best = Math.min(best, performance.now() - start)
    }
    return best
  } finally {
    step.dispose()
  }
}

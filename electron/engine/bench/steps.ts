/** The step and the application of the any-size net: ours in both precisions, eager tfjs, and PyTorch. */
import os from 'node:os'
import type { ModelCard } from '../../../shared/domain.ts'
import { throwIfCancelled } from '../../../shared/errors.ts'
import type { NamedTensor, StepOptions } from '../learning/training-step.ts'
import { initialState } from '../learning/training-step.ts'
import { anySizeNet } from '../nets/any-size.ts'
import { loadTensorflow } from '../tensor/backend.ts'
import { registerNativeGradients } from '../tensor/ops.ts'
import { cpuHasBfloat16 } from '../tensor/precision.ts'
import { type Candidate, PeerProcess, ownApply, ownStep } from './candidates.ts'
import { type Ratio, type Timing, inTurns } from './interleave.ts'

export interface StepTimings {
  batch: number
  side: number
  timings: Timing[]
  /** Our time divided by PyTorch's in float32; null where it was not measured. */
  stepF32: Ratio | null
  stepBf16: Ratio | null
  applyF32: Ratio | null
  applyBf16: Ratio | null
  /** Compiled divided by eager tfjs. */
  stepToEager: Ratio | null
  /** Our bfloat16 divided by PyTorch's bfloat16. */
  stepBf16ToBf16: Ratio | null
  applyBf16ToBf16: Ratio | null
}

export interface Peer {
  python: string
  script: string
}

/** @param size of one batch: examples, and their side in pixels */
export async function timeSteps(
  size: { batch: number; side: number },
  options: { rounds: number; peer: Peer | null; signal?: AbortSignal },
): Promise<{ timings: StepTimings; torch: string | null }> {
  await loadTensorflow()
  registerNativeGradients()
  const net = anySizeNet(3)
  const { batch, side } = size
  const state: NamedTensor[] = initialState(net, 1, { scale: new Float32Array(12).fill(8) })
  const step: StepOptions = { net, loss: 'bce', batch, height: side, width: side }
  const half = cpuHasBfloat16()
  const candidates: Candidate[] = [ownStep('step, float32', step, state)]
  if (half) candidates.push(ownStep('step, bfloat16', { ...step, bfloat16: true }, state))
  candidates.push(ownStep('step, eager tfjs', { ...step, eager: true }, state))
  candidates.push(await ownApply('apply, float32', card, step, state, 'float32'))
  if (half) candidates.push(await ownApply('apply, bfloat16', card, step, state, 'bfloat16'))
  const peers: PeerProcess[] = []
  if (options.peer) {
    for (const precision of half ? ['float32', 'bfloat16'] : ['float32']) {
      const setup = `${batch} ${side} 3 ${os.availableParallelism()} ${precision}`
      const peer = await PeerProcess.start(options.peer.python, [options.peer.script], setup)
      peers.push(peer)
      candidates.push(peer.candidate(`step, PyTorch ${precision}`, 'train'))
      candidates.push(peer.candidate(`apply, PyTorch ${precision}`, 'apply'))
    }
  }
  try {
    throwIfCancelled(options.signal)
    const { timings, ratio } = await inTurns(candidates, options.rounds, 3, options.signal)
    return {
      torch: peers[0]?.version ?? null,
      timings: {
        batch,
        side,
        timings,
        stepF32: ratio('step, float32', 'step, PyTorch float32'),
        stepBf16: ratio('step, bfloat16', 'step, PyTorch float32'),
        applyF32: ratio('apply, float32', 'apply, PyTorch float32'),
        applyBf16: ratio('apply, bfloat16', 'apply, PyTorch float32'),
        stepToEager: ratio('step, float32', 'step, eager tfjs'),
        stepBf16ToBf16: ratio('step, bfloat16', 'step, PyTorch bfloat16'),
        applyBf16ToBf16: ratio('apply, bfloat16', 'apply, PyTorch bfloat16'),
      },
    }
  } finally {
    for (const peer of peers) peer.end()
    for (const candidate of candidates) candidate.dispose()
  }
}

const card = { kind: 'any-size', channels: 3, size: null, name: 'benchmark' } as unknown as ModelCard

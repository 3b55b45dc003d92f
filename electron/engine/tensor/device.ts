/** What computes: the processor, or an NVIDIA card when the GPU pack is installed, the person has not said no, and it works. */
import { readSettings } from '../home.ts'
import { packBinding } from './gpu-pack.ts'
import { type GpuProof, rememberProof, rememberedProof } from './gpu-proof.ts'

export interface Device {
  readonly kind: 'cpu' | 'gpu'
  /** The binding to load, when it is not the ordinary one. */
  readonly binding: string | null
  /** Why it is not the card, though the person wants it; null otherwise. */
  readonly why: string | null
}

let chosen: Device | null = null

/** Chosen once in a process: TensorFlow cannot be loaded twice. */
export function device(): Device {
  chosen ??= choose()
  return chosen
}

/**
 * @param binding that of the GPU pack, or null
 * @param proofOf how to find out whether it works
 */
export function choose(
  wanted = readSettings().device,
  binding = packBinding(),
  proofOf: (binding: string) => GpuProof = rememberedProof,
): Device {
  const cpu = (why: string | null): Device => ({ kind: 'cpu', binding: null, why })
  if (wanted === 'cpu') return cpu(null)
  if (binding === null) return cpu(wanted === 'gpu' ? 'the GPU pack is not installed' : null)
  const { works, why } = proofOf(binding)
  return works ? { kind: 'gpu', binding, why: null } : cpu(why)
}

/** The card has failed at work. From the next start on the processor computes, until the card is tried again by hand. */
export function giveUpGpu(why: string): void {
  const { binding } = device()
  if (binding !== null) rememberProof(binding, { works: false, why })
}

/**
 * Whether the graphics card computes, tried in a process of its own: what is wrong with a driver or a card shows as a
 * crash as often as in words, and must not take the engine down.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { writeFileAtomic } from '../files/atomic.ts'
import { cacheFolder } from '../home.ts'

/** `why` says in words what is in the way, null when nothing is. */
const proof = z.object({ works: z.boolean(), why: z.string().nullable() })
export type GpuProof = z.infer<typeof proof>

/** A convolution whose result is known; it needs cuDNN, which fails more often than the driver does. */
const script = `
const b = require(process.argv[1])
const ones = (shape) => b.createTensor(shape, b.TF_FLOAT, new Float32Array(shape.reduce((x, y) => x * y)).fill(1))
const attribute = (name, type, value) => ({ name, type, value })
const [out] = b.executeOp('Conv2D', [
  attribute('T', b.TF_ATTR_TYPE, b.TF_FLOAT),
  attribute('strides', b.TF_ATTR_INT, [1, 1, 1, 1]),
  attribute('padding', b.TF_ATTR_STRING, 'VALID'),
  attribute('data_format', b.TF_ATTR_STRING, 'NHWC'),
  attribute('dilations', b.TF_ATTR_INT, [1, 1, 1, 1]),
  attribute('use_cudnn_on_gpu', b.TF_ATTR_BOOL, true),
], [ones([1, 8, 8, 4]), ones([3, 3, 4, 8])], 1)
const values = b.tensorDataSync(out.id)
console.log(JSON.stringify({ gpu: b.isUsingGpuDevice(), right: values.every((value) => Math.abs(value - 36) < 1e-3) }))`

const said = z.object({ gpu: z.boolean(), right: z.boolean() })
const patienceMs = 120_000

/** Tries it now. */
export function proveGpu(binding: string): GpuProof {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['-e', script, binding], {
    encoding: 'utf8',
    timeout: patienceMs,
    env: { ...process.env, ...gpuEnvironment, TF_CPP_MIN_LOG_LEVEL: '2', ELECTRON_RUN_AS_NODE: undefined },
  })
  if (status !== 0) {
    const lines = stderr.trim().split('\n')
    const cause = lines.find((line) => line.includes('Error')) ?? lines.at(-1) ?? ''
    const end = signal === null ? cause.slice(0, 300) : `it was ended by ${signal}`
    return { works: false, why: `its TensorFlow does not run: ${end}` }
  }
  const answer = said.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''))
  if (!answer.gpu)
    return { works: false, why: 'CUDA finds no NVIDIA card, or its driver is too old (525 or newer)' }
  if (!answer.right) return { works: false, why: 'it computes wrongly' }
  return { works: true, why: null }
}

/** Takes memory as it needs it, not all of the card at once: the window draws with it too. */
export const gpuEnvironment = { TF_FORCE_GPU_ALLOW_GROWTH: 'true' } as const

const proofFile = (): string => join(cacheFolder(), 'gpu-proof.json')

/** As it was found for this pack with this driver, or tried now. */
export function rememberedProof(binding: string): GpuProof {
  const key = `${binding}, ${driver()}`
  try {
    const known = z.record(z.string(), proof).parse(JSON.parse(readFileSync(proofFile(), 'utf8')))
    if (known[key]) return known[key]
  } catch {
    // Nothing is known yet.
  }
  const found = proveGpu(binding)
  rememberProof(binding, found)
  return found
}

/** Where nothing can be kept, it is tried again the next time. */
export function rememberProof(binding: string, found: GpuProof): void {
  try {
    mkdirSync(cacheFolder(), { recursive: true })
  } catch {
    return
  }
  const text = JSON.stringify({ [`${binding}, ${driver()}`]: found }, null, 2)
  void writeFileAtomic(proofFile(), text, { whenExists: 'replace' }).catch(() => undefined)
}

/** The version of NVIDIA's driver in the kernel; another one may do what this one could not. */
function driver(): string {
  try {
    return readFileSync('/proc/driver/nvidia/version', 'utf8').split('\n')[0] ?? ''
  } catch {
    return 'no driver'
  }
}

/** What runs here, and what to do about what does not. */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { DoctorReport } from '../../shared/domain.ts'
import { UphillError } from '../../shared/errors.ts'
import { modelsFolder } from './home.ts'
import { loadTensorflow } from './tensor/backend.ts'
import { device } from './tensor/device.ts'
import { gpuPackFits, packBinding } from './tensor/gpu-pack.ts'

type Problem = DoctorReport['problems'][number]

const gibibyte = 2 ** 30
const leastMemoryGiB = 3
const leastDiskGiB = 2
/** What decides how fast teaching is. */
const telling = ['avx2', 'avx512f', 'avx512_bf16', 'amx_bf16', 'asimd', 'bf16']

/** Looks at TensorFlow, the processor, memory, disk and Electron. Never throws: what is wrong is in `problems`. */
export async function doctor(): Promise<DoctorReport> {
  const problems: Problem[] = []
  const tensorflow = await tensorflowVersion(problems)
  const folder = modelsFolder()
  await checkFolder(folder, problems)
  checkDevice(problems)
  const memoryGiB = Math.round((os.totalmem() / gibibyte) * 10) / 10
  if (memoryGiB < leastMemoryGiB) {
    problems.push({
      what: `This machine has ${memoryGiB} GiB of memory.`,
      next: 'Teaching may run out of it: close other programs, and teach on small pictures.',
    })
  }
  return {
    tensorflow,
    backend: tensorflow === null ? 'none' : `tensorflow (native, ${device().kind === 'gpu' ? 'GPU' : 'CPU'})`,
    cpu: {
      model: os.cpus()[0]?.model.trim() ?? 'unknown',
      cores: os.availableParallelism(),
      features: cpuFeatures(),
    },
    gpu: gpuName(),
    device: { kind: device().kind, why: device().why, pack: gpuPackFits() ? packBinding() !== null : null },
    electron: electronVersion(),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    memoryGiB,
    modelsFolder: folder,
    problems,
  }
}

async function tensorflowVersion(problems: Problem[]): Promise<string | null> {
  try {
    return (await loadTensorflow()).version
  } catch (error) {
    if (!(error instanceof UphillError)) throw error
    problems.push({ what: error.message, next: error.next })
    return null
  }
}

/** Only who asked for the card has a problem without it. */
function checkDevice(problems: Problem[]): void {
  const { why } = device()
  if (why === null) return
  problems.push({
    what: `The processor computes, not the graphics card: ${why}.`,
    next:
      packBinding() === null
        ? 'Install the pack with `uphill gpu install`, or choose the processor in the settings.'
        : 'Mend that and run `uphill gpu try`, or choose the processor in the settings.',
  })
}

/** The models folder need not exist yet, but it must be possible to make it and write into it. */
async function checkFolder(folder: string, problems: Problem[]): Promise<void> {
  const existing = await nearestExisting(folder)
  try {
    await fs.access(existing, fs.constants.W_OK)
  } catch {
    problems.push({
      what: `Models are kept in ${folder}, which cannot be written.`,
      next: 'Give yourself the right to write there, or set UPHILL_HOME to a folder of your own.',
    })
    return
  }
  // Some network drives do not tell.
  const space = await fs.statfs(existing).catch(() => null)
  const freeGiB = space ? (space.bavail * space.bsize) / gibibyte : Infinity
  if (freeGiB < leastDiskGiB) {
    problems.push({
      what: `Only ${freeGiB.toFixed(1)} GiB are free where models are kept (${folder}).`,
      next: 'Free some space, or set UPHILL_HOME to a folder on a larger disk.',
    })
  }
}

async function nearestExisting(folder: string): Promise<string> {
  let candidate = folder
  for (;;) {
    const found = await fs.stat(candidate).catch(() => null)
    if (found) return candidate
    const parent = path.dirname(candidate)
    if (parent === candidate) return candidate
    candidate = parent
  }
}

function cpuFeatures(): string[] {
  const words = new Set(featureText().toLowerCase().split(/\s+/))
  return telling.filter((feature) => words.has(feature))
}

function featureText(): string {
  if (process.platform === 'linux') {
    try {
      return readFileSync('/proc/cpuinfo', 'utf8')
    } catch {
      return ''
    }
  }
  if (process.platform === 'darwin')
    return answerOf('sysctl', ['-n', 'machdep.cpu.features', 'machdep.cpu.leaf7_features'])
  return ''
}

/** The name of an NVIDIA card, or null. */
function gpuName(): string | null {
  return answerOf('nvidia-smi', ['--query-gpu=name', '--format=csv,noheader']).split('\n')[0] || null
}

/** Electron tells its children its version; in a clone the set-up says which one it found. */
function electronVersion(): string | null {
  return process.env['UPHILL_ELECTRON'] ?? null
}

function answerOf(command: string, args: string[]): string {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', timeout: 10_000 })
  return status === 0 ? stdout.trim() : ''
}

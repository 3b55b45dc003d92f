/** Refining as a person does it, with the command line in a process of its own: speed, and the most memory it took. */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { UphillError } from '../../../shared/errors.ts'
import { makePhotos } from './photos.ts'

export interface RefineTiming {
  megapixels: number
  steps: number
  seconds: number
  megapixelsPerSecond: number
  /** The most resident memory of the process; null where the system does not tell (only Linux does). */
  peakRssMiB: number | null
}

/**
 * @param cli arguments that start the command line with this Node
 * @param home with a model called Benchmark
 */
export async function timeRefining(
  cli: readonly string[],
  home: string,
  folder: string,
  megapixels: number,
  steps: number,
  signal?: AbortSignal,
): Promise<RefineTiming> {
  const side = Math.round(Math.sqrt(megapixels * 1e6))
  const [picture] = await makePhotos(path.join(folder, `${megapixels}`), {
    count: 1,
    width: side,
    height: side,
    format: 'png',
  })
  const words = ['refine', picture!, '--model', 'Benchmark', '--sigma', '0.1', '--steps', `${steps}`]
  const start = performance.now()
  const peakRssMiB = await runCounted(
    [...cli, ...words, '--out', path.join(folder, `refined-${megapixels}`)],
    { ...process.env, UPHILL_HOME: home },
    signal,
  )
  const seconds = (performance.now() - start) / 1000
  return { megapixels, steps, seconds, megapixelsPerSecond: (megapixels * steps) / seconds, peakRssMiB }
}

/** Runs Node with the arguments. @returns the most resident memory, as Linux counts it */
export async function runCounted(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<number | null> {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'], signal })
  let complaint = ''
  child.stderr.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-2000)))
  let peak: number | null = null
  const watch = setInterval(() => {
    try {
      const status = fs.readFileSync(`/proc/${child.pid}/status`, 'utf8')
      const kilobytes = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1])
      if (kilobytes) peak = kilobytes / 1024
    } catch {
      // Ended, or not on Linux.
    }
  }, 100)
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', resolve)
    })
    if (code !== 0) {
      throw new UphillError(
        'INTERNAL',
        `The command line ended with ${code}: ${complaint}`,
        'Run the command by hand.',
      )
    }
    return peak
  } finally {
    clearInterval(watch)
  }
}

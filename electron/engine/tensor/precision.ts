/** Which precision the processor is good at. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import * as z from 'zod'
import { writeFileAtomic } from '../files/atomic.ts'
import { cacheFolder } from '../home.ts'
import { device } from './device.ts'

export type Precision = 'float32' | 'bfloat16'

/** bfloat16 has to be at least this much faster to be worth its rounding. */
export const worthIt = 0.9

/** True when it is the processor that computes and it has bfloat16; elsewhere TensorFlow emulates it, slowly or wrongly. */
export function cpuHasBfloat16(): boolean {
  if (process.platform !== 'linux' || device().kind === 'gpu') return false
  try {
    return /\bavx512_bf16\b|\bamx_bf16\b/.test(fs.readFileSync('/proc/cpuinfo', 'utf8'))
  } catch {
    return false
  }
}

const found = z.record(z.string(), z.enum(['float32', 'bfloat16']))

/**
 * What was chosen for a kind of net on this processor, or, the first time, what `measure` finds: timings differ from
 * one time to the next, and with the precision the last digits of every picture.
 */
export async function rememberedPrecision(kind: string, measure: () => Precision): Promise<Precision> {
  const file = path.join(cacheFolder(), 'precision.json')
  const key = `${os.cpus()[0]?.model ?? os.arch()}: ${kind}`
  const known = await readFound(file)
  if (known[key]) return known[key]
  const choice = measure()
  const text = `${JSON.stringify({ ...(await readFound(file)), [key]: choice }, null, 2)}\n`
  // Where nothing can be kept, it is measured again the next time.
  await fs.promises.mkdir(path.dirname(file), { recursive: true }).catch(() => undefined)
  await writeFileAtomic(file, text, { whenExists: 'replace' }).catch(() => undefined)
  return choice
}

async function readFound(file: string): Promise<z.infer<typeof found>> {
  try {
    return found.parse(JSON.parse(await fs.promises.readFile(file, 'utf8')))
  } catch {
    return {}
  }
}

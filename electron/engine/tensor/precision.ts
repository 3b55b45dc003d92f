/** Which precision the processor is good at. */
import fs from 'node:fs'

export type Precision = 'float32' | 'bfloat16'

/** bfloat16 has to be at least this much faster to be worth its rounding. */
export const worthIt = 0.9

/** True when the processor computes in bfloat16; elsewhere TensorFlow emulates it, slowly or wrongly. */
export function cpuHasBfloat16(): boolean {
  if (process.platform !== 'linux') return false
  try {
    return /\bavx512_bf16\b|\bamx_bf16\b/.test(fs.readFileSync('/proc/cpuinfo', 'utf8'))
  } catch {
    return false
  }
}

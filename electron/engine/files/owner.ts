/** Which process a file on disk belongs to, and whether that process still is. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'

/** Process ids mean something on one machine only; folders can be shared by several. */
export const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8)

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It is there, and somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * Tells a process from a later one with the same id. Field 22 of /proc/<pid>/stat (proc(5)), clock ticks since boot;
 * null where there is no such file.
 */
export function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in field 2 can hold spaces and brackets.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}

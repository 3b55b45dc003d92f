/** Temporary files of writes: their names say whose they are, so that those of a crash can be told and removed. */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import { host, isRunning } from './owner.ts'

const pattern = /^\.uphill-([0-9a-f]{8})-(\d+)-[0-9a-f]{12}\.tmp$/

/** A short name of its own: the target's may already have the 255 bytes that a name can have. */
export function temporaryName(): string {
  return `.uphill-${host}-${process.pid}-${randomBytes(6).toString('hex')}.tmp`
}

const swept = new Set<string>()

/** Removes, once per process and folder, what processes of this machine that are no more have left there. */
export async function sweepLeftovers(folder: string): Promise<void> {
  if (swept.has(folder)) return
  swept.add(folder)
  const names = await fs.readdir(folder).catch(() => [])
  for (const name of names) {
    const [, owner, pid] = pattern.exec(name) ?? []
    if (owner === host && !isRunning(Number(pid))) {
      await fs.unlink(path.join(folder, name)).catch(() => undefined)
    }
  }
}

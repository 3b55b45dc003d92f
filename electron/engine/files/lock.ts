/**
 * Locks between processes: the app and the command line work on one library. A lock is a file that says who holds it;
 * one whose holder is no more is taken over, so nothing has to be cleaned up after a crash.
 */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import path from 'node:path'
import * as z from 'zod'
import { UphillError } from '../../../shared/errors.ts'
import { writeFileAtomic } from './atomic.ts'
import { makeFolder } from './folder.ts'
import { host, isRunning, startOf } from './owner.ts'

const holder = z.object({ host: z.string(), pid: z.int().positive(), start: z.string().nullable() })
type Holder = z.infer<typeof holder>

export interface Lock {
  release(): Promise<void>
}

const beatMs = 10_000
/** The holder on another machine cannot be asked; it touches its lock every `beatMs`. */
const silentAtMostMs = 120_000

/**
 * @param file is made, with its folder; the lock is its being there
 * @param refusal for when somebody else holds it
 * @throws UphillError what `refusal` makes, DISK_FULL, NOT_WRITABLE
 */
export async function takeLock(file: string, refusal: () => UphillError): Promise<Lock> {
  const own: Holder = { host, pid: process.pid, start: startOf(process.pid) }
  await makeFolder(path.dirname(file), 'lock the model')
  for (let attempt = 1; ; attempt++) {
    try {
      await writeFileAtomic(file, JSON.stringify(own))
      break
    } catch (error) {
      if (!(error instanceof UphillError) || error.code !== 'FILE_EXISTS') throw error
      if (attempt > 3 || (await isHeld(file))) throw refusal()
      await removeStale(file)
    }
  }
  const beat = setInterval(() => {
    const now = new Date()
    fs.utimes(file, now, now).catch(() => undefined)
  }, beatMs)
  beat.unref()
  return {
    async release() {
      clearInterval(beat)
      await fs.unlink(file).catch(() => undefined)
    },
  }
}

/** Whether a live process holds this lock. */
export async function isHeld(file: string): Promise<boolean> {
  const known = await readHolder(file)
  if (!known) return false
  if (known.host !== host) {
    const { mtimeMs } = await fs.stat(file).catch(() => ({ mtimeMs: 0 }))
    return Date.now() - mtimeMs < silentAtMostMs
  }
  return isRunning(known.pid) && startOf(known.pid) === known.start
}

async function readHolder(file: string): Promise<Holder | null> {
  try {
    return holder.parse(JSON.parse(await fs.readFile(file, 'utf8')))
  } catch {
    return null
  }
}

/** Two who find the same stale lock must not both win: it is moved aside, and given back if it was a new one by then. */
async function removeStale(file: string): Promise<void> {
  const aside = `${file}.${randomBytes(6).toString('hex')}`
  try {
    await fs.rename(file, aside)
  } catch {
    return
  }
  if (await isHeld(aside)) await fs.link(aside, file).catch(() => undefined)
  await fs.unlink(aside)
}

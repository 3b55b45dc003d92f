/** Room on the disk for work that does not fit into memory: gone when the work ends, swept when it was cut off. */
import fs from 'node:fs/promises'
import path from 'node:path'
import { UphillError } from '../../../shared/errors.ts'
import { toFileError } from './atomic.ts'
import { makeFolder } from './folder.ts'
import { isRunning } from './owner.ts'

const prefix = 'work-'

/**
 * @param parent is made when it is not there
 * @param bytes what the work will need; refused when the disk has less free
 * @throws UphillError DISK_FULL, NOT_WRITABLE
 */
export async function withWorkFolder<T>(
  parent: string,
  bytes: number,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  let folder: string
  try {
    await makeFolder(parent, 'make room for the work')
    await sweep(parent)
    await requireRoom(parent, bytes)
    folder = await fs.mkdtemp(path.join(parent, `${prefix}${process.pid}-`))
  } catch (error) {
    throw toFileError(error, parent, 'make room for the work')
  }
  try {
    return await work(folder)
  } finally {
    await fs.rm(folder, { recursive: true, force: true })
  }
}

async function requireRoom(parent: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await fs.statfs(parent)
  const free = bavail * bsize
  if (free >= bytes) return
  const gigabytes = (value: number): string => `${(value / 1e9).toFixed(1)} GB`
  throw new UphillError(
    'DISK_FULL',
    `So large a picture needs ${gigabytes(bytes)} of the disk while it is refined; ${gigabytes(free)} are free at ${parent}.`,
    'Free some space, or set UPHILL_HOME to a folder on a larger disk.',
  )
}

/** Removes what processes that are no more have left. */
async function sweep(parent: string): Promise<void> {
  for (const name of await fs.readdir(parent)) {
    const owner = Number(new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1])
    if (owner && owner !== process.pid && !isRunning(owner)) {
      await fs.rm(path.join(parent, name), { recursive: true, force: true })
    }
  }
}

/** Making a folder, with the true reason when it cannot be made. */
import fs from 'node:fs/promises'
import { dirname } from 'node:path'
import { errnoOf, toFileError } from './atomic.ts'

/**
 * Makes the folder and those above it; one that is there is as good.
 * @param doing completes "Cannot ..."
 * @throws UphillError as toFileError
 */
export async function makeFolder(folder: string, doing = 'make the folder'): Promise<void> {
  try {
    await fs.mkdir(folder, { recursive: true })
  } catch (error) {
    throw toFileError(await trueReason(folder, error), folder, doing)
  }
}

/** A recursive mkdir() says ENOENT of a disk that can only be read; an ordinary one says EROFS. */
async function trueReason(folder: string, error: unknown): Promise<unknown> {
  if (errnoOf(error) !== 'ENOENT') return error
  for (let missing = folder; ; missing = dirname(missing)) {
    try {
      await fs.mkdir(missing)
      await fs.rmdir(missing)
      return error
    } catch (plain) {
      if (errnoOf(plain) !== 'ENOENT') return errnoOf(plain) === 'EEXIST' ? error : plain
      if (dirname(missing) === missing) return error
    }
  }
}

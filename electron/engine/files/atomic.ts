/** Writing files so that a reader, a crash or a full disk meets the old file or the new one, never a part. */
import { type FileHandle, link, lstat, open, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ErrorCode, UphillError } from '../../../shared/errors.ts'
import { sweepLeftovers, temporaryName } from './leftovers.ts'

/** Writes the content into the file at this path, which is there and empty: for what does not fit into memory. */
export type WriteTo = (path: string) => Promise<void>

/**
 * Writes a file by way of a temporary one in the same folder: written, synced, then put in place at once.
 * `fail` (the default) never touches an existing file, also when someone else makes it at the same moment.
 * On any error the temporary file is removed and what was at `path` is as it was.
 * @throws UphillError FILE_EXISTS, DISK_FULL, NOT_WRITABLE, FOLDER_NOT_FOUND, NAME_INVALID (see toFileError)
 */
export async function writeFileAtomic(
  path: string,
  data: Uint8Array | string | WriteTo,
  options: { whenExists?: 'fail' | 'replace' } = {},
): Promise<void> {
  const { whenExists = 'fail' } = options
  const target = resolve(path)
  const folder = dirname(target)
  const temporary = join(folder, temporaryName())
  try {
    await sweepLeftovers(folder)
    if (whenExists === 'fail') await failWhenThere(target)
    const handle = await open(temporary, 'wx')
    try {
      await writeAndSync(handle, temporary, data)
      if (whenExists === 'fail') await placeNew(temporary, target)
      else await renameOver(temporary, target)
    } catch (error) {
      await unlink(temporary).catch(() => undefined)
      throw error
    }
    await syncFolder(folder)
  } catch (error) {
    throw toFileError(error, target, `save ${quoted(target)}`)
  }
}

async function writeAndSync(
  handle: FileHandle,
  path: string,
  data: Uint8Array | string | WriteTo,
): Promise<void> {
  try {
    if (typeof data === 'function') await data(path)
    else await handle.writeFile(data)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Only to save the work: placeNew is what holds the promise. */
async function failWhenThere(target: string): Promise<void> {
  const there = await lstat(target).then(
    () => true,
    () => false,
  )
  if (there) throw Object.assign(new Error('file exists'), { code: 'EEXIST' })
}

/** link() fails when the target is there, in one step with making it; rename() would overwrite it. */
async function placeNew(temporary: string, target: string): Promise<void> {
  try {
    await link(temporary, target)
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV', 'UNKNOWN'].includes(errnoOf(error)))
      throw error
    // No hard links here (FAT, some network drives): claim the name with an empty file, then replace that.
    await (await open(target, 'wx')).close()
    try {
      await renameOver(temporary, target)
    } catch (failed) {
      await unlink(target).catch(() => undefined)
      throw failed
    }
    return
  }
  await unlink(temporary)
}

/** On Windows a virus scanner may hold the old file for a moment. */
async function renameOver(temporary: string, target: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await rename(temporary, target)
      return
    } catch (error) {
      const passing = process.platform === 'win32' && ['EPERM', 'EACCES', 'EBUSY'].includes(errnoOf(error))
      if (!passing || attempt === 6) throw error
      await sleep(20 * attempt)
    }
  }
}

/** Makes the new name itself durable. Not every system can; the file is whole either way. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch {
    return
  }
}

/**
 * Puts an error of the file system into words.
 * @param path what was read or written
 * @param doing completes "Cannot ...", for example `read the models`; one that begins with read, open or look
 *   makes the error one of reading
 * @returns UphillError with DISK_FULL, FILE_EXISTS, NOT_WRITABLE, NAME_INVALID, OUT_OF_MEMORY,
 *   FOLDER_NOT_FOUND (writing) or FILE_NOT_FOUND (reading), FOLDER_NOT_READABLE (reading). An UphillError stays as it is.
 */
export function toFileError(error: unknown, path: string, doing: string): UphillError {
  if (error instanceof UphillError) return error
  const reading = /^(read|open|look)\b/.test(doing)
  const { code, what, next } = describe(errnoOf(error), path, reading, error)
  return new UphillError(code, `Cannot ${doing}: ${what}.`, next, { cause: error })
}

/** The system's name of an error, such as ENOENT; empty when it has none. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

function describe(
  errno: string,
  path: string,
  reading: boolean,
  error: unknown,
): { code: ErrorCode; what: string; next: string } {
  const denied: ErrorCode = reading ? 'FOLDER_NOT_READABLE' : 'NOT_WRITABLE'
  const name = quoted(path)
  const folder = quoted(dirname(path))
  const elsewhere = 'Choose another folder.'
  switch (errno) {
    case 'ENOSPC':
    case 'EDQUOT':
      return {
        code: 'DISK_FULL',
        what:
          errno === 'ENOSPC'
            ? `the disk of ${folder} is full`
            : `your quota on the disk of ${folder} is used up`,
        next: 'Free some space or choose another disk, then try again. Nothing was changed.',
      }
    case 'EEXIST':
      return {
        code: 'FILE_EXISTS',
        what: `${name} is already there`,
        next: 'Choose another name, or choose to replace it.',
      }
    case 'ENOENT':
      if (reading)
        return {
          code: 'FILE_NOT_FOUND',
          what: `${name} is not there`,
          next: 'Check the name, or whether it was moved.',
        }
      return { code: 'FOLDER_NOT_FOUND', what: `the folder ${folder} is not there`, next: elsewhere }
    case 'EACCES':
    case 'EPERM':
      return {
        code: denied,
        what: reading
          ? `you have no permission to read ${name}`
          : `you have no permission to write in ${folder}`,
        next: reading
          ? 'Change its permissions, or choose another.'
          : 'Change the permissions of the folder, or choose another.',
      }
    case 'EROFS':
      return { code: 'NOT_WRITABLE', what: `the disk of ${folder} can only be read`, next: elsewhere }
    case 'EISDIR':
      return { code: denied, what: `${name} is a folder`, next: 'Choose another name.' }
    case 'ENOTDIR':
      return {
        code: denied,
        what: `a part of the path ${quoted(path, true)} is a file, not a folder`,
        next: elsewhere,
      }
    case 'ENAMETOOLONG':
      return {
        code: 'NAME_INVALID',
        what: `the name ${name} is too long for this disk (${Buffer.byteLength(basename(path))} bytes)`,
        next: 'Choose a shorter name.',
      }
    case 'EINVAL':
    case 'EILSEQ':
      return {
        code: 'NAME_INVALID',
        what: `this disk does not allow the name ${name}`,
        next: 'Choose another name.',
      }
    case 'ELOOP':
      return { code: denied, what: `${name} is a link that leads to itself`, next: 'Remove the link.' }
    case 'EBUSY':
    case 'ETXTBSY':
      return {
        code: denied,
        what: `${name} is in use by another program`,
        next: 'Close that program, then try again.',
      }
    case 'EFBIG':
      return {
        code: 'NOT_WRITABLE',
        what: 'the file would be larger than this disk allows',
        next: 'Choose another disk.',
      }
    case 'ENOMEM':
      return {
        code: 'OUT_OF_MEMORY',
        what: 'there is not enough memory',
        next: 'Close other programs, then try again.',
      }
    default: {
      const detail = error instanceof Error ? error.message : String(error)
      return { code: denied, what: detail.replace(/\.$/, ''), next: 'Check the disk, then try again.' }
    }
  }
}

function quoted(path: string, whole = false): string {
  const name = whole ? path : basename(path) || path
  return `“${name}”`
}

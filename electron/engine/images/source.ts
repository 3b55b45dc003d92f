/** From a path to something that can be decoded, or to a clear word why not. */
import { type FileHandle, open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import sharp, { type Sharp, type SharpOptions } from 'sharp'
import type { PictureFormat, PictureProblem } from '../../../shared/domain.ts'
import { type ErrorCode, UphillError } from '../../../shared/errors.ts'
import { errnoOf, toFileError } from '../files/atomic.ts'
import { kindByContent, kindByName, signatureBytes } from './formats.ts'

// libvips remembers pictures by path: a file that has changed since would be shown as it was.
sharp.cache(false)

/** Small files are read whole: one open, the system's own errors, and nothing held open on Windows. */
const wholeUpTo = 16 * 2 ** 20

type ProblemKind = PictureProblem['kind']

/** A picture that cannot be used. `reason` stands on its own beside the name, for lists. */
export class RefusedPicture extends UphillError {
  readonly kind: ProblemKind
  readonly reason: string

  constructor(
    code: ErrorCode,
    kind: ProblemKind,
    path: string,
    reason: string,
    next: string,
    cause?: unknown,
  ) {
    super(code, `“${basename(path)}” cannot be opened. ${reason}`, next, { cause })
    this.kind = kind
    this.reason = reason
  }
}

export function refused(path: string, kind: ProblemKind, reason: string, cause?: unknown): RefusedPicture {
  const code = kind === 'too-large' ? 'PICTURE_TOO_LARGE' : 'PICTURE_UNREADABLE'
  const next =
    kind === 'too-large' ? 'Make it smaller or cut it into parts first.' : 'Choose another picture.'
  return new RefusedPicture(code, kind, path, reason, next, cause)
}

export interface PictureSource {
  path: string
  format: PictureFormat
  /** Size of the file. */
  bytes: number
  /** The whole file, or null when it is large: then it is read from the path. */
  content: Buffer | null
}

/**
 * Looks at the file itself: there, permitted, not empty, and a picture by its first bytes, whatever it is called.
 * @throws RefusedPicture
 */
export async function openSource(path: string, want: 'header' | 'pixels'): Promise<PictureSource> {
  const byName = kindByName(path)
  if (byName.kind === 'unsupported') throw refused(path, 'unsupported', byName.reason)
  try {
    // Before opening: to open a pipe would wait for ever.
    const { size } = await regularFile(path)
    if (size === 0) throw refused(path, 'unreadable', 'The file is empty (0 bytes).')
    const handle = await open(path, 'r')
    try {
      const whole = want === 'pixels' && size <= wholeUpTo
      const content = await firstBytes(handle, whole ? size : signatureBytes)
      const found = kindByContent(content.subarray(0, signatureBytes))
      if ('unsupported' in found) throw refused(path, 'unsupported', found.unsupported)
      if ('nothing' in found) throw refused(path, 'not-a-picture', found.nothing)
      return { path, format: found.format, bytes: size, content: whole ? content : null }
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw toRefusal(error, path)
  }
}

async function regularFile(path: string): Promise<{ size: number }> {
  const found = await stat(path)
  if (found.isDirectory()) throw refused(path, 'not-a-picture', 'It is a folder, not a picture.')
  if (!found.isFile()) throw refused(path, 'not-a-picture', 'It is a device or a pipe, not a picture.')
  return found
}

/** One read: readFile() would ask for the size again and read until nothing comes. */
async function firstBytes(handle: FileHandle, count: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafeSlow(count), 0, count, 0)
  return buffer.subarray(0, bytesRead)
}

function toRefusal(error: unknown, path: string): RefusedPicture {
  if (error instanceof RefusedPicture) return error
  const errno = errnoOf(error)
  switch (errno) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new RefusedPicture(
        'FILE_NOT_FOUND',
        'unreadable',
        path,
        'The file is not there; it may have been moved or removed.',
        'Check where it is, and open it again.',
        error,
      )
    case 'EACCES':
    case 'EPERM':
      return new RefusedPicture(
        'PICTURE_UNREADABLE',
        'not-permitted',
        path,
        'You have no permission to read it.',
        'Change the permissions of the file, or choose another picture.',
        error,
      )
    case 'ELOOP':
      return refused(path, 'unreadable', 'It is a link that leads to itself.', error)
    default: {
      const { message } = toFileError(error, path, 'read it')
      return refused(path, 'unreadable', message, error)
    }
  }
}

/** A sharp pipeline on the source: first frame, upright, and broken pixels are errors instead of grey areas. */
export function pipeline(source: PictureSource, options: SharpOptions = {}): Sharp {
  return sharp(source.content ?? source.path, { autoOrient: true, failOn: 'error', ...options })
}

/** What an error of the decoder means for a person. */
export function decodingFailed(source: PictureSource, error: unknown): UphillError {
  if (error instanceof UphillError) return error
  const detail = error instanceof Error ? error.message : String(error)
  if (/allocat|out of memory|larger than/i.test(detail)) {
    return new UphillError(
      'OUT_OF_MEMORY',
      `There is not enough memory to open “${basename(source.path)}”.`,
      'Close other programs, or make the picture smaller first.',
      { cause: error },
    )
  }
  const cut =
    /premature end|end of file|unexpected end|bad seek|read error|not enough data|truncat|unknown error/i
  if (cut.test(detail)) return refused(source.path, 'unreadable', 'The file is damaged or cut short.', error)
  const first = detail.split('\n')[0]!.slice(0, 160)
  return refused(
    source.path,
    'unreadable',
    `The file is damaged or not quite ${source.format.toUpperCase()} (${first}).`,
    error,
  )
}

/** Pictures without a path, from the clipboard or another program: kept as files in the cache. */
import { createHash } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UphillError } from '../../../shared/errors.ts'
import { writeFileAtomic } from '../files/atomic.ts'
import { makeFolder } from '../files/folder.ts'
import { readPictureInfo } from '../images/decode.ts'

const largestBytes = 512 * 2 ** 20
const keptMs = 7 * 24 * 3600 * 1000

/** @throws BAD_INPUT, or what readPictureInfo says of the bytes */
export async function keepPasted(folder: string, bytes: Uint8Array): Promise<string> {
  if (bytes.byteLength === 0) {
    throw new UphillError('BAD_INPUT', 'The clipboard holds no picture.', 'Copy a picture and paste again.')
  }
  if (bytes.byteLength > largestBytes) {
    const size = (bytes.byteLength / 2 ** 20).toFixed(0)
    throw new UphillError(
      'PICTURE_TOO_LARGE',
      `The pasted picture has ${size} MiB.`,
      'Save it as a file and open that.',
    )
  }
  await makeFolder(folder, 'keep the picture')
  const name = createHash('sha256').update(bytes).digest('hex').slice(0, 24)
  const path = join(folder, `pasted-${name}.${extensionOf(bytes)}`)
  await writeFileAtomic(path, bytes, { whenExists: 'replace' })
  try {
    await readPictureInfo(path)
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
  return path
}

/** Removes what was pasted more than a week ago. */
export async function forgetOldPasted(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names) {
    const path = join(folder, name)
    const info = await stat(path).catch(() => null)
    if (info && Date.now() - info.mtimeMs > keptMs) await rm(path, { force: true })
  }
}

/** The first bytes say what it is; the reader says later whether that is true. */
function extensionOf(bytes: Uint8Array): string {
  const ascii = (from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to))
  if (bytes[0] === 0x89 && ascii(1, 4) === 'PNG') return 'png'
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return 'jpg'
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WEBP') return 'webp'
  if (ascii(0, 3) === 'GIF') return 'gif'
  if (ascii(0, 4) === 'II*\0' || ascii(0, 4) === 'MM\0*') return 'tif'
  if (ascii(4, 8) === 'ftyp') return 'avif'
  return 'png'
}

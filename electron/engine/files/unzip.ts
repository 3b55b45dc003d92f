/** Takes some files out of a zip archive, each as a stream: archives of many hundred megabytes go through in little memory. */
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createInflateRaw } from 'node:zlib'
import { UphillError } from '../../../shared/errors.ts'

interface Entry {
  name: string
  method: number
  packed: number
  size: number
  /** Where its local header begins. */
  at: number
}

const endSignature = 0x06054b50
const entrySignature = 0x02014b50
const localHeaderBytes = 30
const longestComment = 65_535

/**
 * @param placeOf where a file of the archive goes, or null to leave it; folders are made
 * @returns the files that were written, and their bytes
 * @throws UphillError MODEL_DAMAGED when the archive is not sound; errors of the file system as they come
 */
export async function unzip(
  archive: string,
  placeOf: (name: string) => string | null,
  signal?: AbortSignal,
): Promise<{ file: string; bytes: number }[]> {
  const written: { file: string; bytes: number }[] = []
  for (const entry of await entriesOf(archive)) {
    const file = entry.name.endsWith('/') ? null : placeOf(entry.name)
    if (file === null) continue
    await mkdir(path.dirname(file), { recursive: true })
    const start = await bodyOf(archive, entry)
    const body = createReadStream(archive, { start, end: start + entry.packed - 1, highWaterMark: 1 << 20 })
    const out = createWriteStream(file, { flags: 'wx' })
    if (entry.method === 0) await pipeline(body, out, { signal })
    else await pipeline(body, createInflateRaw({ chunkSize: 1 << 20 }), out, { signal })
    if (out.bytesWritten !== entry.size) throw damaged(archive, `${entry.name} is cut short`)
    written.push({ file, bytes: entry.size })
  }
  return written
}

async function read(archive: string, position: number, length: number): Promise<Buffer> {
  const file = await open(archive)
  try {
    const buffer = Buffer.alloc(length)
    const { bytesRead } = await file.read(buffer, 0, length, position)
    if (bytesRead !== length) throw damaged(archive, 'it is cut short')
    return buffer
  } finally {
    await file.close()
  }
}

async function sizeOf(archive: string): Promise<number> {
  const file = await open(archive)
  try {
    return (await file.stat()).size
  } finally {
    await file.close()
  }
}

/** The list at the end of an archive. */
async function entriesOf(archive: string): Promise<Entry[]> {
  const size = await sizeOf(archive)
  const tailLength = Math.min(size, 22 + longestComment)
  const tail = await read(archive, size - tailLength, tailLength)
  let end = tail.length - 22
  while (end >= 0 && tail.readUInt32LE(end) !== endSignature) end--
  if (end < 0) throw damaged(archive, 'it has no list of files')
  const list = await read(archive, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12))
  const entries: Entry[] = []
  for (let at = 0; at < list.length;) {
    if (list.readUInt32LE(at) !== entrySignature) throw damaged(archive, 'its list of files is not one')
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) =>
      list.readUInt16LE(at + offset),
    ) as [number, number, number]
    const name = list.toString('utf8', at + 46, at + 46 + nameLength)
    const method = list.readUInt16LE(at + 10)
    if (method !== 0 && method !== 8) throw damaged(archive, `${name} is packed in an unknown way`)
    const [packed, whole, start] = [20, 24, 42].map((offset) => list.readUInt32LE(at + offset)) as [
      number,
      number,
      number,
    ]
    entries.push({ name, method, packed, size: whole, at: start })
    at += 46 + nameLength + extraLength + commentLength
  }
  return entries
}

async function bodyOf(archive: string, { at }: Entry): Promise<number> {
  const header = await read(archive, at, localHeaderBytes)
  return at + localHeaderBytes + header.readUInt16LE(26) + header.readUInt16LE(28)
}

function damaged(archive: string, why: string): UphillError {
  return new UphillError(
    'MODEL_DAMAGED',
    `${path.basename(archive)} is damaged: ${why}.`,
    'Fetch it once more.',
  )
}

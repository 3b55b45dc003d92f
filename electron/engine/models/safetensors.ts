/**
 * Tensors by name in one file, in the safetensors format: 8 bytes of header length (little endian),
 * a JSON header { name: { dtype, shape, data_offsets } }, then the raw numbers. Readable from Python and Rust.
 */
import { createHash } from 'node:crypto'
import * as z from 'zod'
import { UphillError } from '../../../shared/errors.ts'

export interface NamedArray {
  name: string
  shape: number[]
  data: Float32Array
}

const maxHeaderBytes = 16 * 1024 * 1024
const whole = z.int().min(0)
const entry = z.object({
  dtype: z.literal('F32'),
  shape: z.array(whole).max(8),
  data_offsets: z.tuple([whole, whole]),
})
const strings = z.record(z.string(), z.string())
/** The name under which the metadata holds the SHA-256 of the numbers, in hexadecimal. */
const checksum = 'sha256'

export function encodeSafetensors(
  tensors: readonly NamedArray[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const bodies = tensors.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength))
  const header: Record<string, unknown> = { __metadata__: { ...metadata, [checksum]: sha256(bodies) } }
  let offset = 0
  for (const { name, shape, data } of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] }
    offset += data.byteLength
  }
  let text = JSON.stringify(header)
  text += ' '.repeat((8 - (Buffer.byteLength(text) % 8)) % 8)
  const json = Buffer.from(text)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return Buffer.concat([length, json, ...bodies])
}

/**
 * @throws UphillError MODEL_DAMAGED when the file is cut short, not of this format, not what was saved (its checksum),
 * or holds numbers that are not finite
 */
export function decodeSafetensors(
  file: Buffer,
  what: string,
): { tensors: NamedArray[]; metadata: Record<string, string> } {
  const damaged = (why: string): UphillError =>
    new UphillError(
      'MODEL_DAMAGED',
      `${what} is damaged: ${why}.`,
      'Teach the model again, or put back a copy of its folder.',
    )
  if (file.length < 8) throw damaged('it is too short')
  const headerLength = Number(file.readBigUInt64LE(0))
  if (headerLength > maxHeaderBytes || 8 + headerLength > file.length)
    throw damaged('its header is cut short')
  const body = file.subarray(8 + headerLength)
  const { __metadata__: about = {}, ...entries } = readHeader(
    file.toString('utf8', 8, 8 + headerLength),
    damaged,
  )
  const { [checksum]: expected, ...metadata } = strings.catch({}).parse(about)
  if (expected !== undefined && sha256([body]) !== expected)
    throw damaged('its numbers are not those that were saved')
  let unread = body.length
  const tensors = Object.entries(entries).map(([name, value]): NamedArray => {
    const parsed = entry.safeParse(value)
    if (!parsed.success) throw damaged(`${name} is not of a known type`)
    const {
      shape,
      data_offsets: [from, to],
    } = parsed.data
    const bytes = 4 * shape.reduce((a, b) => a * b, 1)
    // Tensors that share bytes could make gigabytes of a small file.
    unread -= bytes
    if (to - from !== bytes || to > body.length || unread < 0) throw damaged(`${name} is cut short`)
    const start = body.byteOffset + from
    const data = new Float32Array(body.buffer.slice(start, start + bytes) as ArrayBuffer)
    if (!data.every(Number.isFinite)) throw damaged(`${name} holds numbers that are not finite`)
    return { name, shape, data }
  })
  return { tensors, metadata }
}

function readHeader(text: string, damaged: (why: string) => UphillError): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text))
  } catch {
    throw damaged('its header cannot be read')
  }
}

function sha256(parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

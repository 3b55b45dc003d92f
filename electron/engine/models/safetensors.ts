/**
 * Tensors by name in one file, in the safetensors format: 8 bytes of header length (little endian),
 * a JSON header { name: { dtype, shape, data_offsets } }, then the raw numbers. Readable from Python and Rust.
 */
import { UphillError } from '../../../shared/errors.ts'

export interface NamedArray {
  name: string
  shape: number[]
  data: Float32Array
}

const maxHeaderBytes = 16 * 1024 * 1024

export function encodeSafetensors(
  tensors: readonly NamedArray[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata }
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
  const bodies = tensors.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength))
  return Buffer.concat([length, json, ...bodies])
}

/** @throws UphillError MODEL_DAMAGED when the file is cut short, not of this format, or holds no finite numbers. */
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
  let header: Record<string, unknown>
  try {
    header = JSON.parse(file.toString('utf8', 8, 8 + headerLength)) as Record<string, unknown>
  } catch {
    throw damaged('its header cannot be read')
  }
  const metadata = (header['__metadata__'] ?? {}) as Record<string, string>
  const tensors: NamedArray[] = []
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') continue
    const {
      dtype,
      shape,
      data_offsets: offsets,
    } = value as { dtype: string; shape: number[]; data_offsets: [number, number] }
    if (dtype !== 'F32' || !Array.isArray(shape) || !Array.isArray(offsets))
      throw damaged(`${name} is not of a known type`)
    const [from, to] = offsets
    const size = shape.reduce((a, b) => a * b, 1)
    const start = 8 + headerLength + from
    if (!(from >= 0) || to - from !== size * 4 || 8 + headerLength + to > file.length)
      throw damaged(`${name} is cut short`)
    const data = new Float32Array(
      file.buffer.slice(file.byteOffset + start, file.byteOffset + start + size * 4),
    )
    if (!data.every(Number.isFinite)) throw damaged(`${name} holds numbers that are not finite`)
    tensors.push({ name, shape, data })
  }
  return { tensors, metadata }
}

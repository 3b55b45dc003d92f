/**
 * A model as one file (.uphill), to give away and to take in: a safetensors file with the averaged weights whose
 * metadata hold the card and a small picture. There is nothing in it to unpack and nothing that runs, so a file from
 * a stranger can at most be refused.
 */
import fs from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import { modelCard, type ModelCard } from '../../../shared/domain.ts'
import { UphillError } from '../../../shared/errors.ts'
import { toFileError, writeFileAtomic } from '../files/atomic.ts'
import { netOf } from './denoiser.ts'
import { type StoredCard, parseCard } from './card.ts'
import type { ModelLibrary } from './library.ts'
import { type NamedArray, decodeSafetensors, encodeSafetensors } from './safetensors.ts'

const largestBytes = 512 * 2 ** 20
const previewSide = 512
const cardKey = 'uphill.card'
const previewKey = 'uphill.preview'

/**
 * Writes the model for others: without the names of folders and files, without notes, and without what only its
 * further teaching would need.
 * @throws UphillError MODEL_NOT_FOUND, MODEL_DAMAGED, FILE_EXISTS, DISK_FULL, NOT_WRITABLE
 */
export async function shareModel(
  library: ModelLibrary,
  id: string,
  file: string,
  options: { whenExists?: 'fail' | 'replace' } = {},
): Promise<{ path: string; bytes: number }> {
  const stored = await library.stored(id)
  if (!stored.files.weights) {
    throw new UphillError(
      'MODEL_NOT_FOUND',
      `“${stored.name}” has not learned anything yet.`,
      'Let it teach first.',
    )
  }
  const { tensors } = await library.readTensors(id, stored.files.weights)
  const { notes: _, ...card } = modelCard.parse(stored)
  const given: ModelCard = {
    ...card,
    taughtWith: { ...card.taughtWith, folder: nowhere, more: [], leftOut: [] },
  }
  const preview = await library.preview(id)
  const bytes = encodeSafetensors(tensors, {
    [cardKey]: JSON.stringify(given),
    ...(preview && { [previewKey]: Buffer.from(preview).toString('base64') }),
  })
  await writeFileAtomic(file, bytes, options)
  return { path: path.resolve(file), bytes: bytes.byteLength }
}

/** Where a model that was taken in was taught: not here. */
const nowhere = '(shared)'

/**
 * Takes in a model that somebody has shared, under an id of its own, and another name when its own is taken.
 * @throws UphillError FILE_NOT_FOUND, MODEL_DAMAGED when it is no such file or not sound, MODEL_TOO_NEW, DISK_FULL
 */
export async function takeModel(library: ModelLibrary, file: string): Promise<ModelCard> {
  const { tensors, metadata } = await readShared(file)
  const text = metadata[cardKey]
  if (text === undefined) throw noModel(file)
  const given = parseCard(
    JSON.stringify({
      ...(jsonOf(text) as object),
      files: { weights: null, checkpoint: null, preview: null },
      precision: 'float32',
      plan: { fromSeconds: 0, fromStep: 0, steps: null },
    }),
    path.basename(file),
  )
  checkWeights(given, tensors)
  const name = await freeName(library, given.name)
  const card: StoredCard = { ...given, id: library.freshId(name), name, state: 'finished' }
  const preview = await cleanPreview(metadata[previewKey])
  const saved = await library.save(card, { weights: tensors, ...(preview && { preview }) })
  return modelCard.parse(saved)
}

async function readShared(file: string): Promise<ReturnType<typeof decodeSafetensors>> {
  try {
    const { size } = await fs.stat(file)
    if (size > largestBytes) throw noModel(file)
    return decodeSafetensors(await fs.readFile(file), `“${path.basename(file)}”`)
  } catch (error) {
    if (error instanceof UphillError) throw error
    throw toFileError(error, file, 'read the model')
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function noModel(file: string): UphillError {
  return new UphillError(
    'MODEL_DAMAGED',
    `“${path.basename(file)}” is no model that was shared by Uphill.`,
    'Ask for a file that ends in .uphill, made by Share.',
  )
}

/** Exactly the weights of the net that the card describes. */
function checkWeights(card: StoredCard, tensors: readonly NamedArray[]): void {
  const { parameters } = netOf(card)
  const shapes = new Map(tensors.map(({ name, shape }) => [name, shape.join()]))
  const fits =
    parameters.length === shapes.size &&
    parameters.every(({ name, shape }) => shapes.get(name) === shape.join())
  if (fits) return
  throw new UphillError(
    'MODEL_DAMAGED',
    `The weights of “${card.name}” do not fit its card.`,
    'Ask for the file once more.',
  )
}

async function freeName(library: ModelLibrary, wanted: string): Promise<string> {
  const taken = new Set(
    (await library.list()).flatMap((listing) => (listing.status === 'ok' ? [listing.card.name] : [])),
  )
  for (let number = 1; ; number++) {
    const ending = number === 1 ? '' : ` (${number})`
    const name = [...wanted].slice(0, 80 - ending.length).join('') + ending
    if (!taken.has(name)) return name
  }
}

/** Drawn anew: what a stranger has put into a PNG beside its pixels stays outside. */
async function cleanPreview(base64: string | undefined): Promise<Uint8Array | null> {
  if (!base64) return null
  try {
    return await sharp(Buffer.from(base64, 'base64'), { limitInputPixels: previewSide ** 2, failOn: 'error' })
      .png()
      .toBuffer()
  } catch {
    return null
  }
}

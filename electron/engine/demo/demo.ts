/**
 * The demo: the whole path on bundled pictures, with figures. It learns from a folder of digits, refines noisy
 * digits that it has never seen, and dreams new ones, through the very functions that the app uses.
 */
import fs from 'node:fs/promises'
import path from 'node:path'
import { type TeachProgress, teachOptions, walkOptions } from '../../../shared/domain.ts'
import { UphillError, throwIfCancelled } from '../../../shared/errors.ts'
import { indexFolder } from '../datasets/index-folder.ts'
import { toFileError, writeFileAtomic } from '../files/atomic.ts'
import { decodePicture } from '../images/decode.ts'
import type { Pixels } from '../images/pixels.ts'
import { gaussianGenerator } from '../learning/noise.ts'
import { teach } from '../learning/teach.ts'
import { psnr } from '../measuring/quality.ts'
import { ModelLibrary } from '../models/library.ts'
import { dream, refine } from '../walking/refine.ts'
import { type SheetRow, contactSheet } from './contact-sheet.ts'
import { sampleCount, unpackSamples } from './sample-pictures.ts'

export interface DemoOptions {
  /** A folder that does not exist yet or holds an earlier demo's pictures. */
  out: string
  /** Seconds of teaching. */
  seconds: number
  /** Steps of teaching instead of seconds. */
  steps?: number | undefined
  signal?: AbortSignal | undefined
  onEvent?: (event: DemoEvent) => void
}

export type DemoEvent =
  | { type: 'phase'; phase: 'unpacking' | 'refining' | 'dreaming'; done: number; of: number }
  | { type: 'teaching'; progress: TeachProgress }

export interface DemoResult {
  /** Mean PSNR in dB of the noisy pictures (values as they are, not clipped) against the truth. */
  psnrNoisy: number
  /** The same of the refined ones. */
  psnrRefined: number
  /** How many held-out pictures were refined. */
  images: number
  teachSeconds: number
  /** The contact sheet, a PNG. */
  sheet: string
  model: string
}

/** Standard deviation of the noise, in 0..1. */
const sigma = 0.2
const heldOut = 100
/** Every so many of them are on the sheet: held-out pictures are sorted by digit. */
const shownEvery = 4
const dreams = 30

/**
 * @throws UphillError CANCELLED, FILE_EXISTS when the out folder is something else, and what teaching can throw
 */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { out, signal, onEvent } = options
  await requireUnused(out)
  const folders = {
    teach: path.join(out, 'digits'),
    heldOut: path.join(out, 'digits-held-out'),
    models: path.join(out, 'models'),
  }
  const boundary = sampleCount - heldOut
  const onProgress = (done: number, of: number): void =>
    onEvent?.({ type: 'phase', phase: 'unpacking', done, of })
  await unpackSamples(folders.heldOut, boundary, sampleCount, { signal })
  await unpackSamples(folders.teach, 0, boundary, { signal, onProgress })

  const dataset = await indexFolder(folders.teach, signal ? { signal } : {})
  const library = new ModelLibrary(folders.models)
  const name = 'Digits'
  const card = await teach(
    library,
    library.freshId(name),
    dataset,
    teachOptions.parse({ folder: folders.teach, name, seconds: options.seconds, steps: options.steps }),
    {
      signal,
      onEvent: (event) => {
        if (event.type === 'progress') onEvent?.({ type: 'teaching', progress: event.progress })
      },
    },
  )
  throwIfCancelled(signal)
  const model = await library.open(card.id)

  const normal = gaussianGenerator(20)
  const rows: SheetRow[] = []
  const before: number[] = []
  const after: number[] = []
  const held = await indexFolder(folders.heldOut, signal ? { signal } : {})
  for (const [index, { path: file }] of held.pictures.entries()) {
    const truth = await decodePicture(file, { channels: 1 })
    const noisy = { ...truth, data: truth.data.map((value) => value + sigma * normal()) }
    let last: Pixels = noisy
    for await (const { pixels } of refine(model, noisy, walkOptions.parse({}), { signal })) last = pixels
    const refined = { ...last, data: last.data.map((value) => Math.min(1, Math.max(0, value))) }
    before.push(psnr(noisy, truth))
    after.push(psnr(refined, truth))
    rows.push({ before: noisy, after: refined, truth })
    onEvent?.({ type: 'phase', phase: 'refining', done: index + 1, of: held.pictures.length })
  }
  let dreamed: Pixels[] = []
  for await (const { step, pictures } of dream(model, { count: dreams, seed: 1, steps: 30 }, { signal })) {
    dreamed = pictures
    onEvent?.({ type: 'phase', phase: 'dreaming', done: step.index, of: step.steps })
  }

  const psnrNoisy = mean(before)
  const psnrRefined = mean(after)
  const sheet = path.join(out, 'contact-sheet.png')
  const png = await contactSheet(
    rows.filter((_, index) => index % shownEvery === 0),
    dreamed,
    {
      title: `Uphill: ${held.pictures.length} digits the model has never seen, after ${Math.round(card.seconds)} s of teaching`,
      figures: `noise of sigma ${sigma}: ${psnrNoisy.toFixed(2)} dB, refined: ${psnrRefined.toFixed(2)} dB, so ${(psnrRefined - psnrNoisy).toFixed(2)} dB better`,
      groups: 'before, after, truth',
      dreams: 'new digits, from pure noise',
    },
  )
  await writeFileAtomic(sheet, png, { whenExists: 'replace' })
  const result: DemoResult = {
    psnrNoisy,
    psnrRefined,
    images: held.pictures.length,
    teachSeconds: card.seconds,
    sheet,
    model: path.join(folders.models, card.id),
  }
  await writeFileAtomic(path.join(out, 'figures.json'), `${JSON.stringify(result, null, 2)}\n`, {
    whenExists: 'replace',
  })
  return result
}

async function requireUnused(out: string): Promise<void> {
  let names: string[]
  try {
    await fs.mkdir(out, { recursive: true })
    names = await fs.readdir(out)
  } catch (error) {
    throw toFileError(error, out, 'make the folder of the demo')
  }
  if (names.length === 0) return
  throw new UphillError('FILE_EXISTS', `The folder ${out} is not empty.`, 'Choose a new folder with --out.')
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length
}

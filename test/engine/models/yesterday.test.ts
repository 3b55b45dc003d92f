/**
 * Yesterday's files: models, a journal and settings as each format left them, kept in test/fixtures. They must open
 * for ever, and mean the same: r(x) of a kept model is what it was, so that neither a change of the format nor of a
 * net can make a person's model into another one.
 */
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resumeTeaching } from '../../../electron/engine/learning/teach.ts'
import { Denoiser } from '../../../electron/engine/models/denoiser.ts'
import { ModelLibrary } from '../../../electron/engine/models/library.ts'
import { takeModel } from '../../../electron/engine/models/share.ts'
import { Journal } from '../../../electron/engine/service/journal.ts'
import { picture } from '../../fixtures/yesterday-picture.ts'
import { photo } from '../images/making.ts'

const fixtures = path.resolve(import.meta.dirname, '../../fixtures')
/** Every format that there has been. */
const formats = [1]

let folder: string
beforeAll(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'uphill-yesterday-'))
})
afterAll(() => fs.rm(folder, { recursive: true, force: true }))

const unpacked = async (file: string): Promise<Buffer> => brotliDecompressSync(await fs.readFile(file))

/** What the model said when it was kept, and what it says now. */
async function compare(library: ModelLibrary, id: string, before: readonly number[]): Promise<number> {
  const stored = await library.stored(id)
  const { tensors } = await library.readTensors(id, stored.files.weights!)
  const model = await Denoiser.load(await library.card(id), tensors, { precision: 'float32' })
  const now = model.estimate(picture(), [1, 16, 16], Float32Array.of(0.2))
  model.dispose()
  expect(now).toHaveLength(before.length)
  return Math.max(...before.map((value, index) => Math.abs(value - now[index]!)))
}

/** Of processors that add in another order; the values themselves differ from each other by a thousand times as much. */
const rounding = 1e-5

it('keeps every format that there has been', async () => {
  const kept = (await fs.readdir(fixtures)).filter((name) => /^format-\d+$/.test(name))
  expect(kept.sort()).toEqual(formats.map((format) => `format-${format}`))
})

describe.each(formats)('format %i', (format) => {
  const kept = (...parts: string[]) => path.join(fixtures, `format-${format}`, ...parts)
  let expected: Record<string, number[]>
  let library: ModelLibrary

  beforeAll(async () => {
    expected = JSON.parse(await fs.readFile(kept('expected.json'), 'utf8')) as typeof expected
    library = new ModelLibrary(path.join(folder, `models-${format}`))
  })

  it('a model that was shared is taken in, and says what it said', async () => {
    const file = path.join(folder, 'any-size.uphill')
    await fs.writeFile(file, await unpacked(kept('any-size.uphill.br')))
    const card = await takeModel(library, file)
    expect(card).toMatchObject({ name: 'Yesterday any-size', kind: 'any-size', step: 40, state: 'finished' })
    expect(await compare(library, card.id, expected['any-size']!)).toBeLessThan(rounding)
  })

  it('a model’s folder opens, says what it said, and can be taught on', async () => {
    const id = 'yesterday-whole-image'
    const own = path.join(library.folder, id)
    await fs.mkdir(own, { recursive: true })
    const pictures = path.join(folder, 'pictures')
    await fs.mkdir(pictures)
    for (let index = 0; index < 12; index++)
      await photo(16, 16)
        .grayscale()
        .png()
        .toFile(path.join(pictures, `${index}.png`))
    const card = (await fs.readFile(kept('card.json'), 'utf8')).replace(
      '"/pictures"',
      JSON.stringify(pictures),
    )
    await fs.writeFile(path.join(own, 'card.json'), card)
    for (const name of await fs.readdir(kept('folder')))
      await fs.writeFile(path.join(own, name.replace(/\.br$/, '')), await unpacked(kept('folder', name)))
    expect(await library.list()).toContainEqual({
      status: 'ok',
      card: expect.objectContaining({ id, name: 'Yesterday whole-image', state: 'stopped' }) as unknown,
    })
    expect(await compare(library, id, expected['whole-image']!)).toBeLessThan(rounding)
    const on = await resumeTeaching(library, id, 0.5)
    expect(on.step).toBeGreaterThan(40)
  })

  it('the journal of a teaching that was cut off is read', async () => {
    const file = path.join(folder, 'journal.json')
    await fs.copyFile(kept('journal.json'), file)
    expect(await new Journal(file).read()).toMatchObject({
      teaching: { modelId: 'yesterday-whole-image', paused: true, step: 40, options: { steps: 40 } },
    })
  })
})

describe('a journal of tomorrow', () => {
  it('is set aside and not lost', async () => {
    const file = path.join(folder, 'tomorrow.json')
    const text = JSON.stringify({ format: 99, pid: 1, teaching: null })
    await fs.writeFile(file, text)
    expect(await new Journal(file).read()).toBeNull()
    expect(await fs.readFile(`${file}.damaged`, 'utf8')).toBe(text)
  })
})

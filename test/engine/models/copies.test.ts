import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { duplicateModel, restoreModel } from '../../../electron/engine/models/copies.ts'
import { ModelLibrary } from '../../../electron/engine/models/library.ts'
import { cardOf } from './card-of.ts'

let folder: string
let library: ModelLibrary

beforeEach(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'uphill-copies-'))
  library = new ModelLibrary(folder)
  await library.save(
    {
      ...cardOf(),
      id: 'a-1',
      name: 'Scans',
      files: { weights: null, checkpoint: null, preview: null },
      precision: 'float32',
      plan: { fromSeconds: 0, fromStep: 0, steps: null },
    },
    { weights: [{ name: 'a', shape: [1], data: Float32Array.of(7) }] },
  )
})
afterEach(() => fs.rm(folder, { recursive: true, force: true }))

it('a copy has everything of the model but its name, and does not follow it', async () => {
  const copy = await duplicateModel(library, 'a-1', 'Scans copy')
  await library.trash('a-1')
  const { files } = await library.stored(copy.id)
  expect((await library.readTensors(copy.id, files.weights!)).tensors[0]!.data).toEqual(Float32Array.of(7))
  await expect(duplicateModel(library, copy.id, 'Scans copy')).rejects.toMatchObject({ code: 'NAME_TAKEN' })
})

it('a copy that lacks a file is not made at all', async () => {
  await fs.rm(path.join(folder, 'a-1', (await library.stored('a-1')).files.weights!))
  await expect(duplicateModel(library, 'a-1', 'Half')).rejects.toThrow()
  expect(await library.list()).toHaveLength(1)
})

it('comes back from the trash as it was, unless its name has been given away', async () => {
  const card = await library.card('a-1')
  expect(await restoreModel(library, await library.trash('a-1'))).toEqual(card)
  const trashId = await library.trash('a-1')
  await library.save(
    {
      ...cardOf(),
      ...card,
      id: 'b-2',
      files: { weights: null, checkpoint: null, preview: null },
      precision: 'float32',
      plan: { fromSeconds: 0, fromStep: 0, steps: null },
    },
    {},
  )
  await expect(restoreModel(library, trashId)).rejects.toMatchObject({ code: 'NAME_TAKEN' })
  await library.rename('b-2', 'Another')
  expect((await restoreModel(library, trashId)).name).toBe('Scans')
  await expect(restoreModel(library, trashId)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' })
  await expect(restoreModel(library, '../../etc-1')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' })
})

import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { StoredCard } from '../../../electron/engine/models/card.ts'
import { duplicateModel } from '../../../electron/engine/models/copies.ts'
import { ModelLibrary } from '../../../electron/engine/models/library.ts'
import { cardOf } from './card-of.ts'

let folder: string
let library: ModelLibrary

beforeEach(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'uphill-library-'))
  library = new ModelLibrary(path.join(folder, 'models'))
})
afterEach(() => fs.rm(folder, { recursive: true, force: true }))

function stored(parts: Partial<StoredCard> = {}): StoredCard {
  return {
    ...cardOf(),
    files: { weights: null, checkpoint: null, preview: null },
    precision: 'float32',
    plan: { fromSeconds: 0, fromStep: 0, steps: null },
    ...parts,
  }
}

const tensor = (value: number) => [{ name: 'a', shape: [1], data: Float32Array.of(value) }]

describe('the model library', () => {
  it('is empty before anything was taught', async () => {
    expect(await library.list()).toEqual([])
  })

  it('gives back what was saved', async () => {
    await library.save(stored({ id: 'a-1', name: 'Ångström 😀' }), {
      weights: tensor(1),
      checkpoint: tensor(2),
    })
    const card = await library.stored('a-1')
    expect(card.name).toBe('Ångström 😀')
    expect((await library.readTensors('a-1', card.files.weights!)).tensors[0]!.data).toEqual(
      Float32Array.of(1),
    )
    expect((await library.find('Ångström 😀')).id).toBe('a-1')
  })

  it('keeps the last generation of weights and checkpoints, and no more', async () => {
    let card = stored({ id: 'a-1' })
    for (const step of [10, 20, 30])
      card = await library.save({ ...card, step }, { weights: tensor(step), checkpoint: tensor(step) })
    const names = (await fs.readdir(path.join(library.folder, 'a-1'))).sort()
    expect(names).toEqual([
      'card-before.json',
      'card.json',
      'checkpoint-20.safetensors',
      'checkpoint-30.safetensors',
      'weights-20.safetensors',
      'weights-30.safetensors',
    ])
  })

  it('goes back to the generation before when the newest is damaged, card or weights or checkpoint', async () => {
    const first = await library.save(stored({ id: 'a-1', step: 10 }), {
      weights: tensor(1),
      checkpoint: tensor(2),
    })
    await library.save({ ...first, step: 20 }, { weights: tensor(3), checkpoint: tensor(4) })
    await library.rename('a-1', 'Renamed since')
    const file = (name: string) => path.join(library.folder, 'a-1', name)
    const newest = await library.stored('a-1')
    const values = async (what: 'weights' | 'checkpoint') => {
      const { card, tensors } = await library.readGeneration(await library.stored('a-1'), what)
      return { step: card.step, name: card.name, value: tensors[0]!.data[0] }
    }
    expect(await values('weights')).toEqual({ step: 20, name: 'Renamed since', value: 3 })

    const bytes = await fs.readFile(file(newest.files.weights!))
    bytes[bytes.length - 1]! ^= 1
    await fs.writeFile(file(newest.files.weights!), bytes)
    await fs.truncate(file(newest.files.checkpoint!), 20)
    expect(await values('weights')).toEqual({ step: 10, name: 'Renamed since', value: 1 })
    expect(await values('checkpoint')).toEqual({ step: 10, name: 'Renamed since', value: 2 })

    await fs.writeFile(file('card.json'), '')
    expect(await values('checkpoint')).toMatchObject({ step: 10, value: 2 })
    await fs.rm(file('card.json'))
    expect((await library.list()).map(({ status }) => status)).toEqual(['ok'])
  })

  it('keeps the generation before also when the newest is saved twice at its step', async () => {
    const first = await library.save(stored({ id: 'a-1', step: 10 }), { weights: tensor(1) })
    const second = await library.save({ ...first, step: 20 }, { weights: tensor(2) })
    const third = await library.save({ ...second, state: 'finished' }, { weights: tensor(2) })
    await fs.truncate(path.join(library.folder, 'a-1', third.files.weights!), 20)
    const { card, tensors } = await library.readGeneration(await library.stored('a-1'), 'weights')
    expect([card.step, tensors[0]!.data[0]]).toEqual([10, 1])
  })

  it.each(['its weights', 'its card'])(
    'never loses the last sound generation: the newest lost %s, and the power goes in the next save',
    async (what) => {
      const first = await library.save(stored({ id: 'a-1', step: 10 }), { weights: tensor(1) })
      const second = await library.save({ ...first, step: 20 }, { weights: tensor(2) })
      const lost = what === 'its card' ? 'card.json' : second.files.weights!
      await fs.truncate(path.join(library.folder, 'a-1', lost), 20)
      const value = async () => {
        const found = await library.readGeneration(await library.stored('a-1'), 'weights')
        return [found.card, found.tensors[0]!.data[0]] as const
      }
      const [card] = await value()
      expect(card.step).toBe(10)

      // It comes as far as to the card that would name the new files.
      const curve = Object.assign([], {
        toJSON: () => {
          throw new Error('the power goes')
        },
      })
      await expect(library.save({ ...card, step: 15, curve }, { weights: tensor(3) })).rejects.toThrow(
        'the power goes',
      )
      expect((await value())[1]).toBe(1)
      await library.save({ ...card, step: 15 }, { weights: tensor(3) })
      expect((await value())[1]).toBe(3)
      await fs.truncate(path.join(library.folder, 'a-1', 'weights-15.safetensors'), 20)
      expect((await value())[1]).toBe(1)
    },
  )

  it('does not list what a teaching left that was cut off before its first card', async () => {
    await fs.mkdir(path.join(library.folder, 'unborn-1'), { recursive: true })
    await fs.writeFile(path.join(library.folder, 'unborn-1', 'weights-0.safetensors'), 'x')
    expect(await library.list()).toEqual([])
  })

  it('lets nobody else change a model while it is locked', async () => {
    await library.save(stored({ id: 'a-1', name: 'One' }), { weights: tensor(1) })
    const lock = await library.lock('a-1')
    const other = new ModelLibrary(library.folder)
    for (const change of [
      () => other.rename('a-1', 'Two'),
      () => other.setNotes('a-1', 'x'),
      () => other.trash('a-1'),
      () => duplicateModel(other, 'a-1', 'Two'),
    ]) {
      await expect(change()).rejects.toMatchObject({ code: 'MODEL_IN_USE' })
    }
    expect((await other.card('a-1')).name).toBe('One')
    await lock.release()
    expect((await other.rename('a-1', 'Two')).name).toBe('Two')
  })

  it('lists a damaged model with the reason, beside the sound ones', async () => {
    await library.save(stored({ id: 'good-1' }), {})
    await library.save(stored({ id: 'bad-1' }), {})
    await fs.writeFile(path.join(library.folder, 'bad-1', 'card.json'), '{ "format": 1, ')
    const listings = await library.list()
    expect(listings.find((listing) => listing.status === 'ok')).toMatchObject({ card: { id: 'good-1' } })
    expect(listings.find((listing) => listing.status === 'damaged')).toMatchObject({
      id: 'bad-1',
      error: { code: 'MODEL_DAMAGED' },
    })
  })

  it('says that a model of a newer format needs a newer Uphill', async () => {
    await library.save(stored({ id: 'new-1' }), {})
    await fs.writeFile(path.join(library.folder, 'new-1', 'card.json'), '{ "format": 2 }')
    await expect(library.card('new-1')).rejects.toMatchObject({ code: 'MODEL_TOO_NEW' })
  })

  it('says which models there are when one is not', async () => {
    await library.save(stored({ id: 'a-1', name: 'Digits' }), {})
    await expect(library.find('Faces')).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
      next: expect.stringContaining('Digits'),
    })
  })

  it('renames, but not to a name that is taken', async () => {
    await library.save(stored({ id: 'a-1', name: 'One' }), {})
    await library.save(stored({ id: 'b-1', name: 'Two' }), {})
    expect((await library.rename('a-1', ' Three ')).name).toBe('Three')
    await expect(library.rename('a-1', 'Two')).rejects.toMatchObject({ code: 'NAME_TAKEN' })
    await expect(library.rename('a-1', '')).rejects.toMatchObject({ code: 'NAME_INVALID' })
    expect((await library.card('a-1')).name).toBe('Three')
  })

  it('moves to the trash, where everything still is', async () => {
    await library.save(stored({ id: 'a-1' }), { weights: tensor(1) })
    await library.trash('a-1')
    expect(await library.list()).toEqual([])
    const [trashed] = await fs.readdir(path.join(library.folder, '.trash'))
    expect(await fs.readdir(path.join(library.folder, '.trash', trashed!))).toContain(
      'weights-100.safetensors',
    )
    await expect(library.trash('a-1')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' })
  })

  it('does not leave its folder, whatever it is asked for', async () => {
    for (const id of ['../etc', 'a/b', '', '..', 'a\0']) {
      await expect(library.card(id)).rejects.toMatchObject({ code: 'BAD_INPUT' })
      await expect(library.trash(id)).rejects.toMatchObject({ code: 'BAD_INPUT' })
    }
  })

  it('never makes the same id twice, and makes readable ones', () => {
    expect(library.freshId('Été à Paris!')).toMatch(/^ete-a-paris-[0-9a-f]{8}$/)
    expect(library.freshId('猫')).toMatch(/^model-[0-9a-f]{8}$/)
    expect(library.freshId('x')).not.toBe(library.freshId('x'))
  })
})

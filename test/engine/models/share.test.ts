import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { netOf } from '../../../electron/engine/models/denoiser.ts'
import { ModelLibrary } from '../../../electron/engine/models/library.ts'
import { decodeSafetensors, encodeSafetensors } from '../../../electron/engine/models/safetensors.ts'
import { shareModel, takeModel } from '../../../electron/engine/models/share.ts'
import { UphillError } from '../../../shared/errors.ts'
import { cardOf } from './card-of.ts'

let folder: string
let mine: ModelLibrary
let theirs: ModelLibrary
const file = () => path.join(folder, 'scans.uphill')
const card = cardOf({ kind: 'any-size', channels: 1, size: null })
const weights = netOf(card).parameters.map(({ name, shape }, index) => ({
  name,
  shape: [...shape],
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(index + 1),
}))

beforeEach(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'uphill-share-'))
  mine = new ModelLibrary(path.join(folder, 'mine'))
  theirs = new ModelLibrary(path.join(folder, 'theirs'))
  await mine.save(
    {
      ...card,
      id: 'a-1',
      name: 'Scans',
      notes: 'grandmother',
      taughtWith: { ...card.taughtWith, folder: '/home/me/private' },
      files: { weights: null, checkpoint: null, preview: null },
      precision: 'float32',
      plan: { fromSeconds: 0, fromStep: 0, steps: null },
    },
    { weights, checkpoint: [{ name: 'm', shape: [1], data: Float32Array.of(1) }] },
  )
  await shareModel(mine, 'a-1', file())
})
afterEach(() => fs.rm(folder, { recursive: true, force: true }))

describe('a model as one file', () => {
  it('is the same model elsewhere, under a name that is free', async () => {
    const first = await takeModel(theirs, file())
    expect(first).toMatchObject({ name: 'Scans', kind: 'any-size', state: 'finished', scores: card.scores })
    const { files } = await theirs.stored(first.id)
    expect((await theirs.readTensors(first.id, files.weights!)).tensors).toEqual(weights)
    expect((await takeModel(theirs, file())).name).toBe('Scans (2)')
  })

  it('tells nothing private', async () => {
    const text = (await fs.readFile(file())).toString('latin1')
    expect(text).not.toContain('private')
    expect(text).not.toContain('grandmother')
  })

  it('is not written over a file that is there, unless that was asked', async () => {
    await expect(shareModel(mine, 'a-1', file())).rejects.toMatchObject({ code: 'FILE_EXISTS' })
    await shareModel(mine, 'a-1', file(), { whenExists: 'replace' })
  })

  it('of a stranger is taken or refused, whatever was changed in it, and a refused one leaves nothing', async () => {
    const whole = await fs.readFile(file())
    const headerEnd = 8 + Number(whole.readBigUInt64LE(0))
    const bad = path.join(folder, 'bad.uphill')
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(headerEnd - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (changes) => {
          const changed = Buffer.from(whole)
          for (const [at, value] of changes) changed[at] = value
          await fs.writeFile(bad, changed)
          const before = await fs.readdir(theirs.folder).catch(() => [])
          try {
            await takeModel(theirs, bad)
          } catch (error) {
            expect(error).toBeInstanceOf(UphillError)
            expect(['MODEL_DAMAGED', 'MODEL_TOO_NEW']).toContain((error as UphillError).code)
            expect(await fs.readdir(theirs.folder).catch(() => [])).toEqual(before)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it('with other weights, no card, a card that points elsewhere, or no numbers is refused with what to do', async () => {
    const { tensors, metadata } = decodeSafetensors(await fs.readFile(file()), 'it')
    const stored = JSON.parse(metadata['uphill.card']!) as Record<string, unknown>
    const cases: [string, Uint8Array][] = [
      ['too few weights', encodeSafetensors(tensors.slice(1), metadata)],
      ['no card', encodeSafetensors(tensors, {})],
      [
        'a size of a billion pixels',
        encodeSafetensors(tensors, {
          'uphill.card': JSON.stringify({
            ...stored,
            kind: 'whole-image',
            size: { width: 1e6, height: 1e6 },
          }),
        }),
      ],
      [
        'a newer format',
        encodeSafetensors(tensors, { 'uphill.card': JSON.stringify({ ...stored, format: 2 }) }),
      ],
      ['no file of ours', Buffer.from('PK\u0003\u0004 a zip archive, perhaps')],
    ]
    for (const [what, bytes] of cases) {
      await fs.writeFile(file(), bytes)
      const error = await takeModel(theirs, file()).then(
        () => null,
        (reason: unknown) => reason as UphillError,
      )
      expect(error, what).toBeInstanceOf(UphillError)
      expect(error!.next, what).toMatch(/\S/)
    }
    expect(await theirs.list()).toEqual([])
    const escaping = { ...stored, id: '../../x', files: { weights: '../../etc/passwd' } }
    await fs.writeFile(file(), encodeSafetensors(tensors, { 'uphill.card': JSON.stringify(escaping) }))
    const taken = await takeModel(theirs, file()).catch((error: unknown) => error as UphillError)
    if (!(taken instanceof UphillError)) expect(taken.id).toMatch(/^[\w-]+$/)
    expect(await fs.readdir(folder)).toEqual(['mine', 'scans.uphill', 'theirs'])
  })
})

describe('tensors that share bytes', () => {
  it('are refused: a small file must not become gigabytes', () => {
    const values = Float32Array.of(1, 2, 3, 4)
    const good = Buffer.from(encodeSafetensors([{ name: 'a', shape: [4], data: values }]))
    const length = Number(good.readBigUInt64LE(0))
    const entry = { dtype: 'F32', shape: [4], data_offsets: [0, 16] }
    const header = Buffer.from(JSON.stringify({ a: entry, b: entry }))
    const size = Buffer.alloc(8)
    size.writeBigUInt64LE(BigInt(header.length))
    const file = Buffer.concat([size, header, good.subarray(8 + length)])
    expect(() => decodeSafetensors(file, 'it')).toThrow(/cut short/)
  })

  it('whose numbers changed by one bit are refused by their checksum', () => {
    const good = Buffer.from(encodeSafetensors([{ name: 'a', shape: [2], data: Float32Array.of(1, 2) }]))
    good[good.length - 3]! ^= 1
    expect(() => decodeSafetensors(good, 'it')).toThrow(/not those that were saved/)
  })
})

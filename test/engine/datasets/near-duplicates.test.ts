import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { indexFolder } from '../../../electron/engine/datasets/index-folder.ts'
import { differenceHash, nearDuplicates } from '../../../electron/engine/datasets/near-duplicates.ts'

let folder: string
beforeAll(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'uphill-near-'))
})
afterAll(() => fs.rm(folder, { recursive: true, force: true }))

/** Soft blobs: every seed another picture. */
function scene(seed: number): Buffer {
  const side = 160
  const values = Array.from({ length: side * side }, (_, i) => {
    const [x, y] = [(i % side) / side, Math.floor(i / side) / side]
    return (
      127 + 60 * Math.sin(seed * 3.1 + (5 + seed) * x) + 60 * Math.cos(seed + (7 - seed) * y + 4 * x * seed)
    )
  })
  return Buffer.from(values)
}

const raw = { raw: { width: 160, height: 160, channels: 1 as const } }

describe('near-duplicates', () => {
  it('are copies in another size and format, not other pictures; the largest comes first', async () => {
    for (const seed of [1, 2, 3, 4]) {
      const picture = sharp(scene(seed), raw)
      await picture
        .clone()
        .png()
        .toFile(path.join(folder, `${seed}.png`))
      if (seed > 2) continue
      await picture
        .clone()
        .resize(97)
        .jpeg({ quality: 60 })
        .toFile(path.join(folder, `${seed} small.jpg`))
      await picture
        .clone()
        .modulate({ brightness: 1.05 })
        .webp()
        .toFile(path.join(folder, `${seed} bright.webp`))
    }
    for (const grey of [0, 255])
      await sharp({
        create: { width: 50, height: 50, channels: 3, background: { r: grey, g: grey, b: grey } },
      })
        .png()
        .toFile(path.join(folder, `flat ${grey}.png`))
    const { pictures } = await indexFolder(folder)
    const told: number[] = []
    const groups = await nearDuplicates(pictures, { onProgress: (done) => told.push(done) })
    const names = groups.map((group) => group.map(({ path: file }) => path.basename(file)))
    expect(names.map((group) => [...group].sort())).toEqual([
      ['1 bright.webp', '1 small.jpg', '1.png'],
      ['2 bright.webp', '2 small.jpg', '2.png'],
    ])
    for (const group of names) expect(group.at(-1)).toMatch(/small/)
    expect(told.at(-1)).toBe(pictures.length)
  })

  it('stop being looked for when it is said, and a file that went away is passed over', async () => {
    const { pictures } = await indexFolder(folder)
    await expect(nearDuplicates(pictures, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'CANCELLED',
    })
    await fs.rm(path.join(folder, '1.png'))
    expect((await nearDuplicates(pictures))[0]).toHaveLength(2)
  })

  it('have the same hash whatever is done to all brightnesses alike', () => {
    const grey = fc.uint8Array({ minLength: 72, maxLength: 72, max: 200 })
    fc.assert(
      fc.property(grey, fc.nat(55), (values, added) => {
        const brighter = values.map((value) => value + added)
        expect(differenceHash(brighter)).toBe(differenceHash(values))
      }),
    )
  })
})

import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PaperData } from '../../../electron/engine/paper/digits.ts'
import { readEmojiFrom } from '../../../electron/engine/paper/emoji.ts'

const side = 64
const tones = 5
const kinds = 30
let root: string

/** A small package of the same form: every emoji is a square of a grey of its own, its tones differ in a corner. */
async function makePackage(folder: string): Promise<void> {
  await fs.mkdir(path.join(folder, '64'), { recursive: true })
  const save = async (image: string, grey: number, corner: number): Promise<object> => {
    const rgba = Buffer.alloc(side * side * 4)
    for (let y = 16; y < 48; y++)
      for (let x = 16; x < 48; x++) rgba.set([grey, grey, grey, 255], (y * side + x) * 4)
    rgba.set([corner, 0, 0, 255], 0)
    await sharp(rgba, { raw: { width: side, height: side, channels: 4 } })
      .png()
      .toFile(path.join(folder, '64', image))
    return { image, has_img_google: true }
  }
  const list = await Promise.all(
    Array.from({ length: kinds }, async (_, index) => {
      const skins = Array.from({ length: tones }, async (__, tone) => {
        return [`1F3F${tone}`, await save(`${index}-${tone}.png`, 4 * index, 10 + tone)]
      })
      return {
        ...(await save(`${index}.png`, 4 * index, 1)),
        category: ['Flags', 'Objects', 'Symbols'][index % 3],
        ...(index % 2 ? {} : { skin_variations: Object.fromEntries(await Promise.all(skins)) as object }),
      }
    }),
  )
  const others = [
    { image: 'gone.png', has_img_google: false, category: 'Objects' },
    { image: 'gone.png', has_img_google: true, category: 'Component' },
  ]
  await fs.writeFile(path.join(folder, 'emoji.json'), JSON.stringify([...list, ...others]))
}

beforeAll(async () => {
  root = await fs.mkdtemp(path.join(os.tmpdir(), 'uphill-emoji-'))
  await makePackage(path.join(root, 'package'))
})
afterAll(() => fs.rm(root, { recursive: true, force: true }))

/** Which emoji each picture shows, from its grey. */
function kindsOf({ data, count }: PaperData['taught']): number[] {
  const middle = ((side / 2) * side + side / 2) * 3
  return Array.from({ length: count }, (_, index) =>
    Math.round((data[index * side * side * 3 + middle]! * 255) / 4),
  )
}

describe('the emoji', () => {
  it('are on white, in 0..1, with their categories as classes, and without those that have no picture', async () => {
    const { taught, heldOut, ...rest } = await readEmojiFrom(path.join(root, 'package'))
    expect(rest).toEqual({ name: 'emoji', classes: 3, pictureSide: side })
    expect(taught.count + heldOut.count).toBe(kinds + (kinds / 2) * tones)
    for (const part of [taught, heldOut]) {
      expect(part.data).toHaveLength(part.count * side * side * 3)
      expect(part.labels).toHaveLength(part.count)
      expect(part.data.slice(3, 6)).toEqual(Float32Array.of(1, 1, 1))
      kindsOf(part).forEach((kind, index) => expect(part.labels[index]).toBe(kind % 3))
    }
  })

  it('of one kind are all taught or all held out, and the same ones every time', async () => {
    const { taught, heldOut } = await readEmojiFrom(path.join(root, 'package'))
    const [known, unknown] = [new Set(kindsOf(taught)), new Set(kindsOf(heldOut))]
    expect(unknown.size).toBe(kinds / 10)
    expect(known.size).toBe(kinds - unknown.size)
    expect([...unknown].filter((kind) => known.has(kind))).toEqual([])
    const again = await readEmojiFrom(path.join(root, 'package'))
    expect(again.taught.data).toEqual(taught.data)
  })

  it('that are damaged say which file it is and what to do', async () => {
    const broken = path.join(root, 'broken')
    await fs.cp(path.join(root, 'package'), broken, { recursive: true })
    await fs.writeFile(path.join(broken, '64/7.png'), 'no picture')
    const error = { code: 'PICTURE_UNREADABLE', message: expect.stringContaining('7.png') as string }
    await expect(readEmojiFrom(broken)).rejects.toMatchObject(error)
    await fs.writeFile(path.join(broken, 'emoji.json'), '[{"image": "../../x.png"}]')
    await expect(readEmojiFrom(broken)).rejects.toMatchObject({
      code: 'PICTURE_UNREADABLE',
      next: expect.stringContaining(broken) as string,
    })
  })

  it('stop being read when it is said', async () => {
    const reading = readEmojiFrom(path.join(root, 'package'), { signal: AbortSignal.abort() })
    await expect(reading).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})

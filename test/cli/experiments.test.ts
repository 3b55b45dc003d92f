import fs from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Place, hashOf, writeDigits } from './run-uphill.ts'

let place: Place
let pictures: string

beforeAll(async () => {
  place = await Place.make()
  pictures = place.path('digits')
  await writeDigits(pictures, 0, 150)
})
afterAll(() => place.remove())

describe('uphill generate', () => {
  it('makes samples of the size of the pictures, leaves the pictures alone, and does not overwrite', async () => {
    const before = await hashOf(pictures)
    const out = place.path('samples')
    const words = ['generate', pictures, '--kind', 'gan', '--epochs', '1', '--count', '3', '--out', out]
    const answer = await place.run([...words, '--json'])
    expect(answer.code).toBe(0)
    const files = answer.json().pictures as string[]
    expect(files.map((file) => path.basename(file))).toEqual([
      'gan-1-001.png',
      'gan-1-002.png',
      'gan-1-003.png',
    ])
    expect(await sharp(files[0]).metadata()).toMatchObject({ width: 28, height: 28, channels: 1 })
    expect(await hashOf(pictures)).toBe(before)
    const again = await place.run(words)
    expect(again.code).toBe(1)
    expect(again.err).toMatch(/already/)
  })

  it('says what it needs when the pictures have several sizes', async () => {
    const mixed = place.path('mixed')
    await fs.mkdir(mixed)
    for (const side of [20, 30])
      await sharp({ create: { width: side, height: side, channels: 3, background: '#888' } })
        .png()
        .toFile(path.join(mixed, `${side}.png`))
    const { code, err } = await place.run(['generate', mixed, '--out', place.path('none')])
    expect(code).toBe(2)
    expect(err).toMatch(/different sizes/)
  })
})

describe('uphill paper', () => {
  it('writes its report, with figures for machines and pictures', async () => {
    const out = place.path('paper')
    // The emoji would have to be fetched: that is left to people.
    const words = ['paper', '--quick', '--loss', 'bce', '--pictures', 'digits', '--out', out, '--json']
    const { code, err, json } = await place.run(words)
    expect([err, code]).toEqual([expect.anything(), 0])
    const results = JSON.parse(await fs.readFile(path.join(out, 'results.json'), 'utf8')) as Record<
      string,
      object
    >
    expect(results).toEqual(json())
    expect(results).toMatchObject({
      fd: { floor: expect.any(Number), vaeRefined: expect.any(Number), noise: expect.any(Number) },
      score: { cosineBce: expect.any(Number), bceVsMse: expect.any(Number) },
    })
    const page = await fs.readFile(path.join(out, 'README.md'), 'utf8')
    const shown = [...page.matchAll(/\]\(([\w-]+\.png)\)/g)].map(([, file]) => file!)
    expect(shown).toContain('score.png')
    for (const file of shown)
      expect((await sharp(path.join(out, file)).metadata()).width).toBeGreaterThan(100)
  })
})

describe('uphill bench', () => {
  it('measures everything, a little of it when asked', async () => {
    const out = place.path('bench')
    const { code, err, json } = await place.run(['bench', '--quick', '--out', out, '--json'])
    expect([err, code]).toEqual([expect.anything(), 0])
    const figures = json() as Record<string, number | null>
    // No peer was given, and nobody timed the window.
    expect(figures).toMatchObject({
      stepRatioF32: null,
      applyRatioBf16: null,
      startMs: null,
      refine100MpRssMiB: null,
    })
    expect(figures['loaderWaitShare']).toBeLessThan(0.5)
    expect(figures['indexRatio']).toBeGreaterThan(0)
    expect(await fs.readFile(path.join(out, 'performance.md'), 'utf8')).toMatch(/How fast it is/)
    expect(JSON.parse(await fs.readFile(path.join(out, 'performance.json'), 'utf8'))).toEqual(figures)
  })
})

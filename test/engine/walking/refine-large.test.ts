import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodePicture } from '../../../electron/engine/images/decode.ts'
import { exportPicture } from '../../../electron/engine/images/encode.ts'
import { gaussianGenerator } from '../../../electron/engine/learning/noise.ts'
import { initialState } from '../../../electron/engine/learning/training-step.ts'
import { Denoiser, netOf } from '../../../electron/engine/models/denoiser.ts'
import { refineLarge } from '../../../electron/engine/walking/refine-large.ts'
import { refine } from '../../../electron/engine/walking/refine.ts'
import { type WalkOptions, exportOptions, walkOptions } from '../../../shared/domain.ts'
import { cardOf } from '../models/card-of.ts'

let root: string
beforeAll(async () => {
  root = await fs.mkdtemp(path.join(os.tmpdir(), 'uphill-large-'))
})
afterAll(() => fs.rm(root, { recursive: true, force: true }))

async function untaught(channels: 1 | 3): Promise<Denoiser> {
  const card = cardOf({ kind: 'any-size', size: null, channels })
  const weights = initialState(netOf(card), 5, { scale: new Float32Array(4 * channels).fill(1) })
    .filter(({ name }) => name.startsWith('weight/'))
    .map((tensor) => ({ ...tensor, name: tensor.name.slice('weight/'.length) }))
  return Denoiser.load(card, weights, { precision: 'float32' })
}

const width = 211
const height = 150

async function makePicture(name: string, bands: 1 | 2 | 3 | 4, deep: boolean): Promise<string> {
  const normal = gaussianGenerator(bands)
  const top = deep ? 65535 : 255
  const samples = new (deep ? Uint16Array : Uint8Array)(width * height * bands)
  for (let i = 0; i < samples.length; i++)
    samples[i] = Math.min(top, Math.max(0, top * (0.5 + 0.3 * Math.sin(i / 900) + 0.1 * normal())))
  const file = path.join(root, name)
  const space = bands < 3 ? (deep ? 'grey16' : 'b-w') : deep ? 'rgb16' : 'srgb'
  await sharp(samples, { raw: { width, height, channels: bands } })
    .toColourspace(space)
    .png()
    .toFile(file)
  return file
}

describe('a picture refined from file to file', () => {
  it.each([
    { name: 'colour, 8 bits', bands: 3, deep: false, channels: 3, walk: {} },
    { name: 'colour, 16 bits, transparent', bands: 4, deep: true, channels: 3, walk: { churn: 0.5 } },
    { name: 'grey under a colour model', bands: 1, deep: false, channels: 3, walk: { addNoise: true } },
    { name: 'colour under a grey model', bands: 3, deep: true, channels: 1, walk: { schedule: 'constant' } },
    { name: 'grey, transparent', bands: 2, deep: false, channels: 1, walk: {} },
  ] as const)('is the same as in memory: $name', async ({ name, bands, deep, channels, walk: parts }) => {
    const model = await untaught(channels)
    const file = await makePicture(`${name}.png`, bands, deep)
    const walk: WalkOptions = walkOptions.parse({ steps: 2, sigma: 0.1, seed: 7, ...parts })
    const output = exportOptions.parse({ format: 'png' })

    const expected = path.join(root, `${name} in memory.png`)
    for await (const { step, pixels } of refine(model, await decodePicture(file), walk))
      if (step.index === 2) await exportPicture(pixels, expected, output)

    const steps: number[] = []
    const target = path.join(root, `${name} by file.png`)
    const done = await refineLarge(
      model,
      { path: file, width, height },
      target,
      { walk, output },
      { workParent: path.join(root, 'work'), tile: 64, onStep: ({ index }) => steps.push(index) },
    )
    expect(done).toMatchObject({ path: target, sigma: 0.1 })
    expect(steps).toEqual([0, 1, 2])
    const [a, b] = [await decodePicture(expected), await decodePicture(target)]
    expect({ ...b, data: null, alpha: null }).toEqual({ ...a, data: null, alpha: null })
    expect(b.alpha).toEqual(a.alpha)
    const largest = a.data.reduce((most, value, i) => Math.max(most, Math.abs(value - b.data[i]!)), 0)
    // One unit of the file: tiles may differ by less than 1e-4 before they are rounded.
    expect(largest).toBeLessThanOrEqual((deep ? 7 : 1) / (deep ? 65535 : 255) + 1e-7)
    expect(await fs.readdir(path.join(root, 'work'))).toEqual([])
  })

  it('can be cancelled, and leaves nothing behind', async () => {
    const model = await untaught(3)
    const file = await makePicture('cancelled.png', 3, false)
    const cancel = new AbortController()
    const target = path.join(root, 'cancelled result.png')
    const run = {
      workParent: path.join(root, 'work'),
      tile: 32,
      signal: cancel.signal,
      onTiles: () => cancel.abort(),
    }
    const options = { walk: walkOptions.parse({}), output: exportOptions.parse({ format: 'png' }) }
    await expect(
      refineLarge(model, { path: file, width, height }, target, options, run),
    ).rejects.toMatchObject({
      code: 'CANCELLED',
    })
    expect(await fs.readdir(path.join(root, 'work'))).toEqual([])
    await expect(fs.access(target)).rejects.toThrow()
  })

  it('says how much room it needs when the disk has less', async () => {
    const model = await untaught(3)
    const picture = { path: '/nowhere.png', width: 4_000_000, height: 4_000_000 }
    const options = { walk: walkOptions.parse({}), output: exportOptions.parse({ format: 'png' }) }
    await expect(
      refineLarge(model, picture, path.join(root, 'x.png'), options, { workParent: path.join(root, 'work') }),
    ).rejects.toMatchObject({
      code: 'DISK_FULL',
      message: expect.stringMatching(/needs .* GB of the disk/) as string,
    })
  })
})

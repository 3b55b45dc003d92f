import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { indexFolder } from '../../../electron/engine/datasets/index-folder.ts'
import type { Pixels } from '../../../electron/engine/images/pixels.ts'
import { gaussianGenerator, uniformGenerator } from '../../../electron/engine/learning/noise.ts'
import { planTeaching } from '../../../electron/engine/learning/plan.ts'
import { PauseGate } from '../../../electron/engine/learning/pause-gate.ts'
import { type TeachEvent, resumeTeaching, teach } from '../../../electron/engine/learning/teach.ts'
import { psnr } from '../../../electron/engine/measuring/quality.ts'
import { ModelLibrary } from '../../../electron/engine/models/library.ts'
import { dream, refine } from '../../../electron/engine/walking/refine.ts'
import { type Dataset, teachOptions, walkOptions } from '../../../shared/domain.ts'

let root: string
let library: ModelLibrary
let discs: Dataset
let scenes: Dataset

/** Filled discs on a dark ground: a small world that can be learned in seconds. */
function discPixels(seed: number, side: number, channels: 1 | 3): Uint8Array {
  const random = uniformGenerator(seed)
  const [x0, y0, r] = [
    side * (0.3 + 0.4 * random()),
    side * (0.3 + 0.4 * random()),
    side * (0.15 + 0.2 * random()),
  ]
  const colour = [random(), random(), random()].map((value) => 120 + 135 * value)
  return Uint8Array.from({ length: side * side * channels }, (_, index) => {
    const pixel = Math.floor(index / channels)
    const inside = Math.hypot((pixel % side) - x0, Math.floor(pixel / side) - y0) < r
    return inside ? (channels === 3 ? colour[index % 3]! : 230) : 25
  })
}

async function makeFolder(
  name: string,
  count: number,
  side: (index: number) => number,
  channels: 1 | 3,
): Promise<string> {
  const folder = path.join(root, name)
  await fs.mkdir(folder)
  for (let index = 0; index < count; index++) {
    const size = side(index)
    const raw = { width: size, height: size, channels }
    await sharp(discPixels(index + 1, size, channels), { raw })
      .png()
      .toFile(path.join(folder, `${index}.png`))
  }
  return folder
}

const hashOf = async (folder: string): Promise<string> => {
  const hash = createHash('sha256')
  for (const name of (await fs.readdir(folder)).sort())
    hash.update(name).update(await fs.readFile(path.join(folder, name)))
  return hash.digest('hex')
}

function pixelsOf(data: ArrayLike<number>, side: number, channels: 1 | 3, noise = 0): Pixels {
  const normal = gaussianGenerator(99)
  const values = Float32Array.from({ length: data.length }, (_, i) => data[i]! / 255 + noise * normal())
  return { width: side, height: side, channels, data: values, alpha: null, bitDepth: 8, icc: null }
}

beforeAll(async () => {
  root = await fs.mkdtemp(path.join(os.tmpdir(), 'uphill-teach-'))
  library = new ModelLibrary(path.join(root, 'models'))
  discs = await indexFolder(await makeFolder('discs', 120, () => 20, 1))
  scenes = await indexFolder(await makeFolder('scenes', 6, (index) => 72 + 8 * index, 3))
})
afterAll(() => fs.rm(root, { recursive: true, force: true }))

const options = (dataset: Dataset, name: string, parts: object) =>
  teachOptions.parse({ folder: dataset.folder, name, ...parts })

describe('teaching on small pictures of one size', () => {
  it('learns to remove noise from pictures it never saw, tells how it goes, and leaves the pictures alone', async () => {
    const before = await hashOf(discs.folder)
    const events: TeachEvent[] = []
    const card = await teach(library, 'discs-1', discs, options(discs, 'Discs', { steps: 160 }), {
      onEvent: (event) => events.push(event),
    })
    expect(card).toMatchObject({
      kind: 'whole-image',
      channels: 1,
      state: 'finished',
      step: 160,
      size: { width: 20, height: 20 },
    })
    expect(card.scores.psnrDenoised!).toBeGreaterThan(card.scores.psnrNoisy! + 6)
    expect(card.curve.length).toBeGreaterThan(3)
    const shares = events.flatMap((event) =>
      event.type === 'progress' && event.progress.phase === 'teaching' ? [event.progress.share] : [],
    )
    expect(shares.at(-1)).toBe(1)
    expect([...shares].sort((a, b) => a - b)).toEqual(shares)
    const previews = events.filter((event) => event.type === 'preview')
    expect(previews.at(-1)!.preview.rows.length).toBeGreaterThan(0)
    expect(await hashOf(discs.folder)).toBe(before)

    const model = await library.open('discs-1')
    const truth = pixelsOf(discPixels(5000, 20, 1), 20, 1)
    const noisy = pixelsOf(discPixels(5000, 20, 1), 20, 1, 0.2)
    let last: Pixels | undefined
    for await (const { pixels, step } of refine(model, noisy, walkOptions.parse({}))) {
      last = pixels
      if (step.index > 0) expect(step.gain).toBeGreaterThan(0)
    }
    expect(psnr(last!, truth)).toBeGreaterThan(psnr(noisy, truth) + 6)

    const sheets = []
    for (const count of [2, 3]) {
      let pictures: Pixels[] = []
      for await (const walked of dream(model, { count, seed: 4, steps: 6 })) pictures = walked.pictures
      sheets.push(pictures)
    }
    expect(sheets[0]![1]!.data).toEqual(sheets[1]![1]!.data)
    expect(sheets[1]).toHaveLength(3)
  })

  it('that was stopped and resumed has the weights of one that was not', async () => {
    const controller = new AbortController()
    const onEvent = (event: TeachEvent) => {
      if (event.type === 'progress' && event.progress.step >= 4) controller.abort()
    }
    const stopped = await teach(
      library,
      'broken-1',
      discs,
      options(discs, 'Broken', { steps: 12, seed: 7 }),
      {
        signal: controller.signal,
        onEvent,
      },
    )
    expect(stopped.state).toBe('stopped')
    expect(stopped.step).toBeLessThan(12)
    await resumeTeaching(library, 'broken-1')
    await teach(library, 'whole-1', discs, options(discs, 'Whole', { steps: 12, seed: 7 }))
    const weightsOf = async (id: string) => {
      const card = await library.stored(id)
      expect(card).toMatchObject({ state: 'finished', step: 12 })
      return (await library.readTensors(id, card.files.weights!)).tensors
    }
    const [broken, whole] = [await weightsOf('broken-1'), await weightsOf('whole-1')]
    broken.forEach((tensor, index) => {
      const difference = tensor.data.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - whole[index]!.data[i]!)),
        0,
      )
      expect(difference).toBeLessThan(1e-5)
    })
  })

  it('waits while it is paused, and a pause does not count as teaching', async () => {
    const pause = new PauseGate()
    let pausedAt = -1
    const card = await teach(library, 'paused-1', discs, options(discs, 'Paused', { steps: 30 }), {
      pause,
      onEvent: (event) => {
        if (event.type !== 'progress' || event.progress.step < 5 || pausedAt >= 0) return
        pausedAt = event.progress.step
        pause.pause()
        setTimeout(() => pause.resume(), 1500)
      },
    })
    expect(pausedAt).toBeGreaterThanOrEqual(5)
    expect(card).toMatchObject({ state: 'finished', step: 30 })
  })

  it('does not take a name that is taken', async () => {
    await expect(
      teach(library, 'again-1', discs, options(discs, 'Discs', { steps: 1 })),
    ).rejects.toMatchObject({ code: 'NAME_TAKEN' })
  })
})

describe('teaching on pictures of several sizes', () => {
  it('makes a model that refines pictures of any size, and can go on learning', async () => {
    const first = await teach(library, 'scenes-1', scenes, options(scenes, 'Scenes', { steps: 500 }))
    expect(first).toMatchObject({
      kind: 'any-size',
      patches: 'alike',
      channels: 3,
      size: null,
      state: 'finished',
    })
    await expect(resumeTeaching(library, 'scenes-1')).rejects.toMatchObject({ code: 'BAD_INPUT' })
    const more = await resumeTeaching(library, 'scenes-1', 12)
    expect(more.step).toBeGreaterThan(first.step)
    expect(more.scores.psnrDenoised!).toBeGreaterThan(more.scores.psnrNoisy! + 4)

    const model = await library.open('scenes-1')
    const truth = pixelsOf(discPixels(77, 131, 3), 131, 3)
    const noisy = pixelsOf(discPixels(77, 131, 3), 131, 3, 0.15)
    for await (const { pixels, step } of refine(model, noisy, walkOptions.parse({ steps: 2 }))) {
      if (step.index === 2) expect(psnr(pixels, truth)).toBeGreaterThan(psnr(noisy, truth) + 4)
    }
    const grey = pixelsOf(discPixels(78, 40, 1), 40, 1, 0.1)
    for await (const { pixels } of refine(model, grey, walkOptions.parse({ steps: 1 })))
      expect(pixels.channels).toBe(1)
  })
})

describe('the plan of a teaching', () => {
  it('chooses the kind of model from the pictures and says why', () => {
    expect(planTeaching(discs)).toMatchObject({ kind: 'whole-image', suggestedName: 'discs' })
    expect(planTeaching(scenes)).toMatchObject({ kind: 'any-size', suggestedName: 'scenes' })
    expect(planTeaching(scenes).warnings.join()).toMatch(/few/)
  })

  it('says what to do when there are no pictures, or only one', () => {
    const none = { ...discs, pictures: [], problems: [] }
    expect(() => planTeaching(none)).toThrow(expect.toSatisfy((error) => error.code === 'NO_PICTURES'))
    const one = { ...discs, pictures: discs.pictures.slice(0, 1), problems: [] }
    expect(() => planTeaching(one)).toThrow(expect.toSatisfy((error) => error.code === 'TOO_FEW_PICTURES'))
  })
})

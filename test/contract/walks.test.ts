import { copyFile, mkdir, readFile, readdir, rm, symlink } from 'node:fs/promises'
import { getPriority } from 'node:os'
import path from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type EngineUnderTest,
  errorOf,
  startEngine,
  temporaryFolder,
  writeDiscs,
} from './engine-under-test.ts'

describe('a walk', () => {
  let temporary: Awaited<ReturnType<typeof temporaryFolder>>
  let pictures: string
  let home: string
  let under: EngineUnderTest
  let modelId: string
  const file = () => path.join(pictures, 'disc 007.png')
  beforeAll(async () => {
    temporary = await temporaryFolder()
    pictures = path.join(temporary.folder, 'discs')
    home = path.join(temporary.folder, 'home')
    await writeDiscs(pictures, 60)
    under = startEngine(home)
    ;({ modelId } = await under.engine.startTeaching({ folder: pictures, name: 'Discs', seconds: 3 }))
    for await (const _ of under.engine.watchTeaching({ modelId }));
  })
  afterAll(async () => {
    await under.stop()
    await temporary.remove()
  })

  async function refine(walk: { steps: number }): Promise<{ steps: number[]; resultId: string }> {
    const steps: number[] = []
    let resultId = ''
    for await (const event of under.engine.refine({ path: file(), modelId, walk })) {
      if (event.type === 'step') {
        steps.push(event.step.index)
        expect(await sharp(event.view.bytes).metadata()).toMatchObject({ width: 32, height: 32 })
      }
      if (event.type === 'done') resultId = event.resultId
    }
    return { steps, resultId }
  }

  it('shows every step and keeps its result for export', async () => {
    const { steps, resultId } = await refine({ steps: 4 })
    expect(steps).toEqual([0, 1, 2, 3, 4])
    const target = path.join(temporary.folder, 'a result “ü”.png')
    const exported = await under.engine.exportResult({ resultId, target: { path: target, options: {} } })
    expect(exported.path).toBe(target)
    expect(await sharp(target).metadata()).toMatchObject({ format: 'png', width: 32, height: 32 })
    expect(under.exported).toEqual([target])

    const before = await readFile(target)
    expect(
      (await errorOf(under.engine.exportResult({ resultId, target: { path: target, options: {} } }))).code,
    ).toBe('FILE_EXISTS')
    expect(await readFile(target)).toEqual(before)
    const numbered = await under.engine.exportResult({
      resultId,
      target: { path: target, options: { whenExists: 'number' } },
    })
    expect(path.basename(numbered.path)).toBe('a result “ü” (2).png')

    await under.engine.forgetResult({ resultId })
    const gone = await errorOf(
      under.engine.exportResult({ resultId, target: { path: `${target}.2.png`, options: {} } }),
    )
    expect(gone.code).toBe('RESULT_GONE')
  })

  it('lets its results go when the page that asked for them is gone', async () => {
    const { resultId } = await refine({ steps: 2 })
    under.reload()
    const target = { path: path.join(temporary.folder, 'too late.png'), options: {} }
    expect((await errorOf(under.engine.exportResult({ resultId, target }))).code).toBe('RESULT_GONE')
  })

  it('gives way to the window: all of its threads', async () => {
    const own = getPriority()
    expect(getPriority(under.host.pid)).toBeGreaterThan(own)
    if (process.platform !== 'linux') return
    const threads = await readdir(`/proc/${under.host.pid}/task`)
    expect(threads.length).toBeGreaterThan(4)
    for (const thread of threads) expect(getPriority(Number(thread)), thread).toBeGreaterThan(own)
  })

  it('keeps a share of the change: none of it is the picture as it was, to the last value', async () => {
    const { resultId } = await refine({ steps: 3 })
    const pixelsAt = async (amount: number): Promise<Buffer> => {
      const { path: to } = await under.engine.exportResult({
        resultId,
        original: file(),
        target: { path: path.join(temporary.folder, `share ${amount}.png`), amount, options: {} },
      })
      return sharp(to).raw().toBuffer()
    }
    const [none, half, all] = [await pixelsAt(0), await pixelsAt(0.5), await pixelsAt(1)]
    expect(none).toEqual(await sharp(file()).raw().toBuffer())
    expect(all).not.toEqual(none)
    half.forEach((value, i) =>
      expect(Math.abs(value - (none[i]! + all[i]!) / 2), `value ${i}`).toBeLessThanOrEqual(1),
    )
  })

  it('brings its settings with it, and they make the same picture again', async () => {
    const { engine } = under
    const made = path.join(temporary.folder, 'made.png')
    const walk = { sigma: 0.15, steps: 4, addNoise: true, seed: 9 } as const
    const recipe = { version: 1, model: { id: modelId, name: 'Discs' }, walk, step: 4 } as const
    const target = (to: string) => ({ path: to, options: { recipe } })
    for await (const _ of engine.refineToFile({ path: file(), modelId, walk, target: target(made) }));
    const { recipe: found } = await engine.openPicture({ path: made })
    expect(found).toMatchObject({ ...recipe, walk, amount: 1 })
    const again = path.join(temporary.folder, 'again.png')
    for await (const _ of engine.refineToFile({
      path: file(),
      modelId: found!.model.id,
      walk: found!.walk,
      target: target(again),
    }));
    expect(await sharp(again).raw().toBuffer()).toEqual(await sharp(made).raw().toBuffer())
    expect((await engine.openPicture({ path: file() })).recipe).toBeNull()
  })

  it('walks from file to file, into folders that it makes, and never over a picture that was opened', async () => {
    const { engine } = under
    const own = path.join(temporary.folder, 'album', 'mine.png')
    await mkdir(path.dirname(own))
    await copyFile(file(), own)
    const before = await readFile(own)
    const { pictures } = await engine.findPictures({ paths: [path.dirname(own)] })
    expect(pictures).toEqual([{ path: own, folder: 'album' }])
    const toFile = async (target: string, longestSide?: number) => {
      const options = { whenExists: 'replace' } as const
      const shares: number[] = []
      for await (const event of engine.refineToFile({
        path: own,
        modelId,
        walk: { steps: 2 },
        target: { path: target, options, ...(longestSide && { longestSide }) },
      })) {
        if (event.type === 'progress') shares.push(event.share)
        else return { ...event, shares }
      }
      throw new Error('it has no end')
    }
    const done = await toFile(path.join(temporary.folder, 'out', 'album', 'mine.png'), 16)
    expect(await sharp(done.path).metadata()).toMatchObject({ width: 16, height: 16, channels: 1 })
    expect(done.shares.at(-1)).toBe(1)
    expect(done.gain).toBeGreaterThan(0)
    expect(await errorOf(toFile(own))).toMatchObject({ code: 'FILE_EXISTS', message: /own pictures/ })
    await symlink(own, path.join(temporary.folder, 'link.png'))
    expect((await errorOf(toFile(path.join(temporary.folder, 'link.png')))).code).toBe('FILE_EXISTS')
    expect(await readFile(own)).toEqual(before)
  })

  it('tells the tiles of a large picture between the steps', async () => {
    const large = path.join(temporary.folder, 'large.png')
    await sharp(file()).resize(1400, 900).png().toFile(large)
    const seen: string[] = []
    for await (const event of under.engine.refine({ path: large, modelId, walk: { steps: 2 } })) {
      if (event.type === 'tiles') {
        expect(event.done).toBeLessThanOrEqual(event.of)
        if (seen.at(-1) === 'tiles') continue
      }
      seen.push(event.type)
    }
    expect(seen).toEqual(['step', 'tiles', 'step', 'tiles', 'step', 'done'])
  })

  it('is cancelled, and its model cannot be deleted while it runs', async () => {
    const abort = new AbortController()
    const walking = async () => {
      const events = under.engine.refine(
        { path: file(), modelId, walk: { steps: 1000 } },
        { signal: abort.signal },
      )
      for await (const event of events) {
        if (event.type !== 'step' || event.step.index !== 3) continue
        expect((await errorOf(under.engine.trashModel({ modelId }))).code).toBe('MODEL_IN_USE')
        abort.abort()
      }
    }
    expect((await errorOf(walking())).code).toBe('CANCELLED')
  })

  it('dreams pictures that can be exported', async () => {
    let resultIds: string[] = []
    for await (const event of under.engine.dream({
      modelId,
      count: 2,
      seed: 7,
      steps: 3,
      size: { width: 32, height: 32 },
    })) {
      if (event.type === 'step') expect(event.views).toHaveLength(2)
      else resultIds = event.resultIds
    }
    const target = path.join(temporary.folder, 'dream.webp')
    await under.engine.exportResult({
      resultId: resultIds[1]!,
      target: { path: target, options: { format: 'webp' } },
    })
    expect(await sharp(target).metadata()).toMatchObject({ format: 'webp', width: 32, height: 32 })
  })

  it('says so when the model was taken away, and leaves the picture as it is', async () => {
    const copy = path.join(home, 'models', 'copy-1')
    await mkdir(copy)
    for (const name of await readdir(path.join(home, 'models', modelId))) {
      await copyFile(path.join(home, 'models', modelId, name), path.join(copy, name))
    }
    const before = await readFile(file())
    await rm(copy, { recursive: true })
    const walk = async () => {
      for await (const _ of under.engine.refine({ path: file(), modelId: 'copy-1', walk: {} }));
    }
    expect((await errorOf(walk())).code).toBe('MODEL_NOT_FOUND')
    expect(await readFile(file())).toEqual(before)
    await under.engine.trashModel({ modelId })
    expect((await errorOf(refine({ steps: 1 }))).code).toBe('MODEL_NOT_FOUND')
  })
})

import { createHash } from 'node:crypto'
import { chmod, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DatasetSummary } from '../../shared/domain.ts'
import {
  type EngineUnderTest,
  errorOf,
  startEngine,
  temporaryFolder,
  writeDiscs,
} from './engine-under-test.ts'

let temporary: Awaited<ReturnType<typeof temporaryFolder>>
let under: EngineUnderTest
let pictures: string

beforeAll(async () => {
  temporary = await temporaryFolder('uphill “service” ü')
  pictures = path.join(temporary.folder, 'pictures of discs')
  await writeDiscs(pictures, 40)
  await writeFile(path.join(pictures, 'words.png'), 'this is no picture')
  await writeFile(path.join(pictures, 'notes.txt'), 'neither is this')
  under = startEngine(path.join(temporary.folder, 'home'))
})
afterAll(async () => {
  await under.stop()
  await temporary.remove()
})

async function openFolder(folder: string): Promise<DatasetSummary> {
  let summary: DatasetSummary | null = null
  for await (const event of under.engine.openFolder({ folder })) {
    if (event.type === 'opened') summary = event.dataset
  }
  return summary!
}

describe('a folder', () => {
  it('is opened with its pictures and its problems', async () => {
    const summary = await openFolder(pictures)
    expect(summary).toMatchObject({ pictures: 40, uniformSize: { width: 32, height: 32 }, greyscale: true })
    expect(summary.problems).toHaveLength(1)
    expect(summary.problems[0]?.path).toBe(path.join(pictures, 'words.png'))
    expect(summary.ignored).toBe(1)
  })

  it('shows its pictures page by page', async () => {
    const { datasetId } = await openFolder(pictures)
    const page = await under.engine.thumbnails({ datasetId, from: 35, count: 10, size: 64 })
    expect(page).toHaveLength(5)
    for (const { thumbnail } of page) {
      const { width, height } = await sharp(thumbnail!.bytes).metadata()
      expect({ width, height }).toEqual({ width: 32, height: 32 })
    }
  })

  it('shows the others when one picture is gone meanwhile', async () => {
    const folder = path.join(temporary.folder, 'losing')
    const [first] = await writeDiscs(folder, 3)
    const { datasetId } = await openFolder(folder)
    await rm(first!)
    const page = await under.engine.thumbnails({ datasetId, from: 0, count: 10, size: 64 })
    expect(page.map(({ thumbnail }) => thumbnail !== null)).toEqual([false, true, true])
  })

  it('has pictures left out by hand, also after the engine was started again', async () => {
    const folder = path.join(temporary.folder, 'chosen from')
    const files = await writeDiscs(folder, 4)
    const { datasetId } = await openFolder(folder)
    const two = files.slice(0, 2)
    const left = await under.engine.leaveOut({ datasetId, paths: [...two, '/no/such.png'], out: true })
    expect(left).toMatchObject({ pictures: 4, leftOut: 2 })
    const page = await under.engine.thumbnails({ datasetId, from: 0, count: 10, size: 64 })
    expect(page.map(({ leftOut }) => leftOut)).toEqual([true, true, false, false])
    await under.stop()
    under = startEngine(path.join(temporary.folder, 'home'))
    expect(await openFolder(folder)).toMatchObject({ leftOut: 2 })
    const most = await under.engine.leaveOut({ datasetId, paths: files.slice(2, 3), out: true })
    expect(most.leftOut).toBe(3)
    expect((await errorOf(under.engine.planTeaching({ datasetId }))).code).toBe('TOO_FEW_PICTURES')
    expect(await under.engine.leaveOut({ datasetId, paths: files, out: false })).toMatchObject({ leftOut: 0 })
    await under.engine.planTeaching({ datasetId })
  })

  it('tells what came and went since, and finds near-duplicates', async () => {
    const folder = path.join(temporary.folder, 'changing')
    const [first] = await writeDiscs(folder, 3)
    await sharp(first).resize(64).png().toFile(path.join(folder, 'twice as large.png'))
    const { datasetId } = await openFolder(folder)
    let groups: string[][] = []
    for await (const event of under.engine.nearDuplicates({ datasetId })) {
      if (event.type === 'done')
        groups = event.groups.map((group) => group.map((each) => path.basename(each.path)))
    }
    expect(groups.flat()).toEqual(expect.arrayContaining(['twice as large.png', path.basename(first!)]))
    await rm(first!)
    expect(await under.engine.changes({ datasetId })).toEqual({ added: 0, gone: 1 })
  })

  it('is refused in words when it is not there, and when it is not open', async () => {
    expect((await errorOf(openFolder(path.join(temporary.folder, 'nowhere')))).code).toBe('FOLDER_NOT_FOUND')
    const error = await errorOf(under.engine.planTeaching({ datasetId: 'unknown' }))
    expect(error.code).toBe('FOLDER_NOT_FOUND')
    expect(error.next).toMatch(/open/i)
  })

  it.skipIf(process.getuid?.() === 0)('says so when it may not be read', async () => {
    const folder = path.join(temporary.folder, 'closed')
    await mkdir(folder)
    await chmod(folder, 0)
    expect((await errorOf(openFolder(folder))).code).toBe('FOLDER_NOT_READABLE')
    await chmod(folder, 0o700)
  })

  it('has to hold enough pictures to plan a teaching', async () => {
    const folder = path.join(temporary.folder, 'one')
    await writeDiscs(folder, 1)
    const { datasetId } = await openFolder(folder)
    const planning = await errorOf(under.engine.planTeaching({ datasetId }))
    expect(planning.code).toBe('TOO_FEW_PICTURES')
    expect((await errorOf(under.engine.startTeaching({ folder, name: 'One' }))).code).toBe('TOO_FEW_PICTURES')
  })

  it('is opened for two pages at once', async () => {
    const other = under.openAnother()
    const [mine, theirs] = await Promise.all([openFolder(pictures), other.teachings({})])
    expect(mine.pictures).toBe(40)
    expect(theirs).toEqual([])
  })
})

describe('a picture', () => {
  it('is opened with a view and its noise, and left as it is', async () => {
    const file = path.join(pictures, 'disc 000.png')
    const before = createHash('sha256')
      .update(await readFile(file))
      .digest('hex')
    const { info, view, noise } = await under.engine.openPicture({ path: file })
    expect(info).toMatchObject({ path: file, format: 'png', width: 32, height: 32, channels: 1 })
    expect(await sharp(view.bytes).metadata()).toMatchObject({ width: 32, height: 32 })
    expect(noise).toBeGreaterThanOrEqual(0)
    expect(
      createHash('sha256')
        .update(await readFile(file))
        .digest('hex'),
    ).toBe(before)
  })

  it('is shown smaller when it is large', async () => {
    const file = path.join(temporary.folder, 'large.png')
    await sharp({ create: { width: 900, height: 300, channels: 3, background: '#456' } })
      .png()
      .toFile(file)
    const { view } = await under.engine.openPicture({ path: file, maxSide: 300 })
    expect([view.width, view.height]).toEqual([300, 100])
  })

  it('is refused in words when it cannot be read', async () => {
    const broken = await errorOf(under.engine.openPicture({ path: path.join(pictures, 'words.png') }))
    expect(broken.code).toBe('PICTURE_UNREADABLE')
    expect(broken.message).toContain('words.png')
    const missing = path.join(pictures, 'missing.png')
    expect((await errorOf(under.engine.openPicture({ path: missing }))).code).toBe('FILE_NOT_FOUND')
  })

  it('may come without a path', async () => {
    const bytes = await sharp({ create: { width: 20, height: 10, channels: 3, background: 'red' } })
      .webp()
      .toBuffer()
    const { path: kept } = await under.engine.keepPasted({ bytes })
    expect(kept.startsWith(path.join(temporary.folder, 'home', 'cache'))).toBe(true)
    expect((await under.engine.openPicture({ path: kept })).info).toMatchObject({ format: 'webp', width: 20 })
  })

  it('that is none is not kept', async () => {
    const error = await errorOf(under.engine.keepPasted({ bytes: new TextEncoder().encode('hello') }))
    expect(error.code).toBe('PICTURE_UNREADABLE')
    expect((await errorOf(under.engine.keepPasted({ bytes: new Uint8Array() }))).code).toBe('BAD_INPUT')
    const kept = await readdir(path.join(temporary.folder, 'home', 'cache', 'pasted'))
    expect(kept.filter((name) => !name.endsWith('.webp'))).toEqual([])
  })
})

describe('what is not there', () => {
  it('is said in words: models, teachings, results', async () => {
    const { engine } = under
    const file = path.join(pictures, 'disc 000.png')
    expect(await engine.models({})).toEqual([])
    const walk = async () => {
      for await (const _ of engine.refine({ path: file, modelId: 'gone', walk: {} }));
    }
    expect((await errorOf(walk())).code).toBe('MODEL_NOT_FOUND')
    expect((await errorOf(engine.trashModel({ modelId: 'gone' }))).code).toBe('MODEL_NOT_FOUND')
    expect((await errorOf(engine.resumeTeaching({ modelId: 'gone' }))).code).toBe('MODEL_NOT_FOUND')
    expect((await errorOf(engine.stopTeaching({ modelId: 'gone' }))).code).toBe('JOB_NOT_FOUND')
    const target = path.join(temporary.folder, 'out.png')
    const gone = await errorOf(
      engine.exportResult({ resultId: 'gone', target: { path: target, options: {} } }),
    )
    expect(gone.code).toBe('RESULT_GONE')
    expect(gone.next).toMatch(/walk/i)
  })

  it('cannot be reached by the name of a model', async () => {
    await errorOf(under.engine.trashModel({ modelId: '../../losing' }))
    expect(await readdir(path.join(temporary.folder, 'losing'))).toHaveLength(2)
  })
})

describe('a page that is not trusted with paths', () => {
  it('opens what the person gave it and nothing else', async () => {
    const guarded = startEngine(path.join(temporary.folder, 'guarded home'), { guardPaths: true })
    const { engine, host } = guarded
    const file = path.join(pictures, 'disc 001.png')
    const open = async (folder: string) => {
      for await (const _ of engine.openFolder({ folder }));
    }
    expect((await errorOf(open(pictures))).code).toBe('BAD_INPUT')
    expect((await errorOf(engine.openPicture({ path: file }))).code).toBe('BAD_INPUT')
    expect((await errorOf(engine.startTeaching({ folder: pictures, name: 'x' }))).code).toBe('BAD_INPUT')
    host.send({ type: 'allow', path: pictures })
    await open(pictures)
    await engine.openPicture({ path: file })
    const outside = path.join(pictures, '..', 'large.png')
    expect((await errorOf(engine.openPicture({ path: outside }))).code).toBe('BAD_INPUT')
    expect((await errorOf(engine.openPicture({ path: `${pictures}2/a.png` }))).code).toBe('BAD_INPUT')
    expect(await guarded.stop()).toBe(true)
  })
})

describe('the kept queue', () => {
  const order = {
    path: '/pictures/a.png',
    modelId: 'a-1',
    modelName: 'A',
    walk: { steps: 3 },
    target: { path: '/out/a.png', options: { format: 'png' as const } },
  }

  it('gives back what waited, to another engine too', async () => {
    await under.engine.keepQueue({ orders: [order] })
    const other = startEngine(path.join(temporary.folder, 'home'))
    expect(await other.engine.keptQueue({})).toMatchObject([order])
    await other.stop()
  })

  it('takes no path that nobody gave', async () => {
    const guarded = startEngine(path.join(temporary.folder, 'guarded home'), { guardPaths: true })
    expect(await errorOf(guarded.engine.keepQueue({ orders: [order] }))).toMatchObject({ code: 'BAD_INPUT' })
    await guarded.stop()
  })

  it('sets a damaged file aside', async () => {
    const file = path.join(temporary.folder, 'home', 'queue.json')
    await writeFile(file, '{ "format": 1, "orders": [')
    expect(await under.engine.keptQueue({})).toEqual([])
    expect(await readdir(path.dirname(file))).toContain('queue.json.damaged')
  })
})

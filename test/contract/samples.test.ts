import { readdir } from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  type EngineUnderTest,
  errorOf,
  startEngine,
  temporaryFolder,
  writeDiscs,
} from './engine-under-test.ts'

let temporary: Awaited<ReturnType<typeof temporaryFolder>>
let under: EngineUnderTest
let datasetId: string
beforeAll(async () => {
  temporary = await temporaryFolder()
  const pictures = path.join(temporary.folder, 'discs')
  await writeDiscs(pictures, 40)
  under = startEngine(path.join(temporary.folder, 'home'), { guardPaths: true })
  under.host.send({ type: 'allow', path: pictures })
  for await (const event of under.engine.openFolder({ folder: pictures }))
    if (event.type === 'opened') datasetId = event.dataset.datasetId
})
afterAll(async () => {
  await under.stop()
  await temporary.remove()
})

it.each(['vae', 'gan'] as const)('samples of a %s are files that may be opened', async (kind) => {
  const shares: number[] = []
  let folder = ''
  for await (const event of under.engine.makeSamples({ datasetId, kind, count: 3, epochs: 2 })) {
    if (event.type === 'progress') shares.push(event.share)
    else folder = event.folder
  }
  expect(shares.length).toBeGreaterThan(0)
  const { pictures } = await under.engine.findPictures({ paths: [folder] })
  expect(pictures).toHaveLength(3)
  for (const { path: file } of pictures) {
    expect(await sharp(file).metadata()).toMatchObject({ format: 'png', width: 32, height: 32 })
    expect((await under.engine.openPicture({ path: file })).info).toMatchObject({ width: 32, height: 32 })
  }
})

it('that are not wanted any more are not made', async () => {
  const made = path.join(temporary.folder, 'home/cache/samples')
  const before = await readdir(made)
  const making = new AbortController()
  const stream = under.engine.makeSamples({ datasetId, kind: 'vae', count: 3 }, { signal: making.signal })
  const ended = errorOf(
    (async () => {
      for await (const _ of stream) making.abort()
    })(),
  )
  expect((await ended).code).toBe('CANCELLED')
  await expect.poll(() => readdir(made)).toEqual(before)
})

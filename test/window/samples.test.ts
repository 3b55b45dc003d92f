/** A person without samples of a generator makes some, and walks one of them uphill. */
import fs from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'

import type { App } from './app.ts'
import { makePhoto } from './pictures.ts'
import { startTaught } from './taught.ts'

let app: App
beforeAll(async () => {
  app = await startTaught()
})
afterAll(() => app.close())

it('samples of a folder are made where they can be, and are open to be refined', async () => {
  await app.openFolder(app.path('digits'))
  await app.at('samples-open').click()
  await app.at('samples-gan').check()
  await app.at('samples-count').fill('5')
  await app.capture('36-samples')
  await app.captureSizes('36-samples')
  await app.at('samples-start').click()
  await expect.poll(() => app.at('sources').getByRole('option').count(), { timeout: 300_000 }).toBe(5)
  await app.page.getByRole('heading', { name: 'gan-1-001.png' }).waitFor()
  await app.at('refine-start').click()
  await app.at('refine-done').waitFor()
  expect(app.objections).toEqual([])
})

it('are given up when the dialog is closed, and leave nothing', async () => {
  await app.at('nav-pictures').click()
  await app.at('samples-open').click()
  const before = await fs.readdir(app.path('home/cache/samples'))
  await app.at('samples-start').click()
  await app.page.keyboard.press('Escape')
  await expect.poll(() => app.at('samples-dialog').count()).toBe(0)
  await expect.poll(() => fs.readdir(app.path('home/cache/samples')), { timeout: 60_000 }).toEqual(before)
})

it('are not offered for pictures that the small generators cannot make', async () => {
  await fs.mkdir(app.path('photos'))
  await makePhoto(app.path('photos/a.png'), 300, 200)
  await makePhoto(app.path('photos/b.png'), 300, 200)
  await app.openFolder(app.path('photos'))
  await expect.poll(() => app.at('dataset-count').textContent()).toBe('2 pictures')
  expect(await app.at('samples-open').count()).toBe(0)
})

import fs from 'node:fs/promises'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { hashOf, writeDigits } from '../cli/run-uphill.ts'
import { App } from './app.ts'

let app: App
beforeAll(async () => {
  app = await App.start()
})
afterAll(() => app.close())

const grey = async (file: string): Promise<Buffer> => sharp(file).toColourspace('b-w').raw().toBuffer()

it('goes from a folder of pictures to an exported image, and leaves the pictures as they were', async () => {
  const folder = app.path('Grandma’s “scans” 😀')
  await writeDigits(folder, 0, 200)
  await fs.writeFile(app.path('Grandma’s “scans” 😀', 'text.png'), 'this is no picture')
  await fs.writeFile(app.path('Grandma’s “scans” 😀', 'notes.txt'), 'nothing to see')
  const [noisy] = await writeDigits(app.path('noisy'), 507, 1, 0.2)
  const [truth] = await writeDigits(app.path('truth'), 507, 1)
  const before = [await hashOf(folder), await hashOf(app.path('noisy'))]
  await app.screenshot('1-welcome')

  await app.openFolder(folder)
  await app.at('teach-open').waitFor()
  expect(await app.at('dataset-count').textContent()).toContain('200')
  await app.at('problems-toggle').click()
  expect(await app.at('problems').textContent()).toContain('text.png')
  await app.page.getByRole('listitem').locator('img').first().waitFor()
  await app.screenshot('2-pictures')

  await app.at('teach-open').click()
  await app.at('teach-name').fill('Digits')
  await app.screenshot('3-teach')
  await app.at('own-minutes').fill('0.4')
  await app.at('teach-start').click()
  await app.at('teach-progress').waitFor()
  await app.page.getByRole('img', { name: 'truth' }).first().waitFor()
  await app.at('teach-pause').click()
  await app.at('teach-resume').click()
  await app.at('teach-pause').waitFor()
  await app.page.locator('svg path.psnr-line').waitFor()
  await app.screenshot('4-teaching')
  await app.at('teach-finished').waitFor({ timeout: 300_000 })
  await app.screenshot('5-taught')

  await app.at('go-refine').click()
  await app.answerDialogs(noisy!)
  await app.at('refine-choose').click()
  await app.at('refine-auto').uncheck()
  await app.at('refine-sigma').fill('0.54')
  await app.at('refine-start').click()
  await app.at('refine-done').waitFor()
  await expect.poll(() => app.at('export-start').count()).toBe(1)
  expect(await app.at('film-strip').getByRole('option').count()).toBe(7)
  const divider = app.page.getByRole('slider', { name: /Divider/ })
  await divider.focus()
  await app.page.keyboard.press('1')
  expect(await divider.getAttribute('aria-valuenow')).toBe('0')
  await app.page.keyboard.press('2')
  await app.page.keyboard.press('ArrowRight')
  expect(await divider.getAttribute('aria-valuenow')).toBe('52')
  await app.screenshot('6-refined')

  const exported = app.path('refined.png')
  await app.answerDialogs(exported)
  await app.at('export-start').click()
  await app.at('export-done').waitFor()
  const [out, was, should] = [await grey(exported), await grey(noisy!), await grey(truth!)]
  const error = (data: Buffer) => data.reduce((sum, value, i) => sum + (value - should[i]!) ** 2, 0)
  expect((await sharp(exported).metadata()).width).toBe(28)
  expect(10 * Math.log10(error(was) / error(out))).toBeGreaterThan(2)

  await app.at('nav-dream').click()
  await app.at('dream-start').click()
  await app.page.locator('[data-testid=dream-sheet][data-done=true]').waitFor()
  expect(await app.at('dream-sheet').getByRole('button').count()).toBe(24)
  await app.screenshot('7-dream')

  await app.at('nav-models').click()
  await app.at('model-card').waitFor()
  await app.page.getByRole('img', { name: /What Digits made/ }).waitFor()
  await app.screenshot('8-models')
  await app.at('model-rename').click()
  await app.page.getByRole('textbox').fill('Numbers')
  await app.page.keyboard.press('Enter')
  await app.page.getByRole('heading', { name: 'Numbers' }).waitFor()
  await app.at('model-trash').click()
  await app.at('model-trash-confirm').click()
  await expect.poll(() => app.at('model-card').count()).toBe(0)
  expect(await fs.readdir(app.path('home', 'models', '.trash'))).toHaveLength(1)

  expect([await hashOf(folder), await hashOf(app.path('noisy'))]).toEqual(before)
})

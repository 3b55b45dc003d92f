/** What outlives the window, and what is told of it to others. */
import fs from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { writeDigits } from '../cli/run-uphill.ts'
import { App } from './app.ts'
import { startTaught } from './taught.ts'

let app: App
beforeAll(async () => {
  app = await startTaught()
  await writeDigits(app.path('noisy'), 500, 4, 0.3)
  await fs.mkdir(app.path('out'))
})
afterAll(() => app.close())

const items = (state: string) => app.page.locator(`[data-testid=queue-item][data-state=${state}]`)

it('a queue outlives a window that is killed, and goes on when the person says so', async () => {
  await app.answerDialogs(app.path('noisy'))
  await app.at('nav-refine').click()
  await app.at('refine-choose-folder').click()
  await expect.poll(() => app.at('sources').getByRole('option').count()).toBe(4)
  await app.chooseSteps(300)
  await app.answerDialogs(app.path('out'))
  await app.at('batch-start').click()
  await app.at('export-folder').click()
  await app.at('export-confirm').click()
  await items('done').first().waitFor()
  await expect
    .poll(
      async () => JSON.parse(await fs.readFile(app.path('home/queue.json'), 'utf8')).orders.length as number,
    )
    .toBeLessThan(4)
  app.electron.process().kill('SIGKILL')

  app = await App.start(app.root)
  await app.at('left-waiting').waitFor()
  await app.at('nav-jobs').click()
  await app.capture('50-left-waiting')
  const waited = await items('waiting').count()
  expect(waited).toBeGreaterThan(0)
  expect(await items('running').count()).toBe(0)
  await app.at('left-go-on').click()
  await expect
    .poll(async () => (await items('waiting').count()) + (await items('running').count()), {
      timeout: 120_000,
    })
    .toBe(0)
  await expect.poll(() => app.at('left-waiting').count()).toBe(0)
  await expect
    .poll(
      async () =>
        (await fs.readdir(app.path('out'), { recursive: true })).filter((name) => name.endsWith('.png'))
          .length,
    )
    .toBe(4)
  await expect
    .poll(async () => JSON.parse(await fs.readFile(app.path('home/queue.json'), 'utf8')).orders as unknown[])
    .toEqual([])
})

it('diagnostics show what they copy, without names', async () => {
  await app.page.keyboard.press('Control+K')
  await app.page.keyboard.type('diagnostics')
  await app.page.keyboard.press('Enter')
  await app.at('diagnostics-text').waitFor()
  await app.capture('51-diagnostics')
  await app.captureSizes('51-diagnostics')
  const shown = await app.at('diagnostics-text').inputValue()
  expect(shown).toMatch(/TensorFlow 2\.\d+/)
  expect(shown).toMatch(/Models: 1, damaged: 0/)
  for (const secret of [app.root, 'Digits', 'noisy', '500.png']) expect(shown).not.toContain(secret)
  await app.at('diagnostics-copy').click()
  await expect.poll(() => app.electron.evaluate(({ clipboard }) => clipboard.readText())).toBe(shown)
  await app.page.keyboard.press('Escape')
})

it('axe has nothing to object to', () => {
  expect(app.objections).toEqual([])
})

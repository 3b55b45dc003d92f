/** The gallery of models: named, noted, doubled, taken away and brought back, taught further. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeDigits } from '../cli/run-uphill.ts'
import type { App } from './app.ts'
import { startTaught } from './taught.ts'

let app: App
beforeAll(async () => {
  app = await startTaught()
  await writeDigits(app.path('more digits'), 200, 60)
})
afterAll(() => app.close())

const card = (name: string) =>
  app.at('model-card').filter({ has: app.page.getByRole('heading', { name, exact: true }) })

describe('the folder that a model has learned from', () => {
  it('is opened again on the first screen, though it was not chosen since the start', async () => {
    await app.at('recent-folder').waitFor()
    await app.capture('79-welcome-again')
    await app.at('recent-folder').click()
    await expect.poll(() => app.at('dataset-count').textContent()).toBe('120 pictures')
    await app.at('nav-models').click()
  })
})

describe('a model', () => {
  it('has notes', async () => {
    await app.inMenu(card('Digits'), 'model-notes')
    await app.at('model-notes-text').fill('Taught on a rainy day.')
    await app.at('model-notes-save').click()
    await card('Digits').getByText('Taught on a rainy day.').waitFor()
  })

  it('has another name when that is wanted, and its own again', async () => {
    await app.inMenu(card('Digits'), 'model-rename')
    await app.page.getByRole('textbox').fill('Numbers')
    await app.page.keyboard.press('Enter')
    await card('Numbers').waitFor()
    await app.page.keyboard.press('Control+z')
    await card('Digits').getByText('Taught on a rainy day.').waitFor()
  })

  it('is doubled under another name, with all it has', async () => {
    await app.inMenu(card('Digits'), 'model-duplicate')
    await card('Digits copy').getByText('Taught on a rainy day.').waitFor()
    await app.capture('80-models')
    await card('Digits').getByTestId('model-menu').focus()
    await app.page.keyboard.press('ArrowDown')
    await expect.poll(() => app.at('model-continue').count()).toBe(1)
    await app.capture('81-menu')
    await app.page.keyboard.press('Escape')
    await expect.poll(() => app.at('model-continue').count()).toBe(0)
  })

  it('goes to the trash without a question, and comes back', async () => {
    await app.inMenu(card('Digits copy'), 'model-trash')
    await expect.poll(() => card('Digits copy').count()).toBe(0)
    await app.page.keyboard.press('Control+z')
    await expect.poll(() => card('Digits copy').count()).toBe(1)
  })

  it('learns further, with other pictures when that is wanted', async () => {
    await app.openFolder(app.path('more digits'))
    await expect.poll(() => app.at('dataset-count').textContent()).toBe('60 pictures')
    await app.at('nav-models').click()
    await app.inMenu(card('Digits'), 'model-continue')
    await app.at('continue-minutes').fill('0.1')
    await app.at('continue-with-open').check()
    await app.at('continue-start').click()
    await app.at('teach-finished').waitFor({ timeout: 200_000 })
    await app.at('nav-models').click()
    await card('Digits')
      .getByText(/57 pictures/)
      .waitFor()
    expect(app.objections).toEqual([])
  })
})

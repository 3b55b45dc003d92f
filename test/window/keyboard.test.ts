/** The whole journey without a mouse: teach, refine, compare and export. Only keys are pressed here. */
import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { writeDigits } from '../cli/run-uphill.ts'
import { App } from './app.ts'

let app: App
let noisy: string
beforeAll(async () => {
  app = await App.start()
  await writeDigits(app.path('digits'), 0, 120)
  ;[noisy] = (await writeDigits(app.path('noisy'), 507, 1, 0.3)) as [string]
})
afterAll(() => app.close())

const press = (keys: string) => app.page.keyboard.press(keys)
const focused = () =>
  app.page.evaluate(() => document.activeElement?.closest('[data-testid]')?.getAttribute('data-testid'))

/** On with Tab until it is there; the focus must be seen wherever it goes. */
async function tabTo(testId: string): Promise<void> {
  for (let presses = 0; presses < 80; presses++) {
    await press('Tab')
    const unseen = await app.page.evaluate(() => {
      const at = document.activeElement
      if (!at || at === document.body) return null
      const { outlineStyle, outlineWidth } = getComputedStyle(at)
      const ring = outlineStyle !== 'none' && outlineWidth !== '0px'
      // The divider shows it in its handle.
      return ring || at.matches('[role=slider]') ? null : at.outerHTML.slice(0, 200)
    })
    expect(unseen, 'the focus is nowhere to be seen').toBeNull()
    if ((await focused()) === testId) return
  }
  expect(await focused()).toBe(testId)
}

it('opens a folder and teaches a model', async () => {
  await app.answerDialogs(app.path('digits'))
  await press('Control+o')
  await app.at('teach-open').waitFor()
  await tabTo('teach-open')
  await press('Enter')
  await app.at('teach-start').waitFor()
  await tabTo('own-minutes')
  await press('Control+a')
  await app.page.keyboard.type('0.15')
  await press('Enter')
  await app.at('teach-finished').waitFor({ timeout: 200_000 })
})

it('refines a picture, and keeps another step', async () => {
  await app.answerDialogs(noisy)
  await press('Control+Shift+o')
  await app.at('single-picture').waitFor()
  await press('Control+Enter')
  await app.at('refine-done').waitFor()
  await tabTo('film-strip')
  await press('ArrowLeft')
  await expect.poll(() => app.at('refine-done').textContent()).toContain('step 5')
})

it('compares before and after', async () => {
  await app.page.evaluate(() => (document.activeElement as HTMLElement).blur())
  await tabTo('compare-split')
  await tabTo('compare-frame')
  const divider = app.at('compare-view').getByRole('slider')
  await press('3')
  await expect.poll(() => divider.getAttribute('aria-valuenow')).toBe('100')
  await press('m')
  await press('8')
  await expect.poll(() => app.at('compare-zoom').textContent()).toBe('800 %')
})

it('exports what is shown', async () => {
  const file = app.path('by keys.png')
  await app.answerDialogs(file)
  await press('Control+e')
  await app.at('export-dialog').waitFor()
  await tabTo('export-save-as')
  await press('Enter')
  await expect.poll(() => app.at('export-done').textContent()).toContain(file)
  expect((await sharp(file).metadata()).width).toBe(28)
})

/** Before and after, in every way there is, by keyboard. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeDigits } from '../cli/run-uphill.ts'
import type { App } from './app.ts'
import { startTaught } from './taught.ts'

let app: App
beforeAll(async () => {
  app = await startTaught()
  const [noisy] = await writeDigits(app.path('noisy'), 507, 1, 0.3)
  await app.openPicture(noisy!)
  await app.at('refine-start').click()
  await app.at('refine-done').waitFor()
})
afterAll(() => app.close())

const checked = () => app.at('compare-view').getByRole('radio', { checked: true }).textContent()
const zoom = () => app.at('compare-zoom').textContent()
/** Where the picture lies, in pixels of the page; there are two of them side by side. */
const places = () =>
  app.page
    .locator('[data-testid=compare-frame] .placed')
    .evaluateAll((all) => all.map((each) => getComputedStyle(each).transform))

describe('before and after', () => {
  it('are split, side by side, flipped, or subtracted: M goes through the ways', async () => {
    await app.at('compare-view').getByRole('slider').focus()
    for (const mode of ['Side by side', 'Flip', 'Difference', 'Split']) {
      await app.page.keyboard.press('m')
      await expect.poll(checked).toBe(mode)
      await app.capture(`30-compare-${mode.toLowerCase().replaceAll(' ', '-')}`)
    }
    await app.page.keyboard.press('M')
    await expect.poll(checked).toBe('Difference')
  })

  it('show where something has changed, and how much', async () => {
    const canvas = app.page.getByRole('img', { name: 'What has changed, times 4' })
    await canvas.waitFor()
    const brightness = () =>
      app.page.locator('[data-testid=compare-frame] canvas').evaluate((each: HTMLCanvasElement) => {
        const { data } = each.getContext('2d')!.getImageData(0, 0, each.width, each.height)
        return data.reduce((sum, value, i) => (i % 4 === 3 ? sum : sum + value), 0) / data.length
      })
    const less = await brightness()
    await app.at('compare-factor').selectOption('16')
    await app.page.getByRole('img', { name: 'What has changed, times 16' }).waitFor()
    expect(await brightness()).toBeGreaterThan(less)
    await app.at('compare-factor').selectOption('4')
  })

  it('are moved and enlarged in step, up to single pixels', async () => {
    await app.at('compare-side').click()
    await app.at('compare-frame').focus()
    await app.page.keyboard.press('8')
    await expect.poll(zoom).toBe('800 %')
    await app.page.keyboard.press('ArrowRight')
    await app.page.keyboard.press('Shift+ArrowDown')
    const [before, after] = await places()
    expect(before).toBe(after)
    await app.at('compare-frame').hover({ position: { x: 60, y: 80 } })
    await app.page.mouse.wheel(0, -200)
    await expect.poll(async () => Number.parseInt((await zoom())!, 10)).toBeGreaterThan(800)
    const moved = await places()
    expect(moved[0]).toBe(moved[1])
    expect(moved[0]).not.toBe(before)
    await app.page.keyboard.press('z')
    await app.page.keyboard.press('z')
    await expect.poll(zoom).toBe('100 %')
  })

  it('flip to the original while space is held', async () => {
    await app.at('compare-flip').click()
    await app.at('compare-frame').focus()
    const picture = app.at('compare-frame').getByRole('img')
    await expect.poll(() => picture.getAttribute('alt')).toBe('After')
    await app.page.keyboard.down(' ')
    await expect.poll(() => picture.getAttribute('alt')).toBe('Before')
    await app.page.keyboard.up(' ')
    await expect.poll(() => picture.getAttribute('alt')).toBe('After')
  })

  it('have histograms, and the values of the pixel under the pointer', async () => {
    await app.page.keyboard.press('h')
    await app.page.getByRole('img', { name: 'Histogram: Before' }).waitFor()
    await app.page.keyboard.press('z')
    await app.at('compare-frame').hover()
    await app
      .at('histogram')
      .getByText(/\d+, \d+: \d+/)
      .first()
      .waitFor()
    await app.capture('31-histogram')
    await app.captureSizes('31-compare')
  })

  it('give axe nothing to object to', () => {
    expect(app.objections).toEqual([])
  })
})

/** The engine is a process of its own and may die of anything; the window stays, and nothing is lost. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeDigits } from '../cli/run-uphill.ts'
import { App } from './app.ts'

let app: App
beforeEach(async () => {
  app = await App.start()
})
afterEach(() => app.close())

/** Keeps all that the banner will ever say: the engine may be back before anyone looks. */
async function listenToBanner(): Promise<() => Promise<string[]>> {
  await app.page.evaluate(() => {
    const said = new Set<string>()
    const look = () => {
      const text = document.querySelector('[data-testid=engine-banner]')?.textContent?.trim()
      if (text) said.add(text)
    }
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true })
    Object.assign(window, { bannerSaid: said })
  })
  return () => app.page.evaluate(() => [...(window as unknown as { bannerSaid: Set<string> }).bannerSaid])
}

describe('an engine that is killed', () => {
  it('while it teaches: the banner says so, and the teaching goes on by itself to its end', async () => {
    const folder = app.path('digits')
    await writeDigits(folder, 0, 120)
    await app.openFolder(folder)
    await app.at('teach-open').click()
    await app.at('teach-name').fill('Lives twice')
    await app.chooseMinutes(0.3)
    await app.at('teach-start').click()
    await app.page.getByRole('img', { name: /PSNR [\d.]+ dB/ }).waitFor()

    const banner = await listenToBanner()
    const dead = await app.killEngine()
    await expect.poll(banner, { timeout: 60_000 }).toEqual([expect.stringMatching(/engine.*again/i)])
    await app.at('engine-banner').waitFor({ state: 'detached' })
    await expect.poll(() => app.enginePid(), { timeout: 60_000 }).toBeTruthy()
    expect(await app.enginePid()).not.toBe(dead)

    await app.at('teach-finished').waitFor({ timeout: 300_000 })
    await app.at('nav-models').click()
    await app.at('model-card').filter({ hasText: 'Lives twice' }).waitFor()
    // What only the dead engine knew is asked for again.
    await app.openFolder(folder)
    await app.at('teach-open').waitFor()
    await app.page.locator('main img').first().waitFor()
  })

  it('again and again: the window says that it gave up, and starts it when asked', async () => {
    for (let deaths = 0; deaths < 5; deaths++) await app.killEngine()
    const banner = app.at('engine-banner')
    await banner.getByRole('button').waitFor()
    await app.screenshot('20-engine-failed')
    await banner.getByRole('button').click()
    await banner.waitFor({ state: 'detached' })
    const folder = app.path('digits')
    await writeDigits(folder, 0, 3)
    await app.openFolder(folder)
    await app.at('teach-open').waitFor()
  })
})

/** A person who has never seen it takes the tour; it does real work, and no page drops frames while it learns. */
import fs from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { App } from './app.ts'

let app: App
beforeAll(async () => {
  app = await App.start()
})
afterAll(() => app.close())

const act = () => app.at('tour-act').click()
const at = (step: RegExp) =>
  expect.poll(() => app.at('tour').textContent(), { timeout: 200_000 }).toMatch(step)

/** Milliseconds between the frames that the browser drew in this time, out of its own trace. */
async function drawnFrames(seconds: number): Promise<number[]> {
  // Something moves all the time, as when a person scrolls: a page at rest draws nothing.
  await app.page.evaluate(() => {
    const runner = document.createElement('div')
    Object.assign(runner.style, {
      position: 'fixed',
      top: '0',
      width: '2px',
      height: '2px',
      background: 'red',
    })
    document.body.append(runner)
    const move = (now: number): void => {
      runner.style.left = `${(now / 10) % 300}px`
      if (document.body.contains(runner)) requestAnimationFrame(move)
    }
    requestAnimationFrame(move)
    Object.assign(window, { stopRunner: () => runner.remove() })
  })
  const file = await app.electron.evaluate(async ({ contentTracing }, milliseconds) => {
    await contentTracing.startRecording({
      included_categories: ['disabled-by-default-devtools.timeline.frame', 'devtools.timeline.frame'],
    })
    await new Promise((resolve) => setTimeout(resolve, milliseconds))
    return contentTracing.stopRecording()
  }, 1000 * seconds)
  await app.page.evaluate(() => (window as unknown as { stopRunner: () => void }).stopRunner())
  const { traceEvents } = JSON.parse(await fs.readFile(file, 'utf8')) as {
    traceEvents: { name: string; ts: number }[]
  }
  await fs.rm(file)
  const drawn = traceEvents.filter(({ name }) => name === 'DrawFrame').map(({ ts }) => ts / 1000)
  drawn.sort((one, other) => one - other)
  return drawn.slice(1).map((at, index) => at - drawn[index]!)
}

function smoothness(gaps: number[]): { perSecond: number; gap: number } {
  const drawnFor = gaps.reduce((sum, gap) => sum + gap, 0) / 1000
  const sorted = [...gaps].sort((one, other) => one - other)
  return { perSecond: gaps.length / drawnFor, gap: sorted[Math.floor(0.95 * gaps.length)] ?? Infinity }
}

it('opens the sample pictures', async () => {
  await app.capture('70-first-start')
  await app.at('tour-begin').click()
  await app.capture('71-tour')
  await app.captureSizes('71-tour')
  await act()
  await at(/2 of 6/)
  await expect.poll(() => app.at('dataset-count').textContent()).toMatch(/^1.500 pictures$/)
})

it('teaches for a minute, and the page stays smooth meanwhile', async () => {
  const before = smoothness(await drawnFrames(5))
  await act()
  await expect.poll(() => app.at('teach-progress').textContent(), { timeout: 120_000 }).toMatch(/Learning/)
  const meanwhile = smoothness(await drawnFrames(10))
  console.log('frames a second, and the gap in ms that 95 % stay below:', { before, meanwhile })
  // Thirty frames a second, though both of two cores are learning; less only where the machine had less before.
  expect(meanwhile.perSecond).toBeGreaterThan(Math.min(30, 0.8 * before.perSecond))
  expect(meanwhile.gap).toBeLessThan(Math.max(34, 1.5 * before.gap))
  await at(/3 of 6/)
})

it('walks a noisy digit uphill, and compares', async () => {
  await act()
  await at(/4 of 6/)
  await app.capture('72-tour-refined')
  await act()
  await at(/5 of 6/)
  await expect.poll(() => app.at('compare-difference').getAttribute('aria-checked')).toBe('true')
})

it('dreams, and ends where a person goes on with pictures of their own', async () => {
  await act()
  await at(/6 of 6/)
  await app.capture('73-tour-dreamed')
  await app.cancelDialogs()
  await act()
  await expect.poll(() => app.at('tour').count()).toBe(0)
  expect(await app.at('nav-pictures').getAttribute('aria-current')).toBe('page')
  expect(app.objections).toEqual([])
})

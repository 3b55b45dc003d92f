/** A person who has never seen it takes the tour; it does real work, and no page drops frames while it learns. */
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

/** Milliseconds between the frames that the page drew in this time. */
function frames(seconds: number): Promise<number[]> {
  return app.page.evaluate(
    (until) =>
      new Promise<number[]>((resolve) => {
        const gaps: number[] = []
        let last = performance.now()
        const end = last + until
        const frame = (now: number): void => {
          gaps.push(now - last)
          last = now
          if (now < end) requestAnimationFrame(frame)
          else resolve(gaps.slice(1))
        }
        requestAnimationFrame(frame)
      }),
    1000 * seconds,
  )
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
  await act()
  await expect.poll(() => app.at('teach-progress').textContent(), { timeout: 120_000 }).toMatch(/Learning/)
  const gaps = (await frames(10)).sort((a, b) => a - b)
  // Thirty frames a second: the test machine has two cores, and both are learning.
  expect(gaps[Math.floor(0.95 * gaps.length)]).toBeLessThan(34)
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

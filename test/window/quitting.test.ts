/** Work and the system: the taskbar, and what becomes of work when the window is closed. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { writeDigits } from '../cli/run-uphill.ts'
import { App } from './app.ts'

let root: string
let app: App
beforeAll(async () => {
  root = await App.folder()
  app = await App.start(root)
  await writeDigits(app.path('digits'), 0, 120)
})
afterAll(() => app.close())

const bars = () => app.electron.evaluate(() => (globalThis as unknown as { bars: number[] }).bars)

const awake = () => app.electron.evaluate(() => (globalThis as unknown as { awake: boolean }).awake)

it('the taskbar shows how far the teaching is', async () => {
  await app.electron.evaluate(({ BrowserWindow, powerSaveBlocker }) => {
    const seen: number[] = []
    Object.assign(globalThis, { bars: seen, awake: false })
    const setAwake = (wanted: boolean) => Object.assign(globalThis, { awake: wanted })
    const blocker = powerSaveBlocker as unknown as Record<'start' | 'stop', (what: never) => unknown>
    const { start, stop } = blocker
    blocker.start = (kind) => (setAwake(true), start.call(powerSaveBlocker, kind))
    blocker.stop = (id) => (setAwake(false), stop.call(powerSaveBlocker, id))
    const window = BrowserWindow.getAllWindows()[0]!
    const show = window.setProgressBar.bind(window)
    window.setProgressBar = (share) => {
      seen.push(share)
      show(share)
    }
  })
  await app.openFolder(app.path('digits'))
  await app.at('teach-open').click()
  await app.at('teach-name').fill('Night')
  await app.chooseMinutes(0.7)
  await app.at('teach-start').click()
  await expect.poll(async () => Math.max(...(await bars())), { timeout: 60_000 }).toBeGreaterThan(0.05)
})

it('the machine is kept awake over long work alone, and not while it is paused', async () => {
  await expect.poll(awake, { timeout: 60_000 }).toBe(true)
  await app.at('teach-pause').click()
  await expect.poll(awake, { timeout: 60_000 }).toBe(false)
  await app.at('teach-resume').click()
  await expect.poll(awake, { timeout: 60_000 }).toBe(true)
})

it('closing asks, and to keep working keeps everything', async () => {
  await app.answerQuitting('Keep working')
  await app.electron.evaluate(({ BrowserWindow }) => {
    BrowserWindow.getAllWindows()[0]!.close()
  })
  const before = Math.max(...(await bars()))
  await expect.poll(async () => Math.max(...(await bars())), { timeout: 60_000 }).toBeGreaterThan(before)
})

it('quits and goes on at the next start, to the end', async () => {
  await app.answerQuitting('Quit, and go on next time')
  const closed = app.electron.waitForEvent('close')
  await app.electron.evaluate(({ BrowserWindow }) => {
    BrowserWindow.getAllWindows()[0]!.close()
  })
  await closed
  app = await App.start(root)
  await expect.poll(() => app.at('nav-teach').locator('.dot').count(), { timeout: 60_000 }).toBe(1)
  await app.at('nav-teach').click()
  await app.at('teach-finished').waitFor({ timeout: 200_000 })
  await app.at('nav-models').click()
  await expect.poll(() => app.at('model-card').count()).toBe(1)
})

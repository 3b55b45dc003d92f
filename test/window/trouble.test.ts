import { execFileSync } from 'node:child_process'
import fs from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeDigits } from '../cli/run-uphill.ts'
import { App } from './app.ts'

let app: App
beforeEach(async () => {
  app = await App.start()
})
afterEach(() => app.close())

async function startTeaching(minutes: string): Promise<void> {
  const folder = app.path('digits')
  await writeDigits(folder, 0, 120)
  await app.openFolder(folder)
  await app.at('teach-open').click()
  await app.at('own-minutes').fill(minutes)
  await app.at('teach-start').click()
}

describe('when something is wrong', () => {
  it('an empty folder and a folder with one picture are told with what to do next', async () => {
    await fs.mkdir(app.path('empty'))
    await app.openFolder(app.path('empty'))
    await app.page.getByRole('heading', { name: '0 pictures' }).waitFor()
    await app.at('teach-open').click()
    const note = app.at('error-note').first()
    await note.waitFor()
    expect(await note.textContent()).toMatch(/no usable picture[^]*Choose a folder/)

    await writeDigits(app.path('one'), 0, 1)
    await app.openFolder(app.path('one'))
    await app.page.getByRole('heading', { name: '1 picture' }).waitFor()
    await app.at('teach-open').click()
    await expect
      .poll(() => app.at('error-note').first().textContent())
      .toMatch(/only one usable picture[^]*Add more/)
    await app.screenshot('9-error')
  })

  it.skipIf(process.platform === 'win32')(
    'an engine that is killed while it teaches comes back, and the teaching goes on to its end',
    async () => {
      await startTeaching('0.4')
      await app.page.locator('svg path.psnr-line').waitFor()
      const parent = app.electron.process().pid!
      const children = execFileSync('ps', ['-eo', 'pid=,ppid=,args=']).toString().split('\n')
      const engine = children.find(
        (line) => line.includes('engine.cjs') && line.trim().split(/\s+/)[1] === String(parent),
      )
      process.kill(Number(engine!.trim().split(/\s+/)[0]), 'SIGKILL')
      await app.at('engine-banner').waitFor()
      await app.at('engine-banner').waitFor({ state: 'detached' })
      await app.at('teach-finished').waitFor({ timeout: 300_000 })
      expect(await app.page.getByRole('heading', { level: 1 }).textContent()).toBe('digits')
    },
  )

  it('a picture and a model that are gone are told by name, and the window stays usable', async () => {
    await startTeaching('0.1')
    await app.at('teach-finished').waitFor({ timeout: 300_000 })
    await app.at('go-refine').click()
    await app.answerDialogs(app.path('digits', '5.png'))
    await app.at('refine-choose').click()
    await app.at('refine-start').waitFor()
    const models = app.path('home', 'models')
    await fs.rename(models, app.path('home', 'elsewhere'))
    await app.at('refine-start').click()
    await expect.poll(() => app.at('error-note').first().textContent()).toMatch(/no model[^]*teach one/i)
    await fs.rename(app.path('home', 'elsewhere'), models)
    await app.at('refine-start').click()
    await app.at('refine-done').waitFor()
    await app.answerDialogs(app.path('nowhere.png'))
    await app.at('refine-choose').click()
    await expect.poll(() => app.at('error-note').first().textContent()).toMatch(/nowhere\.png/)
  })
})

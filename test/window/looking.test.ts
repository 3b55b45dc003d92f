/** Before and beside a walk: what the strength would do, where a picture is unlike, two runs, a model as one file. */
import fs from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeDigits } from '../cli/run-uphill.ts'
import type { App } from './app.ts'
import { startTaught } from './taught.ts'

let app: App
beforeAll(async () => {
  app = await startTaught(60)
  await writeDigits(app.path('noisy'), 500, 1, 0.3)
  await app.openPicture(app.path('noisy/500.png'))
})
afterAll(() => app.close())

const after = () => app.at('strength-preview').getByAltText('After').getAttribute('src')

describe('a part of the picture', () => {
  it('shows what the strength would do, anew when it is changed', async () => {
    await app.at('strength-preview').getByAltText('After').waitFor()
    const before = await after()
    await app.chooseSigma(0.9)
    await expect.poll(after).not.toBe(before)
    await expect.poll(() => app.at('strength-preview').getAttribute('aria-busy')).toBe('false')
    await app.capture('60-preview')
    await app.at('refine-auto').check()
  })
})

describe('the map of unlikeness', () => {
  it('is compared with the picture, and goes away again', async () => {
    await app.at('unlikeness').click()
    await expect.poll(() => app.at('unlikeness-shown').textContent()).toMatch(/\d+\.\d %/)
    await app.capture('61-unlikeness')
    expect(await app.at('unlikeness').getAttribute('aria-pressed')).toBe('true')
    await app.at('unlikeness').click()
    await expect.poll(() => app.at('unlikeness-shown').count()).toBe(0)
  })
})

describe('a model as one file', () => {
  it('is shared, taken in again beside the first, and works', async () => {
    await app.at('nav-models').click()
    const file = app.path('digits.uphill')
    await app.answerDialogs(file)
    await app.inMenu(app.at('model-card').first(), 'model-share')
    await expect.poll(() => app.at('model-shared').textContent()).toContain(file)
    await app.at('model-take').click()
    await expect.poll(() => app.at('model-card').count()).toBe(2)
    await app.page.getByRole('heading', { name: 'Digits (2)' }).waitFor()
    await app.capture('62-taken-in')
    await app.captureSizes('62-taken-in')
    await app.at('nav-refine').click()
    await app.at('refine-model').selectOption({ label: 'Digits (2)' })
    await app.at('refine-start').click()
    await app.at('refine-done').waitFor()
  })

  it('that is none is refused with what to do', async () => {
    await app.at('nav-models').click()
    const file = app.path('holiday.uphill')
    await fs.writeFile(file, 'PK this is no model')
    await app.answerDialogs(file)
    await app.at('model-take').click()
    await app.trouble(/holiday\.uphill/, /\S/)
    expect(await app.at('model-card').count()).toBe(2)
    expect((await fs.readdir(app.path('home/models'))).filter((name) => !name.startsWith('.'))).toHaveLength(
      2,
    )
  })
})

describe('two runs', () => {
  it('are compared in one chart', async () => {
    await app.openFolder(path.join(app.root, 'digits'))
    await app.at('teach-open').click()
    await app.at('teach-name').fill('Second')
    await app.chooseMinutes(0.1)
    await app.at('teach-start').click()
    await app.at('teach-finished').waitFor({ timeout: 200_000 })
    await app.at('teach-compare').selectOption({ label: 'Digits' })
    await app.at('other-curve').waitFor({ state: 'attached' })
    await app.capture('63-two-runs')
    await app.captureSizes('63-two-runs')
  })

  it('give axe nothing to object to', () => {
    expect(app.objections).toEqual([])
  })
})

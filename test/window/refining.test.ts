/** One picture or many: every step can be kept, seeds give variants, and a folder goes through the queue. */
import fs from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hashOf, writeDigits } from '../cli/run-uphill.ts'
import type { App } from './app.ts'
import { makePhoto, makeTornJpeg } from './pictures.ts'
import { startTaught } from './taught.ts'

let app: App
let noisy: string
let before: string
beforeAll(async () => {
  app = await startTaught()
  noisy = app.path('noisy scans')
  await writeDigits(noisy, 500, 4, 0.3)
  await writeDigits(path.join(noisy, 'more'), 500, 1, 0.3)
  await makeTornJpeg(path.join(noisy, 'torn.jpg'))
  await fs.writeFile(path.join(noisy, 'notes.txt'), 'nothing to see')
  await fs.mkdir(app.path('out'))
  before = await hashOf(noisy)
  await app.page.evaluate(() => {
    const live = new Set<string>()
    Object.assign(window, { livePictures: live })
    const { createObjectURL, revokeObjectURL } = URL
    URL.createObjectURL = (what) => {
      const made = createObjectURL(what)
      live.add(made)
      return made
    }
    URL.revokeObjectURL = (gone) => {
      live.delete(gone)
      revokeObjectURL(gone)
    }
  })
})
afterAll(() => app.close())

const option = (index: number) => app.at('film-strip').getByRole('option').nth(index)
const pixels = (file: string) => sharp(file).raw().toBuffer()
const items = (state: string) => app.page.locator(`[data-testid=queue-item][data-state=${state}]`)

/** Files that the system's file manager was asked to show. */
const revealed = () =>
  app.electron.evaluate(({ shell }) => {
    const kept = globalThis as unknown as { revealed?: string[] }
    if (!kept.revealed) {
      const seen: string[] = (kept.revealed = [])
      shell.showItemInFolder = (file) => void seen.push(file)
    }
    return kept.revealed
  })

async function walked(): Promise<void> {
  await app.at('refine-start').click()
  await app.at('refine-done').waitFor()
}

describe('a walk', () => {
  it('can be kept at any of its steps', async () => {
    await app.openPicture(path.join(noisy, '503.png'))
    await app.chooseSteps(4)
    await walked()
    await app.exportAs(app.path('last.png'))
    await app.at('export-done').waitFor()
    await app.at('film-strip').focus()
    await app.page.keyboard.press('Home')
    await app.page.keyboard.press('ArrowRight')
    await expect.poll(() => option(1).getAttribute('aria-selected')).toBe('true')
    await app.exportAs(app.path('first.png'))
    await expect.poll(() => app.at('export-done').textContent()).toContain('first.png')
    expect(await pixels(app.path('first.png'))).not.toEqual(await pixels(app.path('last.png')))
  })

  it('keeps how it is set while other views are looked at', async () => {
    await app.chooseSteps(3)
    await (await app.more('refine-addnoise')).check()
    await app.at('nav-models').click()
    await app.at('nav-refine').click()
    expect(await app.at('refine-steps').inputValue()).toBe('3')
    expect(await (await app.more('refine-addnoise')).isChecked()).toBe(true)
  })

  it('has variants by seed, of which the best is chosen and exported', async () => {
    await (await app.more('refine-variants')).fill('3')
    await walked()
    const variants = app.at('variants').getByRole('radio')
    await expect.poll(() => variants.count()).toBe(3)
    await expect.poll(() => app.at('refine-start').isEnabled()).toBe(true)
    await app.capture('32-variants')
    await variants.first().click()
    await app.page.keyboard.press('ArrowRight')
    await expect.poll(() => variants.nth(1).getAttribute('aria-checked')).toBe('true')
    await app.exportAs(app.path('seed 2.png'))
    await expect.poll(() => app.at('export-done').textContent()).toContain('seed 2.png')
    await variants.nth(2).click()
    await app.exportAs(app.path('seed 3.png'))
    await expect.poll(() => app.at('export-done').textContent()).toContain('seed 3.png')
    expect(await pixels(app.path('seed 2.png'))).not.toEqual(await pixels(app.path('seed 3.png')))
    await (await app.more('refine-addnoise')).uncheck()
  })
})

describe('an export', () => {
  it('has format, quality, size and name by pattern, with a live example', async () => {
    await app.openPicture(await makePhoto(app.path('photo.png'), 300, 200))
    await walked()
    await app.answerDialogs(app.path('out'))
    await app.at('export-start').click()
    await app.at('export-format').selectOption('jpeg')
    await app.at('export-quality').fill('80')
    await app.at('export-limited').check()
    await app.at('export-side').fill('150')
    await app.at('export-pattern').fill('{name}: {model}, step {step}')
    await expect.poll(() => app.at('export-example').textContent()).toContain('photo_ Digits, step 3.jpg')
    await app.at('export-profile').check()
    await app.at('export-described').check()
    await app.at('export-folder').click()
    await app.page.getByText(app.path('out')).waitFor()
    await app.capture('33-export')
    await app.captureSizes('33-export')
    await app.at('export-confirm').click()
    const file = app.path('out', 'photo_ Digits, step 3.jpg')
    await expect.poll(() => app.at('export-done').textContent()).toContain(file)
    const written = await sharp(file).metadata()
    expect(written).toMatchObject({ format: 'jpeg', width: 150, height: 100 })
    expect(written.icc?.length).toBeGreaterThan(100)
    expect(written.exif?.toString('latin1')).toMatch(
      /Refined by Uphill with the model .*Digits.*, step 3, seed 1/,
    )
  })

  it('keeps only a share of the change: seen at once, and written so', async () => {
    const layer = app.page.locator('[data-testid=compare-frame] .placed > div').nth(1)
    const amount = app.at('refine-amount')
    await amount.focus()
    await app.page.keyboard.press('Home')
    await expect.poll(() => amount.getAttribute('aria-valuetext')).toBe('0 %')
    await expect.poll(() => layer.evaluate((each) => getComputedStyle(each).opacity)).toBe('0')
    await app.exportAs(app.path('none.png'))
    await expect.poll(() => app.at('export-done').textContent()).toContain('none.png')
    const sized = { width: 150, height: 100, fit: 'inside' } as const
    const [none, original] = await Promise.all(
      [app.path('none.png'), app.path('photo.png')].map((file) => sharp(file).resize(sized).raw().toBuffer()),
    )
    // Scaled down on both ways; the pictures themselves are compared in the tests of the engine.
    const most = none!.reduce((worst, value, i) => Math.max(worst, Math.abs(value - original![i]!)), 0)
    expect(most).toBeLessThanOrEqual(2)
    await amount.focus()
    await app.page.keyboard.press('End')
  })

  it('brings its settings back when it is dropped', async () => {
    await app.openPicture(path.join(noisy, '501.png'))
    await app.chooseSteps(5)
    await app.chooseSigma(0.4)
    await walked()
    await app.exportAs(app.path('with recipe.png'))
    await expect.poll(() => app.at('export-done').textContent()).toContain('with recipe.png')
    await app.chooseSteps(3)
    await app.at('refine-auto').check()
    await app.drop(app.path('with recipe.png'))
    await expect.poll(() => app.at('recipe').textContent()).toContain('Digits')
    await app.capture('37-recipe')
    await app.at('recipe-take').click()
    expect(await (await app.more('refine-steps')).inputValue()).toBe('5')
    expect(await app.at('refine-auto').isChecked()).toBe(false)
    expect(await app.at('refine-sigma').getAttribute('aria-valuetext')).toMatch(/σ 0\.(39|4)/)
    await app.at('refine-auto').check()
    await app.chooseSteps(3)
    await app.openPicture(app.path('photo.png'))
    await walked()
  })

  it('does with a file of that name what was chosen: a number, or nothing', async () => {
    await app.at('export-start').click()
    await app.at('export-confirm').click()
    await expect.poll(() => app.at('export-done').textContent()).toContain('step 3 (2).jpg')
    await app.at('export-start').click()
    await app.at('export-exists').selectOption('fail')
    await app.at('export-confirm').click()
    await app.trouble(/exists|already/, /\S/)
    await app.page.keyboard.press('Escape')
    expect(await fs.readdir(app.path('out'))).toHaveLength(2)
  })

  it('never writes over a picture of the person, even when told to replace', async () => {
    await app.openPicture(path.join(noisy, '500.png'))
    await walked()
    await app.exportAs(path.join(noisy, '500.png'))
    await app.trouble(/own pictures/, /another name/)
    await app.page.keyboard.press('Escape')
    expect(await hashOf(noisy)).toBe(before)
  })
})

describe('a picture from the clipboard', () => {
  it('is pasted, refined and exported, and closed and brought back', async () => {
    await app.electron.evaluate(
      ({ clipboard, nativeImage }, file) => {
        const board = clipboard as unknown as { writeImage: (image: unknown) => void }
        board.writeImage(nativeImage.createFromPath(file))
      },
      path.join(noisy, '502.png'),
    )
    await app.page.keyboard.press('Control+v')
    await app.page.getByRole('heading', { name: /pasted/i }).waitFor()
    await walked()
    await app.exportAs(app.path('pasted refined.png'))
    await expect.poll(() => app.at('export-done').textContent()).toContain('pasted refined.png')
    expect((await sharp(app.path('pasted refined.png')).metadata()).width).toBe(28)
    await app.at('refine-close').click()
    await app.at('single-picture').waitFor({ state: 'detached' })
    await app.page.keyboard.press('Control+z')
    await app.at('single-picture').waitFor()
  })
})

describe('pictures', () => {
  it('are let go when they are not shown any more', async () => {
    const leftOver = () =>
      app.page.evaluate(() => {
        const { livePictures } = window as unknown as { livePictures: Set<string> }
        const shown = new Set([...document.images].map(({ src }) => src))
        return [...livePictures].filter((each) => !shown.has(each)).length
      })
    await expect.poll(leftOver).toBe(0)
  })
})

describe('many pictures', () => {
  it('of a folder are listed, and what is wrong with which', async () => {
    await app.answerDialogs(noisy)
    await app.at('nav-refine').click()
    await app.at('refine-choose-folder').click()
    await expect.poll(() => app.at('sources').getByRole('option').count()).toBe(6)
    await app.at('sources').getByRole('option').nth(1).click()
    await app.page.getByRole('heading', { name: '501.png' }).waitFor()
    // Each with a small picture of it, but the one that cannot be read.
    await expect.poll(() => app.at('sources').locator('img').count()).toBe(5)
    await app.capture('34-batch')
    await app.captureSizes('34-batch')
  })

  it('go through the queue: one that fails does not stop the others, and subfolders are kept', async () => {
    await app.chooseSteps(2)
    await app.answerDialogs(app.path('out'))
    await app.at('batch-start').click()
    await app.at('export-format').selectOption('webp')
    await app.at('export-limited').uncheck()
    await app.at('export-pattern').fill('{name} refined')
    await app.at('export-folder').click()
    await app.at('export-confirm').click()
    await expect.poll(() => items('done').count(), { timeout: 300_000 }).toBe(5)
    await expect.poll(() => items('failed').count()).toBe(1)
    await items('failed')
      .getByText(/damaged or cut short/)
      .waitFor()
    // Before and after, as small pictures.
    await expect.poll(() => items('done').first().locator('img').count()).toBe(2)
    await expect.poll(revealed).toEqual([])
    await items('done').nth(1).getByTestId('queue-reveal').click()
    await expect.poll(revealed).toEqual([app.path('out', 'noisy scans', '501 refined.webp')])
    await app.at('queue-open-folder').click()
    await expect.poll(revealed).toHaveLength(2)
    await items('failed').getByTestId('copy-details').click()
    await expect
      .poll(() => app.electron.evaluate(({ clipboard }) => clipboard.readText()))
      .toMatch(/PICTURE_UNREADABLE: .*torn\.jpg/)
    await app.capture('35-jobs')
    await app.captureSizes('35-jobs')
    const made = (await fs.readdir(app.path('out', 'noisy scans'), { recursive: true })).sort()
    expect(made).toEqual(
      ['500', '501', '502', '503']
        .map((name) => `${name} refined.webp`)
        .concat('more', path.join('more', '500 refined.webp')),
    )
    expect(await hashOf(noisy)).toBe(before)
  })

  it('wait while it is paused, can be put first, cancelled, cleared, and brought back', async () => {
    await app.at('nav-refine').click()
    await app.chooseSteps(400)
    await app.at('batch-start').click()
    await app.at('export-exists').selectOption('number')
    await app.at('export-confirm').click()
    await items('running').first().waitFor()
    await app.at('queue-pause').click()
    const waiting = () =>
      items('waiting').evaluateAll((all) => all.map((each) => each.querySelector('strong')?.textContent))
    const [first, second] = await waiting()
    await app.page
      .getByRole('button', { name: `${second}: earlier` })
      .first()
      .click()
    await expect.poll(async () => (await waiting())[0]).toBe(second)
    expect((await waiting())[1]).toBe(first)
    await app.page
      .getByRole('button', { name: `${first}: next` })
      .first()
      .focus()
    await app.page.keyboard.press('Enter')
    await expect.poll(async () => (await waiting())[0]).toBe(first)
    // The row moved under the focus, which stayed.
    expect(await app.page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe(
      `${first}: next`,
    )
    await app.page
      .getByRole('button', { name: `${second}: cancel` })
      .first()
      .click()
    await expect.poll(() => items('cancelled').count()).toBe(1)
    await items('cancelled').getByTestId('queue-retry').click()
    await expect.poll(() => items('cancelled').count()).toBe(0)
    await app.at('queue-cancel-all').click()
    await expect.poll(() => items('cancelled').count()).toBe(6)
    await app.at('queue-clear').click()
    await expect.poll(() => app.at('queue-item').count()).toBe(0)
    await app.at('undo').click()
    await expect.poll(() => app.at('queue-item').count()).toBe(12)
    expect(await fs.readdir(app.path('out', 'noisy scans'))).toHaveLength(5)
  })

  it('give axe nothing to object to', () => {
    expect(app.objections).toEqual([])
  })
})

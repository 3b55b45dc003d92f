/** Folders as a person keeps them: several, changing, with pictures that are not wanted. */
import fs from 'node:fs/promises'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hashOf, writeDigits } from '../cli/run-uphill.ts'
import { App } from './app.ts'

let app: App
beforeAll(async () => {
  app = await App.start()
  await writeDigits(app.path('one'), 0, 40)
  await writeDigits(app.path('two'), 40, 30)
  const beach = `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="200"><rect width="300" height="200" fill="#8ac"/>
    <rect y="120" width="300" height="80" fill="#db8"/><circle cx="220" cy="50" r="30" fill="#ffd"/>
    <path d="M0 120L60 60L120 120z" fill="#364"/></svg>`
  await sharp(Buffer.from(beach)).png().toFile(app.path('two/beach.png'))
  await sharp(app.path('two/beach.png')).resize(210).webp().toFile(app.path('two/copy of beach.webp'))
  await app.openFolder(app.path('one'))
})
afterAll(() => app.close())

const count = () => app.at('dataset-count').textContent()

describe('folders', () => {
  it('can be several, and fewer again', async () => {
    await expect.poll(count).toBe('40 pictures')
    await app.answerDialogs(app.path('two'))
    await app.at('add-folder').click()
    await expect.poll(count).toBe('72 pictures')
    await app.page.getByText(app.path('two')).waitFor()
    await app.capture('50-folders')
    await app.captureSizes('50-folders')
  })

  it('have near-duplicates that are shown, and left out in one go', async () => {
    await app.at('find-duplicates').click()
    await app.at('duplicates').getByText('copy of beach.webp').waitFor()
    await app.capture('51-duplicates')
    const before = await hashOf(app.path('one'))
    await app.at('duplicates-leave-out').click()
    await expect.poll(() => app.at('left-out').textContent()).toMatch(/left out by hand/)
    await app.at('undo').click()
    await expect.poll(() => app.at('left-out').count()).toBe(0)
    await app.at('duplicates-close').click()
    expect(await hashOf(app.path('one'))).toBe(before)
  })

  it('have pictures that are left out by a key, seen as such, and not learned', async () => {
    await app.page.locator('[data-index="0"]').focus()
    await app.page.keyboard.press('Delete')
    await expect.poll(() => app.at('left-out').textContent()).toMatch(/^1 /)
    await expect
      .poll(() => app.page.locator('[data-index="0"]').getAttribute('aria-label'))
      .toMatch(/left out/)
    await app.capture('52-left-out')
    await app.at('leave-out').click()
    await expect.poll(() => app.at('left-out').count()).toBe(0)
  })

  it('are looked at again when they have changed', async () => {
    await app.page.getByRole('button', { name: `Without ${app.path('two')}` }).click()
    await expect.poll(count).toBe('40 pictures')
    await fs.rm(app.path('one/0.png'))
    await fs.copyFile(app.path('two/40.png'), app.path('one/new.png'))
    await fs.copyFile(app.path('two/41.png'), app.path('one/newer.png'))
    await app.page.evaluate(() => window.dispatchEvent(new Event('focus')))
    await expect.poll(() => app.at('folder-changed').textContent()).toMatch(/2 new, 1 gone/)
    await app.at('look-again').click()
    await expect.poll(count).toBe('41 pictures')
    expect(await app.at('folder-changed').count()).toBe(0)
  })

  it('that are moved away are told kindly, and what was shown stays', async () => {
    await fs.rename(app.path('one'), app.path('elsewhere'))
    await app.page.evaluate(() => window.dispatchEvent(new Event('focus')))
    await app.trouble(/one/, /\S/)
    expect(await count()).toBe('41 pictures')
    await app.openFolder(app.path('elsewhere'))
    await expect.poll(() => app.page.getByText(app.path('elsewhere')).count()).toBeGreaterThan(0)
  })

  it('give axe nothing to object to', () => {
    expect(app.objections).toEqual([])
  })
})

/** What is reached from everywhere: commands, keys, settings. */
import fs from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { App } from './app.ts'

let app: App
beforeAll(async () => {
  app = await App.start()
})
afterAll(() => app.close())

const press = (keys: string) => app.page.keyboard.press(keys)

/** The title of the system's dialog that a button opens. */
async function titleOf(button: string): Promise<string | undefined> {
  await app.electron.evaluate(({ dialog }) => {
    const kept = globalThis as unknown as { title?: string | undefined }
    dialog.showOpenDialog = ((_window: unknown, { title }: { title?: string }) => {
      kept.title = title
      return Promise.resolve({ canceled: true, filePaths: [] })
    }) as never
  })
  await app.at(button).click()
  const title = () => app.electron.evaluate(() => (globalThis as unknown as { title?: string }).title)
  await expect.poll(title).toBeDefined()
  return title()
}

describe('the palette', () => {
  it('finds what can be done by a part of its name, and does it', async () => {
    await press('Control+K')
    await app.at('palette').waitFor()
    await app.capture('40-palette')
    await app.captureSizes('40-palette')
    await app.page.keyboard.type('models')
    await press('Enter')
    await expect.poll(() => app.at('nav-models').getAttribute('aria-current')).toBe('page')
    expect(await app.at('palette').count()).toBe(0)
  })

  it('does not offer what cannot be done now, and closes by Escape', async () => {
    await app.at('open-palette').click()
    await app.page.keyboard.type('export')
    await expect.poll(() => app.at('palette').getByRole('option').count()).toBe(0)
    await press('Escape')
    await expect.poll(() => app.at('palette').count()).toBe(0)
    expect(await app.at('open-palette').evaluate((button) => button === document.activeElement)).toBe(true)
  })
})

describe('keys', () => {
  it('go to the views, and are told on a sheet', async () => {
    await press('Control+4')
    await expect.poll(() => app.at('nav-dream').getAttribute('aria-current')).toBe('page')
    await press('?')
    await app.at('shortcuts').waitFor()
    await app.capture('41-shortcuts')
    await app.captureSizes('41-shortcuts')
    await press('Escape')
    await expect.poll(() => app.at('shortcuts').count()).toBe(0)
  })
})

describe('motion', () => {
  it('is spared to those who ask for none', async () => {
    const moving = () =>
      app.page.evaluate(() =>
        [...document.querySelectorAll('*')]
          .map((each) => getComputedStyle(each))
          .some(
            ({ transitionDuration, animationName }) =>
              transitionDuration.split(', ').some((time) => time !== '0s') || animationName !== 'none',
          ),
      )
    expect(await moving()).toBe(true)
    await app.page.emulateMedia({ reducedMotion: 'reduce' })
    expect(await moving()).toBe(false)
    await app.page.emulateMedia({ reducedMotion: null })
  })
})

describe('settings', () => {
  it('are kept by the engine from one start to the next', async () => {
    await press('Control+,')
    await app.at('settings-memory').waitFor()
    await app.at('settings-memory').selectOption('1')
    await app.at('settings-cores').selectOption('1')
    await app.at('settings-later').waitFor()
    await fs.mkdir(app.path('my models'))
    await app.answerDialogs(app.path('my models'))
    await app.at('settings-choose-folder').click()
    await expect.poll(() => app.at('settings-folder').textContent()).toBe(app.path('my models'))
    await app.capture('42-settings')
    await app.captureSizes('42-settings')
    // All three, though each was chosen before the one before it was kept.
    const kept = async () => JSON.parse(await fs.readFile(app.path('home/settings.json'), 'utf8')) as object
    const chosen = { memoryMiB: 1024, cores: 1, modelsFolder: app.path('my models') }
    await expect.poll(kept).toMatchObject(chosen)
    await press('Escape')
  })

  it('change the theme and the language at once, and stay open', async () => {
    await press('Control+,')
    await app.at('settings-theme').selectOption('dark')
    const dark = () => app.page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches)
    await expect.poll(dark).toBe(true)
    await app.at('settings-theme').selectOption('light')
    await expect.poll(dark).toBe(false)
    await app.at('settings-language').selectOption('de')
    await expect.poll(() => app.at('nav-pictures').textContent()).toContain('Bilder')
    expect(await app.at('settings').getByRole('heading').first().textContent()).toBe('Einstellungen')
    expect(await app.page.evaluate(() => document.documentElement.lang)).toBe('de')
    // The menu and the dialogs of the system as well.
    const menu = () =>
      app.electron.evaluate(({ Menu }) =>
        Menu.getApplicationMenu()!.items.map(({ label, submenu }) => [label, submenu?.items[0]?.label]),
      )
    await expect.poll(menu).toContainEqual(['&Datei', 'Ordner öffnen…'])
    expect(await titleOf('settings-choose-folder')).toBe('Ein Ordner für die Modelle')
    await app.capture('43-german')
    await press('Escape')
    for (const view of ['pictures', 'teach', 'refine', 'dream', 'models', 'jobs'])
      await app.at(`nav-${view}`).click()
    await app.captureSizes('43-german')
    await press('Control+,')
    await app.at('settings-language').selectOption('en')
    await expect.poll(() => app.at('nav-pictures').textContent()).toContain('Pictures')
    await press('Escape')
  })

  it('give axe nothing to object to', () => {
    expect(app.objections).toEqual([])
  })
})

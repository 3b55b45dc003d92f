/** The real window, in a home of its own, driven as a person would. */
import { readFileSync } from 'node:fs'
import fs from 'node:fs/promises'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import type { AxeResults } from 'axe-core'
import { type ElectronApplication, type Locator, type Page, _electron } from 'playwright'
import { expect } from 'vitest'
import { electronLaunch } from '../setup/electron.ts'

const screenshots = path.resolve(import.meta.dirname, '../../test-results/screenshots')
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export const themes = ['dark', 'light'] as const
export type Theme = (typeof themes)[number]

export class App {
  readonly root: string
  readonly electron: ElectronApplication
  readonly page: Page
  /** What the page itself complained about; none is allowed but those that a test takes out. */
  readonly complaints: string[] = []
  /** What axe objected to in the views that were captured. */
  readonly objections: string[] = []

  constructor(root: string, electron: ElectronApplication, page: Page) {
    this.root = root
    this.electron = electron
    this.page = page
    page.setDefaultTimeout(60_000)
    page.on('pageerror', (error) => this.complaints.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text())
    })
  }

  /** A folder of its own, in which the home will be; its name is as people name theirs. */
  static folder(): Promise<string> {
    return fs.mkdtemp(path.join(os.tmpdir(), 'uphill window '))
  }

  /**
   * @param root a folder of App.folder() that holds something already
   * @param launch another app than that of this working copy, in whatever home it has
   */
  static async start(root?: string, launch?: Parameters<typeof _electron.launch>[0]): Promise<App> {
    const folder = root ?? (await App.folder())
    const electron = await _electron.launch(
      launch ?? electronLaunch({ ...process.env, UPHILL_HOME: path.join(folder, 'home') }),
    )
    const page = await electron.firstWindow()
    const app = new App(folder, electron, page)
    await page.setViewportSize({ width: 1280, height: 800 })
    await app.at('nav-pictures').waitFor()
    return app
  }

  path(...parts: string[]): string {
    return path.join(this.root, ...parts)
  }

  at(testId: string): Locator {
    return this.page.getByTestId(testId)
  }

  /** The system's dialogs cannot be clicked by a test: the next ones are answered with these paths. */
  async answerDialogs(...answers: string[]): Promise<void> {
    await this.electron.evaluate(({ dialog }, chosen) => {
      dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: chosen })
      dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath: chosen[0] }) as never
    }, answers)
  }

  /** Exports what is there through the dialog, to a file that the person names. */
  async exportAs(file: string, start = 'export-start'): Promise<void> {
    await this.answerDialogs(file)
    await this.at(start).click()
    await this.at('export-save-as').click()
  }

  /** The next dialogs are closed without a choice. */
  async cancelDialogs(): Promise<void> {
    await this.electron.evaluate(({ dialog }) => {
      dialog.showOpenDialog = () => Promise.resolve({ canceled: true, filePaths: [] })
      dialog.showSaveDialog = () => Promise.resolve({ canceled: true, filePath: '' }) as never
    })
  }

  /** Drops files onto the window, as out of a file manager. */
  async drop(...files: string[]): Promise<void> {
    await this.page.evaluate(() => {
      const source = document.createElement('input')
      Object.assign(source, { type: 'file', multiple: true, id: 'dropped' })
      document.body.append(source)
    })
    await this.page.setInputFiles('#dropped', files)
    await this.page.evaluate(() => {
      const source = document.querySelector<HTMLInputElement>('#dropped')!
      const dataTransfer = new DataTransfer()
      for (const file of source.files ?? []) dataTransfer.items.add(file)
      source.remove()
      document.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }))
    })
  }

  async openFolder(folder: string): Promise<void> {
    await this.answerDialogs(folder)
    await this.at('nav-pictures').click()
    await this.at('welcome-choose-folder').click()
  }

  async openPicture(file: string): Promise<void> {
    await this.answerDialogs(file)
    await this.at('nav-refine').click()
    await this.at('refine-choose').click()
  }

  /** One's own time to learn. */
  async chooseMinutes(minutes: number): Promise<void> {
    await this.at('teach-start').waitFor()
    await this.at('own-minutes').fill(String(minutes))
  }

  /** What lies behind a disclosure is opened first. */
  async more(testId: string): Promise<Locator> {
    const wanted = this.at(testId)
    const closed = this.page.locator('main details:not([open])').filter({ has: wanted })
    if ((await closed.count()) > 0) await closed.locator('> summary').click()
    await wanted.waitFor()
    return wanted
  }

  /** Steps of the walk. */
  async chooseSteps(steps: number): Promise<void> {
    await (await this.more('refine-steps')).fill(String(steps))
  }

  /** Chooses from the menu of a model. */
  async inMenu(card: Locator, testId: string): Promise<void> {
    await card.getByTestId('model-menu').click()
    await card.getByTestId(testId).click()
  }

  /** Moves the slider of sigma by its keys until it is there, whatever its scale. */
  async chooseSigma(wanted: number): Promise<void> {
    const slider = this.at('refine-sigma')
    const now = async () => {
      const text = (await slider.getAttribute('aria-valuetext')) ?? (await slider.inputValue())
      return Number(/\d+(\.\d+)?/.exec(text)?.[0])
    }
    await slider.focus()
    const key = (await now()) < wanted ? 'ArrowRight' : 'ArrowLeft'
    const arrived = async () => (key === 'ArrowRight' ? (await now()) >= wanted : (await now()) <= wanted)
    for (let presses = 0; presses < 400 && !(await arrived()); presses++) await this.page.keyboard.press(key)
    expect(await arrived()).toBe(true)
  }

  /** Waits until a message of trouble is shown that says this, and what to do next. */
  async trouble(says: RegExp, next: RegExp): Promise<Locator> {
    const note = this.page.getByRole('alert').filter({ hasText: says }).filter({ hasText: next }).first()
    await note.waitFor()
    return note
  }

  /** What stands in the page in dark and in light, kept as an artefact. */
  async screenshot(name: string, inEach: (theme: Theme) => Promise<void> = async () => {}): Promise<void> {
    await fs.mkdir(screenshots, { recursive: true })
    for (const theme of themes) {
      await this.page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
      await this.#settle()
      await this.page.screenshot({ path: path.join(screenshots, `${name}-${theme}.png`) })
      await inEach(theme)
    }
    await this.page.emulateMedia({ colorScheme: null, reducedMotion: null })
  }

  /** A screenshot, and what axe objects to in it goes to `objections`. */
  async capture(name: string): Promise<void> {
    await this.screenshot(name, (theme) => this.#showToAxe(`${name}, ${theme}`))
  }

  /**
   * Looked at on a large screen, and with text of twice the size: there, nothing may be cut off at the side.
   * Screenshots are kept, dark and light.
   */
  async captureSizes(name: string): Promise<void> {
    await this.page.setViewportSize({ width: 2560, height: 1440 })
    await this.screenshot(`${name}-2560`)
    await this.page.setViewportSize({ width: 1280, height: 800 })
    await this.#textSize('200%')
    await this.screenshot(`${name}-200-percent`)
    const cut = await this.page.evaluate(() =>
      [...document.querySelectorAll('main, main *, dialog[open], dialog[open] *')]
        .filter(
          (each) => each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).overflowX === 'auto',
        )
        .filter((each) => !each.matches('[data-scrolls-sideways]'))
        .map((each) => `${each.tagName} ${each.className}`),
    )
    await this.#textSize('')
    expect(cut, `${name}: cut off at 200 %`).toEqual([])
  }

  async #textSize(size: string): Promise<void> {
    await this.page.evaluate((wanted) => {
      document.documentElement.style.fontSize = wanted
    }, size)
  }

  /** Colours in the middle of a transition are nobody's choice. */
  async #settle(): Promise<void> {
    await this.page.evaluate(async () => {
      const finite = document
        .getAnimations()
        .filter(({ effect }) => effect?.getComputedTiming().iterations !== Infinity)
      await Promise.allSettled(finite.map(({ finished }) => finished))
      await new Promise((resolve) => requestAnimationFrame(resolve))
    })
  }

  async #showToAxe(where: string): Promise<void> {
    // The page's policy takes no script from elsewhere; what the debugger evaluates is not the page's.
    await this.page.evaluate(`if (!globalThis.axe) { ${axeSource} }`)
    const { violations, passes } = await this.page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: { run: () => Promise<AxeResults> } }
      return axe.run()
    })
    expect(passes.map(({ id }) => id)).toContain('color-contrast')
    for (const { id, help, nodes } of violations) {
      const places = nodes.map(({ target, any }) => `${target.join(' ')} ${any[0]?.message ?? ''}`)
      this.objections.push(`${where}: ${id}: ${help}: ${places.slice(0, 3).join(' | ')}`)
    }
  }

  /** The engine's process id as main knows it, or null while there is none. */
  async enginePid(): Promise<number | null> {
    return this.electron.evaluate(() => {
      const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles: () => unknown[] }
      const isEngine = (handle: unknown) =>
        (handle as { spawnargs?: string[] }).spawnargs?.some((each) => each.endsWith('engine.cjs'))
      return (handles.call(process).find(isEngine) as { pid?: number } | undefined)?.pid ?? null
    })
  }

  /** Ends the engine as the system would when memory is short, and waits until it is gone. */
  async killEngine(): Promise<number> {
    await expect.poll(() => this.enginePid(), { timeout: 60_000 }).toBeTruthy()
    const pid = (await this.enginePid())!
    process.kill(pid, 'SIGKILL')
    await expect.poll(() => this.enginePid(), { timeout: 60_000, interval: 20 }).not.toBe(pid)
    return pid
  }

  /** What the question before quitting is answered with: the button of this name. */
  async answerQuitting(button: string): Promise<void> {
    await this.electron.evaluate(({ dialog }, wanted) => {
      dialog.showMessageBox = ((_window: unknown, { buttons = [] }: { buttons?: string[] }) =>
        Promise.resolve({ response: buttons.indexOf(wanted), checkboxChecked: false })) as never
    }, button)
  }

  /** Quits, whatever runs, and keeps the folder. */
  async quit(): Promise<void> {
    await this.answerQuitting('Stop it and quit')
    await this.electron.close()
  }

  async close(): Promise<void> {
    await this.quit()
    await fs.rm(this.root, { recursive: true, force: true })
    expect(this.complaints).toEqual([])
  }
}

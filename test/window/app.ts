/** The real window, in a home of its own, driven as a person would. */
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { type ElectronApplication, type Page, _electron } from 'playwright'
import { expect } from 'vitest'
import { electronLaunch } from '../setup/electron.ts'

const screenshots = path.resolve(import.meta.dirname, '../../test-results/screenshots')

export class App {
  readonly root: string
  readonly electron: ElectronApplication
  readonly page: Page
  /** What the page itself complained about. */
  readonly complaints: string[] = []

  constructor(root: string, electron: ElectronApplication, page: Page) {
    this.root = root
    this.electron = electron
    this.page = page
    page.on('pageerror', (error) => this.complaints.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text())
    })
  }

  static async start(): Promise<App> {
    const root = await fs.mkdtemp(path.join(os.tmpdir(), 'uphill window '))
    const electron = await _electron.launch(
      electronLaunch({ ...process.env, UPHILL_HOME: path.join(root, 'home') }),
    )
    const page = await electron.firstWindow()
    await page.setViewportSize({ width: 1280, height: 800 })
    await page.getByTestId('welcome-choose-folder').waitFor()
    return new App(root, electron, page)
  }

  path(...parts: string[]): string {
    return path.join(this.root, ...parts)
  }

  at(testId: string) {
    return this.page.getByTestId(testId)
  }

  /** The system's dialogs cannot be clicked by a test: the next ones are answered with this path. */
  async answerDialogs(answer: string): Promise<void> {
    await this.electron.evaluate(({ dialog }, chosen) => {
      dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [chosen] })
      dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath: chosen }) as never
    }, answer)
  }

  async openFolder(folder: string): Promise<void> {
    await this.answerDialogs(folder)
    await this.at('nav-pictures').click()
    await this.at('welcome-choose-folder').click()
  }

  /** In dark and in light, kept as an artefact. */
  async screenshot(name: string): Promise<void> {
    await fs.mkdir(screenshots, { recursive: true })
    for (const colorScheme of ['dark', 'light'] as const) {
      await this.page.emulateMedia({ colorScheme })
      await this.page.screenshot({ path: path.join(screenshots, `${name}-${colorScheme}.png`) })
    }
  }

  async close(): Promise<void> {
    await this.electron.close()
    await fs.rm(this.root, { recursive: true, force: true })
    expect(this.complaints).toEqual([])
  }
}

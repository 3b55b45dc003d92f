/**
 * Updates: looked for only when the person has said yes in the settings, fetched only when asked, and installed only
 * when asked. Every file is checked against the SHA-512 that the feed names before it is kept. A build without a
 * feed, and a working copy, look for nothing.
 */
import { app } from 'electron'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { AppUpdater } from 'electron-updater'
import type { UpdateState } from '../../shared/bridge.ts'

export interface UpdatesOptions {
  /** Whether the person has said yes; asked every time, because it may be taken back. */
  readonly wanted: () => boolean
  readonly tell: (state: UpdateState) => void
}

/**
 * Only what was installed can be replaced: a deb or an AppImage on Linux, not a folder out of a tar. A Mac takes only
 * signed updates, and we sign nothing yet.
 */
function canUpdate(): boolean {
  const resource = (name: string): boolean => existsSync(join(process.resourcesPath, name))
  if (!app.isPackaged || !resource('app-update.yml') || process.platform === 'darwin') return false
  return process.platform !== 'linux' || resource('package-type') || process.env['APPIMAGE'] !== undefined
}

/** Starting comes first. */
const firstLookMs = 10_000

export class Updates {
  readonly #options: UpdatesOptions
  #updater: AppUpdater | null = null
  #state: UpdateState

  constructor(options: UpdatesOptions) {
    this.#options = options
    this.#state = { state: canUpdate() ? 'idle' : 'impossible' }
  }

  get state(): UpdateState {
    return this.#state
  }

  /** Once, some time after the start. */
  lookSoon(): void {
    if (this.#state.state === 'impossible' || !this.#options.wanted()) return
    setTimeout(() => void this.look(), firstLookMs).unref()
  }

  async look(): Promise<void> {
    if (!this.#options.wanted() || !['idle', 'newest', 'failed'].includes(this.#state.state)) return
    this.#become({ state: 'looking' })
    await this.#orFail(async () => {
      const updater = await this.#load()
      const found = await updater.checkForUpdates()
      const info = found?.updateInfo
      if (!info || !found.isUpdateAvailable) {
        this.#become({ state: 'newest' })
        return
      }
      const megabytes = info.files.map(({ size }) => (size ?? 0) / 1e6)
      this.#become({ state: 'found', version: info.version, megabytes: Math.max(0, ...megabytes) })
    })
  }

  async fetch(): Promise<void> {
    if (this.#state.state !== 'found' || !this.#options.wanted()) return
    const { version } = this.#state
    this.#become({ state: 'fetching', version, share: 0 })
    await this.#orFail(async () => {
      await (await this.#load()).downloadUpdate()
      this.#become({ state: 'ready', version })
    })
  }

  /** Everything must have been settled before. @returns false when there is nothing to install */
  install(): boolean {
    if (this.#state.state !== 'ready' || !this.#updater) return false
    this.#updater.quitAndInstall()
    return true
  }

  async #load(): Promise<AppUpdater> {
    if (this.#updater) return this.#updater
    const { autoUpdater } = await import('electron-updater')
    autoUpdater.autoDownload = false
    autoUpdater.autoInstallOnAppQuit = false
    autoUpdater.allowDowngrade = false
    // A part of a file cannot be checked against the sum of the whole until it is put together: fetch it whole.
    autoUpdater.disableDifferentialDownload = true
    autoUpdater.logger = null
    // It would send a number of its own making that tells one installation from another.
    autoUpdater.requestHeaders = { 'x-user-staging-id': 'none' }
    autoUpdater.on('error', (error) => {
      console.error('updates:', error.message)
    })
    autoUpdater.on('download-progress', ({ percent }) => {
      if (this.#state.state === 'fetching')
        this.#become({ ...this.#state, share: Math.min(1, Math.max(0, percent / 100)) })
    })
    this.#updater = autoUpdater
    return autoUpdater
  }

  async #orFail(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      this.#become({ state: 'failed', message: (message.split('\n')[0] ?? '').slice(0, 300) })
    }
  }

  #become(state: UpdateState): void {
    this.#state = state
    this.#options.tell(state)
  }
}

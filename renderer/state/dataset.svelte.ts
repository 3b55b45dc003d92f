import type { DatasetSummary, IndexProgress } from '../../shared/domain.ts'
import type { ErrorInfo } from '../../shared/errors.ts'
import { engine, errorToShow } from './engine.svelte.ts'

/** The folder that is open, or being looked at. */
class OpenDataset {
  summary: DatasetSummary | null = $state.raw(null)
  progress: IndexProgress | null = $state.raw(null)
  error: ErrorInfo | null = $state.raw(null)
  #opening: AbortController | null = null

  async open(folder: string): Promise<void> {
    this.#opening?.abort()
    const opening = new AbortController()
    this.#opening = opening
    this.error = null
    this.progress = { found: 0, done: 0 }
    try {
      for await (const event of engine.openFolder({ folder }, { signal: opening.signal })) {
        if (event.type === 'progress') this.progress = event.progress
        else this.summary = event.dataset
      }
    } catch (error) {
      if (this.#opening === opening) this.error = errorToShow(error)
    } finally {
      if (this.#opening === opening) this.progress = null
    }
  }

  async choose(): Promise<void> {
    const folder = await window.uphill.chooseFolder({ purpose: 'teach' })
    if (folder) await this.open(folder)
  }

  cancel(): void {
    this.#opening?.abort()
    this.progress = null
  }
}

export const openDataset = new OpenDataset()

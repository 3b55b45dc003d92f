import type { DatasetSummary, IndexProgress, PictureInfo } from '../../shared/domain.ts'
import type { ErrorInfo } from '../../shared/errors.ts'
import { strings } from '../strings.ts'
import { engine, errorToShow } from './engine.svelte.ts'
import { undo } from './undo.svelte.ts'

/** The folders that are open, or being looked at. */
class OpenDataset {
  summary: DatasetSummary | null = $state.raw(null)
  progress: IndexProgress | null = $state.raw(null)
  /** What came or went on disk since; null when nothing did, as far as is known. */
  changes: { added: number; gone: number } | null = $state.raw(null)
  /** Counts up whenever pictures are left out or taken in: what shows them has to look again. */
  version = $state(0)
  /** Groups of near-duplicates; null until they were looked for. */
  groups: PictureInfo[][] | null = $state.raw(null)
  comparing: { done: number; of: number } | null = $state.raw(null)
  error: ErrorInfo | null = $state.raw(null)
  #opening: AbortController | null = null
  #comparing: AbortController | null = null
  #asking = false

  async open(folder: string, more: string[] = []): Promise<void> {
    this.#opening?.abort()
    const opening = new AbortController()
    this.#opening = opening
    this.error = null
    this.progress = { found: 0, done: 0 }
    try {
      for await (const event of engine.openFolder({ folder, more }, { signal: opening.signal })) {
        if (event.type === 'progress') this.progress = event.progress
        else this.#show(event.dataset)
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

  /** One more beside those that are open. */
  async add(folder: string): Promise<void> {
    if (!this.summary) await this.open(folder)
    else await this.open(this.summary.folder, [...this.summary.more, folder])
  }

  async chooseMore(): Promise<void> {
    const folder = await window.uphill.chooseFolder({ purpose: 'teach' })
    if (folder) await this.add(folder)
  }

  async remove(folder: string): Promise<void> {
    if (!this.summary) return
    const { folder: main, more } = this.summary
    const [first, ...rest] = [main, ...more].filter((each) => each !== folder)
    if (first === undefined) return
    await this.open(first, rest)
    undo.propose(strings.pictures.folderRemoved(folder), () => this.open(main, more))
  }

  /** Looks at the same folders once more. */
  async refresh(): Promise<void> {
    if (this.summary) await this.open(this.summary.folder, this.summary.more)
  }

  cancel(): void {
    this.#opening?.abort()
    this.progress = null
  }

  async leaveOut(paths: string[], out: boolean): Promise<void> {
    const datasetId = this.summary?.datasetId
    if (datasetId === undefined) return
    try {
      this.summary = await engine.leaveOut({ datasetId, paths, out })
      this.version += 1
      if (out) undo.propose(strings.pictures.wasLeftOut(paths.length), () => this.leaveOut(paths, false))
    } catch (error) {
      this.error = errorToShow(error)
    }
  }

  /** The window was elsewhere for a while: the folder may have changed. */
  async lookForChanges(): Promise<void> {
    const datasetId = this.summary?.datasetId
    if (datasetId === undefined || this.progress || this.#asking) return
    this.#asking = true
    try {
      const { added, gone } = await engine.changes({ datasetId })
      this.changes = added + gone > 0 ? { added, gone } : null
    } catch (error) {
      this.error = errorToShow(error)
    } finally {
      this.#asking = false
    }
  }

  async findDuplicates(): Promise<void> {
    const datasetId = this.summary?.datasetId
    if (datasetId === undefined) return
    this.#comparing?.abort()
    const comparing = new AbortController()
    this.#comparing = comparing
    this.groups = null
    this.comparing = { done: 0, of: 0 }
    try {
      for await (const event of engine.nearDuplicates({ datasetId }, { signal: comparing.signal })) {
        if (event.type === 'progress') this.comparing = { done: event.done, of: event.of }
        else this.groups = event.groups
      }
    } catch (error) {
      if (this.#comparing === comparing) this.error = errorToShow(error)
    } finally {
      if (this.#comparing === comparing) this.comparing = null
    }
  }

  closeDuplicates(): void {
    this.#comparing?.abort()
    this.groups = null
    this.comparing = null
  }

  #show(summary: DatasetSummary): void {
    this.summary = summary
    this.changes = null
    this.closeDuplicates()
    this.version += 1
  }
}

export const openDataset = new OpenDataset()

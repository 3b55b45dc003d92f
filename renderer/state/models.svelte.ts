import type { ErrorInfo } from '../../shared/errors.ts'
import type { ModelCard } from '../../shared/domain.ts'
import { strings } from '../strings.ts'
import { engine, errorToShow } from './engine.svelte.ts'
import { safeName } from '../export/name-pattern.ts'
import { undo } from './undo.svelte.ts'

type Listing = Awaited<ReturnType<typeof engine.models>>[number]

/** The models there are, the newest first. */
class Models {
  listings: Listing[] = $state.raw([])
  loaded = $state(false)
  error: ErrorInfo | null = $state.raw(null)

  get cards(): ModelCard[] {
    return this.listings.flatMap((listing) => (listing.status === 'ok' ? [listing.card] : []))
  }

  async refresh(): Promise<void> {
    await this.#attempt(async () => {
      this.listings = await engine.models({})
      this.loaded = true
    })
  }

  async rename({ id: modelId, name: before }: ModelCard, name: string): Promise<void> {
    await this.#change(async () => {
      await engine.renameModel({ modelId, name })
      undo.propose(strings.models.renamed(name), () =>
        this.#change(() => engine.renameModel({ modelId, name: before })),
      )
    })
  }

  async setNotes({ id: modelId, name, notes: before = '' }: ModelCard, notes: string): Promise<void> {
    await this.#change(async () => {
      await engine.setModelNotes({ modelId, notes })
      undo.propose(strings.models.noted(name), () =>
        this.#change(() => engine.setModelNotes({ modelId, notes: before })),
      )
    })
  }

  async duplicate({ id: modelId, name }: ModelCard): Promise<void> {
    await this.#change(() => engine.duplicateModel({ modelId, name: this.#freeName(name) }))
  }

  /** Nothing is erased, and nothing is asked: it can be undone. */
  async trash({ id: modelId, name }: ModelCard): Promise<void> {
    await this.#change(async () => {
      const { trashId } = await engine.trashModel({ modelId })
      undo.propose(strings.models.trashed(name), () => this.#change(() => engine.restoreModel({ trashId })))
    })
  }

  /** Writes the model as one file, where the person says. @returns the file, or null when it was not written */
  async share({ id: modelId, name }: ModelCard): Promise<string | null> {
    const path = await window.uphill.chooseShare({ suggestedName: `${safeName(name)}.uphill` })
    if (!path) return null
    let written: string | null = null
    await this.#attempt(async () => {
      written = (await engine.shareModel({ modelId, path })).path
    })
    return written
  }

  async chooseAndTake(): Promise<void> {
    const path = await window.uphill.chooseModel()
    if (path) await this.take(path)
  }

  /** Takes in a model that somebody has shared. */
  async take(path: string): Promise<void> {
    await this.#change(() => engine.takeModel({ path }))
  }

  /** "Scans copy", or "Scans copy 2" when that is taken; at most as long as names may be. */
  #freeName(name: string): string {
    const names = new Set(this.cards.map((card) => card.name))
    for (let number = 1; ; number++) {
      const ending = ` ${strings.models.copy}${number === 1 ? '' : ` ${number}`}`
      const candidate = [...name].slice(0, 80 - ending.length).join('') + ending
      if (!names.has(candidate)) return candidate
    }
  }

  /** Does it, and looks at the models again; an error of the change is what stays. */
  async #change(work: () => Promise<unknown>): Promise<void> {
    await this.#attempt(work)
    const failed = this.error
    await this.refresh()
    this.error = failed ?? this.error
  }

  async #attempt(work: () => Promise<unknown>): Promise<void> {
    this.error = null
    try {
      await work()
    } catch (error) {
      this.error = errorToShow(error)
    }
  }
}

export const models = new Models()

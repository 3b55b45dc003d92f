import type { ErrorInfo } from '../../shared/errors.ts'
import type { ModelCard } from '../../shared/domain.ts'
import { engine, errorToShow } from './engine.svelte.ts'

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

  async rename(modelId: string, name: string): Promise<void> {
    await this.#attempt(async () => {
      await engine.renameModel({ modelId, name })
    })
    await this.refresh()
  }

  async trash(modelId: string): Promise<void> {
    await this.#attempt(async () => {
      await engine.trashModel({ modelId })
    })
    const failed = this.error
    await this.refresh()
    this.error ??= failed
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    this.error = null
    try {
      await work()
    } catch (error) {
      this.error = errorToShow(error)
    }
  }
}

export const models = new Models()

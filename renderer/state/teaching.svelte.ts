import type { Teaching } from '../../shared/contract.ts'
import type { CurvePoint, ModelCard, TeachPreview, TeachRequest } from '../../shared/domain.ts'
import type { ErrorInfo } from '../../shared/errors.ts'
import { engine, errorToShow } from './engine.svelte.ts'
import { models } from './models.svelte.ts'

/** The teaching that is watched: the running one, or the last. The engine owns it; the page only looks. */
class WatchedTeaching {
  teaching: Teaching | null = $state.raw(null)
  curve: CurvePoint[] = $state.raw([])
  preview: TeachPreview | null = $state.raw(null)
  card: ModelCard | null = $state.raw(null)
  error: ErrorInfo | null = $state.raw(null)
  /** Resolves when what is watched has ended, however it did. */
  ended: Promise<void> = Promise.resolve()
  #watching: AbortController | null = null

  get live(): boolean {
    return this.teaching?.state === 'running' || this.teaching?.state === 'paused'
  }

  async start(request: TeachRequest): Promise<boolean> {
    return this.#attempt(async () => {
      const { modelId } = await engine.startTeaching(request)
      this.ended = this.watch(modelId)
    })
  }

  /** @param datasetId open folders to go on with; else those that it was taught with */
  async continue(modelId: string, seconds: number, datasetId?: string): Promise<boolean> {
    return this.#attempt(async () => {
      await engine.resumeTeaching({ modelId, seconds, ...(datasetId !== undefined && { datasetId }) })
      this.ended = this.watch(modelId)
    })
  }

  pause = (): Promise<boolean> => this.#control((modelId) => engine.pauseTeaching({ modelId }))
  resume = (): Promise<boolean> => this.#control((modelId) => engine.resumeTeaching({ modelId }))
  stop = (): Promise<boolean> => this.#control((modelId) => engine.stopTeaching({ modelId }))

  /** Finds a teaching that runs already: after a reload, or after the engine came back. */
  async reattach(): Promise<void> {
    await this.#attempt(async () => {
      const running = (await engine.teachings({})).find(
        ({ state }) => state === 'running' || state === 'paused',
      )
      if (running) this.ended = this.watch(running.modelId)
    })
  }

  async watch(modelId: string): Promise<void> {
    this.#watching?.abort()
    const watching = new AbortController()
    this.#watching = watching
    if (this.teaching?.modelId !== modelId) this.clear()
    try {
      for await (const event of engine.watchTeaching({ modelId }, { signal: watching.signal })) {
        if (event.type === 'state') this.teaching = event.teaching
        else if (event.type === 'curve') this.curve = event.curve
        else if (event.type === 'preview') this.preview = event.preview
        else {
          this.teaching = event.teaching
          this.card = event.card
          this.error = event.teaching.error
        }
      }
      await models.refresh()
    } catch (error) {
      const shown = errorToShow(error)
      // The engine comes back by itself, and the page attaches again then.
      if (this.#watching === watching && shown?.code !== 'ENGINE_GONE') this.error = shown
    }
  }

  clear(): void {
    this.teaching = null
    this.curve = []
    this.preview = null
    this.card = null
    this.error = null
  }

  async #control(work: (modelId: string) => Promise<unknown>): Promise<boolean> {
    const modelId = this.teaching?.modelId
    return modelId === undefined ? false : this.#attempt(() => work(modelId))
  }

  async #attempt(work: () => Promise<unknown>): Promise<boolean> {
    this.error = null
    try {
      await work()
      return true
    } catch (error) {
      this.error = errorToShow(error)
      return false
    }
  }
}

export const watched = new WatchedTeaching()

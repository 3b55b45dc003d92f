import type { ShownPicture } from '../../shared/domain.ts'
import type { ErrorInfo } from '../../shared/errors.ts'
import { engine, errorToShow } from './engine.svelte.ts'
import { exportResult } from './refining.svelte.ts'

export interface DreamRequest {
  modelId: string
  count: number
  seed: number
  steps: number
}

/** The sheet of dreams. It goes on, and stays, while another view is looked at. */
class Dreaming {
  views: ShownPicture[] = $state.raw([])
  resultIds: string[] = $state.raw([])
  selected: number | null = $state(null)
  busy = $state(false)
  share = $state(0)
  secondsLeft: number | null = $state(null)
  exported: string | null = $state(null)
  error: ErrorInfo | null = $state.raw(null)
  #seed = 1
  #dreaming: AbortController | null = null

  async start(request: DreamRequest): Promise<void> {
    this.#dreaming?.abort()
    const dreaming = new AbortController()
    this.#dreaming = dreaming
    this.#forget()
    this.#seed = request.seed
    this.busy = true
    try {
      for await (const event of engine.dream(request, { signal: dreaming.signal })) {
        if (event.type === 'step') {
          this.views = event.views
          this.share = event.step.index / request.steps
          this.secondsLeft = event.secondsLeft
        } else this.resultIds = event.resultIds
      }
    } catch (error) {
      if (this.#dreaming === dreaming) this.error = errorToShow(error)
    } finally {
      if (this.#dreaming === dreaming) this.busy = false
    }
  }

  cancel(): void {
    this.#dreaming?.abort()
  }

  get exportable(): boolean {
    return this.selected !== null && this.resultIds[this.selected] !== undefined
  }

  async export(): Promise<void> {
    const resultId = this.selected === null ? undefined : this.resultIds[this.selected]
    if (resultId === undefined) return
    this.exported = null
    this.error = null
    try {
      this.exported = await exportResult(resultId, `dream ${this.#seed}-${(this.selected ?? 0) + 1}`, 92)
    } catch (error) {
      this.error = errorToShow(error)
    }
  }

  #forget(): void {
    for (const resultId of this.resultIds) void engine.forgetResult({ resultId }).catch(() => undefined)
    Object.assign(this, {
      resultIds: [],
      selected: null,
      share: 0,
      secondsLeft: null,
      exported: null,
      error: null,
    })
  }
}

export const dreaming = new Dreaming()

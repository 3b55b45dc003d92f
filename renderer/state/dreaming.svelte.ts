import type { ShownPicture } from '../../shared/domain.ts'
import type { ErrorInfo } from '../../shared/errors.ts'
import { engine, errorToShow } from './engine.svelte.ts'
import { exporting } from '../export/exporting.svelte.ts'
import { models } from './models.svelte.ts'

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
  /** Which of them are exported. */
  selected: number[] = $state([])
  count = $state(24)
  seed = $state(1)
  steps = $state(30)
  busy = $state(false)
  share = $state(0)
  secondsLeft: number | null = $state(null)
  error: ErrorInfo | null = $state.raw(null)
  #made: DreamRequest | null = null
  #dreaming: AbortController | null = null

  async start(request: DreamRequest): Promise<void> {
    this.#dreaming?.abort()
    const dreaming = new AbortController()
    this.#dreaming = dreaming
    this.#forget()
    this.#made = request
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

  selectAll(all: boolean): void {
    this.selected = all ? this.resultIds.map((_, index) => index) : []
  }

  toggle(index: number): void {
    this.selected = this.selected.includes(index)
      ? this.selected.filter((each) => each !== index)
      : [...this.selected, index].sort((a, b) => a - b)
  }

  /** Asks how and where the selected ones go. */
  export(): void {
    const made = this.#made
    if (!made) return
    const model = models.cards.find(({ id }) => id === made.modelId)?.name ?? ''
    const results = this.selected.flatMap((index) => {
      const resultId = this.resultIds[index]
      const number = index + 1
      const name = `dream ${made.seed}-${number}`
      const facts = { name, model, seed: made.seed, step: made.steps, number, date: new Date() }
      return resultId === undefined ? [] : [{ resultId, facts }]
    })
    if (results.length > 0) exporting.ask({ kind: 'results', results })
  }

  #forget(): void {
    for (const resultId of this.resultIds) void engine.forgetResult({ resultId }).catch(() => undefined)
    Object.assign(this, {
      views: [],
      resultIds: [],
      selected: [],
      share: 0,
      secondsLeft: null,
      error: null,
    })
    exporting.done = []
  }
}

export const dreaming = new Dreaming()

import { untrack } from 'svelte'
import type { ShownPicture } from '../../shared/domain.ts'
import type { ErrorInfo } from '../../shared/errors.ts'
import { engine, errorToShow } from './engine.svelte.ts'
import { refining } from './refining.svelte.ts'
import { walkSettings } from './walk-settings.svelte.ts'

/** A look is worth no more steps than this. */
const mostSteps = 12
/** Pixels a side of the part that is looked at. */
export const previewSide = 160
/** The middle first, then where thirds cross. */
const places = [
  { x: 0.5, y: 0.5 },
  { x: 1 / 3, y: 1 / 3 },
  { x: 2 / 3, y: 1 / 3 },
  { x: 2 / 3, y: 2 / 3 },
  { x: 1 / 3, y: 2 / 3 },
] as const

type Question = Omit<Parameters<typeof engine.previewWalk>[0], 'side'>

/** What the walk, as it is set, would do to a part of the picture. */
class StrengthPreview {
  shown: { before: ShownPicture; after: ShownPicture } | null = $state.raw(null)
  error: ErrorInfo | null = $state.raw(null)
  /** The middle of the part, in shares of width and height. */
  at: { x: number; y: number } = $state.raw(places[0])
  /** What is shown, and what should be. */
  #answered = $state('')
  #wanted = $state('')
  #next: Question | null = null
  #asking: AbortController | null = null

  /** What is shown was made with other settings: the new one is on its way. */
  get stale(): boolean {
    return this.#wanted !== this.#answered
  }

  /** Another part of the picture. */
  elsewhere(): void {
    const here = places.findIndex(({ x, y }) => x === this.at.x && y === this.at.y)
    this.at = places[(here + 1) % places.length] ?? places[0]
  }

  /** To be called in an effect: it asks again, at once, whenever the picture, the model or the settings change. */
  follow(): void {
    const { path } = refining
    const { model, request } = walkSettings
    const { at } = this
    const steps = Math.min(mostSteps, request.steps ?? mostSteps)
    const question = path && model ? { path, modelId: model.id, at, walk: { ...request, steps } } : null
    untrack(() => this.#want(question))
  }

  #want(question: Question | null): void {
    const key = question === null ? '' : JSON.stringify(question)
    if (key === this.#wanted) return
    if (question === null || this.#next?.path !== question.path || this.#next.modelId !== question.modelId) {
      // Of another picture, or by another model: not to be looked at for a moment longer.
      this.shown = null
      this.error = null
    }
    this.#next = question
    this.#wanted = key
    // The engine works on one at a time; what is no longer wanted is given up, and the newest follows.
    if (this.#asking) this.#asking.abort()
    else void this.#work()
  }

  async #work(): Promise<void> {
    while (this.#next && this.#wanted !== this.#answered) {
      const question = this.#next
      const key = this.#wanted
      const asking = new AbortController()
      this.#asking = asking
      try {
        const shown = await engine.previewWalk({ ...question, side: previewSide }, { signal: asking.signal })
        if (key === this.#wanted) this.shown = shown
        this.error = null
      } catch (error) {
        if (key === this.#wanted) this.error = errorToShow(error)
      }
      // Given up, or failed: asked again only when something else is wanted.
      if (key === this.#wanted) this.#answered = key
    }
    this.#asking = null
  }
}

export const strengthPreview = new StrengthPreview()

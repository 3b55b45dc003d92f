import type { ShownPicture } from '../../shared/domain.ts'
import type { ErrorInfo } from '../../shared/errors.ts'
import { engine, errorToShow } from './engine.svelte.ts'
import { refining } from './refining.svelte.ts'
import { walkSettings } from './walk-settings.svelte.ts'

/** The slider may rest this long before the engine is asked. */
const restMs = 120
/** A look is worth no more steps than this. */
const mostSteps = 12
const side = 160
/** The middle first, then where thirds cross. */
const places = [
  { x: 0.5, y: 0.5 },
  { x: 1 / 3, y: 1 / 3 },
  { x: 2 / 3, y: 1 / 3 },
  { x: 2 / 3, y: 2 / 3 },
  { x: 1 / 3, y: 2 / 3 },
] as const

/** What the walk, as it is set, would do to a part of the picture. */
class StrengthPreview {
  shown: { before: ShownPicture; after: ShownPicture } | null = $state.raw(null)
  busy = $state(false)
  error: ErrorInfo | null = $state.raw(null)
  #place = $state(0)
  #asking: AbortController | null = null
  #timer: ReturnType<typeof setTimeout> | undefined

  /** Another part of the picture. */
  elsewhere(): void {
    this.#place = (this.#place + 1) % places.length
  }

  /** To be called in an effect: it asks again whenever the picture, the model or the settings change. */
  follow(): () => void {
    const { path } = refining
    const { model, request } = walkSettings
    const at = places[this.#place] ?? places[0]
    clearTimeout(this.#timer)
    this.#asking?.abort()
    if (!path || !model) this.shown = null
    else
      this.#timer = setTimeout(() => void this.#ask({ path, modelId: model.id, at, walk: request }), restMs)
    return () => {
      clearTimeout(this.#timer)
      this.#asking?.abort()
    }
  }

  async #ask({ walk, ...rest }: Omit<Parameters<typeof engine.previewWalk>[0], 'side'>): Promise<void> {
    const asking = new AbortController()
    this.#asking = asking
    this.busy = true
    try {
      const steps = Math.min(mostSteps, walk.steps ?? mostSteps)
      this.shown = await engine.previewWalk(
        { ...rest, walk: { ...walk, steps }, side },
        { signal: asking.signal },
      )
      this.error = null
    } catch (error) {
      if (this.#asking === asking) this.error = errorToShow(error)
    } finally {
      if (this.#asking === asking) this.busy = false
    }
  }
}

export const strengthPreview = new StrengthPreview()

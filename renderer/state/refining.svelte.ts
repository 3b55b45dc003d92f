import type { PictureInfo, Recipe, ShownPicture, WalkRequest, WalkStep } from '../../shared/domain.ts'
import type { ErrorInfo } from '../../shared/errors.ts'
import { exporting } from '../export/exporting.svelte.ts'
import { stemOf } from '../export/name-pattern.ts'
import { engine, errorToShow } from './engine.svelte.ts'
import { undo } from './undo.svelte.ts'
import { recipeOf, walkSettings } from './walk-settings.svelte.ts'
import { strings } from '../strings.ts'

export interface Frame {
  step: WalkStep
  view: ShownPicture
  resultId: string
}

/** One walk: several of a picture differ in their seeds. */
export interface Variant {
  seed: number
  model: { id: string; name: string }
  walk: WalkRequest
  frames: Frame[]
  /** Null until it has come to its end. */
  seconds: number | null
}

export interface Source {
  path: string
  /** Where it lies below what was dropped. */
  folder: string
}

/** The pictures that are to be refined; one of them is looked at, with its walks. */
class Refining {
  sources: Source[] = $state.raw([])
  leftOut: { path: string; reason: string }[] = $state.raw([])
  path: string | null = $state(null)
  info: PictureInfo | null = $state.raw(null)
  view: ShownPicture | null = $state.raw(null)
  noise = $state(0)
  /** When it was made here, and says how. */
  recipe: Recipe | null = $state.raw(null)
  variants: Variant[] = $state.raw([])
  variant = $state(0)
  /** The step that is looked at; what is exported. */
  selected = $state(0)
  /** Where the picture is unlike what the model knows, in colours. */
  unlikeness: { view: ShownPicture; most: number } | null = $state.raw(null)
  looking = $state(false)
  secondsLeft: number | null = $state(null)
  share = $state(0)
  busy = $state(false)
  error: ErrorInfo | null = $state.raw(null)
  #openings = 0
  #walking: AbortController | null = null

  get frames(): Frame[] {
    return this.variants[this.variant]?.frames ?? []
  }

  get frame(): Frame | undefined {
    return this.frames[this.selected]
  }

  get seconds(): number | null {
    return this.variants[this.variant]?.seconds ?? null
  }

  /** Nats per value, up to the step that is looked at. */
  get gain(): number {
    return this.frames.slice(0, this.selected + 1).reduce((sum, { step }) => sum + step.gain, 0)
  }

  async open(path: string): Promise<void> {
    this.sources = [{ path, folder: '' }]
    this.leftOut = []
    await this.look(path)
  }

  /** Files and folders: everything in them, the first one to be looked at. */
  async openAll(paths: string[]): Promise<void> {
    this.error = null
    try {
      const { pictures, leftOut } = await engine.findPictures({ paths })
      this.sources = pictures
      this.leftOut = leftOut
      if (pictures[0]) await this.look(pictures[0].path)
      else this.#clear()
    } catch (error) {
      this.error = errorToShow(error)
    }
  }

  /** One of the sources. */
  async look(path: string): Promise<void> {
    this.cancel()
    this.#forget()
    this.error = null
    // Until the new picture is here there is none: a walk must not take the old one.
    Object.assign(this, { path: null, info: null, view: null, recipe: null })
    const opening = ++this.#openings
    try {
      const { info, view, noise, recipe } = await engine.openPicture({ path })
      if (opening === this.#openings) Object.assign(this, { path, info, view, noise, recipe })
    } catch (error) {
      if (opening === this.#openings) this.error = errorToShow(error)
    }
  }

  async choose(): Promise<void> {
    const paths = await window.uphill.choosePictures({ multiple: true })
    const [only] = paths
    if (paths.length === 1 && only !== undefined) await this.open(only)
    else if (paths.length > 1) await this.openAll(paths)
  }

  async chooseFolder(): Promise<void> {
    const folder = await window.uphill.chooseFolder({ purpose: 'refine' })
    if (folder) await this.openAll([folder])
  }

  async paste(bytes: Uint8Array): Promise<void> {
    try {
      const { path } = await engine.keepPasted({ bytes })
      await this.open(path)
    } catch (error) {
      this.error = errorToShow(error)
    }
  }

  /** Walks as it is set, as often as variants are wanted, one after the other. */
  async walk(): Promise<void> {
    const { model, request } = walkSettings
    if (!this.path || !model) return
    const count = walkSettings.random ? walkSettings.variants : 1
    this.cancel()
    this.#forget()
    this.error = null
    this.busy = true
    const walking = new AbortController()
    this.#walking = walking
    try {
      for (let index = 0; index < count; index++) {
        const seed = (request.seed + index) % 0x1_0000_0000
        const walk = { ...request, seed }
        const { id, name } = model
        this.variants = [...this.variants, { seed, model: { id, name }, walk, frames: [], seconds: null }]
        this.variant = index
        const call = { path: this.path, modelId: model.id, walk }
        for await (const event of engine.refine(call, { signal: walking.signal })) {
          if (event.type === 'done') this.#change(index, { seconds: event.seconds })
          else this.secondsLeft = event.secondsLeft === null ? null : event.secondsLeft * (count - index)
          if (event.type === 'step') {
            const { step, view, resultId } = event
            this.#change(index, {
              frames: [...(this.variants[index]?.frames ?? []), { step, view, resultId }],
            })
            if (this.variant === index) this.selected = step.index
            this.share = (index + step.index / step.steps) / count
          }
        }
      }
    } catch (error) {
      if (this.#walking === walking) this.error = errorToShow(error)
    } finally {
      if (this.#walking === walking) this.busy = false
    }
  }

  /** Shows the map of unlikeness, or takes it away again. */
  async toggleUnlikeness(): Promise<void> {
    if (this.unlikeness) {
      this.unlikeness = null
      return
    }
    const { path } = this
    const { model, request } = walkSettings
    if (!path || !model) return
    this.looking = true
    this.error = null
    try {
      const found = await engine.unlikeness({ path, modelId: model.id, sigma: request.sigma ?? 'auto' })
      if (this.path === path) this.unlikeness = found
    } catch (error) {
      this.error = errorToShow(error)
    } finally {
      this.looking = false
    }
  }

  chooseVariant(index: number): void {
    this.variant = index
    this.selected = Math.max(0, this.frames.length - 1)
  }

  cancel(): void {
    this.#walking?.abort()
    this.busy = false
  }

  /** Asks how and where the step that is looked at goes. */
  export(): void {
    const { frame, path } = this
    const variant = this.variants[this.variant]
    if (!frame || !path || !variant) return
    const { model, seed, walk, frames } = variant
    const step = frame.step.index
    const facts = { name: stemOf(path), model: model.name, seed, step, number: 1, date: new Date() }
    const { amount } = walkSettings
    // As it was measured: of the exported picture, "auto" would measure something else.
    const recipe = recipeOf(model, { ...walk, sigma: frames[0]?.step.sigma ?? walk.sigma }, step, amount)
    const made = { original: path, amount, recipe }
    exporting.ask({ kind: 'results', results: [{ resultId: frame.resultId, facts, made }] })
  }

  /** Nothing is open then; undoing opens it again, without its walks. */
  close(): void {
    const { sources, leftOut, path } = this
    this.#clear()
    Object.assign(this, { sources: [], leftOut: [] })
    undo.propose(strings.refine.closed(sources.length), async () => {
      Object.assign(this, { sources, leftOut })
      if (path) await this.look(path)
    })
  }

  #change(index: number, change: Partial<Variant>): void {
    this.variants = this.variants.map((each, at) => (at === index ? { ...each, ...change } : each))
  }

  #clear(): void {
    this.cancel()
    this.#forget()
    Object.assign(this, { path: null, info: null, view: null, recipe: null })
  }

  #forget(): void {
    for (const { resultId } of this.variants.flatMap(({ frames }) => frames)) {
      void engine.forgetResult({ resultId }).catch(() => undefined)
    }
    Object.assign(this, {
      variants: [],
      variant: 0,
      selected: 0,
      secondsLeft: null,
      share: 0,
      unlikeness: null,
    })
    exporting.done = []
  }
}

export const refining = new Refining()

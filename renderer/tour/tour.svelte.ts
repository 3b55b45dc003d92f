import type { ErrorInfo } from '../../shared/errors.ts'
import { comparing } from '../components/compare/comparing.svelte.ts'
import { openDataset } from '../state/dataset.svelte.ts'
import { dreaming } from '../state/dreaming.svelte.ts'
import { engine, errorToShow } from '../state/engine.svelte.ts'
import { models } from '../state/models.svelte.ts'
import { navigation } from '../state/navigation.svelte.ts'
import { preferences } from '../state/preferences.svelte.ts'
import { refining } from '../state/refining.svelte.ts'
import { watched } from '../state/teaching.svelte.ts'
import { walkSettings } from '../state/walk-settings.svelte.ts'

export const tourSteps = ['pictures', 'teach', 'refine', 'compare', 'dream', 'done'] as const
export type TourStep = (typeof tourSteps)[number]

const teachSeconds = 60
const modelName = 'Tour'

/** The first way through the app, with real work on sample pictures. Every step can also be done by hand. */
class Tour {
  step: TourStep | null = $state(null)
  /** The step's work has been asked for, and is not done. */
  busy = $state(false)
  error: ErrorInfo | null = $state.raw(null)
  #folders: { folder: string; noisy: string } | null = null
  #modelId: string | null = null

  get number(): number {
    return this.step ? tourSteps.indexOf(this.step) + 1 : 0
  }

  begin(): void {
    this.error = null
    this.step = 'pictures'
    navigation.go('pictures')
  }

  next(): void {
    this.step = tourSteps[this.number] ?? null
    this.busy = false
  }

  end(): void {
    this.step = null
    this.busy = false
    preferences.setToured()
  }

  /** Does what the step is about, and goes on when it is done. */
  async act(): Promise<void> {
    const { step } = this
    if (!step || this.busy) return
    this.busy = true
    this.error = null
    try {
      await this.#do(step)
      if (this.step === step) this.next()
    } catch (error) {
      this.error = errorToShow(error)
    } finally {
      this.busy = false
    }
  }

  async #do(step: TourStep): Promise<void> {
    if (step === 'pictures') {
      this.#folders ??= await engine.samplePictures({})
      navigation.go('pictures')
      await openDataset.open(this.#folders.folder)
    } else if (step === 'teach') await this.#teach()
    else if (step === 'refine') await this.#refine()
    else if (step === 'compare') comparing.mode = 'difference'
    else if (step === 'dream') {
      navigation.go('dream', this.#modelId ?? undefined)
      const modelId = this.#modelId ?? walkSettings.model?.id
      if (modelId !== undefined) await dreaming.start({ modelId, count: 24, seed: 1, steps: 30 })
    } else {
      navigation.go('pictures')
      this.end()
      await openDataset.choose()
    }
  }

  async #teach(): Promise<void> {
    this.#folders ??= await engine.samplePictures({})
    navigation.go('teach')
    watched.clear()
    const started = await watched.start({
      folder: this.#folders.folder,
      name: freeName(),
      seconds: teachSeconds,
    })
    if (!started) throw new Error(watched.error?.message ?? 'the teaching did not start')
    await watched.ended
    this.#modelId = watched.teaching?.modelId ?? null
  }

  async #refine(): Promise<void> {
    this.#folders ??= await engine.samplePictures({})
    navigation.go('refine', this.#modelId ?? undefined)
    await refining.openAll([this.#folders.noisy])
    walkSettings.auto = true
    walkSettings.addNoise = false
    comparing.mode = 'split'
    await refining.walk()
  }
}

function freeName(): string {
  const taken = new Set(models.cards.map(({ name }) => name))
  for (let number = 1; ; number++) {
    const name = number === 1 ? modelName : `${modelName} ${number}`
    if (!taken.has(name)) return name
  }
}

export const tour = new Tour()

import { type ModelCard, type Recipe, type WalkRequest, walkOptions } from '../../shared/domain.ts'
import { models } from './models.svelte.ts'
import { navigation } from './navigation.svelte.ts'

/** The least noise that is worth a walk. */
const smallest = 0.01
const largest = { 'whole-image': 2, 'any-size': 0.5 } as const

/** How to walk, as it is set in the form: kept while other views are looked at. */
class WalkSettings {
  auto = $state(true)
  /** 0..1 and logarithmic: equal ways are equal ratios of sigma. */
  position = $state(0.5)
  steps = $state(6)
  addNoise = $state(false)
  schedule: 'annealed' | 'constant' = $state('annealed')
  alpha = $state(0.5)
  churn = $state(0)
  seed = $state(1)
  /** How many walks, each with a seed of its own. */
  variants = $state(1)
  /** Share of the change that is kept: seen at once, no walk is needed for it. */
  amount = $state(1)
  /** A sigma that was set as a number: the slider would round it. */
  #exact: { sigma: number; position: number } | null = null

  /** Models that have learned something. */
  get ready(): ModelCard[] {
    return models.cards.filter(({ step }) => step > 0)
  }

  get model(): ModelCard | undefined {
    return this.ready.find(({ id }) => id === navigation.modelId) ?? this.ready[0]
  }

  get sigma(): number {
    return smallest * this.#ratio ** this.position
  }

  /** Where the slider stands for a sigma. */
  positionOf(sigma: number): number {
    const place = Math.log(Math.max(smallest, sigma) / smallest) / Math.log(this.#ratio)
    return Math.min(1, place)
  }

  get #ratio(): number {
    return largest[this.model?.kind ?? 'any-size'] / smallest
  }

  /** Sets everything as it was when a picture was made; the model as well, when it is here. */
  take({ model, walk, amount }: Recipe): void {
    if (this.ready.some(({ id }) => id === model.id)) navigation.modelId = model.id
    const { sigma, steps, addNoise, schedule, alpha, churn, seed } = walk
    Object.assign(this, { auto: sigma === 'auto', steps, addNoise, schedule, alpha, churn, seed, amount })
    this.variants = 1
    if (sigma !== 'auto') this.#exact = { sigma, position: (this.position = this.positionOf(sigma)) }
  }

  /** Whether another seed makes another picture. */
  get random(): boolean {
    return this.addNoise || (this.schedule === 'annealed' && this.churn > 0)
  }

  get request(): WalkRequest & { seed: number } {
    const { steps, addNoise, schedule, alpha, churn, seed } = this
    const set = this.#exact?.position === this.position ? this.#exact.sigma : this.sigma
    return { sigma: this.auto ? 'auto' : set, steps, addNoise, schedule, alpha, churn, seed }
  }
}

export const walkSettings = new WalkSettings()

/** How a picture was made, in words that Uphill itself understands. */
export function recipeOf(
  model: { id: string; name: string },
  walk: WalkRequest,
  step: number,
  amount: number,
): Recipe {
  return { version: 1, model, walk: walkOptions.parse(walk), step, amount }
}

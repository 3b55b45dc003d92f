import type { ModelCard, WalkRequest } from '../../shared/domain.ts'
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

  /** Models that have learned something. */
  get ready(): ModelCard[] {
    return models.cards.filter(({ step }) => step > 0)
  }

  get model(): ModelCard | undefined {
    return this.ready.find(({ id }) => id === navigation.modelId) ?? this.ready[0]
  }

  get sigma(): number {
    return smallest * (largest[this.model?.kind ?? 'any-size'] / smallest) ** this.position
  }

  /** Whether another seed makes another picture. */
  get random(): boolean {
    return this.addNoise || (this.schedule === 'annealed' && this.churn > 0)
  }

  get request(): WalkRequest & { seed: number } {
    const { steps, addNoise, schedule, alpha, churn, seed } = this
    return { sigma: this.auto ? 'auto' : this.sigma, steps, addNoise, schedule, alpha, churn, seed }
  }
}

export const walkSettings = new WalkSettings()

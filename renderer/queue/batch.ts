/** All pictures that are open for refining, on their way into the queue. */
import { exportSettings } from '../export/export-settings.svelte.ts'
import { exporting } from '../export/exporting.svelte.ts'
import { type NameFacts, stemOf } from '../export/name-pattern.ts'
import { navigation } from '../state/navigation.svelte.ts'
import { refining } from '../state/refining.svelte.ts'
import { recipeOf, walkSettings } from '../state/walk-settings.svelte.ts'
import { queue } from './queue.svelte.ts'

/** Asks how and where to; then every picture goes into the queue, with the settings of this moment. */
export function exportAll(): void {
  const { model, request, amount } = walkSettings
  const { sources } = refining
  const [first] = sources
  if (!model || !first) return
  const date = new Date()
  const factsOf = (path: string, number: number): NameFacts => ({
    name: stemOf(path),
    model: model.name,
    seed: request.seed,
    step: request.steps ?? 0,
    number,
    date,
  })
  const recipe = recipeOf({ id: model.id, name: model.name }, request, request.steps ?? 0, amount)
  const start = (): void => {
    queue.add(
      sources.map(({ path, folder }, index) => ({
        path,
        modelId: model.id,
        modelName: model.name,
        walk: request,
        target: exportSettings.target(factsOf(path, index + 1), { original: path, amount, recipe }, folder),
      })),
    )
    navigation.go('jobs')
  }
  exporting.ask({ kind: 'batch', count: sources.length, facts: factsOf(first.path, 1), start })
}

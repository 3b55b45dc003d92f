/** Which models walk just now, so that none is taken away under a walk. */
import { UphillError } from '../../../shared/errors.ts'

export class ModelsInUse {
  readonly #users = new Map<string, number>()

  /** @returns the function that releases it */
  take(modelId: string): () => void {
    this.#users.set(modelId, (this.#users.get(modelId) ?? 0) + 1)
    let released = false
    return () => {
      if (released) return
      released = true
      this.#users.set(modelId, (this.#users.get(modelId) ?? 1) - 1)
    }
  }

  /** @throws MODEL_IN_USE */
  refuseWhenUsed(modelId: string): void {
    if ((this.#users.get(modelId) ?? 0) === 0) return
    throw new UphillError(
      'MODEL_IN_USE',
      'This model is walking a picture now and cannot be deleted.',
      'Cancel the walk or wait until it has finished.',
    )
  }
}

import type { ModelCard } from '../../../shared/domain.ts'

/** A card as a finished teaching leaves it, with what a test cares about. */
export function cardOf(parts: Partial<ModelCard> = {}): ModelCard {
  const now = '2026-01-01T00:00:00.000Z'
  return {
    format: 1,
    id: 'test-0001',
    name: 'Test',
    kind: 'any-size',
    loss: 'bce',
    channels: 1,
    size: null,
    parameters: 1000,
    createdAt: now,
    updatedAt: now,
    taughtWith: {
      folder: '/pictures',
      more: [],
      leftOut: [],
      pictures: 10,
      heldOut: 1,
      seed: 1,
      plannedSeconds: 60,
    },
    state: 'finished',
    step: 100,
    seconds: 60,
    scores: { psnrNoisy: 14, psnrDenoised: 24, loss: 0.1 },
    curve: [],
    ...parts,
  }
}

import { beforeAll, describe, expect, it } from 'vitest'
import { Mixture, checkScore } from '../../../electron/engine/paper/score.ts'
import { loadTensorflow } from '../../../electron/engine/tensor/backend.ts'

beforeAll(() => loadTensorflow())

describe('the score of a mixture of Gaussians', () => {
  it('is the gradient of its log density', () => {
    const mixture = new Mixture(3, 4, 0.05, 7)
    const x = Float32Array.of(0.5, 0.4, 0.6)
    const { score } = mixture.smoothed(x, 0.1)
    for (let axis = 0; axis < 3; axis++) {
      const shifted = (by: number): number => {
        const at = x.slice()
        at[axis]! += by
        return mixture.smoothed(at, 0.1).logDensity
      }
      expect((shifted(1e-3) - shifted(-1e-3)) / 2e-3).toBeCloseTo(score[axis]!, 1)
    }
  })

  it.each([
    { dimensions: 2, sigma: 0.08 },
    { dimensions: 64, sigma: 0.1 },
  ])(
    'is what a denoiser learns, with BCE and with MSE ($dimensions dimensions)',
    async ({ dimensions, sigma }) => {
      const { check, denoisers } = await checkScore(new Mixture(dimensions, 5, 0.04, 3), {
        sigma,
        steps: 400,
        seed: 1,
        points: 500,
      })
      denoisers.bce.dispose()
      denoisers.mse.dispose()
      expect(check.cosine.bce).toBeGreaterThan(0.99)
      expect(check.cosine.mse).toBeGreaterThan(0.99)
      expect(check.bceVsMse).toBeLessThan(0.02)
      expect(check.raisedShare.bce).toBeGreaterThanOrEqual(0.99)
      expect(check.raisedShare.mse).toBeGreaterThanOrEqual(0.99)
    },
  )
})

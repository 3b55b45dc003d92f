import { expect, it } from 'vitest'
import { teachANight } from './endurance.ts'
import { full, keepFigures } from './size.ts'

const steps = full ? 2000 : 150

it(`${steps} steps leave nothing behind in the process`, async () => {
  const figures = await teachANight(steps)
  await keepFigures('endurance', figures)
  expect(figures.steps).toBe(steps)
  // Enough to see a leak of one tensor or one file in each.
  expect(figures.evaluations).toBeGreaterThan(5)
  expect(figures.checkpoints).toBeGreaterThan(3)
  expect(figures.tensors[1]).toBeLessThanOrEqual(figures.tensors[0])
  expect(figures.files[1]).toBeLessThanOrEqual(figures.files[0] + 2)
  // The allocators of libc and V8 breathe; a copy of the weights for each checkpoint would be far more.
  expect(figures.residentMiB[1]).toBeLessThan(figures.residentMiB[0] * 1.1 + 32)
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { gaussianGenerator } from '../../../electron/engine/learning/noise.ts'
import { type Features, eigen, frechetDistance } from '../../../electron/engine/measuring/frechet.ts'
import { nearestNeighbours } from '../../../electron/engine/measuring/neighbours.ts'
import { ssim } from '../../../electron/engine/measuring/ssim.ts'

function cloud(
  count: number,
  size: number,
  seed: number,
  change = (value: number, _axis: number) => value,
): Features {
  const normal = gaussianGenerator(seed)
  const data = Float32Array.from({ length: count * size }, (_, i) => change(normal(), i % size))
  return { data, count, size }
}

describe('the Fréchet distance', () => {
  it('is 0 to itself, symmetric, and never negative', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(1000), fc.nat(1000), (size, one, other) => {
        const [a, b] = [cloud(40, size, one), cloud(50, size, other)]
        expect(frechetDistance(a, a)).toBeLessThan(1e-6)
        expect(frechetDistance(a, b)).toBeGreaterThanOrEqual(0)
        expect(Math.abs(frechetDistance(a, b) - frechetDistance(b, a))).toBeLessThan(1e-6)
      }),
      { numRuns: 25 },
    )
  })

  it('of a cloud that was moved is the squared length of the move', () => {
    const a = cloud(100, 5, 1)
    const moved = { ...a, data: a.data.map((value, i) => value + [3, 0, -4, 0, 1][i % 5]!) }
    expect(frechetDistance(a, moved)).toBeCloseTo(26, 4)
  })

  it('of two axes of different spread is the sum of the squared differences of deviations', () => {
    const a = cloud(20_000, 2, 1)
    const b = cloud(20_000, 2, 2, (value, axis) => value * [3, 0.5][axis]!)
    expect(frechetDistance(a, b)).toBeCloseTo(4 + 0.25, 0)
  })

  it('does not change when both clouds are turned', () => {
    const turned = ({ data, count, size }: Features): Features => ({
      count,
      size,
      data: data.map((_, i) => {
        const at = i - (i % size)
        const [x, y] = [data[at]!, data[at + 1]!]
        return i % size === 0 ? 0.6 * x - 0.8 * y : i % size === 1 ? 0.8 * x + 0.6 * y : data[i]!
      }),
    })
    const [a, b] = [cloud(60, 3, 1), cloud(60, 3, 2, (value, axis) => value * (1 + axis) + axis)]
    expect(frechetDistance(turned(a), turned(b))).toBeCloseTo(frechetDistance(a, b), 4)
  })

  it('rests on eigenvectors that give the matrix back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(1000), (size, seed) => {
        const normal = gaussianGenerator(seed)
        const matrix = new Float64Array(size * size)
        for (let i = 0; i < size; i++)
          for (let j = 0; j <= i; j++) matrix[i * size + j] = matrix[j * size + i] = normal()
        const { values, vectors } = eigen(matrix, size)
        for (let i = 0; i < size; i++)
          for (let j = 0; j < size; j++) {
            let sum = 0
            for (let k = 0; k < size; k++) sum += values[k]! * vectors[i * size + k]! * vectors[j * size + k]!
            expect(Math.abs(sum - matrix[i * size + j]!)).toBeLessThan(1e-9)
          }
      }),
      { numRuns: 25 },
    )
  })

  it('says when features cannot be compared', () => {
    expect(() => frechetDistance(cloud(5, 2, 1), cloud(5, 3, 1))).toThrow(/2 and 3/)
    expect(() => frechetDistance(cloud(1, 2, 1), cloud(5, 2, 1))).toThrow(/two vectors/)
  })
})

describe('nearest neighbours', () => {
  it('find a copy, and how far the others are', () => {
    const pictures = Float32Array.of(0, 0, 1, 1, 0.5, 0)
    expect(nearestNeighbours(Float32Array.of(1, 1, 0.4, 0), pictures, 2)).toEqual([
      { index: 1, distance: 0 },
      { index: 2, distance: expect.closeTo(Math.sqrt(0.01 / 2), 5) as number },
    ])
    expect(nearestNeighbours(pictures, pictures, 2, true).map(({ index }) => index)).toEqual([2, 2, 0])
  })
})

describe('SSIM', () => {
  const size = { width: 24, height: 20, channels: 3 }
  const picture = cloud(24 * 20, 3, 4, (value) => 0.5 + 0.2 * value).data

  it('is 1 for equal pictures, less the noisier one is, and symmetric', () => {
    const noise = cloud(24 * 20, 3, 5).data
    const noisy = (sigma: number): Float32Array => picture.map((value, i) => value + sigma * noise[i]!)
    expect(ssim(picture, picture, size)).toBeCloseTo(1, 10)
    const scores = [0.01, 0.05, 0.2].map((sigma) => ssim(picture, noisy(sigma), size))
    expect(scores).toEqual([...scores].sort((a, b) => b - a))
    expect(ssim(noisy(0.1), picture, size)).toBeCloseTo(ssim(picture, noisy(0.1), size), 10)
  })

  it('of two flat pictures compares their brightness alone', () => {
    const flat = (value: number): Float32Array => new Float32Array(24 * 20 * 3).fill(value)
    const expected = (2 * 0.3 * 0.6 + 1e-4) / (0.3 ** 2 + 0.6 ** 2 + 1e-4)
    expect(ssim(flat(0.3), flat(0.6), size)).toBeCloseTo(expected, 5)
  })
})

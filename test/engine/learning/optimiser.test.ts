import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { gaussianGenerator } from '../../../electron/engine/learning/noise.ts'
import { orthogonalised } from '../../../electron/engine/learning/optimiser.ts'
import { type Tensor2D, loadTensorflow, tensorflow } from '../../../electron/engine/tensor/backend.ts'

beforeAll(() => loadTensorflow())

function randomMatrix(rows: number, columns: number, seed: number): Tensor2D {
  return tensorflow().tensor2d(Float32Array.from({ length: rows * columns }, gaussianGenerator(seed)), [
    rows,
    columns,
  ])
}

/** Singular values of x, squared: those of the smaller of x'x and xx', by their trace and the trace of its square. */
function spread(x: Tensor2D): { mean: number; meanSquare: number } {
  const tf = tensorflow()
  return tf.tidy(() => {
    const wide = x.shape[1] > x.shape[0]
    const gram = tf.matMul(x, x, !wide, wide)
    const side = Math.min(...x.shape)
    const mean = tf.sum(tf.mul(gram, tf.eye(side))).dataSync()[0]! / side
    const meanSquare = tf.sum(tf.square(gram)).dataSync()[0]! / side
    return { mean, meanSquare }
  })
}

describe('orthogonalised momentum', () => {
  it('has singular values near its scale, whatever the shape and size of the matrix', () => {
    const tf = tensorflow()
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 2, max: 8 }),
        fc.boolean(),
        fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
        fc.nat(1e6),
        (small, factor, wide, size, seed) => {
          const [rows, columns] = wide ? [small, small * factor] : [small * factor, small]
          const matrix = tf.mul(randomMatrix(rows, columns, seed), size) as Tensor2D
          const [direction] = orthogonalised([matrix], [tf.scalar(3)]) as [Tensor2D]
          const { mean, meanSquare } = spread(direction)
          // The polynomial brings singular values into about 0.7 to 1.2, times the scale.
          expect(mean).toBeGreaterThan(9 * 0.4)
          expect(mean).toBeLessThan(9 * 1.5)
          expect(meanSquare).toBeLessThan(81 * 2.2)
        },
      ),
      { numRuns: 40 },
    )
  })

  it('is the same alone and among others, and turns with its matrix', () => {
    const tf = tensorflow()
    const matrices = [
      randomMatrix(18, 6, 1),
      randomMatrix(6, 30, 2),
      randomMatrix(9, 9, 3),
      randomMatrix(24, 6, 4),
    ]
    const scales = [1, 2, 3, 4].map((scale) => tf.scalar(scale))
    const together = orthogonalised(matrices, scales)
    matrices.forEach((matrix, index) => {
      const [alone] = orthogonalised([matrix], [scales[index]!])
      const difference = tf.max(tf.abs(tf.sub(alone!, together[index]!))).dataSync()[0]!
      expect(difference).toBeLessThan(1e-5)
      const [negative] = orthogonalised([tf.neg(matrix)], [scales[index]!])
      expect(tf.max(tf.abs(tf.add(negative!, together[index]!))).dataSync()[0]!).toBeLessThan(1e-5)
    })
  })
})

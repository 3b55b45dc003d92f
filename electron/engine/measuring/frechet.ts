/**
 * Fréchet distance between two sets of feature vectors, taken as Gaussians (Dowson & Landau 1982; Heusel et al.
 * 2017): |m1 - m2|² + tr(C1 + C2 - 2 (C1 C2)^(1/2)).
 */

/** Vectors one after the other. */
export interface Features {
  /** [count, size] */
  data: Float32Array
  count: number
  size: number
}

/** @returns a distance in squared units of the features; 0 for equal means and covariances */
export function frechetDistance(a: Features, b: Features): number {
  if (a.size !== b.size) throw new Error(`features of ${a.size} and ${b.size} numbers cannot be compared`)
  const [first, second] = [momentsOf(a), momentsOf(b)]
  const between = first.mean.reduce((sum, value, i) => sum + (value - second.mean[i]!) ** 2, 0)
  const size = a.size
  // tr (C1 C2)^(1/2) = tr (S C2 S)^(1/2) with S = C1^(1/2), which is symmetric.
  const root = symmetricRoot(first.covariance, size)
  const product = multiply(multiply(root, second.covariance, size), root, size)
  const cross = eigen(product, size).values.reduce((sum, value) => sum + Math.sqrt(Math.max(0, value)), 0)
  return Math.max(0, between + trace(first.covariance, size) + trace(second.covariance, size) - 2 * cross)
}

function momentsOf({ data, count, size }: Features): { mean: Float64Array; covariance: Float64Array } {
  if (count < 2) throw new Error('a covariance needs at least two vectors')
  const mean = new Float64Array(size)
  for (let row = 0; row < count; row++)
    for (let i = 0; i < size; i++) mean[i]! += data[row * size + i]! / count
  const covariance = new Float64Array(size * size)
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < size; i++) {
      const d = data[row * size + i]! - mean[i]!
      for (let j = 0; j <= i; j++) covariance[i * size + j]! += d * (data[row * size + j]! - mean[j]!)
    }
  }
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      covariance[i * size + j]! /= count - 1
      covariance[j * size + i] = covariance[i * size + j]!
    }
  }
  return { mean, covariance }
}

function symmetricRoot(matrix: Float64Array, size: number): Float64Array {
  const { values, vectors } = eigen(matrix, size)
  const out = new Float64Array(size * size)
  for (let k = 0; k < size; k++) {
    const root = Math.sqrt(Math.max(0, values[k]!))
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        out[i * size + j]! += root * vectors[i * size + k]! * vectors[j * size + k]!
      }
    }
  }
  return out
}

function multiply(a: Float64Array, b: Float64Array, size: number): Float64Array {
  const out = new Float64Array(size * size)
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < size; k++) {
      const value = a[i * size + k]!
      for (let j = 0; j < size; j++) out[i * size + j]! += value * b[k * size + j]!
    }
  }
  return out
}

function trace(matrix: Float64Array, size: number): number {
  let sum = 0
  for (let i = 0; i < size; i++) sum += matrix[i * size + i]!
  return sum
}

/**
 * Eigenvalues and eigenvectors (columns) of a symmetric matrix, by cyclic Jacobi rotations
 * (Golub & Van Loan, 8.5): slow for thousands of rows, exact and short for hundreds.
 */
export function eigen(matrix: Float64Array, size: number): { values: Float64Array; vectors: Float64Array } {
  const a = matrix.slice()
  const vectors = new Float64Array(size * size)
  for (let i = 0; i < size; i++) vectors[i * size + i] = 1
  const scale = a.reduce((sum, value) => sum + value * value, 0)
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0
    for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) off += a[i * size + j]! ** 2
    if (off <= 1e-26 * scale) break
    for (let p = 0; p < size - 1; p++) for (let q = p + 1; q < size; q++) rotate(a, vectors, size, p, q)
  }
  return { values: Float64Array.from({ length: size }, (_, i) => a[i * size + i]!), vectors }
}

/** Makes a[p, q] zero. */
function rotate(a: Float64Array, vectors: Float64Array, size: number, p: number, q: number): void {
  const apq = a[p * size + q]!
  if (apq === 0) return
  const theta = (a[q * size + q]! - a[p * size + p]!) / (2 * apq)
  const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
  const c = 1 / Math.sqrt(t * t + 1)
  const s = t * c
  for (let k = 0; k < size; k++) {
    const [akp, akq] = [a[k * size + p]!, a[k * size + q]!]
    a[k * size + p] = c * akp - s * akq
    a[k * size + q] = s * akp + c * akq
  }
  for (let k = 0; k < size; k++) {
    const [apk, aqk] = [a[p * size + k]!, a[q * size + k]!]
    a[p * size + k] = c * apk - s * aqk
    a[q * size + k] = s * apk + c * aqk
    const [vkp, vkq] = [vectors[k * size + p]!, vectors[k * size + q]!]
    vectors[k * size + p] = c * vkp - s * vkq
    vectors[k * size + q] = s * vkp + c * vkq
  }
}

/**
 * Structural similarity (Wang et al. 2004) with a flat window of 7 x 7, the mean over all channels: the definition
 * that scikit-image has by default, so that figures can be compared.
 */

const side = 7
const c1 = 0.01 ** 2
const c2 = 0.03 ** 2

/**
 * @param a and b HWC of the same shape, values in 0..1, at least 7 pixels a side
 * @returns 1 for equal pictures, about 0 for unrelated ones
 */
export function ssim(
  a: Float32Array,
  b: Float32Array,
  { width, height, channels }: { width: number; height: number; channels: number },
): number {
  if (Math.min(width, height) < side) throw new Error(`SSIM needs at least ${side} pixels a side`)
  let sum = 0
  for (let channel = 0; channel < channels; channel++) {
    const plane = (of: Float32Array): Float64Array =>
      Float64Array.from({ length: width * height }, (_, i) => of[i * channels + channel]!)
    sum += ofPlane(plane(a), plane(b), width, height)
  }
  return sum / channels
}

function ofPlane(a: Float64Array, b: Float64Array, width: number, height: number): number {
  const mean = (values: Float64Array): Float64Array => windowMeans(values, width, height)
  const product = (x: Float64Array, y: Float64Array): Float64Array => x.map((value, i) => value * y[i]!)
  const [ma, mb] = [mean(a), mean(b)]
  const [aa, bb, ab] = [mean(product(a, a)), mean(product(b, b)), mean(product(a, b))]
  // Variances of samples, not of a population.
  const unbiased = side ** 2 / (side ** 2 - 1)
  let sum = 0
  for (let i = 0; i < ma.length; i++) {
    const [x, y] = [ma[i]!, mb[i]!]
    const varianceA = unbiased * (aa[i]! - x * x)
    const varianceB = unbiased * (bb[i]! - y * y)
    const covariance = unbiased * (ab[i]! - x * y)
    sum += ((2 * x * y + c1) * (2 * covariance + c2)) / ((x * x + y * y + c1) * (varianceA + varianceB + c2))
  }
  return sum / ma.length
}

/** Means over all windows that lie inside. */
function windowMeans(values: Float64Array, width: number, height: number): Float64Array {
  const columns = width - side + 1
  const rows = new Float64Array(columns * height)
  for (let y = 0; y < height; y++) {
    let sum = 0
    for (let x = 0; x < width; x++) {
      sum += values[y * width + x]! - (x >= side ? values[y * width + x - side]! : 0)
      if (x >= side - 1) rows[y * columns + x - side + 1] = sum
    }
  }
  const out = new Float64Array(columns * (height - side + 1))
  for (let x = 0; x < columns; x++) {
    let sum = 0
    for (let y = 0; y < height; y++) {
      sum += rows[y * columns + x]! - (y >= side ? rows[(y - side) * columns + x]! : 0)
      if (y >= side - 1) out[(y - side + 1) * columns + x] = sum / side ** 2
    }
  }
  return out
}

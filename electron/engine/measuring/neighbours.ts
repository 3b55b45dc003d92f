/** Is a sample new, or a copy of what was taught? */

export interface Neighbour {
  /** Index of the nearest picture. */
  index: number
  /** Root mean square difference, in the units of the values. */
  distance: number
}

/**
 * For each sample the nearest picture, by squared difference of all values.
 * @param samples [n, values]
 * @param pictures [m, values]; the same as samples with `exceptSelf`, to see how near taught pictures are to each other
 */
export function nearestNeighbours(
  samples: Float32Array,
  pictures: Float32Array,
  values: number,
  exceptSelf = false,
): Neighbour[] {
  const count = samples.length / values
  const of = pictures.length / values
  return Array.from({ length: count }, (_, sample) => {
    let best = { index: -1, squares: Infinity }
    for (let picture = 0; picture < of; picture++) {
      if (exceptSelf && picture === sample) continue
      let squares = 0
      // Far pictures are given up early.
      for (let i = 0; i < values && squares < best.squares; i++) {
        squares += (samples[sample * values + i]! - pictures[picture * values + i]!) ** 2
      }
      if (squares < best.squares) best = { index: picture, squares }
    }
    return { index: best.index, distance: Math.sqrt(best.squares / values) }
  })
}

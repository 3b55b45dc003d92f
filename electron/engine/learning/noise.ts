/** Seeded random numbers. Nothing in the engine takes randomness from anywhere else. */

export type Random = () => number

/**
 * Uniform numbers in [0, 1) from a seed: sfc32 (Doty-Humphrey, PractRand), seeded through splitmix32.
 * With `stream`, each (seed, stream) is a sequence of its own: a teaching draws step n from stream n,
 * so that nothing but the step number has to be kept to resume it.
 */
export function uniformGenerator(seed: number, stream = 0): Random {
  let mix = (seed ^ Math.imul(stream + 1, 0x9e3779b9)) >>> 0
  const next32 = (): number => {
    mix = (mix + 0x9e3779b9) >>> 0
    let z = mix
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 0
  }
  let a = next32()
  let b = next32()
  let c = next32() ^ stream
  let counter = 1
  const sfc32 = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    c |= 0
    return (sum >>> 0) / 4294967296
  }
  for (let warmUp = 0; warmUp < 12; warmUp++) sfc32()
  return sfc32
}

/** Standard normal numbers from uniform ones (Marsaglia's polar method). */
export function gaussianFrom(random: Random): Random {
  let spare: number | null = null
  return () => {
    if (spare !== null) {
      const value = spare
      spare = null
      return value
    }
    for (;;) {
      const u = 2 * random() - 1
      const v = 2 * random() - 1
      const s = u * u + v * v
      if (s > 0 && s < 1) {
        const scale = Math.sqrt((-2 * Math.log(s)) / s)
        spare = v * scale
        return u * scale
      }
    }
  }
}

/** Standard normal numbers from a seed. */
export function gaussianGenerator(seed: number): Random {
  return gaussianFrom(uniformGenerator(seed))
}

/** A seeded permutation of 0..count-1 (Fisher-Yates). */
export function shuffledIndices(count: number, random: Random): number[] {
  const indices = Array.from({ length: count }, (_, index) => index)
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[indices[i], indices[j]] = [indices[j] as number, indices[i] as number]
  }
  return indices
}

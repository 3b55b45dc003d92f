/**
 * Pictures that are nearly the same: copies in other sizes or formats, bursts. Each is reduced to 64 signs of
 * brightness differences (a difference hash), which small changes leave as they are; what has nearly the same signs
 * is compared once more, cell by cell, because small pictures have few signs to tell them apart.
 */
import type { PictureInfo } from '../../../shared/domain.ts'
import { isCancelled, throwIfCancelled } from '../../../shared/errors.ts'
import { decodeSmallGrey } from '../images/decode.ts'

/** Signs of 64 that may differ. Four bands of 16: three differences leave one band untouched. */
const tolerance = 3
const bands = 4
/** Grey levels that cells may differ in the mean. */
const cellTolerance = 8
const columns = 9
const rows = 8
/** What lossy formats make of flat parts is no difference: grey levels. */
const margin = 4
/** Flat pictures have no signs to compare: grey levels from the darkest to the lightest. */
const leastContrast = 16

interface Seen {
  /** Grey levels, 18 x 16. */
  cells: Uint8Array
  /** Null for a picture without contrast. */
  hash: bigint | null
}

/**
 * @returns groups of two and more, each sorted by size, the largest picture first; a picture is in one group at most
 * @throws UphillError CANCELLED; a picture that cannot be read any more is passed over
 */
export async function nearDuplicates(
  pictures: readonly PictureInfo[],
  run: { signal?: AbortSignal | undefined; onProgress?: (done: number) => void } = {},
): Promise<PictureInfo[][]> {
  const seen: (Seen | null)[] = []
  for (const [index, { path }] of pictures.entries()) {
    throwIfCancelled(run.signal)
    try {
      const cells = await decodeSmallGrey(path, 2 * columns, 2 * rows)
      seen.push({ cells, hash: differenceHash(halved(cells)) })
    } catch (error) {
      if (isCancelled(error)) throw error
      seen.push(null)
    }
    run.onProgress?.(index + 1)
  }
  const groupOf = unite(seen)
  const groups = new Map<number, PictureInfo[]>()
  pictures.forEach((picture, index) => {
    const group = groupOf(index)
    groups.set(group, [...(groups.get(group) ?? []), picture])
  })
  return [...groups.values()]
    .filter((group) => group.length > 1)
    .map((group) => group.sort((a, b) => b.width * b.height - a.width * a.height || b.bytes - a.bytes))
}

/**
 * Signs of the differences of neighbours in a row (D. Hacker Factor's "dHash", 2013).
 * @param grey 9 x 8 values of 0..255
 * @returns null for a picture without contrast
 */
export function differenceHash(grey: Uint8Array): bigint | null {
  let [least, most] = [255, 0]
  for (const value of grey) {
    least = Math.min(least, value)
    most = Math.max(most, value)
  }
  if (most - least < leastContrast) return null
  let hash = 0n
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x + 1 < columns; x++) {
      hash = (hash << 1n) | (grey[y * columns + x]! + margin < grey[y * columns + x + 1]! ? 1n : 0n)
    }
  }
  return hash
}

/** Chains of near pictures are one group. @returns the number of the group of an index */
function unite(seen: readonly (Seen | null)[]): (index: number) => number {
  const parent = seen.map((_, index) => index)
  const find = (index: number): number => {
    let root = index
    while (parent[root] !== root) root = parent[root]!
    parent[index] = root
    return root
  }
  for (let band = 0n; band < bands; band++) {
    const buckets = new Map<bigint, number[]>()
    seen.forEach((picture, index) => {
      if (!picture || picture.hash === null) return
      const key = (picture.hash >> (16n * band)) & 0xffffn
      const bucket = buckets.get(key) ?? []
      for (const other of bucket) {
        if (find(other) !== find(index) && areNear(picture, seen[other]!)) parent[find(index)] = find(other)
      }
      buckets.set(key, [...bucket, index])
    })
  }
  return find
}

function areNear(a: Seen, b: Seen): boolean {
  return (
    a.hash !== null &&
    b.hash !== null &&
    distance(a.hash, b.hash) <= tolerance &&
    cellDistance(a.cells, b.cells) <= cellTolerance
  )
}

/** Mean difference of the cells in grey levels, whatever the pictures' brightness as a whole. */
function cellDistance(a: Uint8Array, b: Uint8Array): number {
  const mean = (cells: Uint8Array): number => cells.reduce((sum, value) => sum + value, 0) / cells.length
  const shift = mean(a) - mean(b)
  return a.reduce((sum, value, index) => sum + Math.abs(value - b[index]! - shift), 0) / a.length
}

/** Means of two by two cells. */
function halved(cells: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: rows * columns }, (_, index) => {
    const at = 2 * Math.floor(index / columns) * 2 * columns + 2 * (index % columns)
    return (cells[at]! + cells[at + 1]! + cells[at + 2 * columns]! + cells[at + 2 * columns + 1]!) / 4
  })
}

function distance(a: bigint, b: bigint): number {
  let count = 0
  for (let rest = a ^ b; rest > 0n; rest &= rest - 1n) count++
  return count
}

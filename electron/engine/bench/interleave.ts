/** Timings that can be compared on a machine whose speed drifts: candidates take turns, and ratios are taken turn by turn. */
import { throwIfCancelled } from '../../../shared/errors.ts'
import type { Candidate } from './candidates.ts'

export interface Timing {
  name: string
  /** Milliseconds: the least, the middle and the most of all rounds. */
  least: number
  median: number
  most: number
}

export interface Ratio {
  /** Our time divided by the other's, round by round. */
  median: number
  least: number
  most: number
}

export interface Rounds {
  timings: Timing[]
  /** Ratio of one candidate's time to another's. */
  ratio: (ours: string, theirs: string) => Ratio | null
}

/**
 * @param rounds how many turns each takes; in a turn a candidate runs `burst` times and its fastest counts
 */
export async function inTurns(
  candidates: readonly Candidate[],
  rounds: number,
  burst: number,
  signal?: AbortSignal,
): Promise<Rounds> {
  const times = new Map<string, number[]>(candidates.map(({ name }) => [name, []]))
  for (const { once } of candidates) for (let warmUp = 0; warmUp < 3; warmUp++) await once()
  for (let round = 0; round < rounds; round++) {
    for (const { name, once } of candidates) {
      throwIfCancelled(signal)
      let best = Infinity
      for (let run = 0; run < burst; run++) best = Math.min(best, await once())
      times.get(name)!.push(best)
    }
  }
  const ratio = (ours: string, theirs: string): Ratio | null => {
    const [a, b] = [times.get(ours), times.get(theirs)]
    if (!a || !b) return null
    return spread(a.map((value, round) => value / b[round]!))
  }
  return { timings: [...times].map(([name, values]) => ({ name, ...spread(values) })), ratio }
}

/** Of values that belong together. */
export function spread(values: readonly number[]): { least: number; median: number; most: number } {
  const sorted = [...values].sort((a, b) => a - b)
  return { least: sorted[0]!, median: sorted[Math.floor(sorted.length / 2)]!, most: sorted.at(-1)! }
}

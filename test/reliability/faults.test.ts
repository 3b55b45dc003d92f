import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Place } from '../cli/run-uphill.ts'
import { type FaultRow, canMount, faults, fillWhileTeaching, makeGiven, meetFault } from './faults.ts'
import { full, keepFigures } from './size.ts'

const rows: FaultRow[] = []
let given: Place
beforeAll(async () => {
  given = await makeGiven()
})
afterAll(async () => {
  await keepFigures('faults', rows)
  await given.remove()
})

/** What was wrong, each with the writing it belongs to. */
function wrong(met: FaultRow[]): string[] {
  rows.push(...met)
  return met.flatMap((row) => row.faults.map((fault) => `${row.writing}: ${fault} (${row.answer})`))
}

it.runIf(canMount()).each(full ? faults : faults.slice(0, 2))(
  'a disk that is %s is told of, and nothing on it is harmed',
  async (fault) => {
    expect(wrong(await meetFault(fault, given))).toEqual([])
  },
)

it.runIf(canMount())('a disk that becomes full under a teaching costs nothing that was kept', async () => {
  expect(wrong([await fillWhileTeaching()])).toEqual([])
})

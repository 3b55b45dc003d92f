import { afterAll, expect, it } from 'vitest'
import { type FaultRow, canMount, faults, fillWhileTeaching, meetFault } from './faults.ts'
import { keepFigures } from './size.ts'

const rows: FaultRow[] = []
afterAll(() => keepFigures('faults', rows))

/** What was wrong, each with the writing it belongs to. */
function wrong(met: FaultRow[]): string[] {
  rows.push(...met)
  return met.flatMap((row) => row.faults.map((fault) => `${row.writing}: ${fault} (${row.answer})`))
}

it.runIf(canMount()).each(faults)(
  'a disk that is %s is told of, and nothing on it is harmed',
  async (fault) => {
    expect(wrong(await meetFault(fault))).toEqual([])
  },
)

it.runIf(canMount())('a disk that becomes full under a teaching costs nothing that was kept', async () => {
  expect(wrong([await fillWhileTeaching()])).toEqual([])
})

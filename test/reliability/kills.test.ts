import { expect, it } from 'vitest'
import { killMany } from './kills.ts'
import { full, keepFigures } from './size.ts'

const kills = full ? 200 : 9

it(`${kills} kills lose nothing`, async () => {
  const rows = await killMany(kills, 20, async (done, sofar) => {
    // What was done is kept, should the machine not live to see the end.
    await keepFigures('kills', sofar)
    if (full) console.error(`${done} of ${kills} kills`)
  })
  expect(rows.flatMap(({ phase, losses }) => losses.map((loss) => `${phase}: ${loss}`))).toEqual([])
  expect(rows.reduce((sum, row) => sum + row.kills, 0)).toBe(kills)
  if (!full) expect(rows.every((row) => row.kills === 1)).toBe(true)
})

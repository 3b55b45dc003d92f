import { expect, it } from 'vitest'
import { killMany } from './kills.ts'
import { full, keepFigures } from './size.ts'

/** Each its own world and its own moments; at full size they can be run one after the other, or side by side. */
const runs = full
  ? [
      { name: 'kills', kills: 100, seed: 20 },
      { name: 'more-kills', kills: 100, seed: 21 },
    ]
  : [{ name: 'kills', kills: 9, seed: 20 }]

it.each(runs)('$kills kills lose nothing (seed $seed)', async ({ name, kills, seed }) => {
  const rows = await killMany(kills, seed, async (done, sofar) => {
    // What was done is kept, should the machine not live to see the end.
    await keepFigures(name, sofar)
    if (full) console.error(`${done} of ${kills} kills`)
  })
  expect(rows.flatMap(({ phase, losses }) => losses.map((loss) => `${phase}: ${loss}`))).toEqual([])
  expect(rows.reduce((sum, row) => sum + row.kills, 0)).toBe(kills)
  if (!full) expect(rows.every((row) => row.kills === 1)).toBe(true)
})

import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { type FeedRow, feedMessages, feedModels, feedPictures } from './bad-files.ts'
import { figuresFolder, full, keepFigures } from './size.ts'

const pictures = full ? 10_000 : 240
const models = full ? 1_500 : 60
const messages = full ? 10_000 : 300

const rows: FeedRow[] = []
afterAll(() => keepFigures('bad-files', rows))

function kept(row: FeedRow): FeedRow {
  rows.push(row)
  return row
}

it(`${pictures} broken pictures are refused with a reason, or read`, async () => {
  const row = kept(
    await feedPictures(pictures, 30, path.join(figuresFolder, 'bad'), (done, sofar) => {
      if (full) console.error(`${done} of ${pictures} pictures`)
      void keepFigures('pictures', sofar)
    }),
  )
  expect(row.crashes).toEqual([])
  expect(row.cases).toBe(pictures)
  // The fuzzer must neither damage nothing nor everything, or it shows nothing.
  expect(row.refused).toBeGreaterThan(pictures / 5)
  expect(row.taken).toBeGreaterThan(pictures / 20)
})

it(`${models} broken models are refused with a reason, or opened`, async () => {
  const row = kept(await feedModels(models, 31))
  expect(row.crashes).toEqual([])
  expect(row.cases).toBe(models)
  expect(row.refused).toBeGreaterThan(models / 5)
})

it(`${messages} odd messages leave the engine in order`, async () => {
  const row = kept(await feedMessages(messages, 32))
  expect(row.crashes).toEqual([])
})

import path from 'node:path'
import { expect, it } from 'vitest'
import { feedModels, feedPictures } from './bad-files.ts'
import { figuresFolder, full, keepFigures } from './size.ts'

const pictures = full ? 10_000 : 240
const models = full ? 1_500 : 60

it(`${pictures} broken pictures are refused with a reason, or read`, async () => {
  const row = await feedPictures(pictures, 30, path.join(figuresFolder, 'bad'), async (done, sofar) => {
    if (full) console.error(`${done} of ${pictures} pictures`)
    // What was done is kept, should the machine not live to see the end.
    await keepFigures('pictures', sofar)
  })
  expect(row.crashes).toEqual([])
  expect(row.cases).toBe(pictures)
  // The fuzzer must neither damage nothing nor everything, or it shows nothing.
  expect(row.refused).toBeGreaterThan(pictures / 5)
  expect(row.taken).toBeGreaterThan(pictures / 20)
})

it(`${models} broken models are refused with a reason, or opened`, async () => {
  const row = await feedModels(models, 31, (sofar) => keepFigures('models', sofar))
  expect(row.crashes).toEqual([])
  expect(row.cases).toBe(models)
  expect(row.refused).toBeGreaterThan(models / 5)
})

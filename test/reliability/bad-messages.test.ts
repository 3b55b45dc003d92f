import { expect, it } from 'vitest'
import { contract } from '../../shared/contract.ts'
import { feedMessages } from './bad-messages.ts'
import { full, keepFigures } from './size.ts'

const messages = full ? 10_000 : 1000

it(`${messages} odd messages, some to every procedure, leave the engine alive and in order`, async () => {
  const row = await feedMessages(messages, 32)
  await keepFigures('messages', row)
  expect(row.crashes).toEqual([])
  expect(row.cases).toBe(messages)
  expect(Object.keys(row.requests).sort()).toEqual(Object.keys(contract).sort())
})

/** Messages as a page that was taken over might send them: of the contract's form with something odd in it, or of none. */
import fc from 'fast-check'
import * as z from 'zod'
import { contract } from '../../shared/contract.ts'
import { Place } from '../cli/run-uphill.ts'
import { startEngine } from '../contract/engine-under-test.ts'
import { type FeedRow, feed, newRow } from './bad-files.ts'

type Method = keyof typeof contract
const methods = Object.keys(contract) as Method[]

/** The part of JSON Schema that the contract's inputs need. */
interface Schema {
  type?: string
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
  enum?: unknown[]
  const?: unknown
  minimum?: number
  maximum?: number
}

const odd = fc.oneof(
  fc.anything({ withBigInt: true, withTypedArray: true, withDate: true, withMap: true }),
  fc.constantFrom<unknown>('/etc/passwd', '../..', '__proto__', 'constructor', 'a\0b', 'x'.repeat(10_000)),
  fc.constantFrom<unknown>(-1, -0, 0.5, NaN, Infinity, 2 ** 31, 2 ** 53, 1e308, null, undefined, ''),
)

/** A value of this form; at every place, now and then, something odd instead. */
function near(schema: Schema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 12, arbitrary: exactly(schema) }, { weight: 1, arbitrary: odd })
}

function exactly(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  const several = schema.anyOf ?? schema.oneOf
  if (several) return fc.oneof(...several.map(near))
  const { minimum: min = -1000, maximum: max = 1000 } = schema
  switch (schema.type) {
    case 'string':
      return fc.oneof(fc.string(), fc.constantFrom('/tmp/none.png', 'none-1', 'Name'))
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'integer':
      return fc.oneof(
        fc.integer({ min: Math.max(min, -(2 ** 31)), max: Math.min(max, 2 ** 31 - 1) }),
        edges(schema),
      )
    case 'number':
      return fc.oneof(fc.double({ min, max, noNaN: true }), edges(schema))
    case 'array':
      return fc.array(near(schema.items ?? {}), { maxLength: 4 })
    case 'object':
      return objectOf(schema)
    default:
      return odd
  }
}

function edges({ minimum = 0, maximum = 2 ** 53 }: Schema): fc.Arbitrary<unknown> {
  return fc.constantFrom(minimum, maximum, minimum - 1, maximum + 1)
}

function objectOf({ properties = {}, required = [] }: Schema): fc.Arbitrary<unknown> {
  const parts = Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, near(value)]))
  const whole = fc.record(parts, { requiredKeys: required.filter((key) => key in parts) })
  const more = fc.tuple(whole, fc.dictionary(fc.string(), odd, { maxKeys: 2 }))
  return fc.oneof(
    { weight: 8, arbitrary: whole },
    { weight: 1, arbitrary: fc.record(parts, { requiredKeys: [] }) },
    { weight: 1, arbitrary: more.map(([right, extra]) => ({ ...right, ...extra })) },
  )
}

function schemaOf(method: Method): Schema {
  return z.toJSONSchema(contract[method].input, { io: 'input', unrepresentable: 'any' }) as Schema
}

const number = fc.integer({ min: 1000, max: 9000 })
const requests = fc.oneof(
  ...methods.map((method) =>
    fc.tuple(number, fc.constant('request'), fc.constant(method), near(schemaOf(method))),
  ),
)
/** What the page says, of the form of the wire or of none. */
const frames = fc.oneof(
  { weight: 8, arbitrary: requests },
  { weight: 1, arbitrary: fc.tuple(number, fc.constant('request'), odd, odd) },
  { weight: 1, arbitrary: fc.tuple(number, fc.constantFrom('abort', 'credit'), odd) },
  { weight: 1, arbitrary: odd },
)
/** And what main passes on. That it would ask for the end, or allow a path, is not the page's to say. */
const envelopes = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({ type: fc.constant('data'), client: fc.constant(1), message: frames }),
  },
  { weight: 1, arbitrary: odd.filter(canBeSent) },
)

/** What Node's channel takes at all. */
function canBeSent(value: unknown): boolean {
  return (
    ['string', 'number', 'boolean'].includes(typeof value) || (typeof value === 'object' && value !== null)
  )
}

/** The client's own numbers stay far below. */
const firstNumber = 1_000_000

export interface MessageRow extends FeedRow {
  /** How many requests each procedure was sent. */
  requests: Record<string, number>
}

export async function feedMessages(count: number, seed: number): Promise<MessageRow> {
  const row: MessageRow = { ...newRow('messages'), requests: {} }
  const place = await Place.make()
  const under = startEngine(place.path('home'), { guardPaths: true })
  try {
    await under.engine.models({})
    const pid = under.host.pid
    for (const [index, envelope] of fc.sample(envelopes, { numRuns: count, seed }).entries()) {
      const { message } = envelope as { message?: unknown }
      if (Array.isArray(message) && message[1] === 'request' && methods.includes(message[2] as Method)) {
        const method = String(message[2])
        row.requests[method] = (row.requests[method] ?? 0) + 1
        // A number of its own: one that is in use would be ignored.
        message[0] = firstNumber + index
      }
      under.host.send(envelope as never)
      row.cases++
      if (index % 100 !== 99 && index !== count - 1) continue
      // One proper question after each hundred: the engine that was asked before must be there and answer.
      await feed(
        row,
        under,
        `messages up to ${index}`,
        () => under.engine.models({}),
        async () => undefined,
      )
      row.cases--
      row.taken--
      if (under.host.pid !== pid) {
        row.crashes.push(`the engine died of a message before ${index}`)
        break
      }
    }
  } finally {
    await under.stop()
    await place.remove()
  }
  return row
}

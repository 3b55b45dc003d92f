import { MessageChannel } from 'node:worker_threads'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { bytes } from '../../shared/domain.ts'
import { UphillError } from '../../shared/errors.ts'
import { createClient } from '../../shared/rpc-client.ts'
import { type Handlers, serve } from '../../shared/rpc-server.ts'
import { type Port, call, creditWindow, portOf, stream, withOwnBytes } from '../../shared/rpc.ts'

const contract = {
  double: call(z.object({ value: z.number() }), z.object({ value: z.number() })),
  fail: call(z.object({ how: z.enum(['uphill', 'defect', 'output']) }), z.object({ value: z.number() })),
  forever: call(z.object({}), z.object({})),
  echo: call(z.object({ bytes }), z.object({ bytes })),
  count: stream(z.object({ to: z.number() }), z.object({ value: z.number() })),
} as const

/** A client and a server with a real channel between them. */
function connected(waitMs = 1000) {
  const { port1, port2 } = new MessageChannel()
  const logged: string[] = []
  const seen = { yielded: 0, finished: 0, aborted: 0 }
  const handlers: Handlers<typeof contract> = {
    double: ({ value }) => ({ value: value * 2 }),
    fail({ how }) {
      if (how === 'uphill') throw new UphillError('DISK_FULL', 'No room for a.png.', 'Free some.')
      if (how === 'defect') throw new TypeError('x is not a function')
      return { value: 'not a number' as unknown as number }
    },
    forever: (_input, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          seen.aborted += 1
          reject(new UphillError('CANCELLED', 'Cancelled.'))
        })
      }),
    echo: (input) => input,
    async *count({ to }) {
      try {
        for (let value = 1; value <= to; value++) {
          seen.yielded += 1
          yield { value }
          if (value % 50 === 0) await sleep(0)
        }
      } finally {
        seen.finished += 1
      }
    },
  }
  serve(contract, handlers, nodePort(port1), (what) => logged.push(what))
  const link = createClient(contract, { waitMs, log: (what) => logged.push(what) })
  link.attach(nodePort(port2))
  open.push(port1, port2)
  return { client: link.client, link, raw: port2, serverEnd: port1, logged, seen }
}

type NodePort = MessageChannel['port1']
const open: NodePort[] = []

function nodePort(port: NodePort): Port {
  return portOf(port as unknown as Parameters<typeof portOf>[0])
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(2)
}

async function errorOf(promise: Promise<unknown>): Promise<UphillError> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(UphillError)
  return error as UphillError
}

afterEach(() => {
  for (const port of open.splice(0)) port.close()
})

describe('a call', () => {
  it('answers, many at once and each to its asker', async () => {
    const { client } = connected()
    const values = Array.from({ length: 200 }, (_, value) => value)
    const answers = await Promise.all(values.map((value) => client.double({ value })))
    expect(answers.map((each) => each.value)).toEqual(values.map((value) => value * 2))
  })

  it('refuses bad input with BAD_INPUT and names the field', async () => {
    const { client } = connected()
    const error = await errorOf(client.double({ value: 'four' as unknown as number }))
    expect(error.code).toBe('BAD_INPUT')
    expect(error.message).toMatch(/double: value: .*number/)
  })

  it('refuses what it does not know, also names of every object', async () => {
    const { raw, client } = connected()
    await client.double({ value: 1 })
    const replies: unknown[] = []
    raw.on('message', (message) => replies.push(message))
    raw.postMessage([900, 'request', 'toString', {}])
    await until(() => replies.length > 0)
    expect(replies[0]).toMatchObject([900, 'error', { code: 'BAD_INPUT' }])
  })

  it('carries an error with its code, its words and what to do', async () => {
    const { client } = connected()
    const error = await errorOf(client.fail({ how: 'uphill' }))
    expect(error.toInfo()).toEqual({ code: 'DISK_FULL', message: 'No room for a.png.', next: 'Free some.' })
  })

  it('turns a defect into INTERNAL and logs it', async () => {
    const { client, logged } = connected()
    expect((await errorOf(client.fail({ how: 'defect' }))).code).toBe('INTERNAL')
    expect((await errorOf(client.fail({ how: 'output' }))).code).toBe('INTERNAL')
    expect(logged).toEqual(['fail failed', 'fail failed'])
  })

  it('is cancelled at both ends', async () => {
    const { client, seen } = connected()
    const abort = new AbortController()
    const answer = client.forever({}, { signal: abort.signal })
    await client.double({ value: 1 })
    abort.abort()
    expect((await errorOf(answer)).code).toBe('CANCELLED')
    await until(() => seen.aborted === 1)
  })

  it('is not even sent when it was cancelled before', async () => {
    const { client } = connected()
    expect((await errorOf(client.double({ value: 1 }, { signal: AbortSignal.abort() }))).code).toBe(
      'CANCELLED',
    )
  })

  it('sends only the bytes that are meant, not the buffer behind them', async () => {
    const { client } = connected()
    const large = new Uint8Array(1_000_000)
    const { bytes: back } = await client.echo({ bytes: large.subarray(10, 20) })
    expect(back.byteLength).toBe(10)
    expect(back.buffer.byteLength).toBe(10)
  })
})

describe('a stream', () => {
  it('brings every event in order', async () => {
    const { client } = connected()
    const values: number[] = []
    for await (const { value } of client.count({ to: 1000 })) values.push(value)
    expect(values).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1))
  })

  it('waits for a slow reader', async () => {
    const { client, seen } = connected()
    const events = client.count({ to: 10_000 })
    await events.next()
    await sleep(100)
    expect(seen.yielded).toBeLessThanOrEqual(creditWindow + 1)
    await events.return()
    await until(() => seen.finished === 1)
  })

  it('stops in the engine when the reader leaves', async () => {
    const { client, seen } = connected()
    for await (const { value } of client.count({ to: 1_000_000 })) if (value === 20) break
    await until(() => seen.finished === 1)
    expect(seen.yielded).toBeLessThan(100)
  })

  it('ends with CANCELLED when its signal is aborted while nothing arrives', async () => {
    const { client, seen } = connected()
    const abort = new AbortController()
    const read = async () => {
      for await (const { value } of client.count({ to: 1_000_000 }, { signal: abort.signal })) {
        if (value === 5) abort.abort()
      }
    }
    expect((await errorOf(read())).code).toBe('CANCELLED')
    await until(() => seen.finished === 1)
  })
})

describe('when the engine is gone', () => {
  it('fails what is pending with ENGINE_GONE, calls and streams', async () => {
    const { client, serverEnd } = connected()
    const answer = errorOf(client.forever({}))
    const events = client.count({ to: 1_000_000 })
    await events.next()
    serverEnd.close()
    expect((await answer).code).toBe('ENGINE_GONE')
    const drained = (async () => {
      for await (const _ of events);
    })()
    expect((await errorOf(drained)).code).toBe('ENGINE_GONE')
  })

  it('lets a call wait for the next engine', async () => {
    const first = connected()
    first.link.detach()
    const answer = first.client.double({ value: 21 })
    await sleep(20)
    const second = new MessageChannel()
    open.push(second.port1, second.port2)
    serve(contract, refusing, nodePort(second.port1), () => undefined)
    first.link.attach(nodePort(second.port2))
    expect(await answer).toEqual({ value: 42 })
  })

  it('does not let it wait for ever', async () => {
    const { client, link } = connected(50)
    link.detach()
    expect((await errorOf(client.double({ value: 1 }))).code).toBe('ENGINE_GONE')
  })

  it('fails at once when the engine will not come back', async () => {
    const { client, link } = connected(60_000)
    link.detach()
    const waiting = errorOf(client.double({ value: 1 }))
    await sleep(5)
    link.giveUp()
    expect((await waiting).code).toBe('ENGINE_GONE')
    expect((await errorOf(client.double({ value: 1 }))).code).toBe('ENGINE_GONE')
  })

  it('cancels what runs when the page is gone', async () => {
    const { client, raw, seen } = connected()
    void client.forever({}).catch(() => undefined)
    await client.double({ value: 1 })
    raw.close()
    await until(() => seen.aborted === 1)
  })
})

const refusing: Handlers<typeof contract> = {
  double: ({ value }) => ({ value: value * 2 }),
  fail: () => ({ value: 0 }),
  forever: () => ({}),
  echo: (input) => input,
  async *count() {
    // nothing to count
  },
}

describe('malformed messages', () => {
  const junk = fc.oneof(
    fc.anything(),
    fc.array(fc.anything(), { maxLength: 5 }),
    fc.tuple(
      fc.oneof(fc.integer(), fc.double(), fc.constant(NaN)),
      fc.constantFrom('request', 'abort', 'credit', 'result', 'next', 'done', 'error', 'x'),
      fc.anything(),
      fc.anything(),
    ),
  )

  it('harm neither end', async () => {
    const { client, raw, serverEnd } = connected()
    await fc.assert(
      fc.asyncProperty(junk, async (message) => {
        for (const port of [raw, serverEnd]) {
          try {
            port.postMessage(message)
          } catch {
            // not everything can be cloned
          }
        }
        const abort = new AbortController()
        const answer = client.double({ value: 3 }, { signal: abort.signal })
        // Junk may by chance be a well-formed reply to this call; an answer must come all the same.
        await answer.catch((error: unknown) => {
          expect(error).toBeInstanceOf(UphillError)
        })
      }),
      { numRuns: 300 },
    )
    expect(await client.double({ value: 3 })).toEqual({ value: 6 })
  })

  it('cannot switch the flow control off', async () => {
    const { client, raw, seen, logged } = connected()
    const events = client.count({ to: 100_000 })
    await events.next()
    raw.postMessage([1, 'credit', 1e9])
    raw.postMessage([1, 'credit', -5])
    raw.postMessage([1, 'credit', Infinity])
    await sleep(50)
    expect(seen.yielded).toBeLessThanOrEqual(creditWindow + 1)
    expect(logged).toHaveLength(3)
    await events.return()
  })
})

describe('own bytes', () => {
  it('keeps values as they are and makes every view exact', () => {
    const byteArrays = fc.uint8Array({ maxLength: 40 })
    const values = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.string(),
        fc.double(),
        fc.constant(null),
        byteArrays,
        fc.array(tie('value')),
        fc.dictionary(
          fc.string().filter((key) => key !== '__proto__'),
          tie('value'),
        ),
      ),
    })).value
    fc.assert(
      fc.property(values, (value) => {
        expect(withOwnBytes(value)).toEqual(value)
      }),
    )
    const view = Buffer.from('hello')
    const own = withOwnBytes({ list: [view] }) as { list: [Uint8Array] }
    expect(own.list[0].constructor).toBe(Uint8Array)
    expect(own.list[0].buffer.byteLength).toBe(5)
    expect(Buffer.from(own.list[0]).toString()).toBe('hello')
  })
})

/** The asking end of rpc.ts: a client made from the contract, which outlives the ports it talks through. */
import type * as z from 'zod'
import { UphillError, throwIfCancelled } from './errors.ts'
import {
  type AnyContract,
  type Port,
  type Procedure,
  type Request,
  creditPortion,
  decodeReply,
  encodeRequest,
} from './rpc.ts'

export interface CallOptions {
  /** Aborting it rejects with CANCELLED at once and stops the work in the engine. */
  readonly signal?: AbortSignal | undefined
}

export type ClientMethod<P extends Procedure> = P['kind'] extends 'stream'
  ? (
      input: z.input<P['input']>,
      options?: CallOptions,
    ) => AsyncGenerator<z.output<P['output']>, void, undefined>
  : (input: z.input<P['input']>, options?: CallOptions) => Promise<z.output<P['output']>>

export type Client<C extends AnyContract> = { readonly [K in keyof C]: ClientMethod<C[K]> }

export interface ClientLink<C extends AnyContract> {
  readonly client: Client<C>
  /** Talks through this port from now on; calls that waited for one go out. */
  attach(port: Port): void
  /** The engine is gone: everything pending fails with ENGINE_GONE, new calls wait a while for the next port. */
  detach(): void
  /** The engine will not come back by itself: new calls fail at once. Ends with the next attach. */
  giveUp(): void
  readonly connected: boolean
}

export interface ClientOptions {
  /** How long a call made while the engine restarts waits for it, in milliseconds. */
  readonly waitMs?: number
  readonly log?: (what: string) => void
}

interface Pending {
  onNext(value: unknown): void
  onEnd(value: unknown): void
  onFail(error: UphillError): void
}

/** One request on its way. */
interface Sent {
  giveCredit(amount: number): void
  /** Tells the engine to stop; harmless when it has ended. */
  cancel(): void
  /** Takes the listener off the signal. */
  release(): void
}

export function createClient<C extends AnyContract>(contract: C, options: ClientOptions = {}): ClientLink<C> {
  const waitMs = options.waitMs ?? 20_000
  const log =
    options.log ??
    ((what: string) => {
      console.warn(what)
    })
  const pending = new Map<number, Pending>()
  const waiting = new Set<{ go(): void; refuse(): void }>()
  let port: Port | null = null
  let givenUp = false
  let lastId = 0

  function attach(next: Port): void {
    if (port) {
      port.close()
      detach()
    }
    port = next
    givenUp = false
    next.onMessage((message) => {
      if (port === next) receive(message)
    })
    next.onClose(() => {
      if (port === next) detach()
    })
    for (const waiter of [...waiting]) waiter.go()
  }

  function detach(): void {
    port = null
    const lost = [...pending.values()]
    pending.clear()
    for (const each of lost) each.onFail(engineGone())
  }

  function giveUp(): void {
    givenUp = true
    detach()
    for (const waiter of [...waiting]) waiter.refuse()
  }

  function receive(message: unknown): void {
    const reply = decodeReply(message)
    if (!reply) {
      log('a malformed message from the engine was ignored')
      return
    }
    const asker = pending.get(reply.id)
    if (!asker) return // cancelled meanwhile
    if (reply.tag === 'next') {
      asker.onNext(reply.value)
      return
    }
    pending.delete(reply.id)
    if (reply.tag === 'error') {
      const { code, message: words, next } = reply.error
      asker.onFail(new UphillError(code, words, next))
    } else {
      asker.onEnd(reply.tag === 'result' ? reply.value : undefined)
    }
  }

  async function whenConnected(signal?: AbortSignal): Promise<void> {
    throwIfCancelled(signal)
    if (port) return
    if (givenUp) throw engineGone()
    await new Promise<void>((resolve, reject) => {
      const leave = (settle: () => void) => {
        clearTimeout(timer)
        waiting.delete(waiter)
        signal?.removeEventListener('abort', onAbort)
        settle()
      }
      const waiter = {
        go: () => {
          leave(resolve)
        },
        refuse: () => {
          leave(() => {
            reject(engineGone())
          })
        },
      }
      const onAbort = () => {
        leave(() => {
          reject(cancelled())
        })
      }
      const timer = setTimeout(waiter.refuse, waitMs)
      waiting.add(waiter)
      signal?.addEventListener('abort', onAbort)
    })
  }

  function send(method: string, input: unknown, asker: Pending, signal?: AbortSignal): Sent {
    const mine = port
    if (!mine) throw engineGone()
    const id = ++lastId
    const post = (request: Request) => {
      if (port === mine) mine.post(encodeRequest(request))
    }
    const cancel = () => {
      if (!pending.delete(id)) return
      post({ tag: 'abort', id })
      asker.onFail(cancelled())
    }
    pending.set(id, asker)
    try {
      post({ tag: 'request', id, method, input })
    } catch (error) {
      pending.delete(id)
      throw new UphillError('BAD_INPUT', `${method}: this cannot be sent to the engine.`, '', {
        cause: error,
      })
    }
    signal?.addEventListener('abort', cancel, { once: true })
    return {
      giveCredit: (amount) => {
        post({ tag: 'credit', id, amount })
      },
      cancel,
      release: () => {
        signal?.removeEventListener('abort', cancel)
      },
    }
  }

  async function ask(method: string, input: unknown, { signal }: CallOptions = {}): Promise<unknown> {
    await whenConnected(signal)
    throwIfCancelled(signal)
    let sent: Sent | undefined
    try {
      return await new Promise((onEnd, onFail) => {
        sent = send(method, input, { onEnd, onFail, onNext: () => undefined }, signal)
      })
    } finally {
      sent?.release()
    }
  }

  async function* follow(
    method: string,
    input: unknown,
    { signal }: CallOptions = {},
  ): AsyncGenerator<unknown, void, undefined> {
    await whenConnected(signal)
    throwIfCancelled(signal)
    const arrived: unknown[] = []
    let wake: () => void = () => undefined
    const end: { reached: boolean; error: UphillError | null } = { reached: false, error: null }
    const finish = (error: UphillError | null) => {
      end.reached = true
      end.error = error
      wake()
    }
    const asker: Pending = {
      onNext(value) {
        arrived.push(value)
        wake()
      },
      onEnd: () => {
        finish(null)
      },
      onFail: finish,
    }
    const sent = send(method, input, asker, signal)
    try {
      let taken = 0
      for (;;) {
        throwIfCancelled(signal)
        if (arrived.length > 0) {
          const value = arrived.shift()
          taken += 1
          if (taken % creditPortion === 0) sent.giveCredit(creditPortion)
          yield value
        } else if (end.reached) {
          if (end.error) throw end.error
          return
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
      }
    } finally {
      sent.release()
      sent.cancel()
    }
  }

  const methods = Object.entries(contract).map(([method, { kind }]) => [
    method,
    (input: unknown, callOptions?: CallOptions) =>
      kind === 'stream' ? follow(method, input, callOptions) : ask(method, input, callOptions),
  ])
  return {
    client: Object.fromEntries(methods) as Client<C>,
    attach,
    detach,
    giveUp,
    get connected() {
      return port !== null
    },
  }
}

function engineGone(): UphillError {
  return new UphillError(
    'ENGINE_GONE',
    'The engine of Uphill stopped while it was working on this.',
    'It is started again by itself; try once more in a moment.',
  )
}

function cancelled(): UphillError {
  return new UphillError('CANCELLED', 'Cancelled.')
}

/**
 * Typed calls and streams over anything that carries structured clones: what both ends share.
 * The serving end is rpc-server.ts, the asking end rpc-client.ts.
 *
 * A message is a tuple [id, tag, payload, extra]. Up: request, abort, credit. Down: result, next, done, error.
 * A stream may be ahead of its reader by `creditWindow` events; then it waits until the reader has caught up.
 */
import type * as z from 'zod'
import { type ErrorInfo, errorCodes } from './errors.ts'

export interface Procedure {
  readonly kind: 'call' | 'stream'
  readonly input: z.ZodType
  readonly output: z.ZodType
}
export type AnyContract = Readonly<Record<string, Procedure>>

/** A procedure that answers once. */
export function call<I extends z.ZodType, O extends z.ZodType>(input: I, output: O) {
  return { kind: 'call', input, output } as const
}

/** A procedure that answers with any number of events; `output` is the schema of one. */
export function stream<I extends z.ZodType, O extends z.ZodType>(input: I, output: O) {
  return { kind: 'stream', input, output } as const
}

/** A channel that keeps the order of its messages. onClose fires once, when nothing can arrive any more. */
export interface Port {
  post(message: unknown): void
  onMessage(listener: (message: unknown) => void): void
  onClose(listener: () => void): void
  close(): void
}

export const creditWindow = 16
/** The reader gives credit back in portions, so that not every event costs a message. */
export const creditPortion = 4

export type Request =
  | { tag: 'request'; id: number; method: string; input: unknown }
  | { tag: 'abort'; id: number }
  | { tag: 'credit'; id: number; amount: number }

export type Reply =
  | { tag: 'result'; id: number; value: unknown }
  | { tag: 'next'; id: number; value: unknown }
  | { tag: 'done'; id: number }
  | { tag: 'error'; id: number; error: ErrorInfo }

export function encodeRequest(request: Request): unknown {
  if (request.tag === 'request') return [request.id, 'request', request.method, request.input]
  if (request.tag === 'credit') return [request.id, 'credit', request.amount]
  return [request.id, 'abort']
}

export function encodeReply(reply: Reply): unknown {
  if (reply.tag === 'done') return [reply.id, 'done']
  return [reply.id, reply.tag, reply.tag === 'error' ? reply.error : reply.value]
}

/** Null when the message is not one of ours. */
export function decodeRequest(message: unknown): Request | null {
  if (!Array.isArray(message)) return null
  const [id, tag, payload, extra] = message as unknown[]
  if (!isId(id)) return null
  if (tag === 'request') {
    return typeof payload === 'string' ? { tag, id, method: payload, input: extra } : null
  }
  if (tag === 'abort') return { tag, id }
  if (tag === 'credit') {
    // A mad amount would switch the flow control off.
    const fits = isId(payload) && payload <= creditWindow
    return fits ? { tag, id, amount: payload } : null
  }
  return null
}

/** Null when the message is not one of ours. */
export function decodeReply(message: unknown): Reply | null {
  if (!Array.isArray(message)) return null
  const [id, tag, payload] = message as unknown[]
  if (!isId(id)) return null
  if (tag === 'result' || tag === 'next') return { tag, id, value: payload }
  if (tag === 'done') return { tag, id }
  if (tag === 'error' && isErrorInfo(payload)) return { tag, id, error: payload }
  return null
}

function isId(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
}

function isErrorInfo(value: unknown): value is ErrorInfo {
  if (typeof value !== 'object' || value === null) return false
  const { code, message, next } = value as Record<string, unknown>
  return (
    typeof message === 'string' &&
    typeof next === 'string' &&
    typeof code === 'string' &&
    (errorCodes as readonly string[]).includes(code)
  )
}

/**
 * The same value with every view of bytes made an exactly sized Uint8Array of its own.
 * Structured clone sends the whole buffer behind a view: 3 bytes out of Node's pool would send 8 KiB,
 * and one message read from a pipe would be sent as often as it holds pictures.
 */
export function withOwnBytes(value: unknown): unknown {
  if (value instanceof Uint8Array) {
    const exact = value.constructor === Uint8Array && value.byteLength === value.buffer.byteLength
    return exact ? value : new Uint8Array(value)
  }
  if (Array.isArray(value)) return value.map(withOwnBytes)
  if (typeof value === 'object' && value !== null && isPlain(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withOwnBytes(inner)]))
  }
  return value
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** What a MessagePort of a page, of Node's worker_threads and of Electron's preload have in common. */
interface MessagePortLike {
  postMessage(message: unknown): void
  addEventListener(type: 'message' | 'close', listener: (event: { data?: unknown }) => void): void
  start?(): void
  close(): void
}

/** Makes a MessagePort our Port. */
export function portOf(messagePort: MessagePortLike): Port {
  return {
    post(message) {
      messagePort.postMessage(message)
    },
    onMessage(listener) {
      messagePort.addEventListener('message', (event) => {
        listener(event.data)
      })
      messagePort.start?.()
    },
    onClose(listener) {
      messagePort.addEventListener('close', () => {
        listener()
      })
    },
    close() {
      messagePort.close()
    },
  }
}

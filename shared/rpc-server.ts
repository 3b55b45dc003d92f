/** The serving end of rpc.ts: checks every input, runs the handlers, answers. */
import type * as z from 'zod'
import { UphillError, toErrorInfo } from './errors.ts'
import {
  type AnyContract,
  type Port,
  type Procedure,
  type Reply,
  creditWindow,
  decodeRequest,
  encodeReply,
  withOwnBytes,
} from './rpc.ts'

export interface CallContext {
  /** Aborted when the caller cancels or is gone. Anything long looks at it between its steps. */
  readonly signal: AbortSignal
}

export type Handler<P extends Procedure> = P['kind'] extends 'stream'
  ? (input: z.output<P['input']>, context: CallContext) => AsyncIterable<z.input<P['output']>>
  : (
      input: z.output<P['input']>,
      context: CallContext,
    ) => Promise<z.input<P['output']>> | z.input<P['output']>

export type Handlers<C extends AnyContract> = { readonly [K in keyof C]: Handler<C[K]> }

type UntypedHandler = (input: unknown, context: CallContext) => unknown

export type Log = (what: string, error?: unknown) => void

interface Job {
  readonly abort: AbortController
  credit: number
  wake: () => void
}

/** Serves the contract on one port until it closes; then everything still running is cancelled. */
export function serve<C extends AnyContract>(contract: C, handlers: Handlers<C>, port: Port, log: Log): void {
  const jobs = new Map<number, Job>()

  function post(reply: Reply): void {
    port.post(encodeReply(reply))
  }

  async function run(id: number, method: string, rawInput: unknown): Promise<void> {
    const job: Job = { abort: new AbortController(), credit: creditWindow, wake: () => undefined }
    jobs.set(id, job)
    try {
      const procedure = Object.hasOwn(contract, method) ? contract[method] : undefined
      if (!procedure) {
        throw new UphillError('BAD_INPUT', `The engine cannot do “${method.slice(0, 60)}”.`, 'Update Uphill.')
      }
      const input = checkInput(procedure, method, rawInput)
      const handler = handlers[method] as UntypedHandler
      const answer = handler(input, { signal: job.abort.signal })
      if (procedure.kind === 'call') {
        post({ tag: 'result', id, value: checkOutput(procedure, method, await answer) })
      } else {
        await sendEvents(id, method, procedure, answer as AsyncIterable<unknown>, job)
      }
    } catch (error) {
      if (job.abort.signal.aborted) return
      if (!(error instanceof UphillError)) log(`${method} failed`, error)
      answerError(id, error)
    } finally {
      jobs.delete(id)
    }
  }

  async function sendEvents(
    id: number,
    method: string,
    procedure: Procedure,
    events: AsyncIterable<unknown>,
    job: Job,
  ): Promise<void> {
    const aborted = () => job.abort.signal.aborted
    for await (const event of events) {
      if (aborted()) return // leaving the loop runs the generator's finally
      post({ tag: 'next', id, value: checkOutput(procedure, method, event) })
      job.credit -= 1
      if (job.credit <= 0) {
        await new Promise<void>((resolve) => {
          job.wake = resolve
        })
      }
      if (aborted()) return
    }
    if (!aborted()) post({ tag: 'done', id })
  }

  function answerError(id: number, error: unknown): void {
    try {
      post({ tag: 'error', id, error: toErrorInfo(error) })
    } catch (postError) {
      log('an error could not be sent', postError)
    }
  }

  function cancel(job: Job): void {
    job.abort.abort()
    job.wake()
  }

  port.onMessage((message) => {
    const request = decodeRequest(message)
    if (!request) {
      log('a malformed message was ignored')
      return
    }
    const job = jobs.get(request.id)
    if (request.tag === 'request') {
      if (job) log('a request with a number in use was ignored')
      else void run(request.id, request.method, request.input)
    } else if (job && request.tag === 'abort') {
      cancel(job)
    } else if (job && request.tag === 'credit') {
      job.credit += request.amount
      job.wake()
    }
  })
  port.onClose(() => {
    jobs.forEach(cancel)
  })
}

function checkInput(procedure: Procedure, method: string, value: unknown): unknown {
  const checked = procedure.input.safeParse(value)
  if (checked.success) return checked.data
  throw new UphillError('BAD_INPUT', `${method}: ${inWords(checked.error)}`, 'Correct this and try again.')
}

function checkOutput(procedure: Procedure, method: string, value: unknown): unknown {
  const checked = procedure.output.safeParse(value)
  if (checked.success) return withOwnBytes(checked.data)
  throw new Error(
    `${method} answered with something that the contract does not allow: ${inWords(checked.error)}`,
  )
}

/** The issues of a schema as one line: where, what. */
export function inWords(error: z.ZodError): string {
  return error.issues
    .map((issue) => [issue.path.map(String).join('.'), issue.message].filter(Boolean).join(': '))
    .join('; ')
}

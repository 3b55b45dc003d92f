/**
 * What main and the engine process say to each other over the pipe of child_process.fork.
 * Each page has a client number; its messages are passed on unread inside `data`.
 */
import * as z from 'zod'
import { filePath } from './domain.ts'

const client = z.int().positive()

export const toEngine = z.discriminatedUnion('type', [
  z.object({ type: z.literal('open'), client }),
  z.object({ type: z.literal('data'), client, message: z.unknown() }),
  z.object({ type: z.literal('close'), client }),
  /** The person gave the page this file or folder. */
  z.object({ type: z.literal('allow'), path: filePath }),
  /** Stop what runs, write what has been learned, answer `settled` and end; the next engine may go on with it. */
  z.object({ type: z.literal('settle'), goOnLater: z.boolean() }),
  /** Answered with `pong`, unless the engine hangs. */
  z.object({ type: z.literal('ping') }),
])
export type ToEngine = z.infer<typeof toEngine>

export const fromEngine = z.discriminatedUnion('type', [
  /** The engine takes messages from now on. */
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('data'), client, message: z.unknown() }),
  /** A file was exported on behalf of the page. */
  z.object({ type: z.literal('exported'), path: filePath }),
  z.object({ type: z.literal('settled') }),
  z.object({ type: z.literal('pong') }),
])
export type FromEngine = z.infer<typeof fromEngine>

/** Environment variable: when '1', the engine takes only paths that `allow` named. */
export const guardPathsVariable = 'UPHILL_GUARD_PATHS'

/**
 * The entry of the engine's process: a plain Node child of main (or of a test), which serves any number
 * of pages over the one pipe to its parent. It ends when the parent does, after saving what it was learning.
 */
import { join } from 'node:path'
import { contract } from '../../shared/contract.ts'
import { type FromEngine, guardPathsVariable, toEngine } from '../../shared/engine-channel.ts'
import { serve } from '../../shared/rpc-server.ts'
import type { Port } from '../../shared/rpc.ts'
import { RotatingLog, logConsole } from './files/log.ts'
import { uphillHome } from './home.ts'
import { giveWay } from './service/give-way.ts'
import { createService } from './service/service.ts'

/** When the parent is gone nobody waits for us; a checkpoint takes seconds. */
const settleAtMostMs = 30_000

interface Client {
  onMessage: (message: unknown) => void
  onClose: () => void
}

function send(message: FromEngine): void {
  if (!process.connected) return
  process.send?.(message, undefined, undefined, (error) => {
    if (error && process.connected) log('a message could not be sent to the window', error)
  })
}

function log(what: string, error?: unknown): void {
  if (error === undefined) console.error(what)
  else console.error(what, error)
}

async function main(): Promise<void> {
  if (!process.send) {
    console.error(
      'This is a part of Uphill and is started by it. For the terminal there is the command uphill.',
    )
    process.exitCode = 2
    return
  }
  giveWay()
  logConsole(new RotatingLog(join(uphillHome(), 'logs'), 'engine'))
  // Nobody reads any more when main has died; that is no reason not to save.
  process.stderr.on('error', () => undefined)
  process.stdout.on('error', () => undefined)
  process.on('uncaughtExceptionMonitor', (error) => {
    console.error('the engine ends by an error nobody expected', error)
  })
  const clients = new Map<number, Client>()
  const service = await createService({
    home: uphillHome(),
    guardPaths: process.env[guardPathsVariable] === '1',
    onExported: (path) => {
      send({ type: 'exported', path })
    },
  })

  function open(client: number): void {
    const ends: Client = { onMessage: () => undefined, onClose: () => undefined }
    const port: Port = {
      post: (message) => {
        send({ type: 'data', client, message })
      },
      onMessage: (listener) => {
        ends.onMessage = listener
      },
      onClose: (listener) => {
        ends.onClose = listener
      },
      close: () => clients.delete(client),
    }
    clients.set(client, ends)
    serve(contract, service.handlers, port, log)
  }

  function close(client: number): void {
    clients.get(client)?.onClose()
    clients.delete(client)
    if (clients.size === 0) service.pagesGone()
  }

  let ending = false
  async function end(goOnLater: boolean): Promise<void> {
    if (ending) return
    ending = true
    const timer = setTimeout(() => process.exit(1), settleAtMostMs)
    timer.unref()
    await service.settle(goOnLater)
    if (process.connected) {
      // The answer must be out before the end.
      await new Promise<void>((resolve) => {
        process.send?.({ type: 'settled' } satisfies FromEngine, undefined, undefined, () => {
          resolve()
        })
      })
    }
    process.exit(0)
  }

  process.on('message', (raw) => {
    const checked = toEngine.safeParse(raw)
    if (!checked.success) {
      log('a malformed message from main was ignored')
      return
    }
    const message = checked.data
    if (message.type === 'open') open(message.client)
    else if (message.type === 'data') clients.get(message.client)?.onMessage(message.message)
    else if (message.type === 'close') close(message.client)
    else if (message.type === 'allow') service.allowPath(message.path)
    else if (message.type === 'ping') send({ type: 'pong' })
    else void end(message.goOnLater)
  })
  process.on('disconnect', () => {
    void end(true)
  })
  process.on('SIGTERM', () => {
    void end(true)
  })
  // Ctrl+C in a terminal reaches the whole group; main decides what becomes of us.
  process.on('SIGINT', () => undefined)

  send({ type: 'ready' })
  await service.recover()
}

void main()

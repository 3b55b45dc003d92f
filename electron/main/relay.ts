/** Carries messages between the port of a page and the engine, without looking inside. */
import { type IpcMainEvent, MessageChannelMain, type MessagePortMain, type WebContents } from 'electron'
import { channels } from '../../shared/bridge-channels.ts'
import { withOwnBytes } from '../../shared/rpc.ts'
import type { EngineHost } from './engine-host.ts'

export class Relay {
  readonly #page: WebContents
  readonly #host: () => EngineHost
  #port: MessagePortMain | null = null
  #client = 0
  #wanted = false

  constructor(page: WebContents, host: () => EngineHost) {
    this.#page = page
    this.#host = host
    page.on('render-process-gone', () => {
      this.#leave()
    })
    page.on('destroyed', () => {
      this.#leave()
    })
  }

  /** The page asks for its port: it gets one now, and another whenever the engine has been started again. */
  request(event: IpcMainEvent): void {
    if (event.sender !== this.#page || event.senderFrame !== this.#page.mainFrame) return
    this.#wanted = true
    const { state } = this.#host()
    if (state === 'up') this.connect()
    else this.#page.send(channels.engineState, state)
  }

  /** Exactly one fresh channel for each life of the engine and each load of the page. */
  connect(): void {
    this.#disconnect()
    if (!this.#wanted || this.#page.isDestroyed()) return
    const { port1, port2 } = new MessageChannelMain()
    const client = ++this.#client
    this.#port = port1
    this.#host().send({ type: 'open', client })
    port1.on('message', ({ data }: { data: unknown }) => {
      this.#host().send({ type: 'data', client, message: data })
    })
    port1.on('close', () => {
      this.#host().send({ type: 'close', client })
      // The page was reloaded or is gone; it asks again when it is back.
      if (this.#port === port1) this.#leave()
    })
    port1.start()
    this.#page.postMessage(channels.enginePort, null, [port2])
  }

  /** What the engine says to the page. */
  deliver(client: number, message: unknown): void {
    // What came through the pipe are views of one large buffer; a port would clone all of it for each.
    if (client === this.#client) this.#port?.postMessage(withOwnBytes(message))
  }

  #leave(): void {
    this.#wanted = false
    this.#disconnect()
  }

  #disconnect(): void {
    const port = this.#port
    this.#port = null
    port?.close()
  }
}

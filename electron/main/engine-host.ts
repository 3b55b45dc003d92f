/**
 * Starts the engine's process, starts it again when it dies, and carries messages to and from it.
 * Knows nothing of Electron, so that tests run it as it is.
 */
import { type ChildProcess, fork } from 'node:child_process'
import type { EngineState } from '../../shared/bridge.ts'
import {
  type FromEngine,
  type ToEngine,
  fromEngine,
  guardPathsVariable,
} from '../../shared/engine-channel.ts'

export interface EngineHostOptions {
  /** The bundle of electron/engine/process.ts. */
  readonly entry: string
  /** The Node that runs it. */
  readonly node: string
  readonly env: NodeJS.ProcessEnv
  readonly guardPaths: boolean
  readonly onState: (state: EngineState) => void
  readonly onData: (client: number, message: unknown) => void
  readonly onExported?: (path: string) => void
  /** When an engine that does not answer is given up. */
  readonly watchdog?: { readonly everyMs: number; readonly unanswered: number }
}

/** Died within this time after its start: it counts against the cap. */
const youngMs = 5_000
const youngDeathsAtMost = 5
const firstDelayMs = 200
/**
 * Two minutes: no single computation takes so long. Counted in unanswered questions and not by the clock, so that a
 * machine that slept does not wake up to a dead engine.
 */
const patience = { everyMs: 10_000, unanswered: 12 }

export class EngineHost {
  readonly #options: EngineHostOptions
  readonly #allowed = new Set<string>()
  #child: ChildProcess | null = null
  #state: EngineState = 'down'
  #youngDeaths = 0
  #timer: NodeJS.Timeout | undefined
  #watch: NodeJS.Timeout | undefined
  #unanswered = 0
  #stopping = false

  constructor(options: EngineHostOptions) {
    this.#options = options
  }

  get state(): EngineState {
    return this.#state
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Starts the engine; also after it was given up. */
  start(): void {
    if (this.#child || this.#stopping) return
    clearTimeout(this.#timer)
    const { entry, node, env, guardPaths } = this.#options
    const began = Date.now()
    const child = fork(entry, [], {
      execPath: node,
      // The child is plain Node of its own version: options of the parent are not for it.
      execArgv: [],
      env: { ...cleaned(env), ...(guardPaths && { [guardPathsVariable]: '1' }) },
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#child = child
    child.on('message', (raw) => {
      this.#receive(raw)
    })
    // Also raised when a message cannot be sent to a child that is dying; exit follows.
    child.on('error', (error) => {
      console.error('engine:', error.message)
      if (child.pid === undefined) this.#ended(child, began)
    })
    child.on('exit', (code, signal) => {
      if (!this.#stopping) console.error(`engine: ended by ${signal ?? `exit code ${String(code)}`}`)
      this.#ended(child, began)
    })
  }

  /** An engine that hangs, for whatever reason, is killed and started again: what it taught is on disk. */
  #watchOver(child: ChildProcess): void {
    const { everyMs, unanswered } = this.#options.watchdog ?? patience
    this.#unanswered = 0
    this.#watch = setInterval(() => {
      if (this.#unanswered >= unanswered) {
        console.error('engine: it does not answer and is started again')
        child.kill('SIGKILL')
        return
      }
      this.#unanswered++
      this.send({ type: 'ping' })
    }, everyMs)
    this.#watch.unref()
  }

  /** The person asks for it after `failed`. */
  restart(): void {
    this.#youngDeaths = 0
    this.start()
  }

  send(message: ToEngine): void {
    if (message.type === 'allow') this.#allowed.add(message.path)
    if (this.#child?.connected) this.#child.send(message, () => undefined)
  }

  /**
   * Lets the engine save what it is learning and waits until it has ended, but not for ever.
   * @param goOnLater the next engine goes on with what ran
   * @returns true when it ended in order
   */
  async stop(atMostMs: number, goOnLater = false): Promise<boolean> {
    this.#stopping = true
    clearTimeout(this.#timer)
    clearInterval(this.#watch)
    const child = this.#child
    if (!child) return true
    return await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL')
      }, atMostMs)
      child.once('exit', (code) => {
        clearTimeout(timer)
        resolve(code === 0)
      })
      this.send({ type: 'settle', goOnLater })
    })
  }

  #receive(raw: unknown): void {
    const checked = fromEngine.safeParse(raw)
    if (!checked.success) {
      console.error('engine: a malformed message was ignored')
      return
    }
    this.#dispatch(checked.data)
  }

  #dispatch(message: FromEngine): void {
    if (message.type === 'data') this.#options.onData(message.client, message.message)
    else if (message.type === 'exported') this.#options.onExported?.(message.path)
    else if (message.type === 'pong') this.#unanswered = 0
    else if (message.type === 'ready') {
      if (this.#child) this.#watchOver(this.#child)
      for (const path of this.#allowed) this.send({ type: 'allow', path })
      this.#become('up')
    }
  }

  #ended(child: ChildProcess, began: number): void {
    if (this.#child !== child) return
    this.#child = null
    clearInterval(this.#watch)
    if (this.#stopping) return
    this.#youngDeaths = Date.now() - began < youngMs ? this.#youngDeaths + 1 : 0
    if (this.#youngDeaths >= youngDeathsAtMost) {
      this.#become('failed')
      return
    }
    this.#become('down')
    this.#timer = setTimeout(
      () => {
        this.start()
      },
      firstDelayMs * 2 ** this.#youngDeaths,
    )
  }

  #become(state: EngineState): void {
    this.#state = state
    this.#options.onState(state)
  }
}

/** The environment without what is meant for Electron or for another Node. */
function cleaned(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const strange = /^(ELECTRON_|NODE_OPTIONS$|NODE_CHANNEL|CHROME_DESKTOP$|GDK_PIXBUF_|GTK_|ORIGINAL_XDG)/
  return Object.fromEntries(Object.entries(env).filter(([name]) => !strange.test(name)))
}

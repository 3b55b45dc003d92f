/** The real engine in a real child process, with a home of its own, and a client to it: what main does, without a window. */
import { mkdtemp, mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import sharp from 'sharp'
import { EngineHost } from '../../electron/main/engine-host.ts'
import type { EngineState } from '../../shared/bridge.ts'
import { type Contract, contract } from '../../shared/contract.ts'
import { UphillError } from '../../shared/errors.ts'
import { type Client, type ClientLink, createClient } from '../../shared/rpc-client.ts'

export const engineEntry = path.resolve(import.meta.dirname, '../../dist/engine/engine.cjs')

export interface EngineUnderTest {
  readonly engine: Client<Contract>
  readonly host: EngineHost
  readonly states: EngineState[]
  readonly exported: string[]
  /** As when the first page is loaded again. */
  reload(): void
  /** A second page of the same engine. */
  openAnother(): Client<Contract>
  /** As main does before it quits. @returns true when the engine ended in order */
  stop(): Promise<boolean>
}

interface Page {
  readonly link: ClientLink<Contract>
  client: number
  deliver: (message: unknown) => void
}

export function startEngine(
  home: string,
  { guardPaths = false, program = engineEntry, node = process.execPath } = {},
): EngineUnderTest {
  const pages: Page[] = []
  const states: EngineState[] = []
  const exported: string[] = []
  let lastClient = 0

  const host = new EngineHost({
    entry: program,
    node,
    env: { ...process.env, UPHILL_HOME: home, TF_CPP_MIN_LOG_LEVEL: '2' },
    guardPaths,
    onState(state) {
      states.push(state)
      for (const page of pages) {
        if (state === 'up') connect(page)
        else if (state === 'down') page.link.detach()
        else page.link.giveUp()
      }
    },
    onData(client, message) {
      pages.find((page) => page.client === client)?.deliver(message)
    },
    onExported(file) {
      exported.push(file)
    },
  })

  function connect(page: Page): void {
    const client = ++lastClient
    page.client = client
    host.send({ type: 'open', client })
    page.link.attach({
      post: (message) => {
        host.send({ type: 'data', client, message })
      },
      onMessage: (deliver) => {
        page.deliver = deliver
      },
      onClose: () => undefined,
      close: () => {
        host.send({ type: 'close', client })
      },
    })
  }

  function open(): Client<Contract> {
    const page: Page = {
      link: createClient(contract, { waitMs: 60_000 }),
      client: 0,
      deliver: () => undefined,
    }
    pages.push(page)
    if (host.state === 'up') connect(page)
    return page.link.client
  }

  function reload(): void {
    const [page] = pages
    if (!page) return
    page.link.detach()
    host.send({ type: 'close', client: page.client })
    connect(page)
  }

  const engine = open()
  host.start()
  return { engine, host, states, exported, reload, openAnother: open, stop: () => host.stop(20_000) }
}

/** A temporary folder and how to remove it. */
export async function temporaryFolder(
  name = 'uphill contract',
): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), `${name} `))
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
}

/** Small greyscale pictures of discs, each different: something a net can learn in seconds. */
export async function writeDiscs(folder: string, count: number, size = 32): Promise<string[]> {
  await mkdir(folder, { recursive: true })
  const paths: string[] = []
  for (let index = 0; index < count; index++) {
    const radius = size * (0.15 + 0.2 * ((index * 0.37) % 1))
    const cx = size * (0.35 + 0.3 * ((index * 0.61) % 1))
    const cy = size * (0.35 + 0.3 * ((index * 0.83) % 1))
    const data = Buffer.alloc(size * size)
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) data[y * size + x] = Math.hypot(x - cx, y - cy) < radius ? 230 : 25
    }
    const file = path.join(folder, `disc ${String(index).padStart(3, '0')}.png`)
    await sharp(data, { raw: { width: size, height: size, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toFile(file)
    paths.push(file)
  }
  return paths
}

/** The error that the work fails with; every one has words. */
export async function errorOf(work: Promise<unknown>): Promise<UphillError> {
  const thrown = await work.then(
    () => null,
    (error: unknown) => error,
  )
  if (!(thrown instanceof UphillError))
    throw new Error(`not refused, but ${String(thrown)}`, { cause: thrown })
  if (thrown.message === '') throw new Error(`${thrown.code} came without words`)
  return thrown
}

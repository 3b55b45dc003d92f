import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EngineHost } from '../../electron/main/engine-host.ts'
import { readWindowState, writeWindowState } from '../../electron/main/window-state.ts'
import { temporaryFolder } from './engine-under-test.ts'

let temporary: Awaited<ReturnType<typeof temporaryFolder>>
beforeAll(async () => {
  temporary = await temporaryFolder()
})
afterAll(() => temporary.remove())

async function hostOf(
  program: string,
  env: NodeJS.ProcessEnv = process.env,
  watchdog?: { everyMs: number; unanswered: number },
) {
  const entry = path.join(temporary.folder, `program ${String(Math.random())}.cjs`)
  await writeFile(entry, program)
  const states: string[] = []
  const data: unknown[] = []
  const host = new EngineHost({
    entry,
    node: process.execPath,
    env,
    guardPaths: true,
    onState: (state) => states.push(state),
    onData: (_client, message) => data.push(message),
    ...(watchdog && { watchdog }),
  })
  host.start()
  const until = async (state: string) => {
    while (states.at(-1) !== state) await sleep(5)
  }
  return { host, states, data, until }
}

const ready = `process.send({ type: 'ready' });`

describe('the host of the engine', () => {
  it('gives up on an engine that dies at every start, and tries again when asked', async () => {
    const { host, states, until } = await hostOf('process.exit(3)')
    await until('failed')
    expect(states.filter((state) => state === 'down')).toHaveLength(4)
    states.length = 0
    host.restart()
    await until('down')
    await host.stop(100)
  })

  it('tells when the engine is killed, and starts it again', async () => {
    const { host, states, until } = await hostOf(`${ready} setInterval(() => {}, 1000)`)
    await until('up')
    const first = host.pid!
    process.kill(first, 'SIGKILL')
    await until('down')
    await until('up')
    expect(states).toEqual(['up', 'down', 'up'])
    expect(host.pid).not.toBe(first)
    await host.stop(100)
  })

  it('starts an engine again that hangs, and leaves one alone that answers', async () => {
    const answering = `${ready} process.on('message', (m) => m.type === 'ping' && process.send({ type: 'pong' }));`
    const often = { everyMs: 20, unanswered: 5 }
    const sound = await hostOf(answering, process.env, often)
    await sound.until('up')
    const first = sound.host.pid!
    await sleep(600)
    expect(sound.host.pid).toBe(first)
    process.kill(first, 'SIGSTOP')
    await sound.until('down')
    await sound.until('up')
    expect(sound.host.pid).not.toBe(first)
    await sound.host.stop(100)
  })

  it('tells and tries again when there is no Node', async () => {
    const states: string[] = []
    const host = new EngineHost({
      entry: 'x.cjs',
      node: path.join(temporary.folder, 'no node here'),
      env: {},
      guardPaths: true,
      onState: (state) => states.push(state),
      onData: () => undefined,
    })
    host.start()
    while (states.length === 0) await sleep(5)
    expect(states[0]).toBe('down')
    await host.stop(100)
  })

  it('waits for an engine that saves, but not for ever', async () => {
    const saving = await hostOf(
      `${ready} process.on('message', () => setTimeout(() => process.exit(0), 200))`,
    )
    await saving.until('up')
    expect(await saving.host.stop(10_000)).toBe(true)
    const stuck = await hostOf(`${ready} setInterval(() => {}, 1000)`)
    await stuck.until('up')
    expect(await stuck.host.stop(100)).toBe(false)
    expect(stuck.states.at(-1)).toBe('up') // it is not started again
  })

  it('gives the next engine the paths that the first was given', async () => {
    const program = `${ready} process.on('message', (m) => process.send({ type: 'data', client: 1, message: m }))`
    const { host, data, until } = await hostOf(program)
    await until('up')
    host.send({ type: 'allow', path: '/pictures/of mine' })
    while (data.length < 1) await sleep(5)
    process.kill(host.pid!, 'SIGKILL')
    await until('down')
    await until('up')
    while (data.length < 2) await sleep(5)
    expect(data[1]).toEqual({ type: 'allow', path: '/pictures/of mine' })
    await host.stop(100)
  })

  it('keeps what is meant for Electron and for another Node away from the engine', async () => {
    const program = `${ready} process.send({ type: 'data', client: 1, message: Object.keys(process.env) })`
    const env = {
      ...process.env,
      NODE_OPTIONS: '--max-old-space-size=64',
      ELECTRON_RUN_AS_NODE: '1',
      KEPT: '1',
    }
    const { host, data } = await hostOf(program, env)
    while (data.length === 0) await sleep(5)
    expect(data[0]).toContain('KEPT')
    expect(data[0]).toContain('UPHILL_GUARD_PATHS')
    expect(data[0]).not.toContain('NODE_OPTIONS')
    expect(data[0]).not.toContain('ELECTRON_RUN_AS_NODE')
    await host.stop(100)
  })

  it('ignores what an engine says that it does not know', async () => {
    const { host, until } = await hostOf(`process.send('hello'); process.send({ type: 'rm' }); ${ready}`)
    await until('up')
    await host.stop(100)
  })
})

describe('the size of the window', () => {
  const screen = [{ x: 0, y: 0, width: 1920, height: 1080 }]
  const file = () => path.join(temporary.folder, 'deep', 'window.json')

  it('is as it was', () => {
    const state = { width: 1400, height: 900, place: { x: 10, y: 20 }, maximised: false }
    writeWindowState(file(), state)
    expect(readWindowState(file(), screen)).toEqual(state)
  })

  it('does not bring the window to a screen that is gone', () => {
    writeWindowState(file(), { width: 1400, height: 900, place: { x: 2500, y: 20 }, maximised: false })
    expect(readWindowState(file(), screen).place).toBeNull()
  })

  it('is the default when what was kept cannot be read', async () => {
    const standard = { width: 1280, height: 800, place: null, maximised: false }
    await writeFile(file(), '{"width": "wide"')
    expect(readWindowState(file(), screen)).toEqual(standard)
    await writeFile(file(), JSON.stringify({ width: 10, height: 10, place: null, maximised: false }))
    expect(readWindowState(file(), screen)).toEqual(standard)
    expect(readWindowState(path.join(temporary.folder, 'no such'), screen)).toEqual(standard)
  })
})

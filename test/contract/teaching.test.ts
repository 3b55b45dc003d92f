import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Teaching } from '../../shared/contract.ts'
import type { ModelCard } from '../../shared/domain.ts'
import {
  type EngineUnderTest,
  engineEntry,
  errorOf,
  startEngine,
  temporaryFolder,
  writeDiscs,
} from './engine-under-test.ts'

let temporary: Awaited<ReturnType<typeof temporaryFolder>>
let pictures: string
let home: string

beforeAll(async () => {
  temporary = await temporaryFolder()
  pictures = path.join(temporary.folder, 'discs')
  home = path.join(temporary.folder, 'home')
  await writeDiscs(pictures, 60)
})
afterAll(() => temporary.remove())

interface Watched {
  readonly kinds: string[]
  last: Teaching | null
  card: ModelCard | null
  readonly over: Promise<void>
}

function watch({ engine }: EngineUnderTest, modelId: string): Watched {
  const kinds: string[] = []
  const follow = async () => {
    for await (const event of engine.watchTeaching({ modelId })) {
      kinds.push(event.type)
      if (event.type === 'state' || event.type === 'ended') watched.last = event.teaching
      if (event.type === 'ended') watched.card = event.card
    }
  }
  const watched: Watched = { kinds, last: null, card: null, over: Promise.resolve() }
  const over = follow()
  over.catch(() => undefined)
  return Object.assign(watched, { over })
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20)
}

const isTeaching = (watched: Watched) =>
  watched.last?.progress.phase === 'teaching' && watched.last.progress.step > 5

async function journal(): Promise<{ teaching: { modelId: string } | null }> {
  return JSON.parse(await readFile(path.join(home, 'jobs.json'), 'utf8')) as {
    teaching: { modelId: string } | null
  }
}

async function cardOf(modelId: string): Promise<ModelCard> {
  return JSON.parse(await readFile(path.join(home, 'models', modelId, 'card.json'), 'utf8')) as ModelCard
}

describe('a teaching', () => {
  let under: EngineUnderTest
  let modelId: string
  beforeAll(() => {
    under = startEngine(home)
  })
  afterAll(() => under.stop())

  it('is watched from its start to its end', async () => {
    ;({ modelId } = await under.engine.startTeaching({ folder: pictures, name: 'Discs', seconds: 4 }))
    const watched = watch(under, modelId)
    await until(() => isTeaching(watched))

    const second = await errorOf(under.engine.startTeaching({ folder: pictures, name: 'Other', seconds: 4 }))
    expect(second.code).toBe('MODEL_IN_USE')
    expect(second.message).toContain('Discs')
    expect((await errorOf(under.engine.trashModel({ modelId }))).code).toBe('MODEL_IN_USE')
    expect((await errorOf(under.engine.renameModel({ modelId, name: 'New' }))).code).toBe('MODEL_IN_USE')

    await watched.over
    expect(new Set(watched.kinds)).toEqual(new Set(['state', 'curve', 'preview', 'ended']))
    expect(watched.kinds.at(-1)).toBe('ended')
    expect(watched.card).toMatchObject({ id: modelId, name: 'Discs', state: 'finished', channels: 1 })
    expect((await journal()).teaching).toBeNull()
  })

  it('is told as a whole to who comes late', async () => {
    const late = watch(under, modelId)
    await late.over
    expect(late.kinds.sort()).toEqual(['curve', 'ended', 'preview', 'state'])
    expect(await under.engine.teachings({})).toMatchObject([{ modelId, state: 'finished' }])
  })

  it('is paused, resumed, stopped and continued', async () => {
    const { engine } = under
    const started = await engine.startTeaching({ folder: pictures, name: 'Interrupted', seconds: 600 })
    const watched = watch(under, started.modelId)
    await until(() => isTeaching(watched))
    await engine.pauseTeaching(started)
    await until(() => watched.last?.state === 'paused')
    await until(async () => (await cardOf(started.modelId)).step > 5)
    await engine.resumeTeaching(started)
    await until(() => watched.last?.state === 'running')
    await engine.stopTeaching(started)
    await watched.over
    expect(watched.last?.state).toBe('stopped')
    expect(watched.card?.state).toBe('stopped')

    await engine.resumeTeaching(started)
    const again = watch(under, started.modelId)
    await until(() => (again.last?.progress.step ?? 0) > watched.card!.step)
    await engine.stopTeaching(started)
    await again.over
    expect(again.card?.step).toBeGreaterThan(watched.card!.step)
  })

  it('is refused when the name is taken', async () => {
    const error = await errorOf(under.engine.startTeaching({ folder: pictures, name: 'Discs' }))
    expect(error.code).toBe('NAME_TAKEN')
  })

  it('goes on after the engine was killed, from its checkpoint', async () => {
    const { engine, host, states } = under
    const started = await engine.startTeaching({ folder: pictures, name: 'Killed', seconds: 600 })
    const watched = watch(under, started.modelId)
    await until(() => isTeaching(watched))
    await engine.pauseTeaching(started) // writes a checkpoint
    await until(async () => (await cardOf(started.modelId).catch(() => null))?.state === 'stopped')
    const { step } = await cardOf(started.modelId)
    await engine.resumeTeaching(started)
    process.kill(host.pid!, 'SIGKILL')
    expect((await errorOf(watched.over)).code).toBe('ENGINE_GONE')

    expect(await engine.teachings({})).toMatchObject([{ modelId: started.modelId, state: 'running' }])
    expect(states.slice(-2)).toEqual(['down', 'up'])
    const again = watch(under, started.modelId)
    await until(() => again.last?.progress.phase === 'teaching' && again.last.progress.step > step)
    await engine.stopTeaching(started)
    await again.over
    expect(again.card?.step).toBeGreaterThan(step)
  })

  it('is saved when the window is closed, and waits to be continued by hand', async () => {
    const started = await under.engine.startTeaching({ folder: pictures, name: 'Closed', seconds: 600 })
    const watched = watch(under, started.modelId)
    await until(() => isTeaching(watched))
    expect(await under.stop()).toBe(true)
    expect(await cardOf(started.modelId)).toMatchObject({ state: 'stopped' })
    expect((await cardOf(started.modelId)).step).toBeGreaterThan(5)
    expect((await journal()).teaching).toBeNull()
  })

  it('is saved when the window crashes, and goes on with the next', async () => {
    const orphanHome = path.join(temporary.folder, 'orphan')
    const child = fork(engineEntry, [], {
      env: { ...process.env, UPHILL_HOME: orphanHome },
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const said: string[] = []
    child.on('message', (message) => said.push(JSON.stringify(message)))
    const ask = (...message: unknown[]) => child.send({ type: 'data', client: 1, message })
    child.send({ type: 'open', client: 1 })
    ask(1, 'request', 'startTeaching', { folder: pictures, name: 'Orphan', seconds: 600 })
    await until(() => said.some((message) => message.includes('"result"')))
    const modelId = /"modelId":"([^"]+)"/.exec(said.join())![1]!
    ask(2, 'request', 'watchTeaching', { modelId })
    await until(() => {
      ask(2, 'credit', 1)
      return said.some((message) => /"phase":"teaching","step":[1-9]\d/.test(message))
    })
    child.disconnect()
    expect(await once(child, 'exit')).toEqual([0, null])
    const saved = JSON.parse(
      await readFile(path.join(orphanHome, 'models', modelId, 'card.json'), 'utf8'),
    ) as ModelCard
    expect(saved).toMatchObject({ state: 'stopped' })
    expect(saved.step).toBeGreaterThan(5)

    const next = startEngine(orphanHome)
    expect(await next.engine.teachings({})).toMatchObject([{ modelId, state: 'running' }])
    expect(await next.stop()).toBe(true)
    under = startEngine(home)
  })

  it('that had come to its end before the engine died is not begun again', async () => {
    const { modelId } = await under.engine.startTeaching({
      folder: pictures,
      name: 'Ended',
      kind: 'whole-image',
      steps: 2,
    })
    const ended = watch(under, modelId)
    await ended.over
    expect(ended.card?.state).toBe('finished')
    await under.stop()
    // As it is when the engine is killed between its last checkpoint and its word in the journal.
    const teaching = {
      modelId,
      name: 'Ended',
      options: { folder: pictures, name: 'Ended' },
      extraSeconds: null,
      paused: false,
      crashes: 0,
      step: 0,
    }
    await writeFile(path.join(home, 'jobs.json'), JSON.stringify({ format: 1, pid: 999_999_999, teaching }))
    under = startEngine(home)
    expect(await under.engine.teachings({})).toEqual([])
    expect((await journal()).teaching).toBeNull()
  })

  it('that kills the engine again and again is given up, with words', async () => {
    await under.stop()
    const entry = {
      modelId: 'deadly-1',
      name: 'Deadly',
      options: { folder: pictures, name: 'Deadly' },
      extraSeconds: null,
      paused: false,
      crashes: 2,
      step: 0,
    }
    await writeFile(
      path.join(home, 'jobs.json'),
      JSON.stringify({ format: 1, pid: 999_999_999, teaching: entry }),
    )
    under = startEngine(home)
    const [teaching] = await under.engine.teachings({})
    expect(teaching).toMatchObject({ modelId: 'deadly-1', state: 'failed' })
    expect(teaching?.error?.message).toContain('Deadly')
    expect((await journal()).teaching).toBeNull()
  })

  it('does not need a journal that can be read', async () => {
    await under.stop()
    await writeFile(path.join(home, 'jobs.json'), '{"format": 1, "teach')
    under = startEngine(home)
    expect(await under.engine.teachings({})).toEqual([])
    expect(await readdir(home)).toContain('jobs.json.damaged')
  })
})

/** Kills the command line, the engine and the window at random moments, and looks at what is left. */
import fs, { watch } from 'node:fs'
import { readFile, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { uniformGenerator } from '../../electron/engine/learning/noise.ts'
import { type EngineUnderTest, startEngine } from '../contract/engine-under-test.ts'
import { teachingInWindow } from './window-killed.ts'
import { until, within } from './waiting.ts'
import { World, mustRun, runAndKill, teachArguments, teachRequest } from './world.ts'

export interface KillRow {
  phase: string
  killed: 'command line' | 'engine' | 'window'
  kills: number
  /** What was lost, in words; empty when nothing was. */
  losses: string[]
}

interface Scene {
  world: World
  /** Started when the first scene needs it. */
  under: EngineUnderTest
  random: () => number
  number: number
}

type Play = (scene: Scene) => Promise<void>

/** Every scene kills once and puts things in order again; what it throws is a loss. */
const scenes: { phase: string; killed: KillRow['killed']; play: Play }[] = [
  { phase: 'teaching', killed: 'command line', play: teachingInTerminal },
  { phase: 'writing a checkpoint', killed: 'command line', play: writingCheckpoint },
  { phase: 'teaching', killed: 'engine', play: teachingInEngine },
  { phase: 'indexing', killed: 'engine', play: indexing },
  { phase: 'refining', killed: 'engine', play: refining },
  { phase: 'exporting over a file', killed: 'engine', play: exporting },
  { phase: 'renaming', killed: 'engine', play: renaming },
  { phase: 'deleting and bringing back', killed: 'engine', play: deleting },
  { phase: 'teaching', killed: 'window', play: teachingInWindow },
]
/** A window takes long to start: it is killed in one of so many rounds. */
const windowEvery = 3

export async function killMany(
  count: number,
  seed: number,
  onKill: (done: number, rows: readonly KillRow[]) => unknown = () => undefined,
): Promise<KillRow[]> {
  const world = await World.make()
  const under = startEngine(world.place.path('home'))
  const rows: KillRow[] = scenes.map(({ phase, killed }) => ({ phase, killed, kills: 0, losses: [] }))
  const random = uniformGenerator(seed)
  try {
    for (let number = 0, turn = 0; number < count; turn++) {
      const { play, killed, phase } = scenes[turn % scenes.length]!
      const row = rows[turn % scenes.length]!
      if (killed === 'window' && Math.floor(turn / scenes.length) % windowEvery !== 0) continue
      try {
        await within(`${phase} (${killed}) to be in order again`, play({ world, under, random, number }), 4)
        await world.check()
      } catch (error) {
        row.losses.push(`kill ${number}: ${error instanceof Error ? error.message : String(error)}`)
        // One loss must not make all that follows fail: the next scene begins in order again.
        await setInOrder(world)
      }
      row.kills++
      await onKill(++number, rows)
    }
    const left = await world.leftovers('out')
    if (left.length > 0) rows[0]!.losses.push(`left in the person's folder: ${left.join()}`)
  } finally {
    await under.stop()
    await world.place.remove()
  }
  return rows
}

async function setInOrder(world: World): Promise<void> {
  for (const listing of await world.library.list()) {
    const kept = listing.status === 'ok' && ['Kept', 'Any', 'Moved'].includes(listing.card.name)
    const id = listing.status === 'ok' ? listing.card.id : listing.id
    if (!kept) await rm(path.join(world.library.folder, id), { recursive: true, force: true })
  }
}

/** Kills the engine after a while of this work, and waits until the next one answers. */
async function killEngine({ under }: Scene, work: Promise<unknown>, afterMs: number): Promise<void> {
  const ended = work.catch(() => undefined)
  await sleep(afterMs)
  const { pid } = under.host
  if (pid !== undefined) process.kill(pid, 'SIGKILL')
  await within('the work of a killed engine to end', ended)
  await until(
    'the next engine is up',
    () => {
      // So many deaths in so short a time are given up on; a person would press the button.
      if (under.host.state === 'failed') under.host.restart()
      return under.host.state === 'up' && under.host.pid !== pid
    },
    () => under.host.state,
  )
}

async function finishInTerminal(world: World, name: string): Promise<void> {
  // Killed before anything was kept: then nothing is lost either, and it begins anew.
  if (!(await world.has(name))) return
  const { state } = await world.library.find(name)
  if (state !== 'finished') await mustRun(world.place, ['teach', '--resume', name])
  await world.checkTaught(name)
  await world.remove(name)
}

async function teachingInTerminal({ world, random, number }: Scene): Promise<void> {
  const name = `Terminal ${number}`
  await runAndKill(world.place, teachArguments(name), (kill) => {
    const timer = setTimeout(kill, random() * world.teachMs)
    return () => clearTimeout(timer)
  })
  await world.check()
  await finishInTerminal(world, name)
}

async function writingCheckpoint({ world, random, number }: Scene): Promise<void> {
  const name = `Checkpoint ${number}`
  // Each save writes four or five files; two or three saves are in one teaching.
  const wanted = 1 + Math.floor(random() * 12)
  await runAndKill(world.place, teachArguments(name), (kill) => {
    let seen = 0
    const temporary = new Set<string>()
    const watcher = watch(world.library.folder, { recursive: true }, (_, file) => {
      if (!file?.endsWith('.tmp') || temporary.has(file)) return
      temporary.add(file)
      if (++seen === wanted) setTimeout(kill, random() * 4)
    })
    return () => watcher.close()
  })
  await world.check()
  await finishInTerminal(world, name)
}

async function teachingInEngine(scene: Scene): Promise<void> {
  const { world, under, random, number } = scene
  const name = `Engine ${number}`
  const { modelId } = await under.engine.startTeaching(teachRequest(world, name))
  await killEngine(scene, Promise.resolve(), random() * world.teachMs)
  await world.check()
  // The next engine goes on by itself.
  const now = async () => (await under.engine.teachings({})).find((each) => each.modelId === modelId)
  await until(
    `“${name}” has been taught to its end`,
    async () => {
      const teaching = await now()
      if (teaching?.state === 'failed') throw new Error(teaching.error?.message)
      // It can have ended before the kill.
      return !teaching || teaching.state === 'finished'
    },
    now,
  )
  await world.checkTaught(name)
  await world.remove(name)
}

async function indexing(scene: Scene): Promise<void> {
  const folder = scene.world.place.path('pictures')
  const look = async (): Promise<number> => {
    let found = -1
    for await (const event of scene.under.engine.openFolder({ folder })) {
      if (event.type === 'opened') found = event.dataset.pictures
    }
    return found
  }
  await killEngine(scene, look(), scene.random() * 60)
  const found = await look()
  if (found !== 60) throw new Error(`${found} pictures are found, not 60`)
}

async function refining(scene: Scene): Promise<void> {
  const { world, under, random } = scene
  const { id } = await world.library.find('Any')
  const out = world.place.path('out', 'refined.png')
  const refine = async (): Promise<void> => {
    for await (const _ of under.engine.refineToFile({
      path: world.place.path('noisy.png'),
      modelId: id,
      walk: { steps: 3, sigma: 0.2 },
      target: { path: out, options: { format: 'png', whenExists: 'replace' } },
    })) {
      // Its progress is of no interest here.
    }
  }
  await refine()
  const whole = await readFile(out)
  await rm(out)
  await killEngine(scene, refine(), random() * 1500)
  const left = await readFile(out).catch(() => null)
  if (left && !left.equals(whole)) throw new Error('a refined file is not whole')
  await refine()
  if (!(await readFile(out)).equals(whole)) throw new Error('a refined file differs from the one before')
}

async function exporting(scene: Scene): Promise<void> {
  const { world, under, random } = scene
  const { id } = await world.library.find('Any')
  const out = world.place.path('exported.png')
  const exportOnce = async (sigma: number): Promise<void> => {
    let resultId = ''
    const request = { path: world.place.path('noisy.png'), modelId: id, walk: { steps: 1, sigma } }
    for await (const event of under.engine.refine(request)) if (event.type === 'done') ({ resultId } = event)
    await under.engine.exportResult({
      resultId,
      target: { path: out, options: { format: 'png', whenExists: 'replace' } },
    })
  }
  await exportOnce(0.1)
  const old = await readFile(out)
  const work = exportOnce(0.3)
  await new Promise<void>((resolve) => {
    const watcher = watch(path.dirname(out), (_, file) => {
      if (file?.endsWith('.tmp')) end()
    })
    const end = (): void => {
      watcher.close()
      resolve()
    }
    // An event that was missed costs nothing but the moment: the work ends.
    void work.then(end, end)
  })
  await killEngine(scene, work, random() * 40)
  const left = await readFile(out)
  await exportOnce(0.3)
  const whole = await readFile(out)
  if (!left.equals(old) && !left.equals(whole))
    throw new Error('the exported file is neither the old nor the new')
}

async function renaming(scene: Scene): Promise<void> {
  const { world, under, random } = scene
  const names = ['Moved', 'Moved once', 'Moved twice']
  const { id } = await findOneOf(world, names)
  let going = true
  const work = (async () => {
    for (let turn = 0; going; turn++) {
      await under.engine.renameModel({ modelId: id, name: names[turn % names.length]! })
    }
  })()
  await killEngine(scene, work, random() * 250)
  going = false
  await findOneOf(world, names)
  await under.engine.renameModel({ modelId: id, name: 'Moved' }).catch((error: unknown) => {
    if (!/already/.test(String(error))) throw error
  })
}

async function findOneOf(world: World, names: string[]) {
  for (const name of names) if (await world.has(name)) return world.library.find(name)
  throw new Error('a renamed model is gone')
}

async function deleting(scene: Scene): Promise<void> {
  const { world, under, random } = scene
  const { id } = await world.library.find('Moved')
  let going = true
  const work = (async () => {
    while (going) {
      const { trashId } = await under.engine.trashModel({ modelId: id })
      await under.engine.restoreModel({ trashId })
    }
  })()
  await killEngine(scene, work, random() * 250)
  going = false
  const trash = path.join(world.library.folder, '.trash')
  const inTrash = fs.existsSync(trash) ? (await readdir(trash)).filter((name) => name.startsWith(id)) : []
  const inLibrary = await world.has('Moved')
  if (inTrash.length + Number(inLibrary) !== 1) {
    throw new Error(
      `a deleted model is ${inTrash.length} times in the trash, ${inLibrary ? 'and' : 'not'} in the library`,
    )
  }
  if (!inLibrary) await under.engine.restoreModel({ trashId: inTrash[0]! })
}

/** Disks that are full, cannot be written, deny, or go away: every way of writing must say so and harm nothing. */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import { ModelLibrary } from '../../electron/engine/models/library.ts'
import { UphillError } from '../../shared/errors.ts'
import { Place, hashOf, writeDigits } from '../cli/run-uphill.ts'
import { type EngineUnderTest, startEngine } from '../contract/engine-under-test.ts'
import { until } from './waiting.ts'
import { mustRun } from './world.ts'

export const faults = ['full', 'read-only', 'denied', 'gone'] as const
export type Fault = (typeof faults)[number]

export interface FaultRow {
  fault: Fault
  writing: string
  /** The words of the answer. */
  answer: string
  /** What was wrong with it, or with what was left; empty when nothing was. */
  faults: string[]
}

const expected: Record<Fault, readonly string[]> = {
  full: ['DISK_FULL'],
  'read-only': ['NOT_WRITABLE'],
  denied: ['NOT_WRITABLE'],
  // What is written to a place that is gone cannot be told from one that never was.
  gone: ['FOLDER_NOT_FOUND', 'NOT_WRITABLE', 'MODEL_NOT_FOUND', 'FILE_NOT_FOUND'],
}

const nobody = 65534

/** Whether a small disk can be made here: it takes Linux, root, and a system that lets root mount. */
export function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  try {
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'ignore' })
    return existsSync('/usr/bin/setpriv')
  } catch {
    return false
  }
}

class Disk {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  mount(): void {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=300m,mode=777', 'uphill-test', this.folder])
  }

  async break(fault: Fault): Promise<void> {
    if (fault === 'full') await this.#fill()
    else if (fault === 'read-only') execFileSync('mount', ['-o', 'remount,ro', this.folder])
    else if (fault === 'denied') this.#permit('a-w')
    else execFileSync('umount', ['--lazy', this.folder])
  }

  async mend(fault: Fault): Promise<void> {
    if (fault === 'full') await fs.rm(path.join(this.folder, 'filler'))
    else if (fault === 'read-only') execFileSync('mount', ['-o', 'remount,rw', this.folder])
    else if (fault === 'denied') this.#permit('a+w')
  }

  unmount(): void {
    try {
      execFileSync('umount', ['--lazy', this.folder], { stdio: 'ignore' })
    } catch {
      // It is gone already.
    }
  }

  #permit(change: string): void {
    execFileSync('find', [this.folder, '-type', 'd', '-exec', 'chmod', change, '{}', '+'])
  }

  async #fill(): Promise<void> {
    const filler = await fs.open(path.join(this.folder, 'filler'), 'w')
    for (const size of [1 << 20, 4096, 1]) {
      try {
        for (;;) await filler.write(Buffer.alloc(size))
      } catch {
        continue
      }
    }
    await filler.close()
  }
}

interface Scene {
  place: Place
  under: EngineUnderTest
  modelId: string
  resultId: string
  /** A path on the disk. */
  on: (...parts: string[]) => string
}

/** Every way in which Uphill writes. */
const writings: Record<string, (scene: Scene) => Promise<unknown>> = {
  'exporting a new file': ({ under, resultId, on }) =>
    under.engine.exportResult({
      resultId,
      target: { path: on('out', 'new.png'), options: { format: 'png' } },
    }),
  'exporting over a file': ({ under, resultId, on }) =>
    under.engine.exportResult({
      resultId,
      target: { path: on('out', 'old.png'), options: { format: 'png', whenExists: 'replace' } },
    }),
  'refining from file to file': async ({ under, place, modelId, on }) => {
    const target = { path: on('out', 'more', 'refined.png'), options: { format: 'png' as const } }
    const request = { path: place.path('digits', '0.png'), modelId, walk: { steps: 1 }, target }
    for await (const _ of under.engine.refineToFile(request)) {
      // Its progress is of no interest here.
    }
  },
  'renaming a model': ({ under, modelId }) => under.engine.renameModel({ modelId, name: 'Renamed' }),
  'duplicating a model': ({ under, modelId }) => under.engine.duplicateModel({ modelId, name: 'Twice' }),
  'deleting a model': ({ under, modelId }) => under.engine.trashModel({ modelId }),
  'sharing a model': ({ under, modelId, on }) =>
    under.engine.shareModel({ modelId, path: on('out', 'm.uphill') }),
  'taking in a model': ({ under, place }) => under.engine.takeModel({ path: place.path('given.uphill') }),
  'changing the settings': async ({ under }) =>
    under.engine.changeSettings({ ...(await under.engine.settings({})), cores: 1 }),
  'keeping the queue': ({ under, place, modelId, on }) =>
    under.engine.keepQueue({
      orders: [
        {
          path: place.path('digits', '0.png'),
          modelId,
          modelName: 'M',
          walk: {},
          target: { path: on('out', 'later.png'), options: {} },
        },
      ],
    }),
  'pasting a picture': async ({ under, place }) =>
    under.engine.keepPasted({ bytes: await fs.readFile(place.path('digits', '0.png')) }),
  'starting to teach': ({ under, place }) =>
    under.engine.startTeaching({ folder: place.path('digits'), name: 'New', steps: 2 }),
}

/** The engine as another user, because root is denied nothing. */
async function nodeAsNobody(place: Place): Promise<string> {
  const program = place.path('node-as-nobody')
  const own = ['--reuid', String(nobody), '--regid', String(nobody), '--clear-groups']
  await fs.writeFile(program, `#!/bin/sh\nexec setpriv ${own.join(' ')} '${process.execPath}' "$@"\n`)
  chmodSync(program, 0o755)
  return program
}

/** A home with a model, and the model as a file: made once, copied onto every disk. */
export async function makeGiven(): Promise<Place> {
  const place = await Place.make()
  await writeDigits(place.path('digits'), 0, 40)
  await mustRun(place, ['teach', 'digits', '--name', 'M', '--kind', 'whole-image', '--steps', '2'])
  await mustRun(place, ['models', 'share', 'M', 'given.uphill'])
  return place
}

export async function meetFault(fault: Fault, given: Place): Promise<FaultRow[]> {
  const place = await Place.make()
  await fs.chmod(place.root, 0o755)
  await fs.mkdir(place.path('disk'))
  const disk = new Disk(place.path('disk'))
  const rows: FaultRow[] = []
  disk.mount()
  const on = (...parts: string[]): string => path.join(disk.folder, ...parts)
  let under: EngineUnderTest | null = null
  try {
    for (const name of ['digits', 'given.uphill']) {
      await fs.cp(given.path(name), place.path(name), { recursive: true })
    }
    await fs.cp(given.path('home'), on('home'), { recursive: true })
    await fs.mkdir(on('out'))
    await fs.writeFile(on('out', 'old.png'), 'what was there before')
    execFileSync('chown', ['-R', `${nobody}:${nobody}`, disk.folder])
    under = startEngine(on('home'), fault === 'denied' ? { node: await nodeAsNobody(place) } : {})
    const [model] = await under.engine.models({})
    if (model?.status !== 'ok') throw new Error('the model is not there')
    const modelId = model.card.id
    let resultId = ''
    const request = { path: place.path('digits', '1.png'), modelId, walk: { steps: 1 } }
    for await (const event of under.engine.refine(request)) if (event.type === 'done') ({ resultId } = event)
    const scene: Scene = { place, under, modelId, resultId, on }
    const before = await filesIn(on('out'))
    const modelBefore = await hashOf(on('home', 'models', modelId))

    await disk.break(fault)
    for (const [writing, write] of Object.entries(writings))
      rows.push(await meet(fault, writing, () => write(scene)))
    await disk.mend(fault)

    if (fault !== 'gone') {
      const last = rows.at(-1)!
      if ((await filesIn(on('out'))) !== before) last.faults.push('the exported files are not what they were')
      if ((await hashOf(on('home', 'models', modelId))) !== modelBefore)
        last.faults.push('the model is not what it was')
      // Mended, all of it works; deleting comes last, because the others need the model.
      const inOrder = Object.entries(writings).sort(
        ([a], [b]) => Number(a.startsWith('del')) - Number(b.startsWith('del')),
      )
      for (const [writing, write] of inOrder) {
        if (writing === 'starting to teach') continue
        await write(scene).catch((error: unknown) => {
          rows
            .find((row) => row.writing === writing)!
            .faults.push(`does not work afterwards: ${String(error)}`)
        })
      }
    }
  } finally {
    await under?.stop()
    disk.unmount()
    await place.remove()
  }
  return rows
}

/** Names and contents; a folder that was made for a file which then had no room holds nothing. */
async function filesIn(folder: string): Promise<string> {
  const names = (await fs.readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()
  return JSON.stringify(
    await Promise.all(names.map(async (file) => [file, await fs.readFile(file, 'base64')])),
  )
}

async function meet(fault: Fault, writing: string, write: () => Promise<unknown>): Promise<FaultRow> {
  const row: FaultRow = { fault, writing, answer: '', faults: [] }
  try {
    await write()
    // Where the folder is gone, it may be made again: nothing is written over.
    if (fault === 'gone') row.answer = 'done, in a folder made anew'
    else row.faults.push('it was not refused')
  } catch (error) {
    if (!(error instanceof UphillError)) {
      row.faults.push(`not an answer: ${String(error)}`)
      return row
    }
    row.answer = `${error.code}: ${error.message} ${error.next}`
    if (!expected[fault].includes(error.code)) row.faults.push(`answered with ${error.code}`)
    if (!error.next) row.faults.push('nothing is said of what to do next')
    if (!/“.+”/.test(error.message) && !error.message.includes('/'))
      row.faults.push('nothing is said of where')
  }
  return row
}

/** The disk becomes full under a teaching: what it learned until its last checkpoint is whole, and it can go on. */
export async function fillWhileTeaching(): Promise<FaultRow> {
  const row: FaultRow = { fault: 'full', writing: 'a checkpoint while teaching', answer: '', faults: [] }
  const place = await Place.make()
  await fs.mkdir(place.path('disk'))
  const disk = new Disk(place.path('disk'))
  disk.mount()
  const home = path.join(disk.folder, 'home')
  const under = startEngine(home)
  try {
    await writeDigits(place.path('digits'), 0, 40)
    const folder = place.path('digits')
    const { modelId } = await under.engine.startTeaching({
      folder,
      name: 'Night',
      kind: 'whole-image',
      seconds: 600,
    })
    const now = async () => (await under.engine.teachings({})).find((each) => each.modelId === modelId)
    const reaches = (step: number) => async (): Promise<boolean> => {
      const teaching = await now()
      if (teaching?.state !== 'running') throw new Error(`it ended: ${teaching?.error?.message ?? ''}`)
      return teaching.progress.step >= step
    }
    await until('it teaches', reaches(8), now)
    await disk.break('full')
    await until('it finds the disk full', async () => (await now())?.state !== 'running', now)
    const ended = await now()
    row.answer = `${ended?.error?.code ?? 'none'}: ${ended?.error?.message ?? ''} ${ended?.error?.next ?? ''}`
    if (ended?.error?.code !== 'DISK_FULL') row.faults.push('the reason is not told')
    const library = new ModelLibrary(path.join(home, 'models'))
    const stored = await library.stored(modelId)
    await library.readGeneration(stored, 'checkpoint')
    await disk.mend('full')
    await under.engine.resumeTeaching({ modelId })
    await until('it goes on', reaches(stored.step + 3), now)
    await under.engine.stopTeaching({ modelId })
    const after = await library.card(modelId)
    if (after.step <= stored.step) row.faults.push('it did not go on')
  } catch (error) {
    row.faults.push(String(error))
  } finally {
    await under.stop()
    disk.unmount()
    await place.remove()
  }
  return row
}

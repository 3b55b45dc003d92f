/** What the kill harness works on: a folder of pictures, a library with models, and what each must stay like. */
import { spawn } from 'node:child_process'
import fs from 'node:fs/promises'
import path from 'node:path'
import sharp from 'sharp'
import { ModelLibrary } from '../../electron/engine/models/library.ts'
import type { NamedArray } from '../../electron/engine/models/safetensors.ts'
import { Place, hashOf } from '../cli/run-uphill.ts'
import { writeDiscs } from '../contract/engine-under-test.ts'

export const teachSteps = 16
const seed = 7
/** Two runs of the same steps differ in the last digits: threads add in another order. */
const noise = 1e-4

export class World {
  readonly place: Place
  readonly library: ModelLibrary
  readonly #picturesHash: string
  /** Weights of a teaching that nobody interrupted. */
  readonly #unbroken: NamedArray[]
  /** Weights of the model that nobody touches. */
  readonly #kept: NamedArray[]
  /** How long an undisturbed teaching takes, start of the program and all. */
  readonly teachMs: number

  private constructor(
    place: Place,
    library: ModelLibrary,
    picturesHash: string,
    unbroken: NamedArray[],
    kept: NamedArray[],
    teachMs: number,
  ) {
    this.place = place
    this.library = library
    this.#picturesHash = picturesHash
    this.#unbroken = unbroken
    this.#kept = kept
    this.teachMs = teachMs
  }

  static async make(): Promise<World> {
    const place = await Place.make()
    const pictures = place.path('pictures')
    await writeDiscs(pictures, 60, 16)
    const library = new ModelLibrary(place.path('home', 'models'))
    for (const [name, kind] of [
      ['Kept', 'whole-image'],
      ['Any', 'any-size'],
      ['Moved', 'whole-image'],
    ] as const) {
      await mustRun(place, ['teach', 'pictures', '--name', name, '--kind', kind, '--steps', '2'])
    }
    const side = 384
    const noisy = Buffer.from(
      Uint8Array.from({ length: side * side * 3 }, (_, index) => (index * 2654435761) >>> 24),
    )
    await sharp(noisy, { raw: { width: side, height: side, channels: 3 } })
      .png()
      .toFile(place.path('noisy.png'))
    const began = performance.now()
    await mustRun(place, teachArguments('Unbroken'))
    const teachMs = performance.now() - began
    const kept = await weightsOf(library, 'Kept')
    const unbroken = await weightsOf(library, 'Unbroken')
    const world = new World(place, library, await hashOf(pictures), unbroken, kept, teachMs)
    await world.remove('Unbroken')
    return world
  }

  /** What must be true whatever was killed. @throws Error that says what was lost */
  async check(): Promise<void> {
    if ((await hashOf(this.place.path('pictures'))) !== this.#picturesHash)
      throw new Error('pictures changed')
    for (const listing of await this.library.list()) {
      if (listing.status === 'damaged') throw new Error(`a model is damaged: ${listing.error.message}`)
    }
    const difference = differ(await weightsOf(this.library, 'Kept'), this.#kept)
    if (difference !== 0) throw new Error('the weights of a model that nobody touched changed')
    for (const name of ['jobs.json', 'queue.json']) {
      const text = await fs.readFile(this.place.path('home', name), 'utf8').catch(() => '{}')
      JSON.parse(text)
    }
  }

  /** A resumed teaching must end where an unbroken one does. @throws Error when it did not */
  async checkTaught(name: string): Promise<void> {
    const { state, step } = await this.library.find(name)
    if (state !== 'finished' || step !== teachSteps) throw new Error(`${name} is ${state} at step ${step}`)
    const difference = differ(await weightsOf(this.library, name), this.#unbroken)
    if (!(difference < noise)) throw new Error(`${name} differs by ${difference} from an unbroken teaching`)
  }

  async has(name: string): Promise<boolean> {
    return this.library.find(name).then(
      () => true,
      () => false,
    )
  }

  async remove(name: string): Promise<void> {
    const { id } = await this.library.find(name)
    await fs.rm(path.join(this.library.folder, id), { recursive: true })
  }

  /** Leftovers of crashes below a folder. */
  async leftovers(folder: string): Promise<string[]> {
    const names = await fs.readdir(this.place.path(folder), { recursive: true })
    return names.filter((name) => name.endsWith('.tmp'))
  }
}

export function teachArguments(name: string): string[] {
  const own = ['--kind', 'whole-image', '--steps', String(teachSteps), '--seed', String(seed)]
  return ['teach', 'pictures', '--name', name, ...own]
}

export function teachRequest(world: World, name: string) {
  return {
    folder: world.place.path('pictures'),
    name,
    kind: 'whole-image' as const,
    steps: teachSteps,
    seed,
    seconds: 60,
  }
}

async function weightsOf(library: ModelLibrary, name: string): Promise<NamedArray[]> {
  const { id } = await library.find(name)
  return (await library.readGeneration(await library.stored(id), 'weights')).tensors
}

/** The largest difference of two weights of the same place; NaN when they are not of the same shape. */
function differ(a: readonly NamedArray[], b: readonly NamedArray[]): number {
  if (a.length !== b.length) return NaN
  let most = 0
  for (const [index, { data }] of a.entries()) {
    data.forEach((value, i) => (most = Math.max(most, Math.abs(value - b[index]!.data[i]!))))
  }
  return most
}

export async function mustRun(place: Place, args: string[]): Promise<void> {
  const { code, err } = await place.run(args)
  if (code !== 0) throw new Error(`uphill ${args.join(' ')} ended with ${String(code)}: ${err}`)
}

const cli = path.resolve(import.meta.dirname, '../../dist/cli/cli.cjs')

/** A command that is killed: after a while, or when `when` says so. @returns true when it was still running then */
export function runAndKill(
  place: Place,
  args: string[],
  when: (kill: () => void) => () => void,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, UPHILL_HOME: place.path('home') }
    const child = spawn(process.execPath, [cli, ...args], { cwd: place.root, env, stdio: 'ignore' })
    const stopWaiting = when(() => child.kill('SIGKILL'))
    child.once('error', reject)
    child.once('exit', (_, signal) => {
      stopWaiting()
      resolve(signal === 'SIGKILL')
    })
  })
}

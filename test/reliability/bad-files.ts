/** Feeds the real engine with broken pictures, broken models and broken messages: it must answer, and live. */
import fs from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { uniformGenerator } from '../../electron/engine/learning/noise.ts'
import { UphillError } from '../../shared/errors.ts'
import { Place } from '../cli/run-uphill.ts'
import { type EngineUnderTest, startEngine, writeDiscs } from '../contract/engine-under-test.ts'
import { type Seed, below, brokenPicture, extremes, mutations, seedPictures } from './bad-pictures.ts'
import { until } from './waiting.ts'
import { mustRun } from './world.ts'

export interface FeedRow {
  what: string
  cases: number
  /** Answered with an error of the engine's own kind, in words. */
  refused: number
  /** Taken: not every change damages what matters. */
  taken: number
  /** The engine died, hung, or answered with a defect instead of a reason. */
  crashes: string[]
}

/** No answer for so long is a hang. */
const hangMs = 120_000
const atOnce = 4

/** One case: what is asked of the engine. */
type Case = () => Promise<unknown>

export async function feed(
  row: FeedRow,
  under: EngineUnderTest,
  name: string,
  ask: Case,
  onDefect: () => Promise<void>,
): Promise<void> {
  row.cases++
  const hang = Symbol('hang')
  const timer = new AbortController()
  const answer = await Promise.race([
    ask().then(
      () => null,
      (error: unknown) => error ?? 'nothing',
    ),
    sleep(hangMs, hang, { signal: timer.signal }).catch(() => hang),
  ])
  timer.abort()
  if (answer === null) row.taken++
  else if (answer instanceof UphillError && !['INTERNAL', 'ENGINE_GONE'].includes(answer.code)) row.refused++
  else {
    const words = answer instanceof UphillError ? `${answer.code}: ${answer.message}` : String(answer)
    row.crashes.push(`${name}: ${words}`)
    await onDefect()
  }
  await until('the engine is up again', () => {
    if (under.host.state === 'failed') under.host.restart()
    return under.host.state === 'up'
  })
}

export const newRow = (what: string): FeedRow => ({ what, cases: 0, refused: 0, taken: 0, crashes: [] })

/** @param keep folder for the files that did harm */
export async function feedPictures(
  count: number,
  seed: number,
  keep: string,
  onCase: (done: number, row: FeedRow) => unknown = () => undefined,
): Promise<FeedRow> {
  const row = newRow('pictures')
  const place = await Place.make()
  const under = startEngine(place.path('home'))
  const seeds = await seedPictures()
  const random = uniformGenerator(seed)
  await fs.mkdir(place.path('bad'))
  async function one(number: number, { extension, bytes }: Seed): Promise<void> {
    const file = place.path('bad', `${number}.${extension}`)
    await fs.writeFile(file, bytes)
    const ask = () => under.engine.openPicture({ path: file, maxSide: 256 })
    await feed(row, under, path.basename(file), ask, async () => {
      await fs.mkdir(keep, { recursive: true })
      await fs.copyFile(file, path.join(keep, path.basename(file)))
    })
  }
  try {
    for (let number = 0; number < count; number += atOnce) {
      const some = Array.from({ length: Math.min(atOnce, count - number) }, () =>
        brokenPicture(seeds, random),
      )
      await Promise.all(some.map((each, index) => one(number + index, each)))
      const folderIsFull = number % 400 === 400 - atOnce || number + atOnce >= count
      if (folderIsFull) {
        // As a person meets them: a whole folder of them.
        const look = async (): Promise<void> => {
          for await (const _ of under.engine.openFolder({ folder: place.path('bad') })) {
            // Its progress is of no interest here.
          }
        }
        await feed(row, under, `folder of ${number}`, look, async () => undefined)
        row.cases--
        await fs.rm(place.path('bad'), { recursive: true })
        await fs.mkdir(place.path('bad'))
        await onCase(number + atOnce, row)
      }
    }
  } finally {
    await under.stop()
    await place.remove()
  }
  return row
}

/** Cards, weights and shared files. */
export async function feedModels(
  count: number,
  seed: number,
  onCase: (row: FeedRow) => unknown = () => undefined,
): Promise<FeedRow> {
  const row = newRow('models and shared models')
  const place = await Place.make()
  const random = uniformGenerator(seed)
  await writeDiscs(place.path('pictures'), 40, 16)
  await mustRun(place, ['teach', 'pictures', '--name', 'M', '--kind', 'whole-image', '--steps', '2'])
  await mustRun(place, ['models', 'share', 'M', 'm.uphill'])
  const models = place.path('home', 'models')
  const [id] = (await fs.readdir(models)).filter((name) => !name.startsWith('.'))
  const folder = path.join(models, id!)
  const names = (await fs.readdir(folder)).filter((name) =>
    /^(card\.json|weights-2\.safetensors)$/.test(name),
  )
  const sound = new Map<string, Buffer>()
  for (const name of names) sound.set(name, await fs.readFile(path.join(folder, name)))
  const shared = await fs.readFile(place.path('m.uphill'))
  await fs.rm(path.join(folder, 'card-before.json'), { force: true })
  const under = startEngine(place.path('home'))
  const dreamOnce = async (modelId: string): Promise<void> => {
    for await (const _ of under.engine.dream({ modelId, count: 1, seed: 1, steps: 1 })) {
      // Its pictures are of no interest here.
    }
  }
  try {
    for (let number = 0; number < count; number++) {
      const kind = number % 3
      if (number % 50 === 0) await onCase(row)
      if (kind === 2) {
        const file = place.path('bad.uphill')
        await fs.writeFile(file, brokenModelFile(shared, random))
        await feed(
          row,
          under,
          `shared ${number}`,
          () => under.engine.takeModel({ path: file }),
          async () => undefined,
        )
        continue
      }
      const name = kind === 0 ? 'card.json' : 'weights-2.safetensors'
      const bytes = sound.get(name)!
      const broken = kind === 0 && random() < 0.6 ? brokenCard(bytes, random) : brokenModelFile(bytes, random)
      await fs.writeFile(path.join(folder, name), broken)
      const ask = async (): Promise<void> => {
        await under.engine.models({})
        await under.engine.modelPreview({ modelId: id! })
        await dreamOnce(id!)
      }
      await feed(row, under, `${name} ${number}`, ask, async () => undefined)
      await fs.writeFile(path.join(folder, name), bytes)
    }
    await dreamOnce(id!)
    await onCase(row)
  } finally {
    await under.stop()
    await place.remove()
  }
  return row
}

function brokenModelFile(bytes: Buffer, random: () => number): Buffer {
  const choice = random()
  if (choice < 0.2) {
    // The length of the header, which comes first.
    const out = Buffer.from(bytes)
    out.writeBigUInt64LE(
      BigInt(extremes[below(random, extremes.length)]!) * (random() < 0.5 ? 1n : 0x100000000n),
      0,
    )
    return out
  }
  if (choice < 0.4) {
    const header = Number(bytes.readBigUInt64LE(0))
    const text = bytes.toString('utf8', 8, Math.min(bytes.length, 8 + header))
    const numbers = [...text.matchAll(/\d+/g)]
    const found = numbers[below(random, numbers.length)]
    if (found) {
      const odd = ['-1', '1e99', '999999999999', '0', '"x"', 'null', '[]'][below(random, 7)]!
      const changed = text.slice(0, found.index) + odd + text.slice(found.index + found[0].length)
      const json = Buffer.from(changed)
      const length = Buffer.alloc(8)
      length.writeBigUInt64LE(BigInt(json.length))
      return Buffer.concat([length, json, bytes.subarray(8 + header)])
    }
  }
  return mutations[below(random, mutations.length - 2)]!(bytes, random, [])
}

/** A card with one value replaced, somewhere. */
function brokenCard(bytes: Buffer, random: () => number): Buffer {
  const card = JSON.parse(bytes.toString()) as Record<string, unknown>
  const odd = [
    null,
    -1,
    0,
    1e18,
    '',
    '../../../etc/passwd',
    [],
    {},
    true,
    'x'.repeat(5000),
    NaN,
    '\u0000',
    2.5,
  ]
  let place: Record<string, unknown> = card
  for (;;) {
    const keys = Object.keys(place)
    const key = keys[below(random, keys.length)]
    if (key === undefined) break
    const value = place[key]
    if (typeof value === 'object' && value !== null && random() < 0.7) {
      place = value as Record<string, unknown>
      continue
    }
    place[key] = odd[below(random, odd.length)]
    break
  }
  return Buffer.from(JSON.stringify(card))
}

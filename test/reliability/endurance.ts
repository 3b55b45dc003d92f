/** A night in minutes: many steps, checkpoints and measurements, and what they leave behind in the process. */
import fs from 'node:fs'
import { indexFolder } from '../../electron/engine/datasets/index-folder.ts'
import { teach } from '../../electron/engine/learning/teach.ts'
import { ModelLibrary } from '../../electron/engine/models/library.ts'
import { tensorflow } from '../../electron/engine/tensor/backend.ts'
import { teachOptions } from '../../shared/domain.ts'
import { Place } from '../cli/run-uphill.ts'
import { writeDiscs } from '../contract/engine-under-test.ts'

type Pair = [number, number]

export interface EnduranceFigures {
  steps: number
  checkpoints: number
  evaluations: number
  seconds: number
  /** The largest of the first third of the teaching and of the last one. */
  tensors: Pair
  files: Pair
  residentMiB: Pair
}

interface Sample {
  tensors: number
  files: number
  residentMiB: number
}

export async function teachANight(steps: number): Promise<EnduranceFigures> {
  const place = await Place.make()
  const samples: Sample[] = []
  const cards = new Set<number>()
  const began = performance.now()
  try {
    await writeDiscs(place.path('pictures'), 60, 16)
    const library = new ModelLibrary(place.path('models'))
    const dataset = await indexFolder(place.path('pictures'))
    const id = library.freshId('Night')
    const options = teachOptions.parse({
      folder: dataset.folder,
      name: 'Night',
      // The kind whose steps are the shorter ones.
      kind: 'any-size',
      steps,
      seed: 1,
      // Of the plan of so many seconds a fortieth lies between two measurements, at least.
      seconds: 40,
    })
    // A clock that runs ahead: each look at it is a fifth of a second, however fast the machine is.
    let now = 0
    const card = await teach(library, id, dataset, options, {
      clock: { now: () => (now += 200) },
      onEvent(event) {
        if (event.type !== 'preview') return
        samples.push(sampleNow())
        cards.add(fs.statSync(place.path('models', id, 'card.json'), { throwIfNoEntry: false })?.mtimeMs ?? 0)
      },
    })
    const third = Math.floor(samples.length / 3)
    const pair = (what: keyof Sample): Pair => [
      Math.max(...samples.slice(0, third).map((sample) => sample[what])),
      Math.max(...samples.slice(-third).map((sample) => sample[what])),
    ]
    return {
      steps: card.step,
      // As many as were seen; those between two measurements count once.
      checkpoints: cards.size,
      evaluations: samples.length,
      seconds: (performance.now() - began) / 1000,
      tensors: pair('tensors'),
      files: pair('files'),
      residentMiB: pair('residentMiB'),
    }
  } finally {
    await place.remove()
  }
}

function sampleNow(): Sample {
  return {
    tensors: tensorflow().memory().numTensors,
    files: process.platform === 'linux' ? fs.readdirSync('/proc/self/fd').length : 0,
    residentMiB: Math.round(process.memoryUsage().rss / 2 ** 20),
  }
}

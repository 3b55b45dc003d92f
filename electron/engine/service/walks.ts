/** Walks as the page follows them: every step with what it looks like, the result kept for export. */
import type { Contract } from '../../../shared/contract.ts'
import type { ShownPicture } from '../../../shared/domain.ts'
import { throwIfCancelled } from '../../../shared/errors.ts'
import type { Handlers } from '../../../shared/rpc-server.ts'
import { decodePicture } from '../images/decode.ts'
import { showPixels } from '../images/encode.ts'
import type { Pixels } from '../images/pixels.ts'
import type { ModelLibrary } from '../models/library.ts'
import { dream, refine } from '../walking/refine.ts'
import type { ModelsInUse } from './models-in-use.ts'
import type { PathGuard } from './path-guard.ts'
import type { Results } from './results.ts'

/** The steps of a walk that is watched are kept in memory: larger pictures go through the command line, from file to file. */
const largestShown = 60e6

interface WalkParts {
  readonly library: ModelLibrary
  readonly inUse: ModelsInUse
  readonly guard: PathGuard
  readonly results: Results
}

export function walkHandlers(parts: WalkParts): Pick<Handlers<Contract>, 'refine' | 'dream'> {
  const { library, inUse, guard, results } = parts
  return {
    async *refine({ path, modelId, walk, maxSide }, { signal }) {
      guard.check(path)
      const release = inUse.take(modelId)
      try {
        const began = performance.now()
        const model = await library.open(modelId)
        const pixels = await decodePicture(path, { maxPixels: largestShown })
        throwIfCancelled(signal)
        const tiles = new Tiles()
        const steps = refine(model, pixels, walk, { signal, onTiles: tiles.set })
        let resultId: string | null = null
        let walkBegan = performance.now()
        let stepsDone = 0
        for await (const event of interleave(steps, tiles)) {
          throwIfCancelled(signal)
          if (event.type === 'tiles') {
            const share = (stepsDone + event.done / event.of) / walk.steps
            yield { ...event, secondsLeft: secondsLeft(walkBegan, share) }
            continue
          }
          const { step, pixels: now, secondsLeft: left } = event.value
          if (step.index === 0) walkBegan = performance.now()
          stepsDone = step.index
          resultId = results.keep(now)
          yield { type: 'step', step, view: await showPixels(now, maxSide), resultId, secondsLeft: left }
        }
        if (!resultId) throw new Error('the walk had no step')
        yield { type: 'done', resultId, seconds: secondsSince(began) }
      } finally {
        release()
      }
    },

    async *dream({ modelId, count, seed, steps, size }, { signal }) {
      const release = inUse.take(modelId)
      try {
        const began = performance.now()
        const model = await library.open(modelId)
        let last: Pixels[] = []
        const options = { count, seed, steps, ...(size && { size }) }
        for await (const { step, pictures, secondsLeft: left } of dream(model, options, { signal })) {
          throwIfCancelled(signal)
          const views: ShownPicture[] = []
          for (const picture of pictures) views.push(await showPixels(picture, dreamViewSide))
          last = pictures
          yield { type: 'step', step, views, secondsLeft: left }
        }
        // Nobody wants to dream again because a large picture was refined before the export.
        const resultIds = last.map((pixels) => results.keep(pixels, { lasting: true }))
        yield { type: 'done', resultIds, seconds: secondsSince(began) }
      } finally {
        release()
      }
    },
  }
}

/** The largest size that a dream can be asked for. */
const dreamViewSide = 1024

/** The last word about tiles, and who waits for it. */
class Tiles {
  #latest: { done: number; of: number } | null = null
  #wake: () => void = () => undefined

  readonly set = (done: number, of: number): void => {
    this.#latest = { done, of }
    this.#wake()
  }

  take(): { done: number; of: number } | null {
    const latest = this.#latest
    this.#latest = null
    return latest
  }

  async changed(): Promise<void> {
    if (this.#latest) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }
}

type Interleaved<T> = { type: 'tiles'; done: number; of: number } | { type: 'value'; value: T }

/** The values of a generator, and between them the tiles that it reports while it works on the next one. */
async function* interleave<T>(values: AsyncGenerator<T>, tiles: Tiles): AsyncGenerator<Interleaved<T>> {
  try {
    for (;;) {
      const next = values.next()
      // The rejection is thrown by the await below; until then it must not count as unhandled.
      next.catch(() => undefined)
      let arrived = false
      const noteArrival = next.finally(() => {
        arrived = true
      })
      noteArrival.catch(() => undefined)
      while (!arrived) {
        await Promise.race([noteArrival, tiles.changed()])
        const latest = tiles.take()
        if (latest && !arrived && latest.of > 1) yield { type: 'tiles', ...latest }
      }
      const { done, value } = await next
      if (done) return
      yield { type: 'value', value }
    }
  } finally {
    await values.return(undefined)
  }
}

function secondsSince(began: number): number {
  return (performance.now() - began) / 1000
}

function secondsLeft(began: number, share: number): number | null {
  return share > 0 ? (secondsSince(began) * (1 - share)) / share : null
}

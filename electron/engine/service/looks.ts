/** Quick looks at a picture before a walk: what the strength would do to a part of it, and where it is unlike the model. */
import { stat } from 'node:fs/promises'
import type { Contract } from '../../../shared/contract.ts'
import { throwIfCancelled } from '../../../shared/errors.ts'
import type { Handlers } from '../../../shared/rpc-server.ts'
import { decodePicture } from '../images/decode.ts'
import { showPixels } from '../images/encode.ts'
import type { Pixels } from '../images/pixels.ts'
import type { ModelLibrary } from '../models/library.ts'
import { refine, startingSigma } from '../walking/refine.ts'
import { heatColours, unlikeness } from '../walking/unlikeness.ts'
import type { ModelsInUse } from './models-in-use.ts'
import type { PathGuard } from './path-guard.ts'

/** Larger pictures are not held in memory for a look. */
const largestHeld = 60e6

export function lookHandlers(parts: {
  library: ModelLibrary
  inUse: ModelsInUse
  guard: PathGuard
}): Pick<Handlers<Contract>, 'previewWalk' | 'unlikeness'> {
  const { library, inUse, guard } = parts
  const decode = lastDecoded()
  return {
    async previewWalk({ path, modelId, walk, at, side }, { signal }) {
      guard.check(path)
      const release = inUse.take(modelId)
      try {
        const [model, whole] = await Promise.all([library.open(modelId), decode(path)])
        // The noise is that of the whole picture, as in the walk itself.
        const options = { ...walk, sigma: startingSigma(whole, walk.sigma) }
        const part = model.card.size ? whole : cropAround(whole, at, side)
        let last = part
        for await (const { pixels } of refine(model, part, options, { signal })) {
          throwIfCancelled(signal)
          last = pixels
        }
        return { before: await showPixels(part, side), after: await showPixels(last, side) }
      } finally {
        release()
      }
    },

    async unlikeness({ path, modelId, sigma, maxSide }, { signal }) {
      guard.check(path)
      const release = inUse.take(modelId)
      try {
        const [model, pixels] = await Promise.all([library.open(modelId), decode(path)])
        const { map, most } = await unlikeness(model, pixels, sigma, { signal })
        return { view: await showPixels(heatColours(map), maxSide), most }
      } finally {
        release()
      }
    },
  }
}

/** A slider that is moved asks for the same picture again and again. */
function lastDecoded(): (path: string) => Promise<Pixels> {
  let last: { key: string; pixels: Promise<Pixels> } | null = null
  return async (path) => {
    const { mtimeMs, size } = await stat(path).catch(() => ({ mtimeMs: 0, size: 0 }))
    const key = `${path} ${mtimeMs} ${size}`
    if (last?.key !== key) {
      const pixels = decodePicture(path, { maxPixels: largestHeld })
      last = { key, pixels }
      pixels.catch(() => (last = null))
    }
    return last.pixels
  }
}

/** A square of at most `side` pixels around a place, given in shares of width and height. */
function cropAround(pixels: Pixels, at: { x: number; y: number }, side: number): Pixels {
  const [width, height] = [Math.min(side, pixels.width), Math.min(side, pixels.height)]
  const clamp = (value: number, most: number): number => Math.max(0, Math.min(most, Math.round(value)))
  const left = clamp(at.x * pixels.width - width / 2, pixels.width - width)
  const top = clamp(at.y * pixels.height - height / 2, pixels.height - height)
  const take = (data: Float32Array, channels: number): Float32Array => {
    const out = new Float32Array(width * height * channels)
    for (let y = 0; y < height; y++) {
      const from = ((top + y) * pixels.width + left) * channels
      out.set(data.subarray(from, from + width * channels), y * width * channels)
    }
    return out
  }
  return {
    ...pixels,
    width,
    height,
    data: take(pixels.data, pixels.channels),
    alpha: pixels.alpha && take(pixels.alpha, 1),
  }
}

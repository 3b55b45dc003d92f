/** What to do when memory runs out: less at a time. */
import { UphillError } from '../../../shared/errors.ts'
import { device, giveUpGpu } from './device.ts'

/** True of what TensorFlow throws when it cannot have the memory for a tensor. */
export function isOutOfMemory(error: unknown): boolean {
  return (
    error instanceof Error &&
    /OOM|ResourceExhausted|RESOURCE_EXHAUSTED|failed to allocate|Cannot allocate|bad_alloc/i.test(
      error.message,
    )
  )
}

/**
 * Does work in portions of `size`; when memory runs out, again in portions half as large, down to `least`.
 * @param onSmaller is told the new size
 * @throws UphillError OUT_OF_MEMORY when the least is too much; what else the work throws as it is
 */
export async function withLessMemory<T>(
  size: number,
  least: number,
  work: (size: number) => Promise<T>,
  onSmaller: (size: number) => void = () => undefined,
): Promise<T> {
  for (let now = size; ; now = Math.max(least, Math.floor(now / 2))) {
    try {
      return await work(now)
    } catch (error) {
      if (!isOutOfMemory(error)) throw error
      if (now <= least) throw outOfMemory(error)
      console.error(`memory ran out at ${now} at a time; going on with less`)
      onSmaller(Math.max(least, Math.floor(now / 2)))
    }
  }
}

function outOfMemory(cause: unknown): UphillError {
  if (device().kind === 'gpu') {
    giveUpGpu('its memory was not enough for the work')
    return new UphillError(
      'OUT_OF_MEMORY',
      'The graphics card has not enough memory for this, however little at a time.',
      'Start Uphill again: it computes on the processor then. `uphill gpu try` gives the card another chance.',
      { cause },
    )
  }
  return new UphillError(
    'OUT_OF_MEMORY',
    'There was not enough memory, however little at a time.',
    'Close other programs, or take smaller pictures.',
    { cause },
  )
}

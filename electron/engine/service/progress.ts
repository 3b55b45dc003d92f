/** Work that reports by calling back, as a stream that a slow reader cannot make grow. */
import { setTimeout as sleep } from 'node:timers/promises'
import { throwIfCancelled } from '../../../shared/errors.ts'

/** As often as a teaching tells: a window that is told more has less time to draw. */
const betweenReportsMs = 250

export type Step<P, R> = { type: 'progress'; progress: P } | { type: 'result'; result: R }

/** The newest report whenever the reader is ready for one, and at the end the result. */
export async function* latestOf<P, R>(
  work: (report: (progress: P) => void) => Promise<R>,
  signal?: AbortSignal,
): AsyncGenerator<Step<P, R>, void, undefined> {
  let latest: { progress: P } | null = null
  let ended = false
  let wake: () => void = () => undefined
  const result = work((progress) => {
    latest = { progress }
    wake()
  })
  const end = result
    .catch(() => undefined) // thrown by the await at the end
    .then(() => {
      ended = true
      wake()
    })
  void end
  const isOver = () => ended
  while (!isOver()) {
    const told = latest as { progress: P } | null
    latest = null
    if (told) {
      yield { type: 'progress', progress: told.progress }
      throwIfCancelled(signal)
      await Promise.race([end, sleep(betweenReportsMs)])
    } else {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  const last = latest as { progress: P } | null
  if (last) yield { type: 'progress', progress: last.progress }
  yield { type: 'result', result: await result }
}

/** The engine takes every core there is: it must not take them from the window, or from what else a person does. */
import { readdirSync } from 'node:fs'
import { constants, getPriority, setPriority } from 'node:os'

/**
 * Lowers the priority of this process, and of the threads it will start: with nothing else to do the machine computes
 * as fast as before. To be called before TensorFlow starts its threads.
 */
export function giveWay(): void {
  const wanted = Math.min(
    constants.priority.PRIORITY_LOW,
    getPriority() + constants.priority.PRIORITY_BELOW_NORMAL,
  )
  for (const thread of threadsThatAre()) {
    try {
      setPriority(thread, wanted)
    } catch {
      // A thread that has ended, or a system that does not allow it: the work is done all the same.
    }
  }
}

/** Linux gives every thread a priority of its own, elsewhere it is that of the process. */
function threadsThatAre(): number[] {
  if (process.platform !== 'linux') return [process.pid]
  try {
    return readdirSync('/proc/self/task').map(Number)
  } catch {
    return [process.pid]
  }
}

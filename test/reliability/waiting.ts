/** Waiting for a state of the world, but not for ever: a harness that hangs says nothing. */
import { readFileSync, readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { full } from './size.ts'

/** Far more than anything here takes on a loaded machine; it is no measure of speed. */
const giveUpMs = full ? 900_000 : 180_000

/**
 * Asks again and again until the answer is true.
 * @param what completes "waited in vain until ..."
 * @throws Error that says what was waited for, and what `seen` says there is instead
 */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  seen: () => unknown = () => '',
): Promise<void> {
  const end = Date.now() + giveUpMs
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what} ${JSON.stringify(await seen())}`)
    await sleep(50)
  }
}

/**
 * The work itself, or an error in words when it takes for ever.
 * @param patience more than one for work that waits itself, so that its own words are heard first
 */
export async function within<T>(what: string, work: Promise<T>, patience = 1): Promise<T> {
  const timer = new AbortController()
  const late = sleep(patience * giveUpMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`waited in vain for ${what}`)
  })
  late.catch(() => undefined)
  try {
    return await Promise.race([work, late])
  } finally {
    timer.abort()
  }
}

/** Whether a process of this group runs. What has ended and was not fetched by its parent does not count. */
export function groupRuns(group: number): boolean {
  if (process.platform !== 'linux') {
    try {
      process.kill(-group, 0)
      return true
    } catch {
      return false
    }
  }
  return readdirSync('/proc').some((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      // proc(5): the name in brackets, then state, parent, group.
      const [state, , own] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return Number(own) === group && state !== 'Z' && state !== 'X'
    } catch {
      return false
    }
  })
}

/** The end of everything that a started program started, as when the power goes. */
export async function killGroup(group: number): Promise<void> {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
  await until(`the processes of group ${group} are gone`, () => !groupRuns(group))
}

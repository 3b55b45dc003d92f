import { spawn } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { UphillError } from '../../../shared/errors.ts'
import { isHeld, takeLock } from '../../../electron/engine/files/lock.ts'
import { host, isRunning, startOf } from '../../../electron/engine/files/owner.ts'

let folder: string
let file: string
beforeEach(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'uphill-lock-'))
  file = path.join(folder, 'locks', 'a.lock')
})
afterEach(() => fs.rm(folder, { recursive: true, force: true }))

const refusal = () => new UphillError('MODEL_IN_USE', 'It is in use.')

/** A process that is there until it is killed. */
function sleeper() {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { stdio: 'ignore' })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return { pid: child.pid!, kill: () => (child.kill('SIGKILL'), gone) }
}

async function writeLock(parts: object, age = 0): Promise<void> {
  await fs.mkdir(path.dirname(file), { recursive: true })
  await fs.writeFile(file, JSON.stringify(parts))
  const then = new Date(Date.now() - age)
  await fs.utimes(file, then, then)
}

describe('a lock', () => {
  it('is held by one at a time', async () => {
    const first = await takeLock(file, refusal)
    await expect(takeLock(file, refusal)).rejects.toMatchObject({ code: 'MODEL_IN_USE' })
    await first.release()
    await (await takeLock(file, refusal)).release()
    expect(await fs.readdir(path.dirname(file))).toEqual([])
  })

  it('is won by exactly one of many who come at once, also when a dead one is in the way', async () => {
    const dead = sleeper()
    await writeLock({ host, pid: dead.pid, start: startOf(dead.pid) })
    expect(await isHeld(file)).toBe(true)
    await dead.kill()
    expect(await isHeld(file)).toBe(false)
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => takeLock(file, refusal)))
    const winners = tries.filter(({ status }) => status === 'fulfilled')
    expect(winners).toHaveLength(1)
    expect(await fs.readdir(path.dirname(file))).toEqual(['a.lock'])
  })

  it.runIf(process.platform === 'linux')('is not held by a later process with the same id', async () => {
    const other = sleeper()
    try {
      await writeLock({ host, pid: other.pid, start: '1' })
      expect(isRunning(other.pid)).toBe(true)
      expect(await isHeld(file)).toBe(false)
    } finally {
      await other.kill()
    }
  })

  it('of another machine is respected as long as it is touched', async () => {
    await writeLock({ host: 'elsewhere', pid: 1, start: null })
    await expect(takeLock(file, refusal)).rejects.toMatchObject({ code: 'MODEL_IN_USE' })
    await writeLock({ host: 'elsewhere', pid: 1, start: null }, 10 * 60_000)
    await (await takeLock(file, refusal)).release()
  })

  it('that nobody can read is nobody’s', async () => {
    await fs.mkdir(path.dirname(file), { recursive: true })
    await fs.writeFile(file, '{')
    await (await takeLock(file, refusal)).release()
  })
})

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RotatingLog, lastLines, logPathsVariable, redacted } from '../../../electron/engine/files/log.ts'

let folder: string
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'uphill-log-'))
})
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

describe('the log', () => {
  it('stays small: files take turns, and the newest lines are always there', () => {
    const log = new RotatingLog(folder, 'engine', 2000)
    for (let index = 0; index < 200; index++) log.write(`event number ${index} of many`)
    const names = fs.readdirSync(folder).sort()
    expect(names).toEqual(['engine.log', 'engine.log.1', 'engine.log.2'])
    for (const name of names) expect(fs.statSync(path.join(folder, name)).size).toBeLessThanOrEqual(2000)
    expect(lastLines(folder, 1)[0]).toMatch(/^engine: 20\d\d-.*event number 199 of many$/)
  })

  it('puts the lines of several processes in the order of time, and keeps a stack with its error', async () => {
    new RotatingLog(folder, 'window').write('first')
    await new Promise((resolve) => setTimeout(resolve, 5))
    new RotatingLog(folder, 'engine').write('second\nat somewhere')
    expect(lastLines(folder, 9).map((line) => line.replace(/ 20\S+/, ''))).toEqual([
      'window: first',
      'engine: second\n  at somewhere',
    ])
  })

  it('does without a disk that takes no more', () => {
    const log = new RotatingLog(folder, 'engine')
    fs.rmSync(folder, { recursive: true })
    expect(() => log.write('x')).not.toThrow()
  })

  it('tells paths as they are only when asked to', () => {
    const log = new RotatingLog(folder, 'engine')
    log.write('denied: /home/ann/secret.png')
    vi.stubEnv(logPathsVariable, '1')
    log.write('denied: /home/ann/secret.png')
    vi.unstubAllEnvs()
    const [hidden, told] = lastLines(folder, 2)
    expect(hidden).not.toMatch(/ann|secret/i)
    expect(told).toContain('/home/ann/secret.png')
  })
})

describe('a line without names', () => {
  it('tells nothing of where files lie or what they are called', () => {
    const part = fc
      .stringMatching(/^[\p{L}\p{N} ()'_.,-]{4,24}$/u)
      .filter((text) => text.trim() === text && /[\p{L}\p{N}]{3}/u.test(text))
    const makers: ((parts: string[]) => string)[] = [
      (parts) => `Cannot read the picture: /${parts.join('/')}`,
      (parts) => `ENOENT: no such file or directory, open '/${parts.join('/')}'`,
      (parts) => `teaching “${parts.join(' ')}” failed`,
      (parts) => `in C:\\${parts.join('\\')}: broken`,
      (parts) => `page file:///${parts.join('/')} and more`,
      (parts) => `\\\\server\\${parts.join('\\')}`,
    ]
    const word = (text: string): string[] => text.match(/[\p{L}\p{N}]{3,}/gu) ?? []
    const said = /cannot|read|the|picture|enoent|such|file|directory|open|teaching|failed|and|more|page|path/i
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(...makers),
        (parts, maker) => {
          const line = redacted(maker(parts))
          for (const secret of parts.flatMap(word)) if (!said.test(secret)) expect(line).not.toContain(secret)
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('still tells where in our own programs it happened, and what', () => {
    expect(redacted('Error: it broke\n    at run (/opt/My Uphill/engine/engine.cjs:10:5)')).toBe(
      'Error: it broke\n    at run (<path> engine.cjs:10:5',
    )
    expect(redacted('12 of 30 pictures, 3/4 done')).toBe('12 of 30 pictures, 3/4 done')
  })
})

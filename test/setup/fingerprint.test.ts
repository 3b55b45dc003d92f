import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fingerprint } from '../../scripts/run/fingerprint.mjs'
import { localCache, root } from '../../scripts/run/places.mjs'

let folder = ''
let source = ''

beforeAll(() => {
  mkdirSync(localCache, { recursive: true })
  folder = mkdtempSync(path.join(localCache, 'fingerprint-'))
  source = path.relative(root, folder).split(path.sep).join('/')
})

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe('the fingerprint of sources', () => {
  it('stays when a file is only touched, and changes with its content, its name and a new file', () => {
    const write = (name: string, text: string) => {
      writeFileSync(path.join(folder, name), text)
    }
    write('a.ts', 'one')
    const first = fingerprint([source])
    utimesSync(path.join(folder, 'a.ts'), 1, 1)
    expect(fingerprint([source])).toBe(first)
    write('a.ts', 'two')
    const second = fingerprint([source])
    write('b.ts', '')
    const third = fingerprint([source])
    rmSync(path.join(folder, 'b.ts'))
    expect(new Set([first, second, third]).size).toBe(3)
    expect(fingerprint([source])).toBe(second)
  })

  it('takes what is not there as nothing', () => {
    expect(fingerprint(['no/such/folder'])).toBe(fingerprint([]))
  })
})

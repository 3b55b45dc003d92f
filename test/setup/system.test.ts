import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '../..')
const addressOf = (script: string) => JSON.stringify(pathToFileURL(path.join(root, 'scripts', script)).href)
const emptyFolder = mkdtempSync(path.join(tmpdir(), 'uphill empty '))

afterAll(() => {
  rmSync(emptyFolder, { recursive: true, force: true })
})

/** Asks for these needs on a machine whose PATH holds nothing. */
function ensureWithoutTools(needs: string[]) {
  const code = `
    const { ensureSystem } = await import(${addressOf('setup/system.mjs')})
    const { runMain } = await import(${addressOf('run/main.mjs')})
    await runMain(() => ensureSystem(${JSON.stringify(needs)}))`
  const env = { SystemRoot: process.env.SystemRoot, PATH: emptyFolder, PYTHON: '', CXX: '' }
  return spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8', env })
}

describe('the set-up on a machine that lacks something', () => {
  it('names Python and the compiler in one go, with what to do, and keeps standard output clean', () => {
    const { status, stdout, stderr } = ensureWithoutTools(['pip', 'compiler'])
    expect(status).toBe(1)
    expect(stderr).toContain('Python 3 with pip')
    expect(stderr).toContain('a C++ compiler')
    expect(stderr).toMatch(/What to do: .+/)
    expect(stdout).toBe('')
  })

  it('says nothing when nothing is asked for', () => {
    const { status, stdout, stderr } = ensureWithoutTools([])
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' })
  })
})

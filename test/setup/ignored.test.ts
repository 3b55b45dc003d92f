/** What git leaves out must not be ours: a folder of the sources was once lost to a pattern that meant another of its name. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '../..')
const rooms = ['docs', 'electron', 'renderer', 'resources', 'scripts', 'shared', 'test']

describe.runIf(existsSync(path.join(root, '.git')))('.gitignore', () => {
  const ignored = (...names: string[]) =>
    spawnSync('git', ['check-ignore', '--no-index', ...names], { cwd: root, encoding: 'utf8' })
      .stdout.split('\n')
      .filter((name) => name !== '')

  it('leaves out what is made, and nothing of the rooms that has the same name', () => {
    const made = ['dist', 'release', '.cache', 'test-results']
    expect(ignored(...made.map((name) => `${name}/file.js`))).toHaveLength(made.length)
    const ours = rooms.flatMap((room) => made.map((name) => `${room}/${name}/file.mjs`))
    expect(ignored(...ours)).toEqual([])
  })
})

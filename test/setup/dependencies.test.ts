/** What others have written and we ship or build with: only what was locked, and nothing of it runs when it is installed. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '../..')
const read = (...parts: string[]): string => readFileSync(path.join(root, ...parts), 'utf8')

interface Locked {
  version?: string
  resolved?: string
  integrity?: string
  link?: boolean
  hasInstallScript?: boolean
}
const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> }
const locked = Object.entries(packages).filter(([name]) => name !== '')
const own = JSON.parse(read('package.json')) as Record<
  'dependencies' | 'devDependencies' | 'scripts',
  Record<string, string>
>

describe('every dependency', () => {
  it('is locked by a SHA-512 of its content, and comes from a registry', () => {
    expect(locked.length).toBeGreaterThan(100)
    const loose = locked.filter(
      ([, { integrity, resolved, link }]) =>
        link ||
        !integrity?.startsWith('sha512-') ||
        (resolved !== undefined && !/^https:.*\.tgz$/.test(resolved)),
    )
    expect(loose.map(([name]) => name)).toEqual([])
  })

  it('is asked for in one exact version, which is the locked one', () => {
    for (const [name, wanted] of Object.entries({ ...own.dependencies, ...own.devDependencies })) {
      expect(packages[`node_modules/${name}`]?.version, name).toBe(wanted)
    }
  })

  it('runs nothing when it is installed, and neither do we', () => {
    expect(read('.npmrc')).toMatch(/^ignore-scripts=true$/m)
    expect(Object.keys(own.scripts).filter((name) => /install|prepare/.test(name))).toEqual([])
    // Those that would like to. A new one is to be looked at before it stands here.
    const wanting = locked.filter(([, { hasInstallScript }]) => hasInstallScript).map(([name]) => name)
    expect(wanting.sort()).toEqual([
      'node_modules/@tensorflow/tfjs-node',
      'node_modules/core-js',
      'node_modules/electron-winstaller',
      'node_modules/esbuild',
    ])
  })
})

import path from 'node:path'
import { Linter } from 'eslint'
import { describe, expect, it } from 'vitest'
import { borders } from '../../scripts/lint/borders.mjs'

const root = path.resolve(import.meta.dirname, '../..')

/** What the border rule says to one import in one file. */
function objections(file: string, specifier: string): string[] {
  const linter = new Linter({ cwd: root })
  const code = `import { something } from '${specifier}'\nsomething()`
  const config = { files: ['**/*.ts'], plugins: { uphill: borders }, rules: { 'uphill/borders': 'error' } }
  return linter
    .verify(code, [config as unknown as Linter.Config], path.join(root, file))
    .map(({ message }) => message)
}

describe('the border between the parts', () => {
  it.each([
    ['renderer/main.ts', '../shared/contract.ts'],
    ['renderer/lib/chart.ts', './axis.ts'],
    ['electron/cli/cli.ts', '../engine/doctor.ts'],
    ['electron/main/main.ts', 'electron'],
    ['electron/engine/images/decode.ts', 'sharp'],
    ['electron/engine/datasets/index-folder.ts', '../images/decode.ts'],
    ['electron/engine/walking/refine.ts', '../models/library.ts'],
    ['test/window/path.test.ts', '../../electron/engine/home.ts'],
  ])('lets %s import %s', (file, specifier) => {
    expect(objections(file, specifier)).toEqual([])
  })

  it.each([
    ['renderer/main.ts', '../electron/engine/home.ts', 'renderer may import shared'],
    ['renderer/main.ts', 'node:fs', 'has no Node'],
    ['shared/contract.ts', '../electron/engine/home.ts', 'shared may import nothing'],
    ['electron/engine/service/service.ts', 'electron', 'must not load electron'],
    ['electron/engine/service/service.ts', '../../main/relay.ts', 'not electron/main'],
    ['electron/main/main.ts', '../engine/models/library.ts', 'not electron/engine'],
    ['electron/main/main.ts', 'sharp', 'must not load sharp'],
    ['electron/preload/preload.ts', '../main/relay.ts', 'not electron/main'],
    ['electron/engine/images/decode.ts', '../datasets/index-folder.ts', 'datasets stands after images'],
    ['electron/engine/models/library.ts', '../walking/refine.ts', 'walking stands after models'],
    ['electron/engine/novelty/new.ts', '../images/decode.ts', 'a place in engineOrder'],
  ])('stops %s from importing %s', (file, specifier, why) => {
    const [message, ...others] = objections(file, specifier)
    expect(message).toContain(why)
    expect(others).toEqual([])
  })
})

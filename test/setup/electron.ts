import path from 'node:path'
import { currentElectron, electronArguments } from '../../scripts/setup/electron.mjs'
import { partEnvironment } from '../../scripts/run/environment.mjs'

const root = path.resolve(import.meta.dirname, '../..')

/**
 * What Playwright's `_electron.launch` needs to start this working copy: the Electron that the set-up found,
 * the app, and the Node that runs the engine. Build first (test/setup/built.ts does).
 */
export function electronLaunch(env: Readonly<Record<string, string>> = {}) {
  const electron = currentElectron()
  if (!electron) throw new Error('Electron is not set up. Run: npm run setup')
  const inherited = Object.entries(partEnvironment()).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  )
  return {
    executablePath: electron.executable,
    args: [...electronArguments(), root],
    cwd: root,
    env: { ...Object.fromEntries(inherited), ...env },
  }
}

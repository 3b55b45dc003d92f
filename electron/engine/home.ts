/** Where Uphill keeps what is its own: models, caches, the journal. */
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { type EngineSettings, engineSettings } from '../../shared/domain.ts'

/** The folder of all of it: UPHILL_HOME, else `Uphill` in the platform's folder for application data. */
export function uphillHome(
  env: NodeJS.ProcessEnv = process.env,
  platform: string = process.platform,
): string {
  if (env['UPHILL_HOME']) return resolve(env['UPHILL_HOME'])
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Uphill')
  if (platform === 'win32') return join(env['APPDATA'] ?? join(homedir(), 'AppData', 'Roaming'), 'Uphill')
  return join(env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'uphill')
}

/** Of `home`, unless the person keeps models elsewhere. */
export function modelsFolder(home: string = uphillHome()): string {
  return readSettings(home).modelsFolder ?? join(home, 'models')
}

/** May be deleted at any time. */
export function cacheFolder(home: string = uphillHome()): string {
  return join(home, 'cache')
}

export function settingsFile(home: string = uphillHome()): string {
  return join(home, 'settings.json')
}

/** What the person has chosen; where there is nothing, or nothing that can be read, what Uphill would choose. */
export function readSettings(home: string = uphillHome()): EngineSettings {
  try {
    return engineSettings.parse(JSON.parse(readFileSync(settingsFile(home), 'utf8')))
  } catch {
    return engineSettings.parse({})
  }
}

// The set-up that every command calls first. A step that was done is skipped; nothing is done twice.
//   node scripts/setup.mjs [--force]
import { isMain, runMain } from './run/main.mjs'
import { forgetRecords } from './run/records.mjs'
import { progress, SetupError } from './run/say.mjs'
import { installDependencies } from './setup/dependencies.mjs'
import { electronNeeds, setUpElectron } from './setup/electron.mjs'
import { isNativeReady, nativeNeeds, setUpNative } from './setup/native.mjs'
import { ensureSystem } from './setup/system.mjs'

const oldestNode = [20, 19]

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return
  throw new SetupError(
    `this is Node ${process.versions.node}, and Uphill needs ${oldestNode.join('.')} or newer`,
    'install a current Node, then run the same command again.',
  )
}

/** Whether a window can be shown here. */
export const hasDisplay = () =>
  process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)

/**
 * Sets up what the caller needs.
 * @param {{ native?: boolean, electron?: boolean, tests?: boolean }} wanted the packages of npm come with all of them
 * @throws SetupError naming what is missing and what to do
 */
export async function setUp({ native = false, electron = false, tests = false }) {
  checkNode()
  installDependencies()
  // All that is missing is asked for at once, before anything is downloaded.
  ensureSystem([
    ...(native ? nativeNeeds() : []),
    ...(electron ? electronNeeds() : []),
    ...(tests && !hasDisplay() ? ['xvfb'] : []),
  ])
  if (native && !isNativeReady()) await setUpNative()
  if (electron) await setUpElectron()
}

if (isMain(import.meta.url)) {
  await runMain(async () => {
    if (process.argv.includes('--force')) forgetRecords()
    await setUp({ native: true, electron: true, tests: false })
    progress('setup')('all is in place')
  })
}

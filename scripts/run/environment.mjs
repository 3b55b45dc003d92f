// What the parts of the product are told by the scripts that start them from a working copy.
import { currentElectron } from '../setup/electron.mjs'

/**
 * UPHILL_NODE: the Node that runs the engine, as main starts it in a process of its own.
 * UPHILL_ELECTRON: the version of Electron, which the command line can report and not ask.
 */
export function partEnvironment() {
  const electron = currentElectron()
  return {
    ...process.env,
    UPHILL_NODE: process.execPath,
    ...(electron ? { UPHILL_ELECTRON: electron.version } : {}),
  }
}

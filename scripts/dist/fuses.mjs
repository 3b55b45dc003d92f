// Electron's fuses: single bytes in the program that switch off for good what a released app has no use for.
import { FuseV1Options, FuseVersion, flipFuses, getCurrentFuseWire } from '@electron/fuses'

/** As electron writes them into its program. */
const [on, off] = ['1', '0'].map((each) => each.charCodeAt(0))

/** What a release must be: no Node to run scripts with, no debugger, its app out of the archive alone. */
export const releaseFuses = {
  RunAsNode: false,
  EnableCookieEncryption: true,
  EnableNodeOptionsEnvironmentVariable: false,
  EnableNodeCliInspectArguments: false,
  OnlyLoadAppFromAsar: true,
  // There is nothing like it on Linux.
  ...(process.platform === 'linux' ? {} : { EnableEmbeddedAsarIntegrityValidation: true }),
}

/**
 * @param {string} program
 * @param {Record<string, boolean>} fuses by name; those that are not named stay as they are
 */
export async function setFuses(program, fuses) {
  const byNumber = Object.fromEntries(
    Object.entries(fuses).map(([name, value]) => [
      FuseV1Options[/** @type {keyof typeof FuseV1Options} */ (name)],
      value,
    ]),
  )
  await flipFuses(program, {
    version: FuseVersion.V1,
    // A changed program voids the seal without which Macs with Apple's processor start nothing.
    resetAdHocDarwinSignature: process.platform === 'darwin',
    ...byNumber,
  })
}

/** @returns {Promise<Record<string, boolean>>} the fuses that this program has, by name */
export async function readFuses(program) {
  const wire = await getCurrentFuseWire(program)
  const found = {}
  for (const [number, state] of Object.entries(wire)) {
    const name = FuseV1Options[Number(number)]
    if (name !== undefined && (state === on || state === off)) found[name] = state === on
  }
  return found
}

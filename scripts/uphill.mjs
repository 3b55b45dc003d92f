// `npm run -s uphill -- <command>`: the command line of this working copy. Set-up and build are silent when
// there is nothing to do, and speak on standard error when there is.
import path from 'node:path'
import { build } from './build.mjs'
import { handOver } from './run/command.mjs'
import { partEnvironment } from './run/environment.mjs'
import { runMain } from './run/main.mjs'
import { root } from './run/places.mjs'
import { printFailure, SetupError } from './run/say.mjs'
import { setUp } from './setup.mjs'

/** npm changes to the repository's folder; paths that a person types are meant from where they are. */
function personsFolder() {
  return process.cwd() === root ? (process.env.INIT_CWD ?? root) : process.cwd()
}

/** The doctor reports on Electron as well; that it cannot be had must not keep the doctor from speaking. */
async function setUpForDoctor() {
  try {
    await setUp({ electron: true })
  } catch (error) {
    printFailure(error)
  }
}

await runMain(async () => {
  await setUp({ native: true })
  if (process.argv[2] === 'doctor') await setUpForDoctor()
  const { missing } = await build({ parts: ['cli'] })
  if (missing.length > 0) throw new SetupError('the command line has no sources in this working copy')
  return handOver(process.execPath, [path.join(root, 'dist/cli/cli.cjs'), ...process.argv.slice(2)], {
    cwd: personsFolder(),
    env: partEnvironment(),
  })
})

// What every script does when it is the one that was started.
import fs from 'node:fs'
import { pathToFileURL } from 'node:url'
import { printFailure } from './say.mjs'

/** Whether the module with this address is the script that was started, not one that was imported. */
export function isMain(moduleUrl) {
  const started = process.argv[1]
  return Boolean(started) && pathToFileURL(fs.realpathSync(started)).href === moduleUrl
}

/** Runs a script's work; a failure is printed for people and becomes exit code 1. */
export async function runMain(work) {
  try {
    const code = await work()
    if (typeof code === 'number') process.exitCode = code
  } catch (error) {
    printFailure(error)
    process.exitCode = 1
  }
}

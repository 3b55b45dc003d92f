// Small JSON records in .cache/ of what a step has done, so that the next run can skip it.
import fs from 'node:fs'
import path from 'node:path'
import { localCache } from './places.mjs'

const fileOf = (name) => path.join(localCache, `${name}.json`)

export function readRecord(name) {
  try {
    return JSON.parse(fs.readFileSync(fileOf(name), 'utf8'))
  } catch {
    return null
  }
}

export function writeRecord(name, value) {
  fs.mkdirSync(localCache, { recursive: true })
  const temporary = `${fileOf(name)}.${process.pid}`
  fs.writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`)
  fs.renameSync(temporary, fileOf(name))
}

/** Makes the next set-up look at everything again. */
export function forgetRecords() {
  for (const name of ['native', 'electron']) fs.rmSync(fileOf(name), { force: true })
}

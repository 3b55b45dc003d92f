// One short hash for a set of files, by their content: a fresh clone or a touched file changes nothing.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { root } from './places.mjs'

function addToHash(hash, relative) {
  const file = path.join(root, relative)
  const stat = fs.statSync(file, { throwIfNoEntry: false })
  if (!stat) return
  if (stat.isDirectory()) {
    for (const name of fs.readdirSync(file).sort()) addToHash(hash, `${relative}/${name}`)
    return
  }
  hash.update(`${relative}\0${stat.size}\0`)
  hash.update(fs.readFileSync(file))
}

/** @param {string[]} sources files and folders, relative to the repository; what does not exist is left out */
export function fingerprint(sources) {
  const hash = createHash('sha256')
  for (const source of sources) addToHash(hash, source)
  return hash.digest('hex').slice(0, 20)
}

// The smallest writer of Electron's archive format: a pickled JSON header, then the files one after another.
import fs from 'node:fs'
import path from 'node:path'

/** @param {string} folder a flat folder of files */
export function packAsar(folder) {
  const files = {}
  const bodies = []
  let offset = 0
  for (const name of fs.readdirSync(folder).sort()) {
    const body = fs.readFileSync(path.join(folder, name))
    files[name] = { size: body.length, offset: String(offset) }
    bodies.push(body)
    offset += body.length
  }
  const json = Buffer.from(JSON.stringify({ files }))
  const padding = (4 - (json.length % 4)) % 4
  const padded = json.length + padding
  const head = Buffer.alloc(16)
  const sizes = [4, 8 + padded, 4 + padded, json.length]
  sizes.forEach((size, index) => head.writeUInt32LE(size, index * 4))
  return Buffer.concat([head, json, Buffer.alloc(padding), ...bodies])
}

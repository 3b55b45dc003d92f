// Where the parts of a package lie, on each system. The tests of the package ask here too.
import fs from 'node:fs'
import path from 'node:path'
import { root } from '../run/places.mjs'

/** @type {{ name: string, productName: string, version: string, description: string }} */
export const product = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'))

export const platform = `${process.platform}-${process.arch}`

/** Everything that packaging makes. */
export const release = path.join(root, 'release')

/** What electron-builder takes from; gone when the package is made. */
export const stage = path.join(release, 'stage')

/** The app as a folder, named as electron-builder names it. */
export function unpackedFolder() {
  const arch = process.arch === 'x64' ? '' : `-${process.arch}`
  if (process.platform === 'darwin') return path.join(release, `mac${arch}`)
  return path.join(release, `${process.platform === 'win32' ? 'win' : 'linux'}${arch}-unpacked`)
}

const macContents = (folder) => path.join(folder, `${product.productName}.app/Contents`)

/** @param {string} [folder] an unpacked app */
export function resourcesFolder(folder = unpackedFolder()) {
  return process.platform === 'darwin'
    ? path.join(macContents(folder), 'Resources')
    : path.join(folder, 'resources')
}

/** The program that opens the window. */
export function windowProgram(folder = unpackedFolder()) {
  if (process.platform === 'darwin') return path.join(macContents(folder), 'MacOS', product.productName)
  return path.join(folder, process.platform === 'win32' ? `${product.productName}.exe` : product.name)
}

/**
 * All files below a folder, links too, in order.
 * @returns {string[]} paths from the folder on, with slashes
 */
export function filesBelow(folder) {
  return fs
    .readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort()
}

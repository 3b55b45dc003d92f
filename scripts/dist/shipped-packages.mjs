// Which npm packages something of is in a package: told from the files that the bundlers took, and from sharp's folders.
import fs from 'node:fs'
import path from 'node:path'
import { root } from '../run/places.mjs'
import { SetupError } from '../run/say.mjs'

/**
 * @typedef {{ name: string, version: string, licence: string, folder: string }} ShippedPackage
 */

const readPackage = (folder) => JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'))

/** The folder of the npm package that a file belongs to, or null for a file of ours. */
function packageFolderOf(file) {
  const name = /^.*node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(file)
  return name && path.resolve(root, name[0])
}

/** Older packages say it in other ways. */
function licenceOf({ name, license, licenses }) {
  const said = license ?? licenses
  const names = [said].flat().map((each) => (typeof each === 'object' ? each?.type : each))
  const known = names.filter((each) => typeof each === 'string' && each !== '')
  if (known.length === 0 || /UNLICENSED/.test(known.join(' '))) {
    throw new SetupError(
      `the npm package ${name} has no licence in its package.json, and would be shipped`,
      'ask its authors, or use another one.',
    )
  }
  return known.length === 1 ? known[0] : `(${known.join(' OR ')})`
}

/**
 * @param {string[]} files that went into the bundles, from the root of the repository on, or absolute
 * @param {string[]} folders of packages that are shipped as they are
 * @returns {ShippedPackage[]} by name
 * @throws SetupError when one has no licence
 */
export function shippedPackages(files, folders) {
  const all = new Set([...files.map(packageFolderOf).filter((folder) => folder !== null), ...folders])
  const found = new Map()
  for (const folder of all) {
    const meta = readPackage(folder)
    const { name, version } = meta
    found.set(`${name}@${version}`, { name, version, licence: licenceOf(meta), folder })
  }
  return [...found.values()].sort((a, b) => (a.name + a.version < b.name + b.version ? -1 : 1))
}

/** The folder of a package as one of another folder finds it, or null when npm left it out for this system. */
function resolved(name, from) {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, 'node_modules', name)
    if (fs.existsSync(path.join(candidate, 'package.json'))) return candidate
    if (folder === root || folder === path.dirname(folder)) return null
  }
}

/** sharp and everything that it needs here: its libraries are optional packages, of which npm installs those that fit. */
export function foldersOfSharp() {
  const folders = []
  const visit = (folder) => {
    if (folders.includes(folder)) return
    folders.push(folder)
    const { dependencies = {}, optionalDependencies = {} } = readPackage(folder)
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const next = resolved(name, folder)
      if (next) visit(next)
      else if (!(name in optionalDependencies)) throw new SetupError(`${name} is missing`, 'run: npm ci')
    }
  }
  visit(path.join(root, 'node_modules/sharp'))
  return folders
}

// The licences of everything in a package, with their texts.
import fs from 'node:fs'
import path from 'node:path'
import { root } from '../run/places.mjs'
import { SetupError } from '../run/say.mjs'
import { nativeFolder } from '../setup/native.mjs'
import { distOf } from './pack.mjs'

const rule = '='.repeat(78)
const isLicence = (name) => /^(licen[cs]e|copying|notice|copyright)/i.test(name)

/** Texts that the packages under these licences name and do not hold. */
const texts = { 'LGPL-3.0': ['LGPL-3.0.txt', 'GPL-3.0.txt'] }

/** The part of a README that speaks of licences: libvips lists there what it is made of. */
function licensingInReadme(folder) {
  const file = path.join(folder, 'README.md')
  const readme = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : ''
  return /^#+\s*Licen[cs](?:e|ing)\b[\s\S]*/im.exec(readme)?.[0] ?? ''
}

/** The terms of the MIT licence, which are the same for everyone: ours are under it. */
function mitTerms() {
  const own = fs.readFileSync(path.join(root, 'LICENSE'), 'utf8')
  return own.slice(own.indexOf('Permission is hereby granted')).trim()
}

function textOf({ folder, licence }) {
  const files = fs
    .readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && isLicence(entry.name))
    .map(({ name }) => fs.readFileSync(path.join(folder, name), 'utf8').trim())
  if (files.length > 0) return files.join('\n\n')
  const said = licensingInReadme(folder).trim()
  const { author, repository } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'))
  const by = typeof author === 'object' ? author?.name : author
  const where = typeof repository === 'object' ? repository?.url : repository
  return [
    `The package holds no text of its licence (${licence}).`,
    ...(by ? [`Author: ${by}`] : []),
    ...(where ? [`Source: ${where}`] : []),
    ...(said ? ['', said] : []),
    ...(licence === 'MIT' ? ['', mitTerms()] : []),
  ].join('\n')
}

/** @param {import('./shipped-packages.mjs').ShippedPackage[]} packages */
export function thirdPartyText(packages) {
  const parts = packages.map((each) => `${each.name} ${each.version} (${each.licence})\n\n${textOf(each)}`)
  const named = Object.entries(texts).filter(([id]) => packages.some(({ licence }) => licence.includes(id)))
  for (const name of named.flatMap(([, names]) => names))
    parts.push(fs.readFileSync(path.join(import.meta.dirname, 'texts', name), 'utf8').trim())
  const head = 'The npm packages that something of is in Uphill, and their licences.'
  return `${[head, ...parts].join(`\n\n${rule}\n\n`)}\n`
}

/** TensorFlow's own texts, out of its wheel; on systems without a wheel, that of tfjs-node, which is the same licence. */
function tensorflowTexts() {
  const native = nativeFolder() ?? path.join(root, 'node_modules/@tensorflow/tfjs-node')
  const names = ['LICENSE', 'THIRD_PARTY_NOTICES.txt']
  return names.map((name) => path.join(native, name)).filter((file) => fs.existsSync(file))
}

/** Electron's and Chromium's. Elsewhere electron-builder leaves them beside the program; from a Mac's .app it takes them out. */
function electronTexts(electron) {
  if (process.platform !== 'darwin') return []
  const dist = distOf(electron)
  return [
    { file: path.join(dist, 'LICENSE'), name: 'Electron-LICENSE.txt' },
    { file: path.join(dist, 'LICENSES.chromium.html'), name: 'LICENSES.chromium.html' },
  ]
}

/**
 * @param {string} folder made anew
 * @param {object} parts
 * @param {import('./shipped-packages.mjs').ShippedPackage[]} parts.packages
 * @param {{ licence: string }} parts.node
 * @param {{ executable: string }} parts.electron
 */
export function writeLicences(folder, { packages, node, electron }) {
  fs.mkdirSync(folder, { recursive: true })
  const put = (file, name) => fs.copyFileSync(file, path.join(folder, name))
  fs.writeFileSync(path.join(folder, 'THIRD-PARTY-LICENCES.txt'), thirdPartyText(packages))
  const tensorflow = tensorflowTexts()
  if (tensorflow.length === 0)
    throw new SetupError('the licence of TensorFlow is not there', 'run: npm run setup -- --force')
  for (const file of tensorflow) {
    const name = path.basename(file)
    put(file, `TensorFlow-${name === 'LICENSE' ? 'LICENSE.txt' : name}`)
  }
  for (const { file, name } of electronTexts(electron)) put(file, name)
  put(node.licence, 'Node-LICENSE.txt')
  put(path.join(root, 'LICENSE'), 'Uphill-LICENSE.txt')
  put(path.join(root, 'NOTICE'), 'Uphill-NOTICE.txt')
}

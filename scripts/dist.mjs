// `npm run dist`: everything a person needs, in one package for the system this runs on.
//   npm run dist                  the folder and, on Linux, tar and deb; on macOS and Windows the installers
//   npm run dist -- --folder      the folder only
//   npm run dist -- --appimage    on Linux an AppImage too; its tools are downloaded
//   npm run dist -- --test        then the test of the package
//   npm run dist -- --release     refuses what is not fit for release: an old Electron, or changes not committed; and
//                                 takes longer to make a smaller tar
//   UPHILL_UPDATE_FEED            where the packages of the newest release lie; without it the app looks for no updates
import fs from 'node:fs'
import path from 'node:path'
import { build } from './build.mjs'
import { inputsOfPage, inputsOfWindow } from './dist/bundle.mjs'
import { layOutEngine } from './dist/engine.mjs'
import { writeLicences } from './dist/licences.mjs'
import { makeLinuxPackages } from './dist/linux.mjs'
import { clearNotes, pack } from './dist/pack.mjs'
import { platform, product, release, stage, unpackedFolder } from './dist/places.mjs'
import { writeSbom } from './dist/sbom.mjs'
import { foldersOfSharp, shippedPackages } from './dist/shipped-packages.mjs'
import { shippedNode } from './dist/shipped-node.mjs'
import { sizesOfPackage, writeSizes } from './dist/size.mjs'
import { testPackage } from './dist/test-package.mjs'
import { ask } from './run/command.mjs'
import { runMain } from './run/main.mjs'
import { root } from './run/places.mjs'
import { progress, SetupError } from './run/say.mjs'
import { setUp } from './setup.mjs'
import { currentElectron } from './setup/electron.mjs'
import { readRecord } from './run/records.mjs'

const say = progress('dist')

function requireFitForRelease(electron) {
  if (electron.source === 'fallback') {
    throw new SetupError(
      `the Electron here is ${electron.version}, an old one for development`,
      'make the release where Electron’s download host can be reached, as the release workflow does.',
    )
  }
  const { ok, out } = ask('git', ['status', '--porcelain'], { cwd: root })
  if (!ok || out.trim() !== '')
    throw new SetupError('there are changes that are not committed', 'commit them, or leave --release out.')
}

async function dist(args) {
  const has = (flag) => args.includes(flag)
  await setUp({ native: true, electron: true })
  const electron = currentElectron()
  if (has('--release')) requireFitForRelease(electron)
  fs.rmSync(release, { recursive: true, force: true })
  await build()
  const node = await shippedNode()
  const inputs = await layOutEngine({ node, electron: electron.version })
  const packages = shippedPackages(
    [...inputs, ...(await inputsOfWindow()), ...(await inputsOfPage())],
    foldersOfSharp(),
  )
  writeLicences(path.join(stage, 'licences'), { packages, node, electron })
  await pack({ electron, folderOnly: has('--folder'), appImage: has('--appimage') })
  clearNotes(release)
  const tensorflow = readRecord('native')?.tensorflow
  writeSbom(path.join(release, `uphill-${product.version}-${platform}.cdx.json`), {
    packages,
    node,
    electron,
    tensorflow,
  })
  if (process.platform === 'linux' && !has('--folder'))
    await makeLinuxPackages({ forRelease: has('--release') })
  fs.rmSync(stage, { recursive: true, force: true })
  const sizes = sizesOfPackage()
  writeSizes(sizes, electron)
  const made = [
    `${sizes.installedMiB} MiB installed`,
    ...sizes.downloads.map(({ name, MiB }) => `${name}: ${MiB} MiB`),
  ]
  say(`${unpackedFolder()}: ${made.join(', ')}`)
  if (electron.source === 'fallback')
    say(`made with Electron ${electron.version}, which is for development: do not give this package away`)
  return has('--test') ? testPackage() : 0
}

await runMain(() => dist(process.argv.slice(2)))

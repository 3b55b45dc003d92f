// The Debian package: the app in /opt, the command `uphill` on everybody's PATH, an entry in the menu.
import fs from 'node:fs'
import path from 'node:path'
import sharp from 'sharp'
import { ask } from '../run/command.mjs'
import { root } from '../run/places.mjs'
import { SetupError } from '../run/say.mjs'
import { filesBelow, product, release } from './places.mjs'

const architectures = { x64: 'amd64', arm64: 'arm64' }
const iconSides = [16, 32, 48, 64, 128, 256, 512]

/** A package whose name changed with Debian 13 and Ubuntu 24.04. */
const renamed = (name) => `${name} | ${name}t64`

/** What the programs inside are linked with, as objdump names it; the test of the package compares. */
export const debDependencies = [
  renamed('libasound2'),
  renamed('libatk-bridge2.0-0'),
  renamed('libatk1.0-0'),
  renamed('libatspi2.0-0'),
  'libc6',
  'libcairo2',
  renamed('libcups2'),
  'libdbus-1-3',
  'libdrm2',
  'libexpat1',
  'libgbm1',
  'libgcc-s1',
  renamed('libglib2.0-0'),
  renamed('libgtk-3-0'),
  'libnspr4',
  'libnss3',
  'libpango-1.0-0',
  'libstdc++6 (>= 6)',
  'libx11-6',
  'libxcb1',
  'libxcomposite1',
  'libxdamage1',
  'libxext6',
  'libxfixes3',
  'libxkbcommon0',
  'libxrandr2',
]

/** The newest C library that one of the programs asks for: the binding is linked with that of whoever packs. */
function neededGlibc(folder) {
  // TensorFlow and Electron are linked with much older ones than Node.
  const programs = filesBelow(folder).filter((name) =>
    /^resources\/engine\/.*(node|libvips-cpp[^/]*)$/.test(name),
  )
  const minors = programs.flatMap((name) => {
    const text = fs.readFileSync(path.join(folder, name)).toString('latin1')
    return [...text.matchAll(/\0GLIBC_2\.(\d+)(?=\0)/g)].map((match) => Number(match[1]))
  })
  return `2.${minors.reduce((most, each) => Math.max(most, each), 28)}`
}

const desktopEntry = `[Desktop Entry]
Type=Application
Name=${product.productName}
Comment=${product.description}
Comment[de]=Lernt, wie Ihre Bilder aussehen, und führt andere Bilder dorthin
Exec=/opt/${product.productName}/${product.name} %U
Icon=${product.name}
Terminal=false
StartupWMClass=${product.productName}
Categories=Graphics;
`

function control(folder, architecture) {
  const glibc = `libc6 (>= ${neededGlibc(folder)})`
  const bytes = filesBelow(folder).reduce((sum, name) => sum + fs.lstatSync(path.join(folder, name)).size, 0)
  return [
    `Package: ${product.name}`,
    `Version: ${product.version}`,
    `Architecture: ${architecture}`,
    'Maintainer: The Uphill authors <uphill@localhost>',
    `Installed-Size: ${Math.ceil(bytes / 1024)}`,
    `Depends: ${debDependencies.map((each) => (each === 'libc6' ? glibc : each)).join(', ')}`,
    // Opens folders and web pages, and is not linked with.
    'Recommends: xdg-utils',
    'Section: graphics',
    'Priority: optional',
    `Description: ${product.description.replace(/,.*/, '')}`,
    ` ${product.description}`,
    '',
  ].join('\n')
}

function write(file, text) {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, text, { mode: 0o644 })
}

async function writeIcons(folder) {
  for (const side of iconSides) {
    const icon = await sharp(path.join(root, 'resources/icons/icon.png')).resize(side, side).png().toBuffer()
    write(path.join(folder, `${side}x${side}/apps/${product.name}.png`), icon)
  }
}

/**
 * Puts uphill_<version>_<architecture>.deb into release/.
 * @param {(folder: string) => void} layOutApp makes a copy of the app in a folder; its files may be hard links
 */
export async function makeDeb(layOutApp) {
  const architecture = architectures[/** @type {keyof typeof architectures} */ (process.arch)]
  const folder = path.join(release, 'deb')
  fs.rmSync(folder, { recursive: true, force: true })
  const app = path.join(folder, 'opt', product.productName)
  fs.mkdirSync(path.dirname(app), { recursive: true })
  layOutApp(app)
  // Chromium's sandbox, where the kernel lets nobody else make one. A file of its own: the tar's is as it is.
  const sandbox = path.join(app, 'chrome-sandbox')
  const content = fs.readFileSync(sandbox)
  fs.rmSync(sandbox)
  fs.writeFileSync(sandbox, content)
  fs.chmodSync(sandbox, 0o4755)
  // By this the app knows that it was installed, and how to install an update.
  write(path.join(app, 'resources/package-type'), 'deb')
  write(path.join(folder, 'usr/share/applications', `${product.name}.desktop`), desktopEntry)
  write(
    path.join(folder, 'usr/share/doc', product.name, 'copyright'),
    `${fs.readFileSync(path.join(root, 'LICENSE'), 'utf8')}\nThe licences of all parts: /opt/${product.productName}/resources/licences\n`,
  )
  await writeIcons(path.join(folder, 'usr/share/icons/hicolor'))
  fs.mkdirSync(path.join(folder, 'usr/bin'), { recursive: true })
  fs.symlinkSync(
    `/opt/${product.productName}/resources/bin/${product.name}`,
    path.join(folder, 'usr/bin', product.name),
  )
  write(path.join(folder, 'DEBIAN/control'), control(app, architecture))
  const file = path.join(release, `${product.name}_${product.version}_${architecture}.deb`)
  // Higher levels of xz take many times as long for a hundredth less.
  const { ok, err } = ask('dpkg-deb', ['--root-owner-group', '-Zxz', '-z1', '--build', folder, file])
  fs.rmSync(folder, { recursive: true, force: true })
  if (!ok) throw new SetupError(`dpkg-deb failed: ${err.trim().split('\n').at(-1)}`)
}

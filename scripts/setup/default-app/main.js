// Stands in for Electron's own default app in the fallback of the set-up:
//   electron [-r module]... [switches] <app folder or file> [arguments]
const { app } = require('electron')
const fs = require('fs')
const Module = require('module')
const path = require('path')

function readArguments() {
  const argv = process.argv
  const preload = []
  for (let index = 1; index < argv.length; index += 1) {
    const argument = argv[index]
    if (argument === '-r' || argument === '--require') {
      index += 1
      preload.push(argv[index])
    } else if (argument === '-v' || argument === '--version') {
      console.log(`v${process.versions.electron}`)
      process.exit(0)
    } else if (!argument.startsWith('-')) {
      return { preload, target: path.resolve(argument) }
    }
  }
  return { preload, target: null }
}

/** What a packaged app knows about itself, taken from its package.json. */
function introduce(folder) {
  const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'))
  if (manifest.version) app.setVersion(manifest.version)
  if (manifest.productName || manifest.name) app.setName(manifest.productName || manifest.name)
  app.setPath('userData', path.join(app.getPath('appData'), app.getName()))
}

const { preload, target } = readArguments()
if (preload.length > 0) Module._preloadModules(preload)
if (!target) {
  console.error('usage: electron <app folder>')
  process.exit(1)
}
try {
  const isFolder = fs.existsSync(path.join(target, 'package.json'))
  if (isFolder) introduce(target)
  app.setAppPath(isFolder ? target : path.dirname(target))
  Module._load(require.resolve(target), Module, true)
} catch (error) {
  console.error(`The app failed while it was loaded:\n${error.stack || error}`)
  process.exit(1)
}

// `npm start`: sets up, builds, and opens the window. Without a display: the demo, in the terminal.
import path from 'node:path'
import { build } from './build.mjs'
import { handOver } from './run/command.mjs'
import { runMain } from './run/main.mjs'
import { root } from './run/places.mjs'
import { progress } from './run/say.mjs'
import { hasDisplay, setUp } from './setup.mjs'
import { currentElectron, electronArguments } from './setup/electron.mjs'
import { partEnvironment } from './run/environment.mjs'

const say = progress('start')

async function openWindow(args) {
  await setUp({ native: true, electron: true })
  await build()
  const { executable, version } = currentElectron()
  say(`opening the window (Electron ${version}); Ctrl-C here or closing it ends it`)
  return handOver(executable, [...electronArguments(), root, ...args], { env: partEnvironment() })
}

async function demoInTerminal(args) {
  await setUp({ native: true })
  await build()
  say('there is no display here (DISPLAY and WAYLAND_DISPLAY are not set), so no window can be shown.')
  say('Doing the same job in the terminal instead: uphill demo')
  return handOver(process.execPath, [path.join(root, 'dist/cli/cli.cjs'), 'demo', ...args], {
    env: partEnvironment(),
  })
}

await runMain(() => {
  const args = process.argv.slice(2)
  return hasDisplay() ? openWindow(args) : demoInTerminal(args)
})

// `npm run bench`: builds, times the start of the window, and measures everything else with `uphill bench`;
// writes docs/performance.md and docs/performance.json. Words after it go to `uphill bench` (--quick, --python ...).
import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { build } from './build.mjs'
import { handOver } from './run/command.mjs'
import { partEnvironment } from './run/environment.mjs'
import { runMain } from './run/main.mjs'
import { root } from './run/places.mjs'
import { progress } from './run/say.mjs'
import { hasDisplay, setUp } from './setup.mjs'
import { currentElectron, electronArguments } from './setup/electron.mjs'

const say = progress('bench')

/** From starting Electron to the first thing in the window that can be clicked. The fastest of three, warm. */
async function startMs() {
  const { _electron } = await import('playwright')
  const electron = currentElectron()
  const times = []
  for (let turn = 0; turn < 4; turn++) {
    const home = fs.mkdtempSync(path.join(os.tmpdir(), 'uphill-start-'))
    const start = performance.now()
    const app = await _electron.launch({
      executablePath: electron.executable,
      args: [...electronArguments(), root],
      env: { ...partEnvironment(), UPHILL_HOME: home },
    })
    const page = await app.firstWindow()
    await page.getByTestId('nav-pictures').waitFor()
    if (turn > 0) times.push(performance.now() - start)
    await app.close()
    fs.rmSync(home, { recursive: true, force: true })
  }
  return Math.round(Math.min(...times))
}

/** Windows need a display; Xvfb gives one on a Linux machine without. */
async function withDisplay(work) {
  if (hasDisplay()) return work()
  // Without -noreset it starts anew when its last window goes, and one that opens at that moment waits for ever.
  const own = ['-displayfd', '3', '-screen', '0', '1600x1200x24', '-nolisten', 'tcp', '-noreset']
  const xvfb = spawn('Xvfb', own, {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  try {
    const number = await new Promise((resolve, reject) => {
      xvfb.once('error', reject)
      xvfb.stdio[3].once('data', (data) => resolve(String(data).trim()))
    })
    process.env.DISPLAY = `:${number}`
    return await work()
  } finally {
    xvfb.kill()
    delete process.env.DISPLAY
  }
}

function pythonWithTorch() {
  const has = (python) => spawnSync(python, ['-c', 'import torch'], { stdio: 'ignore' }).status === 0
  return [process.env.UPHILL_BENCH_PYTHON, 'python3'].find((python) => python && has(python))
}

await runMain(async () => {
  await setUp({ native: true, electron: true })
  await build()
  const words = process.argv.slice(2)
  try {
    words.push('--start-ms', String(await withDisplay(startMs)))
  } catch (error) {
    say(`the start of the window could not be timed: ${String(error).split('\n')[0]}`)
  }
  const python = pythonWithTorch()
  if (python) words.push('--python', python, '--peer', path.join(root, 'test/bench/torch_peer.py'))
  else
    say(
      'no Python with torch here (UPHILL_BENCH_PYTHON can name one): the comparison with PyTorch is left out',
    )
  const cli = path.join(root, 'dist/cli/cli.cjs')
  return handOver(process.execPath, [cli, 'bench', '--out', path.join(root, 'docs'), ...words], {
    env: partEnvironment(),
  })
})

import { spawn } from 'node:child_process'

/**
 * Windows need a display. On a Linux machine without one, Xvfb gives one for as long as the tests run.
 * @returns what ends it again
 */
export async function setup(): Promise<(() => void) | undefined> {
  const { DISPLAY, WAYLAND_DISPLAY } = process.env
  if (process.platform !== 'linux' || DISPLAY || WAYLAND_DISPLAY) return undefined
  // Without -noreset it starts anew when its last window goes, and one that opens at that moment waits for ever.
  const own = ['-displayfd', '3', '-screen', '0', '1600x1200x24', '-nolisten', 'tcp', '-noreset']
  const xvfb = spawn('Xvfb', own, {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const number = await new Promise<string>((resolve, reject) => {
    xvfb.once('error', () => {
      reject(new Error('There is no display and no Xvfb. On Debian or Ubuntu: apt-get install xvfb'))
    })
    xvfb.once('exit', (code) => {
      reject(new Error(`Xvfb ended at once (exit code ${code})`))
    })
    xvfb.stdio[3]?.once('data', (data: Buffer) => {
      resolve(data.toString().trim())
    })
  })
  process.env.DISPLAY = `:${number}`
  return () => {
    xvfb.kill()
  }
}

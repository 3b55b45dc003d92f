// Running other programs. Their words go to standard error: standard output belongs to the command.
import { spawn, spawnSync } from 'node:child_process'

/** Runs a program and keeps what it says. `ok` is false as well when it does not exist. */
export function ask(program, args, options = {}) {
  const result = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 26, ...options })
  return {
    ok: result.status === 0,
    out: result.stdout ?? '',
    err: result.stderr || result.error?.message || (result.signal ? `ended by ${result.signal}` : ''),
    code: result.status,
  }
}

/** Runs a program with its words shown on standard error; gives its exit code. */
export function show(program, args, options = {}) {
  return spawnSync(program, args, { stdio: ['ignore', 2, 2], ...options }).status ?? 1
}

/**
 * npm, as `run` (ask or show) runs programs. Started by npm, the same npm is used; otherwise the one on the path.
 * @template T
 * @param {(program: string, args: string[], options: object) => T} run
 */
export function withNpm(run, args, options = {}) {
  const npm = process.env.npm_execpath
  return npm
    ? run(process.execPath, [npm, ...args], options)
    : run('npm', args, { ...options, shell: process.platform === 'win32' })
}

/** The first of these programs that runs. */
export function firstThatRuns(programs, args) {
  return programs.filter(Boolean).find((program) => ask(program, args).ok) ?? null
}

/**
 * Hands the terminal to a program and gives its exit code. Ctrl-C reaches it through the terminal; a
 * signal sent to us alone is passed on, so that nothing is left running.
 */
export function handOver(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', ...options })
    const stay = () => undefined
    const passOn = (signal) => child.kill(signal)
    process.on('SIGINT', stay)
    process.on('SIGTERM', passOn)
    process.on('SIGHUP', passOn)
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      process.off('SIGINT', stay)
      process.off('SIGTERM', passOn)
      process.off('SIGHUP', passOn)
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1))
    })
  })
}

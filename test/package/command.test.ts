/** The command line of the package, out of the tar and out of the deb. */
import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { debDependencies } from '../../scripts/dist/deb.mjs'
import { filesBelow, product, unpackedFolder } from '../../scripts/dist/places.mjs'
import { writeDigits } from '../cli/run-uphill.ts'
import { Stranger, isRoot, json, packageFile, said } from './stranger.ts'

const execute = promisify(execFile)
let stranger: Stranger
let command: string

beforeAll(async () => {
  stranger = await Stranger.unpack()
  command = path.join(stranger.app, 'resources/bin/uphill')
})
afterAll(() => stranger.remove())

describe('uphill out of the tar', () => {
  it.runIf(isRoot)('has no network, or this test would prove less than it says', async () => {
    const devices = await fs.readFile('/proc/net/dev', 'utf8')
    const names = devices.split('\n').flatMap((line) => /^\s*([\w-]+):/.exec(line)?.[1] ?? [])
    expect(names).toEqual(['lo'])
  })

  it('finds all its parts with an empty PATH', async () => {
    const answer = await stranger.run(command, ['doctor', '--json'])
    expect(answer.code, answer.err).toBe(0)
    expect(json(answer)).toMatchObject({ tensorflow: expect.any(String) as string, problems: [] })
    expect(json(answer)['electron']).toMatch(/^\d+\.\d+/)
  })

  it('is found through a link too', async () => {
    const link = stranger.path('uphill-link')
    await fs.symlink(command, link)
    const answer = await stranger.run(link, ['--version'], '/usr/bin:/bin')
    expect(answer).toMatchObject({ code: 0, out: `${product.version}\n` })
  })

  it('teaches, refines and lists', async () => {
    const folder = stranger.path('Zahlen für alle')
    await writeDigits(folder, 0, 120)
    const [noisy] = await writeDigits(stranger.path('noisy'), 507, 1, 0.3)
    const taught = await stranger.run(command, [
      'teach',
      folder,
      '--name',
      'Zahlen',
      '--steps',
      '12',
      '--json',
    ])
    expect(taught.code, taught.err).toBe(0)
    const out = path.join(stranger.home, 'besser')
    const refined = await stranger.run(command, ['refine', noisy!, '--model', 'Zahlen', '--out', out])
    expect(refined.code, refined.err).toBe(0)
    expect(await fs.readdir(out)).toHaveLength(1)
    expect((await stranger.run(command, ['models'])).out).toContain('Zahlen')
    expect(await fs.readdir(path.join(stranger.data, 'models'))).toContainEqual(
      expect.stringMatching(/^zahlen-/),
    )
  })
})

describe('the deb', () => {
  it.runIf(isRoot)('installs with dpkg, and then `uphill` is on the PATH of everybody', async () => {
    const deb = await packageFile('.deb')
    const worker = await stranger.starter('in-the-deb', '/usr/bin/env', '/usr/bin:/bin')
    // A copy of this system that is gone with the process: what dpkg writes, it writes there.
    const script = `
      set -e
      mount -t tmpfs nothing ${shell(stranger.path('system'))}
      cd ${shell(stranger.path('system'))}
      mkdir changes work root
      mount -t overlay overlay -o lowerdir=/,upperdir=changes,workdir=work root
      for each in proc dev sys; do mount --rbind /$each root/$each; done
      mount --bind ${shell(path.dirname(deb))} root/mnt
      chroot root dpkg --install /mnt/${path.basename(deb)} >&2
      umount root/mnt
      test -u root/opt/Uphill/chrome-sandbox
      test -f root/usr/share/icons/hicolor/256x256/apps/uphill.png
      cat root/usr/share/applications/uphill.desktop
      chroot root ${shell(worker)} uphill doctor --json`
    await fs.mkdir(stranger.path('system'))
    const answer = await said('unshare', ['--mount', '/bin/sh', '-c', script])
    expect(answer.code, answer.err).toBe(0)
    expect(json(answer)).toMatchObject({ tensorflow: expect.any(String) as string, problems: [] })
    const program = /^Exec=(\S+)/m.exec(answer.out)?.[1]
    expect(program).toBe('/opt/Uphill/uphill')
  })

  it('names every package that its programs ask for', async () => {
    const declared = debDependencies.flatMap((each) => each.split(' | ').map((one) => one.replace(/ .*/, '')))
    const own = filesBelow(unpackedFolder())
    const programs = own.filter((name) =>
      /(^|\/)(uphill|node|chrome_crashpad_handler|[^/]+\.so[.\d]*|[^/]+\.node)$/.test(name),
    )
    const names = new Set(own.map((name) => path.basename(name)))
    const missing = new Set<string>()
    for (const program of programs.filter((name) => !name.includes('/bin/'))) {
      const { stdout } = await execute('objdump', ['-p', path.join(unpackedFolder(), program)])
      const needed = [...stdout.matchAll(/NEEDED\s+(\S+)/g)].map((match) => match[1]!)
      for (const library of needed.filter((each) => !names.has(each))) {
        const owner = await ownerOf(library)
        if (owner !== null && !declared.includes(owner)) missing.add(`${owner} (${library}, for ${program})`)
      }
    }
    expect(programs.length).toBeGreaterThan(5)
    expect([...missing]).toEqual([])
  })
})

const shell = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** The Debian package that a library of this system is from; null where there is no telling. */
async function ownerOf(library: string): Promise<string | null> {
  const { stdout: list } = await execute('/sbin/ldconfig', ['-p'])
  const line = list.split('\n').find((each) => each.trim().startsWith(`${library} (libc6,x86-64`))
  const file = line?.split('=> ')[1]
  if (!file) throw new Error(`${library} is not on this system`)
  // Since /usr was merged, a library may be known under either name.
  for (const each of [
    await fs.realpath(file),
    file,
    file.replace(/^\/lib/, '/usr/lib'),
    file.replace(/^\/usr/, ''),
  ]) {
    const { stdout } = await execute('dpkg', ['-S', each]).catch(() => ({ stdout: '' }))
    const owner = stdout.split(':')[0]
    if (owner) return owner
  }
  return null
}

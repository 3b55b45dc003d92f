/**
 * The optional part that lets NVIDIA cards compute, on Linux (x64): TensorFlow built with CUDA and NVIDIA's libraries. It
 * is the same version as the ordinary one, and lies in the person's own folder, laid out as the engine's is:
 *   native/lib/tfjs_binding.node    the same binding; it finds the libraries at ../../deps/lib
 *   deps/lib                        all libraries; each finds the others beside itself
 * The folder gets its name only when it is complete.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { uphillHome } from '../home.ts'

/** A Python wheel as its authors have published it. */
export interface Wheel {
  /** Name and version as pip takes them. */
  readonly name: string
  readonly version: string
  readonly file: string
  readonly bytes: number
  readonly sha256: string
}

export interface GpuPack {
  readonly version: string
  readonly wheels: readonly Wheel[]
  /** What it takes on disk when it is unpacked. */
  readonly unpackedBytes: number
  /** Whether a file of a wheel is wanted. */
  readonly wants: (name: string) => boolean
}

const python = 'py3-none-manylinux1_x86_64.whl'

const nvidia = (name: string, version: string, bytes: number, sha256: string): Wheel => ({
  name,
  version,
  file: `${name.replaceAll('-', '_')}-${version}-${python}`,
  bytes,
  sha256,
})

/** CUDA 12.2, as this TensorFlow was built for: cards from 2014 (compute 5.0) to the Hopper generation. */
export const gpuPack: GpuPack = {
  version: 'tensorflow-2.15.1-cuda-12.2',
  unpackedBytes: 3_790_000_000,
  wants: (name) =>
    /^tensorflow\/libtensorflow_(cc|framework)\.so\.2$/.test(name) ||
    /^nvidia\/\w+\/lib\/lib[^/]+\.so[.\d]*$/.test(name),
  wheels: [
    {
      name: 'tensorflow',
      version: '2.15.1',
      file: 'tensorflow-2.15.1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
      bytes: 475_258_663,
      sha256: 'bb0edd69103c154245c5f209f0507355cc68ba7e4de350084bc31edc562478e4',
    },
    nvidia(
      'nvidia-cublas-cu12',
      '12.2.5.6',
      417_825_305,
      'f448d8db463f9a2c7dd9a1e607c0961d3e95f825b86839c5882f7d073d406df0',
    ),
    nvidia(
      'nvidia-cuda-cupti-cu12',
      '12.2.142',
      13_900_552,
      'ce68d1009dd14215e38ed49643d31374c71d6fea381181cb0b9da7f19dfd1624',
    ),
    nvidia(
      'nvidia-cuda-nvrtc-cu12',
      '12.2.140',
      23_430_053,
      'b1cdcae6443cb7cdcfb5d1bf51896a148c9f82f9e65b27db9ab095eaed689aa7',
    ),
    nvidia(
      'nvidia-cuda-runtime-cu12',
      '12.2.140',
      845_802,
      'acb9cb7e44594a3512533497ea790d9f0b0e399abcc888584c157d1ffa080e41',
    ),
    nvidia(
      'nvidia-cudnn-cu12',
      '8.9.4.25',
      720_096_787,
      '9f882d5b11753c566fd32427839089eb4f8ba7a58c28446ad359e32c40229723',
    ),
    nvidia(
      'nvidia-cufft-cu12',
      '11.0.8.103',
      98_570_970,
      '72e961e578f9be9e316ccb4db8652c421dd0b57442624faa71061d452f449a67',
    ),
    nvidia(
      'nvidia-curand-cu12',
      '10.3.3.141',
      56_463_566,
      '7b6bad6817b5df2a6f5ec221206fb895d9195fdd7d2443f3e86554108c141a0a',
    ),
    nvidia(
      'nvidia-cusolver-cu12',
      '11.5.2.141',
      124_890_758,
      '5a85c4653ce34339a5688137f494a0f903e0f0532418550998167f00844161da',
    ),
    nvidia(
      'nvidia-cusparse-cu12',
      '12.1.2.141',
      195_268_625,
      '4e13d6a51d2303dcb2a023ba09546811161f0334fc64e13689397bbd3b1eb126',
    ),
    nvidia(
      'nvidia-nvjitlink-cu12',
      '12.2.140',
      20_177_273,
      '95635cafbf9f96c38bea5200ab145a2e6aefbb5405e0b04c1e4ba54df2d84ec9',
    ),
  ],
}

/** Whether there is a pack for this system at all. */
export const gpuPackFits = (): boolean => process.platform === 'linux' && process.arch === 'x64'

export const downloadBytes = (pack: GpuPack = gpuPack): number =>
  pack.wheels.reduce((sum, { bytes }) => sum + bytes, 0)

export function gpuFolder(home: string = uphillHome()): string {
  return join(home, 'gpu')
}

export function packFolder(pack: GpuPack = gpuPack, home?: string): string {
  return join(gpuFolder(home), pack.version)
}

/** The binding of the pack, or null while it is not installed. */
export function packBinding(pack: GpuPack = gpuPack, home?: string): string | null {
  const file = join(packFolder(pack, home), 'native/lib/tfjs_binding.node')
  return gpuPackFits() && existsSync(file) ? file : null
}

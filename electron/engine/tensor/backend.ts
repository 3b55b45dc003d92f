/**
 * The one place that loads TensorFlow and touches the parts of tfjs-node that are not public
 * (`binding`, `getInputTensorIds`, `createOutputTensor`): the version is pinned in package.json.
 */
import util from 'node:util'
import type * as TensorflowModule from '@tensorflow/tfjs-node'
import { UphillError } from '../../../shared/errors.ts'
import { readSettings } from '../home.ts'
import { loadInPlaceOfOwn } from './binding-file.ts'
import { device } from './device.ts'
import { gpuEnvironment } from './gpu-proof.ts'

export type Tensorflow = typeof TensorflowModule
export type Tensor = TensorflowModule.Tensor
export type Tensor2D = TensorflowModule.Tensor2D
export type Tensor3D = TensorflowModule.Tensor3D
export type Tensor4D = TensorflowModule.Tensor4D
export type Scalar = TensorflowModule.Scalar

/** An attribute of a TensorFlow op, as the binding takes it. */
export interface OpAttribute {
  name: string
  type: number
  value: unknown
}

export interface TensorMetadata {
  id: number
  shape: number[]
  dtype: number
}

/** The native binding, as far as it is used here. */
export interface Binding {
  createTensor(shape: number[], dtype: number, data: unknown): number
  deleteTensor(id: number): void
  executeOp(name: string, attributes: OpAttribute[], inputIds: number[], outputs: number): TensorMetadata[]
  loadSavedModel(folder: string, tags: string): number
  deleteSavedModel(session: number): void
  runSavedModel(
    session: number,
    inputIds: number[],
    inputNames: string,
    outputNames: string,
  ): TensorMetadata[]
  TF_Version: string
  TF_FLOAT: number
  TF_INT32: number
  TF_BOOL: number
  TF_ATTR_STRING: number
  TF_ATTR_INT: number
  TF_ATTR_FLOAT: number
  TF_ATTR_BOOL: number
  TF_ATTR_TYPE: number
  TF_ATTR_SHAPE: number
}

/** tfjs-node's backend, as far as it is used here. */
export interface NativeBackend {
  binding: Binding
  getInputTensorIds(tensors: Tensor[]): number[]
  createOutputTensor(metadata: TensorMetadata): Tensor
  executeSingleOutput(name: string, attributes: OpAttribute[], inputs: Tensor[]): Tensor
}

let loaded: Tensorflow | null = null

/**
 * Loads native TensorFlow once; later calls are free.
 * @throws UphillError NATIVE_MISSING when the library or the binding is not there or does not load.
 */
export async function loadTensorflow(): Promise<{ name: 'tensorflow'; version: string }> {
  loaded ??= await importTensorflow()
  return { name: 'tensorflow', version: nativeBackend().binding.TF_Version }
}

async function importTensorflow(): Promise<Tensorflow> {
  // Gone since Node 23, still called by tfjs-node 4.22 at its first op.
  const legacy = util as unknown as Record<string, unknown>
  legacy['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined
  legacy['isArray'] ??= Array.isArray
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2'
  const { cores } = readSettings()
  if (cores !== null) process.env['TF_NUM_INTRAOP_THREADS'] ??= String(cores)
  try {
    const { binding } = device()
    if (binding !== null) {
      Object.assign(process.env, gpuEnvironment)
      loadInPlaceOfOwn(binding)
    }
    const module = await import('@tensorflow/tfjs-node')
    // It is a CommonJS package: bundlers and Node disagree on where its exports are.
    const tf = ((module as { default?: Tensorflow }).default ?? module) as Tensorflow
    await tf.ready()
    if (tf.getBackend() !== 'tensorflow') throw new Error(`the backend is ${tf.getBackend()}`)
    return tf
  } catch (error) {
    throw new UphillError(
      'NATIVE_MISSING',
      `TensorFlow could not be loaded: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`,
      'In a clone, run `npm start` once: it installs the native part. In the app, install Uphill again.',
      { cause: error },
    )
  }
}

/** tfjs, after loadTensorflow(). */
export function tensorflow(): Tensorflow {
  if (!loaded) throw new Error('loadTensorflow() has not been awaited')
  return loaded
}

/** tfjs-node's backend, after loadTensorflow(). */
export function nativeBackend(): NativeBackend {
  return tensorflow().backend() as unknown as NativeBackend
}

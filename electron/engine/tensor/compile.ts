/**
 * Compiles ordinary tfjs code into one TensorFlow graph that runs in a session of its own.
 *
 * The function is run once, eagerly, while every op it executes is noted down; the notes become a graph.
 * From then on each call is one session run: no op by op overhead, and TensorFlow's optimiser fuses
 * what it can. State (weights, moments) lives in variables inside the session and never travels.
 *
 * What a traced function must not do: read data (dataSync), or depend on JavaScript numbers that change
 * from call to call (pass those as scalar tensors), or give an argument back as the state without computing on it
 * (the state would share the memory of a JavaScript array). Tensors from outside are frozen as constants.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {
  type Binding,
  type OpAttribute,
  type Tensor,
  type TensorMetadata,
  nativeBackend,
  tensorflow,
} from './backend.ts'
import { useBfloat16 } from './bfloat16.ts'
import { makeFusible, zerosSet } from './fusible.ts'
import { type AttributeValue, DataType, type GraphNode, encodeSavedModel } from './graph-def.ts'

export interface Traced {
  /** What each call returns. */
  outputs: Tensor[]
  /** The state after the call, one for each given; leave out when the state does not change. */
  state?: Tensor[]
}

export interface CompileOptions {
  /** Examples of the state, in order: shapes and dtypes count, and the values are the first state. */
  state: Tensor[]
  /** Examples of the arguments. */
  args: Tensor[]
  /** Argument axes that may differ from call to call: [argument][axis]. Only where no shape is baked in. */
  freeAxes?: readonly (readonly number[])[]
  /** Convolutions and their neighbours in bfloat16; only sensible where the CPU has it. */
  bfloat16?: boolean
  /** The state never changes: it becomes part of the graph, so that kernels are laid out for the CPU only once. */
  frozen?: boolean
}

/** Frees the session of a function that nobody holds any more. */
const sessions = new FinalizationRegistry<number>((session) =>
  nativeBackend().binding.deleteSavedModel(session),
)

export class CompiledFunction {
  readonly #session: number
  readonly #inputNames: string
  readonly #outputNames: string
  readonly #stateSize: number
  #disposed = false

  constructor(fn: (state: Tensor[], args: Tensor[]) => Traced, options: CompileOptions) {
    const trace = new Trace(options)
    const { nodes, outputs } = trace.record(fn)
    this.#stateSize = options.frozen ? 0 : options.state.length
    this.#inputNames = options.args.map((_, index) => `arg${index}:0`).join()
    this.#outputNames = outputs.join()
    const typed = options.bfloat16 ? useBfloat16(nodes) : nodes
    // Measured: it pays when a net is applied (4 to 7 % of the time in bfloat16), and not in a step of learning.
    const { nodes: all, needsZeros } = options.frozen
      ? makeFusible(typed)
      : { nodes: typed, needsZeros: false }
    this.#session = loadGraph(all)
    if (needsZeros) for (const done of this.#call([], '', zerosSet)) done.dispose()
    sessions.register(this, this.#session, this)
    if (!options.frozen) this.setState(options.state)
  }

  /** Runs the graph. Fetching an output applies the state's update. The caller disposes what is returned. */
  run(args: readonly Tensor[]): Tensor[] {
    return this.#call(args, this.#inputNames, this.#outputNames)
  }

  /** @throws Error for a frozen function, which has no state */
  setState(state: readonly Tensor[]): void {
    if (state.length !== this.#stateSize) {
      throw new Error(`expected ${this.#stateSize} state tensors, got ${state.length}`)
    }
    if (state.length === 0) return
    const names = state.map((_, index) => `set${index}:0`).join()
    for (const done of this.#call(state, names, 'setAll:0')) done.dispose()
  }

  /** The state as it is now, or some of it: copies, for the caller to dispose. */
  getState(from = 0, to = this.#stateSize): Tensor[] {
    if (to <= from) return []
    const names = Array.from({ length: to - from }, (_, index) => `get${from + index}:0`).join()
    return this.#call([], '', names)
  }

  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    sessions.unregister(this)
    nativeBackend().binding.deleteSavedModel(this.#session)
  }

  #call(inputs: readonly Tensor[], inputNames: string, outputNames: string): Tensor[] {
    if (this.#disposed) throw new Error('this graph has been disposed')
    const backend = nativeBackend()
    const ids = backend.getInputTensorIds([...inputs])
    const results = backend.binding.runSavedModel(this.#session, ids, inputNames, outputNames)
    return results.map((result) => backend.createOutputTensor(result))
  }
}

/** TensorFlow reads a graph only from a folder on disk; it may go as soon as it has been read. */
function loadGraph(nodes: readonly GraphNode[]): number {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'uphill-graph-'))
  try {
    fs.writeFileSync(path.join(folder, 'saved_model.pb'), encodeSavedModel(nodes))
    return nativeBackend().binding.loadSavedModel(folder, 'serve')
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

interface Constant {
  shape: number[]
  dtype: number
  bytes: Uint8Array
}

class Trace {
  readonly #options: CompileOptions
  readonly #nodes: GraphNode[] = []
  /** TensorFlow's tensor id -> `node:output` in the graph. */
  readonly #names = new Map<number, string>()
  readonly #constants = new Map<number, Constant>()
  readonly #deadIds: number[] = []

  constructor(options: CompileOptions) {
    this.#options = options
  }

  record(fn: (state: Tensor[], args: Tensor[]) => Traced): { nodes: GraphNode[]; outputs: string[] } {
    const backend = nativeBackend()
    const real = backend.binding
    const { state, args } = this.#options
    const inputIds = backend.getInputTensorIds([...state, ...args])
    if (new Set(inputIds).size !== inputIds.length) {
      throw new Error('two inputs of a compiled function share their data: pass copies')
    }
    state.forEach((tensor, index) => {
      const id = inputIds[index] ?? -1
      if (this.#options.frozen) this.#addFrozen(index, tensor, id)
      else this.#addVariable(index, tensor, id)
    })
    args.forEach((tensor, index) => this.#addArgument(index, tensor, inputIds[state.length + index] ?? -1))

    backend.binding = this.#recorder(real)
    let outputs: string[]
    try {
      outputs = tensorflow().tidy(() => {
        const traced = fn(state, args)
        const updates = this.#addUpdates(backend.getInputTensorIds(traced.state ?? []))
        return this.#addOutputs(traced.outputs, backend.getInputTensorIds(traced.outputs), updates)
      })
    } finally {
      backend.binding = real
      for (const id of this.#deadIds) real.deleteTensor(id)
    }
    return { nodes: this.#nodes, outputs }
  }

  #add(name: string, op: string, inputs: string[], attributes: Record<string, AttributeValue> = {}): void {
    this.#nodes.push({ name, op, inputs, attributes })
  }

  #addFrozen(index: number, tensor: Tensor, id: number): void {
    this.#add(`frozen${index}`, 'Const', [], floatConstant(tensor.shape, tensor.dataSync() as Float32Array))
    this.#names.set(id, `frozen${index}:0`)
  }

  #addVariable(index: number, tensor: Tensor, id: number): void {
    const dtype = typeAttribute(tensor)
    const shape: AttributeValue = { kind: 'shape', value: tensor.shape }
    this.#add(`variable${index}`, 'VarHandleOp', [], {
      dtype,
      shape,
      shared_name: { kind: 'string', value: `variable${index}` },
      container: { kind: 'string', value: '' },
    })
    this.#add(`read${index}`, 'ReadVariableOp', [`variable${index}`], { dtype })
    this.#add(`get${index}`, 'Identity', [`read${index}`], { T: dtype })
    this.#add(`set${index}`, 'Placeholder', [], { dtype, shape })
    // A tensor of tfjs-node shares the memory of its JavaScript array, and tells V8 when it is freed. A variable
    // must not hold on to it: the next update would free it on a thread where V8 may not be called, which crashes.
    this.#add(`copy${index}`, 'DeepCopy', [`set${index}`], { T: dtype })
    this.#add(`setVariable${index}`, 'AssignVariableOp', [`variable${index}`, `copy${index}`], { dtype })
    if (index === this.#options.state.length - 1) {
      const all = this.#options.state.map((_, each) => `^setVariable${each}`)
      this.#add('setDone', 'Const', [], floatConstant([], new Float32Array([0])))
      this.#add('setAll', 'Identity', ['setDone', ...all], { T: { kind: 'type', value: DataType.float32 } })
    }
    this.#names.set(id, `read${index}:0`)
  }

  #addArgument(index: number, tensor: Tensor, id: number): void {
    const free = this.#options.freeAxes?.[index] ?? []
    const shape = tensor.shape.map((size, axis) => (free.includes(axis) ? -1 : size))
    this.#add(`arg${index}`, 'Placeholder', [], {
      dtype: typeAttribute(tensor),
      shape: { kind: 'shape', value: shape },
    })
    this.#names.set(id, `arg${index}:0`)
  }

  #addUpdates(ids: readonly number[]): string[] {
    if (ids.length > 0 && ids.length !== this.#options.state.length) {
      throw new Error(`the function returned ${ids.length} state tensors for ${this.#options.state.length}`)
    }
    return ids.map((id, index) => {
      const dtype = typeAttribute(this.#options.state[index] as Tensor)
      this.#add(`update${index}`, 'AssignVariableOp', [`variable${index}`, this.#nameOf(id, 'state')], {
        dtype,
      })
      return `^update${index}`
    })
  }

  #addOutputs(tensors: readonly Tensor[], ids: readonly number[], updates: readonly string[]): string[] {
    return tensors.map((tensor, index) => {
      const inputs = [this.#nameOf(ids[index] ?? -1, 'output'), ...updates]
      this.#add(`output${index}`, 'Identity', inputs, { T: typeAttribute(tensor) })
      return `output${index}:0`
    })
  }

  /** A binding that does what the real one does and notes it down. Nothing is freed while tracing: ids must stay unique. */
  #recorder(real: Binding): Binding {
    const createTensor: Binding['createTensor'] = (shape, dtype, data) => {
      const id = real.createTensor(shape, dtype, data)
      if (ArrayBuffer.isView(data)) {
        const view = data as Uint8Array
        const bytes = new Uint8Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength))
        this.#constants.set(id, { shape: [...shape], dtype, bytes })
      }
      return id
    }
    const deleteTensor: Binding['deleteTensor'] = (id) => void this.#deadIds.push(id)
    const executeOp: Binding['executeOp'] = (op, attributes, inputIds, outputs) => {
      const results = real.executeOp(op, attributes, inputIds, outputs)
      const name = `${op}_${this.#nodes.length}`
      const inputs = inputIds.map((id) => this.#nameOf(id, op))
      this.#add(name, op, inputs, encodeAttributes(real, attributes))
      results.forEach((result: TensorMetadata, index: number) =>
        this.#names.set(result.id, `${name}:${index}`),
      )
      return results
    }
    // Not assigned but defined: the binding's own properties cannot be written.
    const replacements = { createTensor, deleteTensor, executeOp }
    const descriptors = Object.entries(replacements).map(([name, value]) => [name, { value }] as const)
    return Object.create(real, Object.fromEntries(descriptors)) as Binding
  }

  #nameOf(id: number, usedBy: string): string {
    const known = this.#names.get(id)
    if (known !== undefined) return known
    const constant = this.#constants.get(id)
    if (!constant)
      throw new Error(`${usedBy} uses a tensor from outside the compiled function: pass it as an argument`)
    const name = `constant_${this.#nodes.length}`
    this.#add(name, 'Const', [], {
      dtype: { kind: 'type', value: constant.dtype },
      value: { kind: 'tensor', dtype: constant.dtype, shape: constant.shape, bytes: constant.bytes },
    })
    this.#names.set(id, `${name}:0`)
    return `${name}:0`
  }
}

function floatConstant(shape: readonly number[], data: Float32Array): Record<string, AttributeValue> {
  return {
    dtype: { kind: 'type', value: DataType.float32 },
    value: {
      kind: 'tensor',
      dtype: DataType.float32,
      shape,
      bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    },
  }
}

function typeAttribute(tensor: Tensor): AttributeValue {
  const types: Record<string, number> = {
    float32: DataType.float32,
    int32: DataType.int32,
    bool: DataType.bool,
  }
  const value = types[tensor.dtype]
  if (value === undefined) throw new Error(`cannot compile a tensor of type ${tensor.dtype}`)
  return { kind: 'type', value }
}

function encodeAttributes(
  binding: Binding,
  attributes: readonly OpAttribute[],
): Record<string, AttributeValue> {
  return Object.fromEntries(
    attributes.map((attribute) => [attribute.name, encodeAttribute(binding, attribute)]),
  )
}

function encodeAttribute(binding: Binding, { name, type, value }: OpAttribute): AttributeValue {
  switch (type) {
    case binding.TF_ATTR_INT:
      return Array.isArray(value)
        ? { kind: 'ints', value: value as number[] }
        : { kind: 'int', value: value as number }
    case binding.TF_ATTR_STRING:
      return { kind: 'string', value: value as string }
    case binding.TF_ATTR_FLOAT:
      return { kind: 'float', value: value as number }
    case binding.TF_ATTR_BOOL:
      return { kind: 'bool', value: value as boolean }
    case binding.TF_ATTR_TYPE:
      if (typeof value === 'number') return { kind: 'type', value }
      break
    case binding.TF_ATTR_SHAPE:
      return { kind: 'shape', value: value as number[] }
  }
  throw new Error(`cannot compile the attribute ${name} of this type`)
}

/** Ops that tfjs lacks or does slowly, over TensorFlow's own kernels. */
import { type OpAttribute, type Tensor, type Tensor4D, nativeBackend, tensorflow } from './backend.ts'
import { DataType } from './graph-def.ts'

let gradientsRegistered = false

/**
 * Gives relu and depthToSpace the gradients of TensorFlow: one kernel each.
 * (tfjs's relu gradient is several elementwise ops, and depthToSpace has none.) Call once after loading.
 */
export function registerNativeGradients(): void {
  if (gradientsRegistered) return
  gradientsRegistered = true
  const tf = tensorflow()
  tf.registerGradient({
    kernelName: 'Relu',
    outputsToSave: [true],
    gradFunc: (dy, saved) => ({
      x: () => native('ReluGrad', [floatType('T')], [dy as Tensor, saved[0] as Tensor]),
    }),
  })
  tf.registerGradient({
    kernelName: 'DepthToSpace',
    gradFunc: (dy, _saved, attributes) => ({
      x: () => spaceToDepth(dy as Tensor4D, (attributes as unknown as { blockSize: number }).blockSize),
    }),
  })
}

/** x [b, h, w, c] + bias [c], with TensorFlow's own gradient. */
export function biasAdd(x: Tensor4D, bias: Tensor): Tensor4D {
  const tf = tensorflow()
  const attributes = [floatType('T'), textAttribute('data_format', 'NHWC')]
  const op = tf.customGrad((...args: unknown[]) => {
    const [input, b] = args as [Tensor, Tensor]
    return {
      value: native('BiasAdd', attributes, [input, b]),
      gradFunc: (dy: Tensor) => [dy, native('BiasAddGrad', attributes, [dy])],
    }
  })
  return op(x, bias) as Tensor4D
}

/** [b, h, w, c] -> [b, h/block, w/block, c*block²], in the order (dy, dx, c); the inverse of tf.depthToSpace. */
export function spaceToDepth(x: Tensor4D, block: number): Tensor4D {
  const { binding } = nativeBackend()
  const attributes = [
    floatType('T'),
    { name: 'block_size', type: binding.TF_ATTR_INT, value: block },
    textAttribute('data_format', 'NHWC'),
  ]
  const op = tensorflow().customGrad((...args: unknown[]) => ({
    value: native('SpaceToDepth', attributes, [args[0] as Tensor]),
    gradFunc: (dy: Tensor) => tensorflow().depthToSpace(dy as Tensor4D, block),
  }))
  return op(x) as Tensor4D
}

/**
 * Convolution with a kernel [2, 2, from, to] and stride 2: [b, h, w, from] -> [b, h/2, w/2, to].
 * Not with tf.conv2d: in bfloat16, with 48 channels, TensorFlow 2.15 computes it wrongly (stride = size of the kernel).
 */
export function halve(x: Tensor4D, kernel: Tensor): Tensor4D {
  const tf = tensorflow()
  const [, , from, to] = kernel.shape as [number, number, number, number]
  return tf.conv2d(spaceToDepth(x, 2), tf.reshape(kernel, [1, 1, 4 * from, to]) as Tensor4D, 1, 'same')
}

/** [b, ...any] -> [b, ...inner], whatever b is: tfjs's own reshape would freeze the batch size in a compiled graph. */
export function reshapeBatch(x: Tensor4D, inner: [number, number, number]): Tensor4D {
  const tf = tensorflow()
  const attributes = [floatType('T'), { ...floatType('Tshape'), value: DataType.int32 }]
  const reshape = (tensor: Tensor, shape: number[]): Tensor =>
    native('Reshape', attributes, [tensor, tf.tensor1d([-1, ...shape], 'int32')])
  const op = tf.customGrad((...args: unknown[]) => {
    const input = args[0] as Tensor
    return { value: reshape(input, inner), gradFunc: (dy: Tensor) => reshape(dy, input.shape.slice(1)) }
  })
  return op(x) as Tensor4D
}

/**
 * Standard normal noise that depends on the seed alone (TensorFlow's Philox): the same seed gives the same
 * noise, so that a resumed teaching goes on as if it had not stopped. `seed` is an int32 tensor of two.
 */
export function statelessNormal(shape: number[], seed: Tensor): Tensor {
  const { binding } = nativeBackend()
  const attributes = [
    { name: 'T', type: binding.TF_ATTR_TYPE, value: DataType.int32 },
    floatType('dtype'),
    { name: 'Tseed', type: binding.TF_ATTR_TYPE, value: DataType.int32 },
  ]
  return native('StatelessRandomNormal', attributes, [tensorflow().tensor1d(shape, 'int32'), seed])
}

/** sum(x²) / 2, in one pass. */
export function halfSquaredNorm(x: Tensor): Tensor {
  return native('L2Loss', [floatType('T')], [x])
}

function native(name: string, attributes: OpAttribute[], inputs: Tensor[]): Tensor {
  return nativeBackend().executeSingleOutput(name, attributes, inputs)
}

function floatType(name: string): OpAttribute {
  return { name, type: nativeBackend().binding.TF_ATTR_TYPE, value: DataType.float32 }
}

function textAttribute(name: string, value: string): OpAttribute {
  return { name, type: nativeBackend().binding.TF_ATTR_STRING, value }
}

/** A small classifier of small pictures: not for persons, but to measure with. Its features say what a picture shows. */
import type { Features } from '../measuring/frechet.ts'
import { AdamStep, initialWeights } from '../learning/adam-step.ts'
import { shuffledIndices, uniformGenerator } from '../learning/noise.ts'
import { learningRate } from '../learning/schedule.ts'
import { ParameterTable } from '../nets/net.ts'
import { throwIfCancelled } from '../../../shared/errors.ts'
import { type Scalar, type Tensor, type Tensor4D, loadTensorflow, tensorflow } from '../tensor/backend.ts'
import { CompiledFunction } from '../tensor/compile.ts'
import { biasAdd, halve, registerNativeGradients, reshapeBatch } from '../tensor/ops.ts'
import type { PictureBatch } from './generator.ts'

const widths = [16, 32, 48] as const
const featureCount = 64
const batch = 64

/** Three convolutions, each at half the resolution, a dense layer of 64 features, and one of classes. */
export class Classifier {
  readonly #compiled: CompiledFunction
  readonly #values: number
  readonly #shape: [number, number, number]
  readonly classes: number

  private constructor(compiled: CompiledFunction, shape: [number, number, number], classes: number) {
    this.#compiled = compiled
    this.#shape = shape
    this.#values = shape[0] * shape[1] * shape[2]
    this.classes = classes
  }

  /**
   * @param pictures sides are multiples of 8
   * @param labels one of 0..classes-1 for each picture
   * @param epochs how often each picture is seen
   */
  static async teach(
    pictures: PictureBatch,
    labels: Uint8Array,
    classes: number,
    options: { seed: number; epochs: number; signal?: AbortSignal | undefined },
  ): Promise<Classifier> {
    await loadTensorflow()
    registerNativeGradients()
    const tf = tensorflow()
    const { width, height, channels, data } = pictures
    const values = width * height * channels
    const shape: [number, number, number] = [height, width, channels]
    const table = parameters(shape, classes)
    const weights = initialWeights(table.list, options.seed)
    const args = [tf.zeros([batch, ...shape]), tf.zeros([batch, 1, 1, classes])]
    const learned = table.list.map((_, index) => index)
    const loss = (w: Tensor[], [x, target]: Tensor[]): Scalar => {
      const { logits } = forward(table, w, x as Tensor4D, shape)
      return tf.neg(tf.mean(tf.sum(tf.mul(logSoftmax(logits), target!), 3)))
    }
    const step = new AdamStep(table.list, weights, args, [{ learned, loss }])
    tf.dispose(args)
    const count = labels.length
    const steps = options.epochs * Math.floor(count / batch)
    for (let index = 0; index < steps; index++) {
      throwIfCancelled(options.signal)
      const perEpoch = Math.floor(count / batch)
      const order = shuffledIndices(count, uniformGenerator(options.seed, Math.floor(index / perEpoch)))
      const chosen = order.slice((index % perEpoch) * batch, ((index % perEpoch) + 1) * batch)
      const x = new Float32Array(batch * values)
      const target = new Float32Array(batch * classes)
      chosen.forEach((from, to) => {
        x.set(data.subarray(from * values, (from + 1) * values), to * values)
        target[to * classes + labels[from]!] = 1
      })
      const inputs = [tf.tensor(x, [batch, ...shape]), tf.tensor(target, [batch, 1, 1, classes])]
      step.run(inputs, 1e-3 * learningRate(index / steps))
      tf.dispose(inputs)
      if (index % 8 === 0) await new Promise<void>((resolve) => setImmediate(resolve))
    }
    const state = step.weights().map(({ data: values, shape: of }) => tf.tensor(values, of))
    step.dispose()
    const example = [tf.zeros([1, ...shape])]
    const compiled = new CompiledFunction(
      (w, [x]) => {
        const { features, logits } = forward(table, w, x as Tensor4D, shape)
        return { outputs: [features, tf.exp(logSoftmax(logits))] }
      },
      { state, args: example, freeAxes: [[0]], frozen: true },
    )
    tf.dispose([...state, ...example])
    return new Classifier(compiled, shape, classes)
  }

  /** @param data pictures one after the other, in 0..1 */
  run(data: Float32Array): { features: Features; probabilities: Float32Array } {
    const tf = tensorflow()
    const count = data.length / this.#values
    const features = new Float32Array(count * featureCount)
    const probabilities = new Float32Array(count * this.classes)
    for (let first = 0; first < count; first += 250) {
      const some = Math.min(250, count - first)
      const x = tf.tensor(data.subarray(first * this.#values, (first + some) * this.#values), [
        some,
        ...this.#shape,
      ])
      const [f, p] = this.#compiled.run([x])
      features.set(f!.dataSync(), first * featureCount)
      probabilities.set(p!.dataSync(), first * this.classes)
      tf.dispose([x, f!, p!])
    }
    return { features: { data: features, count, size: featureCount }, probabilities }
  }

  /** Share of the pictures that it is sure of: more than 0.9 for one class. */
  sureShare(data: Float32Array): number {
    const { probabilities, features } = this.run(data)
    let sure = 0
    for (let row = 0; row < features.count; row++) {
      const most = Math.max(...probabilities.subarray(row * this.classes, (row + 1) * this.classes))
      if (most > 0.9) sure++
    }
    return sure / features.count
  }

  accuracy(data: Float32Array, labels: Uint8Array): number {
    const { probabilities } = this.run(data)
    const right = labels.reduce((sum, label, row) => {
      const of = probabilities.subarray(row * this.classes, (row + 1) * this.classes)
      return sum + (of.indexOf(Math.max(...of)) === label ? 1 : 0)
    }, 0)
    return right / labels.length
  }

  dispose(): void {
    this.#compiled.dispose()
  }
}

function parameters([height, width, channels]: [number, number, number], classes: number): ParameterTable {
  const table = new ParameterTable()
  let from = channels
  widths.forEach((to, level) => {
    table.conv(`conv${level}`, 3, from, to, { role: 'adam', bias: true })
    table.conv(`halve${level}`, 2, to, to, { role: 'adam', bias: true })
    from = to
  })
  const cells = (height / 8) * (width / 8) * from
  table.conv('features', 1, cells, featureCount, { role: 'adam', bias: true })
  table.conv('classes', 1, featureCount, classes, { gain: 1, role: 'adam', bias: true })
  return table
}

function forward(
  table: ParameterTable,
  weights: Tensor[],
  x: Tensor4D,
  [height, width]: [number, number, number],
): { features: Tensor4D; logits: Tensor4D } {
  const tf = tensorflow()
  const weight = table.of(weights)
  const conv = (h: Tensor4D, name: string): Tensor4D =>
    biasAdd(tf.conv2d(h, weight(name) as Tensor4D, 1, 'same'), weight(`${name}/bias`))
  let h = x
  widths.forEach((_, level) => {
    h = tf.relu(conv(h, `conv${level}`))
    h = tf.relu(biasAdd(halve(h, weight(`halve${level}`)), weight(`halve${level}/bias`)))
  })
  const flat = reshapeBatch(h, [1, 1, (height / 8) * (width / 8) * widths[2]])
  const features = tf.relu(conv(flat, 'features'))
  return { features, logits: conv(features, 'classes') }
}

/** Over the last axis, with ops that leave the size of the batch free. */
function logSoftmax(logits: Tensor4D): Tensor {
  const tf = tensorflow()
  const shifted = tf.sub(logits, tf.max(logits, 3, true))
  return tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), 3, true)))
}

import { beforeAll, describe, expect, it } from 'vitest'
import { anySizeNet } from '../../../electron/engine/nets/any-size.ts'
import { wholeImageNet } from '../../../electron/engine/nets/whole-image.ts'
import { uniformGenerator } from '../../../electron/engine/learning/noise.ts'
import { TrainingStep, initialState } from '../../../electron/engine/learning/training-step.ts'
import { cpuHasBfloat16 } from '../../../electron/engine/tensor/precision.ts'
import { type Tensor, loadTensorflow, tensorflow } from '../../../electron/engine/tensor/backend.ts'
import { CompiledFunction } from '../../../electron/engine/tensor/compile.ts'
import { registerNativeGradients } from '../../../electron/engine/tensor/ops.ts'

beforeAll(async () => {
  await loadTensorflow()
  registerNativeGradients()
})

const nets = [
  { name: 'any-size', net: anySizeNet(3), side: 32, batch: 2 },
  { name: 'whole-image', net: wholeImageNet(1, { width: 16, height: 16 }), side: 16, batch: 4 },
] as const

function losses(
  index: number,
  options: { eager?: boolean; bfloat16?: boolean; steps: number; loss: 'bce' | 'mse'; rate?: number },
): number[] {
  const { net, side, batch } = nets[index]!
  const random = uniformGenerator(5)
  const clean = Float32Array.from({ length: batch * side * side * net.channels }, random)
  const sigmas = Float32Array.from({ length: batch }, () => 0.05 + 0.3 * random())
  const fixed = net.kind === 'any-size' ? { scale: new Float32Array(12).fill(8) } : {}
  const step = new TrainingStep(
    { net, batch, height: side, width: side, ...options },
    initialState(net, 1, fixed),
  )
  const out = Array.from({ length: options.steps }, (_, k) =>
    step.run({ clean, sigmas }, k, options.rate ?? 0.3, [9, k]),
  )
  step.dispose()
  return out
}

describe('the compiled training step', () => {
  it.each([
    [0, 'bce'],
    [0, 'mse'],
    [1, 'bce'],
    [1, 'mse'],
  ] as const)('has the losses of eager tfjs over 50 steps, within 1e-4 (net %i, %s)', (index, loss) => {
    // At the full rate learning itself is chaotic: 1e-6 more in one weight moves the loss by 3e-4 after 50 steps.
    const compiled = losses(index, { steps: 50, loss, rate: 0.1 })
    const eager = losses(index, { steps: 50, loss, rate: 0.1, eager: true })
    compiled.forEach((value, k) => expect(Math.abs(value - eager[k]!)).toBeLessThan(1e-4))
    expect(compiled.at(-1)!).toBeLessThan(compiled[0]!)
  })

  it.runIf(cpuHasBfloat16())('stays near float32 in bfloat16', () => {
    const float32 = losses(1, { steps: 20, loss: 'bce' })
    const bfloat16 = losses(1, { steps: 20, loss: 'bce', bfloat16: true })
    bfloat16.forEach((value, k) => expect(Math.abs(value - float32[k]!)).toBeLessThan(5e-3))
    expect(bfloat16).not.toEqual(float32)
  })

  it('goes on from its own state as if it had not stopped', () => {
    const { net, side, batch } = nets[1]
    const options = { net, batch, height: side, width: side, loss: 'bce' } as const
    const clean = Float32Array.from({ length: batch * side * side }, uniformGenerator(2))
    const sigmas = new Float32Array(batch).fill(0.2)
    const unbroken = new TrainingStep(options, initialState(net, 3))
    const broken = new TrainingStep(options, initialState(net, 3))
    for (let k = 0; k < 3; k++) unbroken.run({ clean, sigmas }, k, 1, [1, k])
    broken.run({ clean, sigmas }, 0, 1, [1, 0])
    const resumed = new TrainingStep(options, broken.state())
    for (let k = 1; k < 3; k++) resumed.run({ clean, sigmas }, k, 1, [1, k])
    const a = unbroken.state()
    const b = resumed.state()
    const same = a.every(
      ({ data }, index) => Buffer.compare(Buffer.from(data.buffer), Buffer.from(b[index]!.data.buffer)) === 0,
    )
    expect(same).toBe(true)
    for (const step of [unbroken, broken, resumed]) step.dispose()
  })

  it('leaves no tensor behind', () => {
    losses(1, { steps: 1, loss: 'bce' })
    const before = tensorflow().memory().numTensors
    losses(1, { steps: 5, loss: 'bce' })
    expect(tensorflow().memory().numTensors).toBe(before)
  })
})

describe('a compiled function', () => {
  it('keeps its state between calls and gives it out on demand', () => {
    const tf = tensorflow()
    const counter = new CompiledFunction(
      ([sum], [x]) => ({ outputs: [tf.mul(sum!, 2)], state: [tf.add(sum!, x!)] }),
      { state: [tf.scalar(10)], args: [tf.scalar(0)] },
    )
    const results = [1, 2, 3].map((x) => counter.run([tf.scalar(x)])[0]!.dataSync()[0])
    expect(results).toEqual([20, 22, 26])
    expect(counter.getState()[0]!.dataSync()[0]).toBe(16)
    counter.setState([tf.scalar(0)])
    expect(counter.run([tf.scalar(5)])[0]!.dataSync()[0]).toBe(0)
  })

  it('shares no memory with the arrays that its state came from', () => {
    const tf = tensorflow()
    // TensorFlow shares only memory that happens to be aligned: some of so many are.
    const arrays = Array.from({ length: 64 }, (_, index) => new Float32Array(500 + index).fill(index))
    const first = arrays.map((each) => tf.tensor(each))
    const kept = new CompiledFunction((state, [x]) => ({ outputs: [tf.add(state[0]!, x!)] }), {
      state: first,
      args: [tf.scalar(0)],
    })
    for (const each of arrays) each.fill(-1)
    kept.getState().forEach((each, index) => expect(each.dataSync()[0]).toBe(index))
  })

  it('takes other sizes on axes that are free', () => {
    const tf = tensorflow()
    const double = new CompiledFunction((_, [x]) => ({ outputs: [tf.mul(x!, 2)] }), {
      state: [],
      args: [tf.zeros([1, 3])],
      freeAxes: [[0]],
    })
    expect(double.run([tf.ones([4, 3])])[0]!.shape).toEqual([4, 3])
  })

  it('refuses two inputs that share their data, which a recorder cannot tell apart', () => {
    const tf = tensorflow()
    const x = tf.scalar(1)
    const add = (_: Tensor[], [a, b]: Tensor[]) => ({ outputs: [tf.add(a!, b!)] })
    expect(() => new CompiledFunction(add, { state: [], args: [x, x.clone()] })).toThrow(/share their data/)
  })

  it('says so when it is used after it was disposed', () => {
    const tf = tensorflow()
    const same = new CompiledFunction((_, [x]) => ({ outputs: [tf.mul(x!, 1)] }), {
      state: [],
      args: [tf.scalar(1)],
    })
    same.dispose()
    expect(() => same.run([tf.scalar(1)])).toThrow(/disposed/)
  })
})

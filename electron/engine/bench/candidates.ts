/** What is timed against each other: our step in its forms, and peers in processes of their own. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { UphillError } from '../../../shared/errors.ts'
import { type NamedTensor, type StepOptions, TrainingStep } from '../learning/training-step.ts'
import { Denoiser } from '../models/denoiser.ts'
import type { ModelCard } from '../../../shared/domain.ts'
import type { Precision } from '../tensor/precision.ts'

/** Something that can be run again and again. */
export interface Candidate {
  name: string
  /** Milliseconds of one run. */
  once: () => Promise<number>
  dispose: () => void
}

export function ownStep(name: string, options: StepOptions, state: readonly NamedTensor[]): Candidate {
  const step = new TrainingStep(options, state)
  const { batch, height, width, net } = options
  const clean = Float32Array.from(
    { length: batch * height * width * net.channels },
    (_, i) => ((i * 31) % 97) / 97,
  )
  const sigmas = new Float32Array(batch).fill(0.1)
  let index = 0
  const once = (): Promise<number> => {
    const start = performance.now()
    step.run({ clean, sigmas }, index, 0.1, [1, index])
    index++
    return Promise.resolve(performance.now() - start)
  }
  return { name, once, dispose: () => step.dispose() }
}

/** @param state weights by the names of training: `average/...` */
export async function ownApply(
  name: string,
  card: ModelCard,
  options: StepOptions,
  state: readonly NamedTensor[],
  precision: Precision,
): Promise<Candidate> {
  const weights = state
    .filter((tensor) => tensor.name.startsWith('average/'))
    .map((tensor) => ({ ...tensor, name: tensor.name.slice('average/'.length) }))
  const model = await Denoiser.load(card, weights, { precision })
  const { batch, height, width, net } = options
  const x = new Float32Array(batch * height * width * net.channels).fill(0.5)
  const sigmas = new Float32Array(batch).fill(0.1)
  const once = (): Promise<number> => {
    const start = performance.now()
    model.estimate(x, [batch, height, width], sigmas)
    return Promise.resolve(performance.now() - start)
  }
  return { name, once, dispose: () => model.dispose() }
}

/** A peer that speaks the few words of test/bench/torch_peer.py. */
export class PeerProcess {
  readonly version: string
  readonly #ask: (line: string) => Promise<string>
  readonly #end: () => void

  private constructor(version: string, ask: (line: string) => Promise<string>, end: () => void) {
    this.version = version
    this.#ask = ask
    this.#end = end
  }

  /** @throws UphillError BAD_INPUT when the peer does not answer as it should */
  static async start(command: string, args: string[], setup: string): Promise<PeerProcess> {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    let complaint = ''
    child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()))
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const ended = new Promise<never>((_, reject) => {
      const fail = (): void => {
        const why = complaint.trim().split('\n').at(-1) ?? ''
        reject(
          new UphillError(
            'BAD_INPUT',
            `${command} ended: ${why}`,
            'Give a Python that has torch, with --python.',
          ),
        )
      }
      child.once('error', fail)
      child.once('exit', fail)
    })
    ended.catch(() => undefined)
    const ask = async (line: string): Promise<string> => {
      child.stdin.write(`${line}\n`)
      const answer = await Promise.race([lines.next(), ended])
      return String(answer.value)
    }
    const [, version = ''] = (await ask(`setup ${setup}`)).split(' ')
    return new PeerProcess(version, ask, () => child.kill())
  }

  candidate(name: string, word: 'train' | 'apply'): Candidate {
    return { name, once: async () => Number(await this.#ask(word)), dispose: () => undefined }
  }

  end(): void {
    this.#end()
  }
}

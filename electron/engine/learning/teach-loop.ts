/** The loop of a teaching: steps, curve, measurements, checkpoints, and the end. */
import type { CurvePoint } from '../../../shared/domain.ts'
import { UphillError, isCancelled } from '../../../shared/errors.ts'
import type { Denoiser } from '../models/denoiser.ts'
import type { StoredCard } from '../models/card.ts'
import type { ModelLibrary } from '../models/library.ts'
import type { Evaluation } from './evaluation.ts'
import type { PictureSet } from './pictures.ts'
import { learningRate } from './schedule.ts'
import type { TeachRun } from './teach.ts'
import type { NamedTensor, TrainingStep } from './training-step.ts'

export interface TeachClock {
  /** Milliseconds. */
  now: () => number
}

interface LoopParts {
  library: ModelLibrary
  card: StoredCard
  step: TrainingStep
  model: Denoiser
  set: PictureSet
  evaluation: Evaluation
  batch: number
  clock: TeachClock
  run: TeachRun
}

/** At most this much work is lost when the power goes; a person with a bad battery may want less. */
const checkpointSeconds = Math.min(25, Number(process.env['UPHILL_CHECKPOINT_SECONDS']) || 25)
const progressSeconds = 0.25
/** Measuring on held-out pictures may take at most about this share of the time. */
const evaluationShare = 0.08
const mostCurvePoints = 400
const mostRecoveries = 3

export class TeachLoop {
  readonly #parts: LoopParts
  #card: StoredCard
  #seconds: number
  #lossSum = 0
  #lossCount = 0
  #speed: number | null = null
  /** Halved at every recovery from a loss that is not finite. */
  #rateFactor = 1
  #recoveries = 0
  /** The step of the last measurement. */
  #evaluatedAt = -1
  /** What a recovery goes back to. */
  #safe: { state: NamedTensor[]; step: number } | null = null

  constructor(parts: LoopParts) {
    this.#parts = parts
    this.#card = parts.card
    this.#seconds = parts.card.seconds
  }

  async run(): Promise<StoredCard> {
    const { run, clock } = this.#parts
    const { signal, pause } = run
    this.#card.scores = { ...this.#card.scores, psnrNoisy: this.#parts.evaluation.psnrNoisy }
    let evaluationCost = await this.#evaluate()
    await this.#save('teaching')
    let checkpointAt = this.#seconds + checkpointSeconds
    let evaluateAt = this.#seconds + this.#evaluationGap(evaluationCost)
    let curveAt = this.#seconds
    let progressAt = this.#seconds
    let last = clock.now()
    let speedFrom = { seconds: this.#seconds, step: this.#card.step }

    while (this.#share() < 1 && !signal?.aborted) {
      if (pause?.paused) {
        await this.#save('stopped')
        await pause.passed(signal)
        last = clock.now()
        speedFrom = { seconds: this.#seconds, step: this.#card.step }
        continue
      }
      if (!(await this.#picturesAreThere())) break
      this.#oneStep()
      await new Promise<void>((resolve) => setImmediate(resolve))
      const now = clock.now()
      this.#seconds += (now - last) / 1000
      last = now
      if (this.#seconds >= progressAt) {
        const elapsed = this.#seconds - speedFrom.seconds
        if (elapsed > 0.5) this.#speed = ((this.#card.step - speedFrom.step) * this.#parts.batch) / elapsed
        this.#emitProgress()
        progressAt = this.#seconds + progressSeconds
      }
      if (this.#seconds >= curveAt) {
        this.#addPoint(null)
        curveAt = this.#seconds + this.#planSeconds() / mostCurvePoints
      }
      if (this.#seconds >= evaluateAt) {
        evaluationCost = await this.#evaluate()
        evaluateAt = this.#seconds + this.#evaluationGap(evaluationCost)
      }
      if (this.#seconds >= checkpointAt) {
        await this.#save('teaching')
        checkpointAt = this.#seconds + checkpointSeconds
      }
    }
    if (this.#evaluatedAt !== this.#card.step) await this.#evaluate()
    this.#emitProgress('saving')
    return this.#save(this.#share() >= 1 ? 'finished' : 'stopped')
  }

  /** @returns false when it was stopped while it waited */
  async #picturesAreThere(): Promise<boolean> {
    const waiting = this.#parts.set.prepare(this.#card.step)
    if (!waiting) return true
    try {
      await waiting
      return true
    } catch (error) {
      if (isCancelled(error)) return false
      throw error
    }
  }

  #oneStep(): void {
    const { set, step, batch } = this.#parts
    const { seed } = this.#card.taughtWith
    const index = this.#card.step
    const rate = learningRate(this.#share()) * this.#rateFactor
    const loss = step.run(set.batch(index, batch), index, rate, [seed | 0, index])
    if (!Number.isFinite(loss)) {
      this.#recover()
      return
    }
    this.#card = { ...this.#card, step: index + 1 }
    this.#lossSum += loss
    this.#lossCount++
  }

  /** Back to the last good state with half the learning rate; after a few times, an honest end. */
  #recover(): void {
    if (++this.#recoveries > mostRecoveries || !this.#safe) {
      throw new UphillError(
        'DIVERGED',
        'The loss stopped being a number, and going back to the last good state did not help.',
        'Look for damaged pictures in the folder, or teach with the other loss.',
      )
    }
    this.#rateFactor /= 2
    this.#parts.step.setState(this.#safe.state)
    this.#card = { ...this.#card, step: this.#safe.step + this.#recoveries }
  }

  /** Measures on held-out pictures, adds a point to the curve and shows a preview. @returns seconds it took */
  async #evaluate(): Promise<number> {
    const { clock, model, step, evaluation, run } = this.#parts
    const start = clock.now()
    this.#evaluatedAt = this.#card.step
    model.setWeights(step.averages())
    const psnr = evaluation.psnr(model)
    this.#card = { ...this.#card, scores: { ...this.#card.scores, psnrDenoised: psnr } }
    this.#addPoint(psnr)
    if (run.onEvent) run.onEvent({ type: 'preview', preview: await evaluation.preview(model) })
    this.#emitProgress()
    return (clock.now() - start) / 1000
  }

  #evaluationGap(cost: number): number {
    return Math.max(this.#planSeconds() / 40, cost / evaluationShare, 1)
  }

  #addPoint(psnr: number | null): void {
    const loss = this.#lossCount > 0 ? this.#lossSum / this.#lossCount : this.#card.scores.loss
    this.#lossSum = 0
    this.#lossCount = 0
    if (loss === null) return
    const point: CurvePoint = { step: this.#card.step, seconds: this.#seconds, loss, psnr }
    const curve = [...this.#card.curve, point]
    this.#card = { ...this.#card, curve, scores: { ...this.#card.scores, loss } }
    this.#parts.run.onEvent?.({ type: 'curve', curve })
  }

  async #save(state: StoredCard['state']): Promise<StoredCard> {
    const { library, step, evaluation, model, run } = this.#parts
    const checkpoint = step.state()
    this.#safe = { state: checkpoint, step: this.#card.step }
    const card: StoredCard = {
      ...this.#card,
      state,
      seconds: this.#seconds,
      curve: thinned(this.#card.curve),
    }
    const preview = run.onEvent || state !== 'teaching' ? await evaluation.preview(model) : null
    this.#card = await library.save(card, {
      weights: step.averages(),
      checkpoint,
      ...(preview?.rows[0] ? { preview: preview.rows[0].denoised.bytes } : {}),
    })
    return this.#card
  }

  #planSeconds(): number {
    return this.#card.taughtWith.plannedSeconds - this.#card.plan.fromSeconds
  }

  /** Share of the present plan that is done, 0..1. */
  #share(): number {
    const { plan, step } = this.#card
    if (plan.steps !== null) return Math.min(1, (step - plan.fromStep) / plan.steps)
    return Math.min(1, (this.#seconds - plan.fromSeconds) / this.#planSeconds())
  }

  #emitProgress(phase: 'teaching' | 'saving' = 'teaching'): void {
    const share = this.#share()
    const { plan, step, scores } = this.#card
    const byTime = this.#planSeconds() * (1 - share)
    const bySteps =
      this.#speed === null
        ? null
        : ((plan.steps ?? 0) - (step - plan.fromStep)) * (this.#parts.batch / this.#speed)
    this.#parts.run.onEvent?.({
      type: 'progress',
      progress: {
        phase,
        step,
        share,
        seconds: this.#seconds,
        secondsLeft: plan.steps === null ? byTime : bySteps,
        loss: scores.loss,
        psnr: scores.psnrDenoised,
        psnrNoisy: scores.psnrNoisy,
        picturesPerSecond: this.#speed,
      },
    })
  }
}

/** A long curve without every other loss point; measurements are all kept. */
function thinned(curve: readonly CurvePoint[]): CurvePoint[] {
  if (curve.length <= 2 * mostCurvePoints) return [...curve]
  return curve.filter((point, index) => point.psnr !== null || index % 2 === 0)
}

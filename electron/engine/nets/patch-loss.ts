/**
 * The loss of the any-size net, in which every patch counts alike.
 *
 * A patch with much noise has a hundred times the error of one with little, and a plain mean is all about the
 * former: what the net does to fine detail hardly counts. So the mean is taken over the logarithms. The gradient of
 * log(e) is that of e, divided by e: each patch is weighted by what is left to learn from it, and the best answer to
 * each stays E[clean | noisy] as far as that weight is the same for all clean patches that a noisy one could have been.
 */
import { type Scalar, type Tensor, tensorflow } from '../tensor/backend.ts'

export interface PatchLoss {
  /** Mean loss per pixel value. */
  mean: Scalar
  /** Of each patch: how far it is above the least that any estimate can have. [batch] */
  excess: Tensor
}

/** About 50 dB: below it a patch counts less and less, as its loss is rounding. */
const floor = 1e-5
/** Keeps the norm of the gradient near 1. */
const factor = 0.06

/** Binary cross-entropy in nats of p against targets in 0..1, both [b, h, w, c]; p is kept inside 0.02..0.98. */
export function crossEntropyByPatch(p: Tensor, target: Tensor): PatchLoss {
  const tf = tensorflow()
  const from = (estimate: Tensor): Tensor => {
    const inside = tf.clipByValue(estimate, 0.02, 0.98)
    const yes = tf.mul(target, tf.log(inside))
    const no = tf.mul(tf.sub(1, target), tf.log(tf.sub(1, inside)))
    return tf.neg(tf.mean(tf.add(yes, no), [1, 2, 3]))
  }
  const loss = from(p)
  return { mean: tf.mean(loss), excess: tf.sub(loss, from(target)) }
}

/** Squared error, [b, h, w, c]. */
export function squaredErrorByPatch(estimate: Tensor, target: Tensor): PatchLoss {
  const tf = tensorflow()
  const excess = tf.mean(tf.square(tf.sub(estimate, target)), [1, 2, 3])
  return { mean: tf.mean(excess), excess }
}

/** What to minimise so that every patch counts alike. */
export function likePatches({ mean, excess }: PatchLoss): { mean: Scalar; objective: Scalar } {
  const tf = tensorflow()
  // Rounding can take the difference of two cross-entropies a little below 0.
  const objective = tf.mean(tf.log(tf.add(tf.relu(excess), floor)))
  return { mean, objective: tf.mul(objective, factor) }
}

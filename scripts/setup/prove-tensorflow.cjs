// Started by native.mjs: loads the native backend, computes, and says its version.
const util = require('node:util')

// tfjs-node 4.22 still uses these; Node 23 took them away.
util.isNullOrUndefined ??= (value) => value === null || value === undefined
util.isArray ??= Array.isArray

const tf = require('@tensorflow/tfjs-node')

const [sum] = tf
  .matMul(tf.ones([4, 4]), tf.ones([4, 4]))
  .sum()
  .dataSync()
if (sum !== 64) throw new Error(`the sum of a product of ones is ${sum}, not 64`)
console.log(tf.backend().binding.TF_Version)

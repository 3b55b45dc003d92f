// In the bundle of a package this stands in for @mapbox/node-pre-gyp, of which tfjs-node calls one function: where its
// native binding is.
const path = require('node:path')

exports.find = () => path.join(__dirname, 'native/lib/tfjs_binding.node')

// Which TensorFlow goes with which platform: Python wheels that hold the C library, checked by hand.
// linux-x64 is tried; the others were chosen by their contents (names, exported symbols) and not yet run.

const linuxLibraries = {
  members: ['tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2'],
  // The names the linker looks for.
  links: {
    'libtensorflow.so': 'libtensorflow_cc.so.2',
    'libtensorflow_framework.so': 'libtensorflow_framework.so.2',
  },
}
const macLibraries = {
  members: ['tensorflow/libtensorflow_cc.2.dylib', 'tensorflow/libtensorflow_framework.2.dylib'],
  links: { 'libtensorflow.2.dylib': 'libtensorflow_cc.2.dylib' },
}

export const tensorflowBuilds = {
  'linux-x64': {
    name: 'tensorflow-cpu',
    version: '2.15.1',
    python: '3.11',
    platforms: ['manylinux2014_x86_64', 'manylinux_2_17_x86_64'],
    sha256: '54660c074d7241a503e81edfd9f5ef5af88f64051b72e2945f26318c790f2d26',
    ...linuxLibraries,
  },
  'linux-arm64': {
    name: 'tensorflow',
    version: '2.16.2',
    python: '3.11',
    platforms: ['manylinux2014_aarch64', 'manylinux_2_17_aarch64'],
    sha256: '8728b12bc86941d90d0a927c40d4b21f8820964a80439a7c45f850eb37d57067',
    ...linuxLibraries,
  },
  'darwin-arm64': {
    name: 'tensorflow',
    version: '2.16.2',
    python: '3.11',
    platforms: ['macosx_12_0_arm64'],
    sha256: '2c8a0e79395639b762e62002db99b2f6cc608f744312c9940899c1128f325331',
    ...macLibraries,
  },
  'darwin-x64': {
    name: 'tensorflow',
    version: '2.16.2',
    python: '3.11',
    platforms: ['macosx_10_15_x86_64'],
    sha256: 'ec06570d57bfa0e2be804405e3cdc2960e94887e7619ffb6bc053e9775b695aa',
    ...macLibraries,
  },
}

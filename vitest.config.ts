import path from 'node:path'
import { defineConfig } from 'vitest/config'

const minutes = (count: number) => count * 60_000

/** Everything runs for real (TensorFlow, sharp, Electron), so the limits only catch what hangs. */
function project(name: string, test: object) {
  return {
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      environment: 'node' as const,
      pool: 'forks' as const,
      ...test,
    },
  }
}

const built = ['test/setup/built.ts']

export default defineConfig({
  test: {
    passWithNoTests: true,
    projects: [
      project('setup', { testTimeout: minutes(1) }),
      project('engine', {
        testTimeout: minutes(3),
        hookTimeout: minutes(3),
        // What the engine keeps about this machine: not in the home of the person who tests.
        env: { UPHILL_HOME: path.resolve('test-results/home') },
      }),
      project('contract', { globalSetup: built, testTimeout: minutes(3), hookTimeout: minutes(3) }),
      project('cli', { globalSetup: built, testTimeout: minutes(10), hookTimeout: minutes(10) }),
      project('reliability', {
        globalSetup: [...built, 'test/setup/display.ts'],
        // At full size they take hours: `npm run reliability`.
        testTimeout: minutes(process.env['UPHILL_RELIABILITY'] === 'full' ? 300 : 6),
        hookTimeout: minutes(3),
        fileParallelism: false,
        maxWorkers: 1,
        sequence: { groupOrder: 2 },
        env: { UPHILL_HOME: path.resolve('test-results/home'), UPHILL_CHECKPOINT_SECONDS: '0.4' },
      }),
      project('window', {
        globalSetup: [...built, 'test/setup/display.ts'],
        testTimeout: minutes(10),
        hookTimeout: minutes(5),
        // A machine that has much to do is no failure.
        expect: { poll: { timeout: minutes(1) } },
        // One window at a time, and after the others: it teaches for real and needs the cores.
        fileParallelism: false,
        maxWorkers: 1,
        sequence: { groupOrder: 1 },
      }),
      // The package of `npm run dist`, by `npm run test:package` alone: it has to be made first, and takes minutes.
      ...(process.env['UPHILL_TEST_PACKAGE']
        ? [
            project('package', {
              globalSetup: ['test/setup/display.ts'],
              // Node 20 has WebSocket and keeps it behind this.
              execArgv: ['--experimental-websocket'],
              testTimeout: minutes(10),
              hookTimeout: minutes(10),
              fileParallelism: false,
              maxWorkers: 1,
            }),
          ]
        : []),
    ],
  },
})

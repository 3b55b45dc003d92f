// Runs try.ts:
//     node test/bench/quality/try.mjs <folder of run.mjs> <seconds> [way ...]
import { execFileSync } from 'node:child_process'
import { bundled } from './bundle.mjs'

execFileSync(process.execPath, [await bundled('try'), ...process.argv.slice(2)], { stdio: 'inherit' })

import { build } from '../../scripts/build.mjs'

/** Tests of the running parts use dist/; this costs nothing when it is up to date. */
export async function setup(): Promise<void> {
  await build()
}

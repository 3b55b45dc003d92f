// Where things are. No dependencies: this runs before `npm ci`, and on a Node that is too old to go on.
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')

/** What belongs to this working copy and may be deleted at any time. */
export const localCache = path.join(root, '.cache')

/** What is downloaded or compiled once for all working copies of this user. */
export const userCache = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'uphill')

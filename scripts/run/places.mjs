// Where things are. No dependencies: this runs before `npm ci`.
import os from 'node:os'
import path from 'node:path'

/** The repository. */
export const root = path.resolve(import.meta.dirname, '../..')

/** What belongs to this working copy and may be deleted at any time. */
export const localCache = path.join(root, '.cache')

/** What is downloaded or compiled once for all working copies of this user. */
export const userCache = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'uphill')

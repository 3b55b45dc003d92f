/** The person's choices for the engine, on their way to disk. */
import { access, constants } from 'node:fs/promises'
import type { EngineSettings } from '../../../shared/domain.ts'
import { UphillError } from '../../../shared/errors.ts'
import { writeFileAtomic } from '../files/atomic.ts'
import { readSettings, settingsFile } from '../home.ts'
import type { PathGuard } from './path-guard.ts'

/** @throws UphillError NOT_WRITABLE, BAD_INPUT for a folder that nobody chose, DISK_FULL */
export async function keepSettings(
  home: string,
  wanted: EngineSettings,
  guard: PathGuard,
): Promise<EngineSettings> {
  const { modelsFolder } = wanted
  if (modelsFolder !== null && modelsFolder !== readSettings(home).modelsFolder) {
    guard.check(modelsFolder)
    await access(modelsFolder, constants.W_OK).catch((error: unknown) => {
      throw new UphillError(
        'NOT_WRITABLE',
        `Models cannot be kept in ${modelsFolder}: it cannot be written.`,
        'Choose a folder of your own.',
        { cause: error },
      )
    })
  }
  await writeFileAtomic(settingsFile(home), `${JSON.stringify(wanted, null, 2)}\n`, { whenExists: 'replace' })
  return wanted
}

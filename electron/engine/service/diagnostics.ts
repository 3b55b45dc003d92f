/** What helps others to help: this machine, this Uphill, and the last lines of the logs, as text to read and to copy. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { doctor } from '../doctor.ts'
import { lastLines, redacted } from '../files/log.ts'
import { readSettings } from '../home.ts'
import type { ModelLibrary } from '../models/library.ts'

const shownLines = 200

/** Without the names of files, folders and models. */
export async function diagnostics(home: string, library: ModelLibrary): Promise<string> {
  const report = await doctor()
  const { cores, memoryMiB, modelsFolder } = readSettings(home)
  const models = await library.list().catch(() => [])
  const lines = lastLines(join(home, 'logs'), shownLines)
  const { cpu, problems } = report
  return [
    `Electron ${report.electron ?? 'none'}, Node ${report.node}, ${report.platform}${await systemName()}`,
    `TensorFlow ${report.tensorflow ?? 'not loaded'} (${report.backend})`,
    `${cpu.model}, ${cpu.cores} cores (${cpu.features.join(', ')}), ${report.memoryGiB} GiB, GPU: ${report.gpu ?? 'none'}`,
    `Settings: cores ${cores ?? 'all'}, memory ${memoryMiB ?? 'automatic'}, models ${modelsFolder === null ? 'in Uphill’s own folder' : 'elsewhere'}`,
    `Models: ${models.length}, damaged: ${models.filter(({ status }) => status === 'damaged').length}`,
    ...problems.map(({ what }) => `Problem: ${redacted(what)}`),
    '',
    lines.length > 0 ? `The last ${lines.length} entries of the logs:` : 'The logs are empty.',
    ...lines,
  ].join('\n')
}

async function systemName(): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  const name = /^PRETTY_NAME="?([^"\n]*)/m.exec(release)?.[1]
  return name ? ` (${name})` : ''
}

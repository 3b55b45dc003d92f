import { type Command, Option } from 'commander'
import { numberOption } from '../terminal.ts'

export interface ExportFlags {
  out: string
  format?: string
  quality?: number
  profile?: boolean
  note?: string
  overwrite?: boolean
  number?: boolean
}

/** Options of every command that writes pictures. */
export function withExportOptions(command: Command): Command {
  return command
    .requiredOption('--out <folder>', 'where the results go; made when it is not there')
    .addOption(
      new Option(
        '--format <format>',
        'file format of the results; default: refine keeps the picture’s own, dream writes png',
      ).choices(['png', 'jpeg', 'webp', 'tiff', 'avif']),
    )
    .option('--quality <n>', '1 to 100, for jpeg, webp and avif', numberOption)
    .option('--profile', 'write the sRGB colour profile into the results')
    .option('--note <text>', 'a description for the EXIF data of the results; without it none is written')
    .addOption(new Option('--overwrite', 'replace files that are there').conflicts('number'))
    .option('--number', 'give a new name, such as “a (2).png”, when a file is there')
}

export function whenExists({ overwrite, number }: ExportFlags): 'fail' | 'number' | 'replace' {
  if (overwrite) return 'replace'
  return number ? 'number' : 'fail'
}

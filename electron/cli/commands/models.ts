import path from 'node:path'
import { Command } from 'commander'
import type { ModelCard } from '../../../shared/domain.ts'
import type { ModelLibrary } from '../../engine/models/library.ts'
import { shareModel, takeModel } from '../../engine/models/share.ts'
import { ownLibrary } from '../library.ts'
import { type OutputOptions, Terminal, duration } from '../terminal.ts'

export function modelsCommand(): Command {
  const models = new Command('models')
    .summary('list, show, rename, share and trash models')
    .description('The models there are: list, show, rename, share, take in, trash.')
  models
    .command('list', { isDefault: true })
    .description('all models, the newest first')
    .action(async (flags: OutputOptions) => {
      const library = ownLibrary()
      const listings = await library.list()
      const longest = Math.max(
        0,
        ...listings.map((listing) => (listing.status === 'ok' ? listing.card.name.length : 0)),
      )
      const lines = listings.map((listing) => {
        if (listing.status === 'damaged') return `${listing.id}  damaged: ${listing.error.message}`
        return `${listing.card.name.padEnd(longest)}  ${short(listing.card)}`
      })
      const none = [`No models yet in ${library.folder}. Teach one: uphill teach <folder> --name <name>`]
      new Terminal(flags).result(
        { folder: library.folder, models: listings },
        lines.length > 0 ? lines : none,
      )
    })
  models
    .command('show')
    .description('one model: what it is, what it was taught with, how well it does')
    .argument('<model>', 'name or id')
    .action(async (model: string, flags: OutputOptions) => {
      const card = await ownLibrary().find(model)
      const size = card.size ? `${card.size.width} × ${card.size.height}, ` : ''
      new Terminal(flags).result(card, [
        `${card.name} (${card.id})`,
        `  ${card.kind}, ${size}${card.channels === 1 ? 'greyscale' : 'colour'}, ${card.parameters.toLocaleString('en-GB')} parameters, ${card.loss}${card.patches ? ', every patch alike' : ''}`,
        `  taught with ${card.taughtWith.pictures} pictures of ${card.taughtWith.folder}`,
        `  ${short(card)}`,
      ])
    })
  models
    .command('rename')
    .description('give a model another name')
    .argument('<model>', 'name or id')
    .argument('<name>', 'the new name')
    .action(async (model: string, name: string, flags: OutputOptions) => {
      const library = ownLibrary()
      const card = await library.rename((await library.find(model)).id, name)
      new Terminal(flags).result(card, [`It is named “${card.name}” now.`])
    })
  models
    .command('trash')
    .description('move a model to the trash folder beside the models; nothing is erased')
    .argument('<model>', 'name or id')
    .action(async (model: string, flags: OutputOptions) => {
      const library = ownLibrary()
      const { id, name } = await findEvenDamaged(library, model)
      await library.trash(id)
      new Terminal(flags).result({ id, name }, [
        `“${name}” is in the trash: ${path.join(library.folder, '.trash')}`,
      ])
    })
  models
    .command('share')
    .description('write a model as one file, to give away: without the names of your folders, without notes')
    .argument('<model>', 'name or id')
    .argument('<file>', 'such as scans.uphill')
    .option('--overwrite', 'replace the file when it is there')
    .action(async (model: string, file: string, flags: OutputOptions & { overwrite?: boolean }) => {
      const library = ownLibrary()
      const { id, name } = await library.find(model)
      const shared = await shareModel(library, id, file, { whenExists: flags.overwrite ? 'replace' : 'fail' })
      new Terminal(flags).result(shared, [`“${name}” is in ${shared.path}.`])
    })
  models
    .command('take')
    .description('take in a model that somebody has shared')
    .argument('<file>', 'a .uphill file')
    .action(async (file: string, flags: OutputOptions) => {
      const card = await takeModel(ownLibrary(), file)
      new Terminal(flags).result(card, [`It is here as “${card.name}”.`])
    })
  return models.addHelpText('after', '\nExample:\n  $ uphill models rename Scans "Film scans"')
}

/** A damaged model has no name that can be read, but an id. */
async function findEvenDamaged(library: ModelLibrary, model: string): Promise<{ id: string; name: string }> {
  const listings = await library.list()
  const isDamaged = listings.some((listing) => listing.status === 'damaged' && listing.id === model)
  if (isDamaged) return { id: model, name: model }
  return await library.find(model)
}

function short({ kind, scores, seconds, state }: ModelCard): string {
  const quality =
    scores.psnrNoisy === null || scores.psnrDenoised === null
      ? ''
      : `, ${scores.psnrNoisy.toFixed(1)} → ${scores.psnrDenoised.toFixed(1)} dB`
  return `${kind}, ${duration(seconds)}${quality}${state === 'finished' ? '' : `, ${state}`}`
}

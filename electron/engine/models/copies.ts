/** Models twice, and models back from the trash. */
import fs from 'node:fs/promises'
import path from 'node:path'
import type { ModelCard } from '../../../shared/domain.ts'
import { UphillError } from '../../../shared/errors.ts'
import { toFileError } from '../files/atomic.ts'
import { type ModelLibrary, trashFolder } from './library.ts'

/**
 * A copy of all that the card names, under another name and id; the card is written last.
 * @throws UphillError NAME_TAKEN, MODEL_NOT_FOUND, MODEL_DAMAGED, MODEL_IN_USE, DISK_FULL, NOT_WRITABLE
 */
export async function duplicateModel(library: ModelLibrary, id: string, name: string): Promise<ModelCard> {
  await library.requireFreeName(name)
  const stored = await library.stored(id)
  const copy = { ...stored, id: library.freshId(name), name, createdAt: new Date().toISOString() }
  const source = path.join(library.folder, id)
  const target = path.join(library.folder, copy.id)
  const lock = await library.lock(id)
  try {
    await fs.mkdir(target, { recursive: true })
    for (const file of Object.values(stored.files)) {
      if (file) await fs.copyFile(path.join(source, file), path.join(target, file))
    }
    await library.save(copy, {})
    return await library.card(copy.id)
  } catch (error) {
    await fs.rm(target, { recursive: true, force: true })
    throw toFileError(error, target, 'duplicate the model')
  } finally {
    await lock.release()
  }
}

/**
 * Brings a model back from the trash, under its old id.
 * @param trashId what ModelLibrary.trash returned
 * @throws UphillError MODEL_NOT_FOUND, or NAME_TAKEN when another model has its name by now: then it stays in the trash
 */
export async function restoreModel(library: ModelLibrary, trashId: string): Promise<ModelCard> {
  const id = /^([\w-]+)-\d+$/.exec(trashId)?.[1]
  if (id === undefined) throw notInTrash()
  const source = path.join(library.folder, trashFolder, trashId)
  const target = path.join(library.folder, id)
  try {
    await fs.rename(source, target)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw notInTrash()
    throw toFileError(error, target, 'bring the model back')
  }
  try {
    const card = await library.card(id)
    await library.requireFreeName(card.name, id)
    return card
  } catch (error) {
    await fs.rename(target, source)
    throw error
  }
}

function notInTrash(): UphillError {
  return new UphillError(
    'MODEL_NOT_FOUND',
    'This model is not in the trash any more.',
    `Look into the folder ${trashFolder} beside the models.`,
  )
}

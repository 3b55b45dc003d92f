/**
 * Models on disk. A model is a folder:
 *   card.json                  what it is, how it was taught, its scores; names the files that belong to it
 *   weights-<step>.safetensors the averaged weights, which walks use
 *   checkpoint-<step>.safetensors  everything a teaching needs to go on
 *   preview.png                a picture of what it was taught with
 *   card-before.json           the card of the generation before, whose files are kept as well
 * card.json is written last: until then the folder says what it said before, whatever happens. When the newest
 * generation turns out to be damaged, the one before takes its place.
 */
import fs from 'node:fs/promises'
import path from 'node:path'
import { type ModelCard, modelCard, modelName } from '../../../shared/domain.ts'
import { type ErrorInfo, UphillError, toErrorInfo } from '../../../shared/errors.ts'
import { toFileError, writeFileAtomic } from '../files/atomic.ts'
import { makeFolder } from '../files/folder.ts'
import { type Lock, takeLock } from '../files/lock.ts'
import { type StoredCard, cardText, freshId, isLost, parseCard, sameFiles } from './card.ts'
import { Denoiser } from './denoiser.ts'
import { type NamedArray, decodeSafetensors, encodeSafetensors } from './safetensors.ts'

export type ModelListing =
  { status: 'ok'; card: ModelCard } | { status: 'damaged'; id: string; folder: string; error: ErrorInfo }

export const trashFolder = '.trash'
const lockFolder = '.locks'
const cardFile = 'card.json'
const cardBeforeFile = 'card-before.json'
const openModels = 2

export class ModelLibrary {
  readonly folder: string
  readonly #open = new Map<string, Promise<Denoiser>>()

  constructor(folder: string) {
    this.folder = folder
  }

  freshId(name: string): string {
    return freshId(name)
  }

  /** All models, the newest first; a damaged one is listed with the reason. */
  async list(): Promise<ModelListing[]> {
    let names: string[]
    try {
      const entries = await fs.readdir(this.folder, { withFileTypes: true })
      names = entries
        .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
        .map((entry) => entry.name)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw toFileError(error, this.folder, 'read the models')
    }
    const listings = await Promise.all(names.map((id) => this.#listed(id)))
    const dateOf = (listing: ModelListing): string => (listing.status === 'ok' ? listing.card.updatedAt : '')
    return listings.filter((listing) => listing !== null).sort((a, b) => dateOf(b).localeCompare(dateOf(a)))
  }

  /** Null for a folder without a card: a teaching that was cut off before its first one was written. */
  async #listed(id: string): Promise<ModelListing | null> {
    try {
      return { status: 'ok', card: await this.card(id) }
    } catch (error) {
      if (error instanceof UphillError && error.code === 'MODEL_NOT_FOUND') return null
      return { status: 'damaged', id, folder: path.join(this.folder, id), error: toErrorInfo(error) }
    }
  }

  /** @throws UphillError MODEL_NOT_FOUND, MODEL_DAMAGED or MODEL_TOO_NEW */
  async card(id: string): Promise<ModelCard> {
    return modelCard.parse(await this.stored(id))
  }

  /** The card with its file names; that of the generation before when the newest cannot be read. */
  async stored(id: string): Promise<StoredCard> {
    try {
      return await this.#readCard(id, cardFile)
    } catch (error) {
      if (!isLost(error)) throw error
      const before = await this.#before(id)
      if (!before) throw error
      console.error(`the card of the model ${id} cannot be read; the one before is used`)
      return before
    }
  }

  #before(id: string): Promise<StoredCard | null> {
    return this.#readCard(id, cardBeforeFile).catch(() => null)
  }

  async #readCard(id: string, name: string): Promise<StoredCard> {
    const file = path.join(this.#folderOf(id), name)
    let text: string
    try {
      text = await fs.readFile(file, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw toFileError(error, file, 'read the model')
      throw new UphillError(
        'MODEL_NOT_FOUND',
        `There is no model “${id}”.`,
        'Choose another model, or teach one.',
      )
    }
    return parseCard(text, id)
  }

  /** By id or by name, as a person types it. */
  async find(nameOrId: string): Promise<ModelCard> {
    const cards = (await this.list()).flatMap((listing) => (listing.status === 'ok' ? [listing.card] : []))
    const exact = cards.find(({ id }) => id === nameOrId) ?? cards.find(({ name }) => name === nameOrId)
    const found = exact ?? cards.find(({ name }) => name.toLowerCase() === nameOrId.toLowerCase())
    if (found) return found
    const known = cards.map(({ name }) => `“${name}”`).join(', ')
    throw new UphillError(
      'MODEL_NOT_FOUND',
      `There is no model “${nameOrId}”.`,
      known ? `Choose one of ${known}.` : 'Teach one first: uphill teach <folder> --name <name>.',
    )
  }

  /** @throws UphillError NAME_TAKEN when another model has this name */
  async requireFreeName(name: string, exceptId?: string): Promise<void> {
    const taken = (await this.list()).some(
      (listing) => listing.status === 'ok' && listing.card.id !== exceptId && listing.card.name === name,
    )
    if (!taken) return
    throw new UphillError(
      'NAME_TAKEN',
      `There is a model named “${name}” already.`,
      'Choose another name, or continue that model.',
    )
  }

  /** @throws UphillError NAME_INVALID, NAME_TAKEN or MODEL_IN_USE */
  async rename(id: string, name: string): Promise<ModelCard> {
    const parsed = modelName.safeParse(name)
    if (!parsed.success) {
      throw new UphillError(
        'NAME_INVALID',
        parsed.error.issues[0]?.message ?? 'This name cannot be used.',
        'Choose another name.',
      )
    }
    await this.requireFreeName(parsed.data, id)
    return this.#change(id, { name: parsed.data })
  }

  /** @throws UphillError MODEL_IN_USE, MODEL_NOT_FOUND, DISK_FULL, NOT_WRITABLE */
  setNotes(id: string, notes: string): Promise<ModelCard> {
    return this.#change(id, { notes: notes.trim() })
  }

  async #change(id: string, change: Partial<StoredCard>): Promise<ModelCard> {
    const lock = await this.lock(id)
    try {
      const stored = { ...(await this.stored(id)), ...change }
      await this.#writeCard(stored)
      return modelCard.parse(stored)
    } finally {
      await lock.release()
    }
  }

  /**
   * While it is held, no other Uphill changes the model.
   * @throws UphillError MODEL_IN_USE when another one does, NOT_WRITABLE, DISK_FULL
   */
  lock(id: string): Promise<Lock> {
    this.#folderOf(id)
    const refusal = (): UphillError =>
      new UphillError(
        'MODEL_IN_USE',
        `Another Uphill, a window or a command in a terminal, is working on the model “${id}”.`,
        'Wait until it has finished, or stop it there.',
      )
    return takeLock(path.join(this.folder, lockFolder, `${id}.lock`), refusal)
  }

  /**
   * Moves the model into the trash folder beside the models; nothing is erased.
   * @returns what restoreModel brings it back by
   */
  async trash(id: string): Promise<string> {
    await this.stored(id).catch((error: unknown) => {
      // A damaged model may go too; one that is not there may not.
      if (error instanceof UphillError && error.code === 'MODEL_NOT_FOUND') throw error
    })
    const source = this.#folderOf(id)
    const trashId = `${id}-${Date.now()}`
    const target = path.join(this.folder, trashFolder, trashId)
    const lock = await this.lock(id)
    try {
      await fs.mkdir(path.dirname(target), { recursive: true })
      await fs.rename(source, target)
    } catch (error) {
      throw toFileError(error, target, 'move the model to the trash')
    } finally {
      await lock.release()
    }
    this.#close(id)
    return trashId
  }

  /** PNG bytes, or null when the model has none. */
  async preview(id: string): Promise<Uint8Array | null> {
    const { files } = await this.stored(id)
    if (!files.preview) return null
    return fs.readFile(path.join(this.#folderOf(id), files.preview)).catch(() => null)
  }

  /** The model in memory. The last few opened stay open; one that was taught further is read again. */
  async open(id: string): Promise<Denoiser> {
    const stored = await this.stored(id)
    const key = `${id}/${stored.files.weights ?? ''}`
    const known = this.#open.get(key)
    if (known) {
      this.#open.delete(key)
      this.#open.set(key, known)
      return known
    }
    this.#close(id)
    const loading = this.#load(stored)
    this.#open.set(key, loading)
    loading.catch(() => this.#open.delete(key))
    for (const oldest of [...this.#open.keys()].slice(0, Math.max(0, this.#open.size - openModels))) {
      // Not disposed by force: a walk may still be using it; its session goes with the last reference.
      this.#open.delete(oldest)
    }
    return loading
  }

  async #load(stored: StoredCard): Promise<Denoiser> {
    if (!stored.files.weights) {
      throw new UphillError(
        'MODEL_NOT_FOUND',
        `“${stored.name}” has not learned anything yet.`,
        'Let it teach for a while first.',
      )
    }
    const { card, tensors } = await this.readGeneration(stored, 'weights')
    return Denoiser.load(modelCard.parse(card), tensors)
  }

  /**
   * Tensors of the newest generation, or of the one before when the newest are damaged, with the card that fits them.
   * @throws UphillError MODEL_DAMAGED when neither can be read
   */
  async readGeneration(
    card: StoredCard,
    what: 'weights' | 'checkpoint',
  ): Promise<{ card: StoredCard; tensors: NamedArray[] }> {
    const read = async (from: StoredCard): Promise<NamedArray[]> => {
      const file = from.files[what]
      if (file) return (await this.readTensors(from.id, file)).tensors
      throw new UphillError(
        'MODEL_DAMAGED',
        `“${from.name}” has no ${what} to go on from.`,
        'Teach a new model on its folder.',
      )
    }
    try {
      return { card, tensors: await read(card) }
    } catch (error) {
      const before = isLost(error) ? await this.#before(card.id) : null
      if (!before || before.files[what] === card.files[what]) throw error
      const tensors = await read(before).catch(() => {
        throw error
      })
      console.error(`the ${what} of the model ${card.id} are damaged; those of step ${before.step} are used`)
      return { card: { ...before, name: card.name, notes: card.notes }, tensors }
    }
  }

  async readTensors(
    id: string,
    file: string,
  ): Promise<{ tensors: NamedArray[]; metadata: Record<string, string> }> {
    const full = path.join(this.#folderOf(id), file)
    let bytes: Buffer
    try {
      bytes = await fs.readFile(full)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw toFileError(error, full, 'read the model')
      throw new UphillError(
        'MODEL_DAMAGED',
        `The model “${id}” lacks its file ${file}.`,
        'Teach it again, or put the file back.',
      )
    }
    return decodeSafetensors(bytes, `The model file ${file}`)
  }

  /**
   * Writes what is new and then the card that names it. The generation that this one has grown out of is kept, with
   * its card; older files are removed last. So a card whose files are whole is there at every moment.
   * @param card its `files` are those of the generation before
   */
  async save(
    card: StoredCard,
    content: { weights?: readonly NamedArray[]; checkpoint?: readonly NamedArray[]; preview?: Uint8Array },
  ): Promise<StoredCard> {
    const folder = this.#folderOf(card.id)
    const parent = await this.#parentOf(card)
    const files = { ...card.files }
    await makeFolder(folder, 'save the model')
    const write = async (name: string, data: Uint8Array | string): Promise<string> => {
      await writeFileAtomic(path.join(folder, name), data, { whenExists: 'replace' })
      return name
    }
    const metadata = { model: card.id, step: String(card.step) }
    if (content.weights)
      files.weights = await write(
        `weights-${card.step}.safetensors`,
        encodeSafetensors(content.weights, metadata),
      )
    if (content.checkpoint)
      files.checkpoint = await write(
        `checkpoint-${card.step}.safetensors`,
        encodeSafetensors(content.checkpoint, metadata),
      )
    if (content.preview) files.preview = await write('preview.png', content.preview)
    const saved = { ...card, files, updatedAt: new Date().toISOString() }
    // Saved anew at the same step it has the same files, and the generation before stays what it is.
    if (parent && !sameFiles(parent.files, files)) await write(cardBeforeFile, cardText(parent))
    await this.#writeCard(saved)
    const before = await this.#before(card.id)
    await this.#removeOld(folder, new Set([...Object.values(files), ...Object.values(before?.files ?? {})]))
    return saved
  }

  /**
   * The newest card, when it is what this one goes on from. After damage that is the one before, which must then not be
   * written over: of the newest, card or files are lost.
   */
  async #parentOf(card: StoredCard): Promise<StoredCard | null> {
    const now = await this.#readCard(card.id, cardFile).catch(() => null)
    return now && sameFiles(now.files, card.files) ? now : null
  }

  async #removeOld(folder: string, keep: ReadonlySet<string | null>): Promise<void> {
    const names = await fs.readdir(folder)
    const old = names.filter(
      (name) => /^(weights|checkpoint)-\d+\.safetensors$/.test(name) && !keep.has(name),
    )
    await Promise.all(old.map((name) => fs.rm(path.join(folder, name), { force: true })))
  }

  async #writeCard(card: StoredCard): Promise<void> {
    const file = path.join(this.#folderOf(card.id), cardFile)
    await writeFileAtomic(file, cardText(card), { whenExists: 'replace' })
  }

  #close(id: string): void {
    for (const key of this.#open.keys()) if (key.startsWith(`${id}/`)) this.#open.delete(key)
  }

  #folderOf(id: string): string {
    if (!/^[\w-]+$/.test(id))
      throw new UphillError('BAD_INPUT', `“${id}” is not the id of a model.`, 'Choose a model from the list.')
    return path.join(this.folder, id)
  }
}

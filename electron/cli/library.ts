import { modelsFolder } from '../engine/home.ts'
import { ModelLibrary } from '../engine/models/library.ts'

/** The person's own models: the same ones that the app shows. */
export function ownLibrary(): ModelLibrary {
  return new ModelLibrary(modelsFolder())
}

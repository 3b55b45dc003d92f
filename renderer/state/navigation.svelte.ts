export const viewNames = ['pictures', 'teach', 'refine', 'dream', 'models', 'jobs'] as const
export type ViewName = (typeof viewNames)[number]

class Navigation {
  view: ViewName = $state('pictures')
  /** The model that Refine and Dream begin with. */
  modelId: string | null = $state(null)

  go(view: ViewName, modelId?: string): void {
    if (modelId !== undefined) this.modelId = modelId
    this.view = view
  }
}

export const navigation = new Navigation()

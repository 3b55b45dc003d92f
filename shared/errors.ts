/**
 * The closed set of things that can go wrong, with words for people.
 * `message` says what happened, `next` says what to do about it.
 */
export const errorCodes = [
  'BAD_INPUT',
  'FOLDER_NOT_FOUND',
  'FOLDER_NOT_READABLE',
  'FILE_NOT_FOUND',
  'NO_PICTURES',
  'TOO_FEW_PICTURES',
  'PICTURE_UNREADABLE',
  'PICTURE_TOO_LARGE',
  'MODEL_NOT_FOUND',
  'MODEL_DAMAGED',
  'MODEL_TOO_NEW',
  'MODEL_IN_USE',
  'NAME_INVALID',
  'NAME_TAKEN',
  'RESULT_GONE',
  'FILE_EXISTS',
  'NOT_WRITABLE',
  'DISK_FULL',
  'NATIVE_MISSING',
  'OUT_OF_MEMORY',
  'DIVERGED',
  'JOB_NOT_FOUND',
  'CANCELLED',
  'ENGINE_GONE',
  'INTERNAL',
] as const

export type ErrorCode = (typeof errorCodes)[number]

/** What crosses a process border when something fails. */
export interface ErrorInfo {
  code: ErrorCode
  message: string
  /** What the person can do next, one sentence; empty when there is nothing. */
  next: string
}

/** The one error class of the product. Anything else that is thrown is a defect and becomes INTERNAL. */
export class UphillError extends Error {
  override readonly name = 'UphillError'
  readonly code: ErrorCode
  readonly next: string

  constructor(code: ErrorCode, message: string, next = '', options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.next = next
  }

  toInfo(): ErrorInfo {
    return { code: this.code, message: this.message, next: this.next }
  }
}

export function isCancelled(error: unknown): boolean {
  return error instanceof UphillError && error.code === 'CANCELLED'
}

/** Turns anything that was thrown into what may be shown; the details of a defect stay in the log. */
export function toErrorInfo(error: unknown): ErrorInfo {
  if (error instanceof UphillError) return error.toInfo()
  const detail = error instanceof Error ? error.message : String(error)
  return {
    code: 'INTERNAL',
    message: `Something went wrong inside Uphill: ${detail}`,
    next: 'Try again. If it happens again, please report it with these details.',
  }
}

/** Throws CANCELLED when the signal has been aborted. Call it between the steps of anything long. */
export function throwIfCancelled(signal?: AbortSignal): void {
  if (signal?.aborted) throw new UphillError('CANCELLED', 'Cancelled.')
}

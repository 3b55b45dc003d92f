// Words on the terminal. Everything goes to standard error, so that standard output belongs to the command.

/** A function that prints lines such as `[native] compiling...`. */
export function progress(topic) {
  return (line) => process.stderr.write(`[${topic}] ${line}\n`)
}

/** A set-up step that cannot go on: what happened, and what to do about it. */
export class SetupError extends Error {
  constructor(message, next = '') {
    super(message)
    this.name = 'SetupError'
    this.next = next
  }
}

/** Prints a failure as a person should see it; a defect keeps its stack. */
export function printFailure(error) {
  if (!(error instanceof SetupError)) {
    process.stderr.write(`${error?.stack ?? error}\n`)
    return
  }
  process.stderr.write(`\nUphill cannot go on: ${error.message}\n`)
  if (error.next) process.stderr.write(`What to do: ${error.next}\n`)
}

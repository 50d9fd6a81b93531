/** Limits of one run beside those of the manifest, in one place. Sizes in bytes. */
export const sandboxLimits = {
  /** The script's source. */
  sourceBytes: 1024 * 1024,
  /** One line of the sandbox: one row. */
  lineBytes: 1024 * 1024,
  /** All that a run writes to standard output. */
  outputBytes: 4 * 1024 ** 3,
  /** All that a run writes to standard error; the last 8 KiB are kept. */
  errorBytes: 256 * 1024,
  keptErrorBytes: 8 * 1024,
  logLines: 1000,
  logLineBytes: 4096,
  /** Fetches at once whose answer the script has not taken from standard input yet. */
  openFetches: 8,
  /** Answers kept for a script that does not read them: two of the largest that a fetch may have, as base64. */
  unreadBytes: 128 * 1024 ** 2,
} as const
export type SandboxLimits = { readonly [Name in keyof typeof sandboxLimits]: number }

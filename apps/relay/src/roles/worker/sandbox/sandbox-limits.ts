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
  /** Fetches waiting for their answer at once. */
  openFetches: 8,
} as const
export type SandboxLimits = { readonly [Name in keyof typeof sandboxLimits]: number }

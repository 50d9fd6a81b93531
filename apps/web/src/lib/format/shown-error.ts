/** An error as a page shows it; `lib/state` makes it from whatever was thrown. */
export type ShownError = { code?: string; message: string; details?: string }

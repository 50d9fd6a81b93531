/** What a page publishes at most. */

/** Bytes of a file; larger ones are for the command line. */
export const maxFileBytes = 512 * 1024 * 1024
/** Rows of a table with a key: the keys of all are held. */
export const maxKeyedRows = 2_000_000

/** What results can be written as, and what the files are called. */

export const fileFormats = {
  csv: { text: 'CSV', extension: 'csv', mediaType: 'text/csv;charset=utf-8' },
  json: { text: 'JSON', extension: 'json', mediaType: 'application/json' },
  arrow: { text: 'Arrow', extension: 'arrows', mediaType: 'application/vnd.apache.arrow.stream' },
  parquet: { text: 'Parquet', extension: 'parquet', mediaType: 'application/vnd.apache.parquet' },
} as const
export type FileFormat = keyof typeof fileFormats

/** A name that tells results apart: dataset, snapshot, moment. */
export function fileNameOf(parameters: {
  dataset: string
  seq: number | undefined
  atMs: number
  format: FileFormat
}): string {
  const { dataset, seq, atMs, format } = parameters
  const name = dataset.replace(/^.*\//, '').replace(/[^a-z0-9_-]+/gi, '-') || 'result'
  const moment = new Date(atMs).toISOString().replace(/[-:]/g, '').replace('T', '-').replace(/\..*/, '')
  const snapshot = seq === undefined ? '' : `-snapshot${seq}`
  return `${name}${snapshot}-${moment}.${fileFormats[format].extension}`
}

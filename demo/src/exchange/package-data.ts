/** Where the data files of the npm packages lie that the demo publishes; see README for their sources and licences. */
import { fileURLToPath } from 'node:url'

/** A file of `vega-datasets`, such as `flights-3m.parquet`. */
export function vegaDataPath(name: string): string {
  return fileURLToPath(new URL(`../data/${name}`, import.meta.resolve('vega-datasets')))
}

/** A file of `@observablehq/sample-datasets`, such as `aapl.csv`. */
export function observableDataPath(name: string): string {
  return fileURLToPath(import.meta.resolve(`@observablehq/sample-datasets/${name}`))
}

/** The ways of asking that `bench query` compares, each with the same question in its own form. */
import { DuckDBInstance } from '@duckdb/node-api'
import type { QueryResult } from '@enigma/client'
import { vegaDataPath } from '../../demo/src/exchange/package-data.ts'
import { serveHttpJson } from './http-json.ts'
import type { QueryNetwork } from './query-network.ts'

/** `ask` throws when rows are missing; the network's ways give what the client says of the query. */
export type Way = {
  name: string
  ask: (rows: number) => Promise<QueryResult | undefined>
  /** The process that is asked, with its engines as children. */
  serverPid?: number | undefined
  stop: () => Promise<void>
}

const sqlOf = (rows: number) => `SELECT date, delay, distance, origin, destination FROM flights LIMIT ${rows}`

/** Starts all ways; the first is DuckDB in this process, the second HTTP + JSON. */
export async function startWays(network: QueryNetwork): Promise<Way[]> {
  return [await inProcess(), await httpJson(), ...networkWays(network)]
}

async function inProcess(): Promise<Way> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' })
  const connection = await instance.connect()
  await connection.run(`CREATE TABLE flights AS SELECT * FROM read_parquet('${vegaDataPath('flights-3m.parquet')}')`)
  return {
    name: 'DuckDB in process',
    async ask(rows) {
      const reader = await connection.runAndReadAll(sqlOf(rows))
      if (reader.getRowsJS().length !== rows) throw new Error('rows are missing')
      return undefined
    },
    stop() {
      instance.closeSync()
      return Promise.resolve()
    },
  }
}

async function httpJson(): Promise<Way> {
  const { url, pid, stop } = await serveHttpJson()
  return {
    name: 'HTTP + JSON',
    serverPid: pid,
    async ask(rows) {
      const response = await fetch(`${url}/?sql=${encodeURIComponent(sqlOf(rows))}`)
      const answer = (await response.json()) as unknown[]
      if (answer.length !== rows) throw new Error(`${answer.length} rows instead of ${rows}`)
      return undefined
    },
    stop,
  }
}

function networkWays({ client, accounts, dataset, daemonPid }: QueryNetwork): Way[] {
  const way = (account: `0x${string}`, name: string, path: 'direct' | 'blind', webrtcOnly: boolean): Way => ({
    name,
    serverPid: daemonPid,
    async ask(rows) {
      const run = client.query({ dataset, sql: sqlOf(rows), account, path, webrtcOnly })
      let got = 0
      for await (const batch of run) got += batch.rowCount
      if (got !== rows) throw new Error(`${got} rows instead of ${rows}`)
      return run.result
    },
    stop: () => Promise.resolve(),
  })
  const [direct, blind, webrtc] = accounts
  return [
    way(direct, 'direct path', 'direct', false),
    way(blind, 'blind path', 'blind', false),
    way(webrtc, 'direct, WebRTC', 'direct', true),
  ]
}

/** A dataset of the demo network whose every text is hostile: listed on chain and served by a node, as a stranger could. */
import { listDataset } from './list-dataset.ts'

export const table = 'threats'

export type HostileDataset = { path: string; title: string; texts: readonly string[] }

/** Lists it with the command line and publishes one row for each text; `directory` is the demo's. */
export async function listHostileDataset(directory: string, texts: readonly string[]): Promise<HostileDataset> {
  const rows = texts.map((threat, id) => ({ id, threat }))
  const terms = { price: '1', deposit: '100' }
  const { path } = await listDataset({
    ...{ directory, table, rows, ...terms, prefix: 'threats' },
    description: describe(texts.length),
  })
  return { path, title: hostileTitle, texts }
}

const hostileTitle = `"'><img src=https://evil.example/t onerror=alert(1)>\u202egnp.exe ${'W'.repeat(40)}`

const hostileDescription = `<script>alert(1)</script><img src=https://evil.example/d.png onerror=alert(1)>
<iframe srcdoc="<script>parent.alert(1)</script>"></iframe><style>*{display:none}</style><base href=https://evil.example/>

[a link](javascript:alert(1)) [another](data:text/html,<script>alert(1)</script>) <javascript:alert(1)>
![a picture](https://evil.example/p.png "onerror=alert(1)") [ref]: javascript:alert(1)

| a | b |
|---|---|
| <svg onload=alert(1)> | ${'long'.repeat(200)} |

\u202Etxet desrever\u202C \u2066isolated ${'\u0301'.repeat(60)} {@html "<b onclick=alert(1)>"} {{constructor.constructor('alert(1)')()}}`

function describe(rows: number) {
  const markup = '<img src=https://evil.example/x onerror=alert(1)>'
  return {
    title: hostileTitle,
    description: hostileDescription,
    licence: `<a href="javascript:alert(1)">MIT</a> ${'L'.repeat(100)}`,
    tags: [markup.slice(0, 40), '=cmd|calc', '\u202eelbats', 'T'.repeat(40)],
    tables: [
      {
        name: table,
        description: markup,
        key: ['id'],
        columns: [
          { name: 'id', type: 'bigint', description: markup, encryption: 'none' },
          { name: 'threat', type: 'text', unit: '<b>u</b>', description: 'D'.repeat(500), encryption: 'none' },
        ],
      },
    ],
    sample: [{ table, rows }],
    trialSeconds: 0,
    storage: { engine: 'duckdb', place: markup },
    limits: { maxRows: 10_000, timeoutSeconds: 10 },
  }
}

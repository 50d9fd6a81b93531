/** Who else brings live content to other people's pages, and which of their files a browser loads for it. */

/** A file of the package as it is shipped, or a bundle that a user of the package has to make: its entry's text. */
export type PeerFile = string | { bundle: string }

export type Peer = {
  /** Of the npm registry, in exactly this version. */
  name: string
  version: string
  /** Packages that a bundle of it takes in, `<name>@<version>`. */
  dependencies?: readonly string[]
  /** Files before the first data, or what stands in its place, can be painted. */
  first: readonly PeerFile[]
  /** Files that may follow. */
  later: readonly PeerFile[]
  /** What it needs from elsewhere and what is not counted here. */
  remark: string
}

export const peers: readonly Peer[] = [
  {
    ...{ name: '@streamr/sdk', version: '103.3.2', later: [] },
    first: ['dist/exports-umd.min.js'],
    remark: 'live streams of a peer-to-peer network; its own minified bundle for script tags',
  },
  {
    ...{ name: '@duckdb/duckdb-wasm', version: '1.32.0', later: [] },
    // The newest that its own ranges allowed when these versions were written down.
    dependencies: ['apache-arrow@17.0.0', 'flatbuffers@24.12.23', 'tslib@2.8.1'],
    first: [
      { bundle: "export { AsyncDuckDB, VoidLogger } from '@duckdb/duckdb-wasm'" },
      'dist/duckdb-browser-eh.worker.js',
      'dist/duckdb-eh.wasm',
    ],
    remark: 'SQL in the page over files that anybody may read; its extensions, such as Parquet, come from elsewhere',
  },
  {
    ...{ name: '@google/model-viewer', version: '4.4.0', later: [] },
    first: ['dist/model-viewer.min.js'],
    remark: 'one tag for a 3D model; decoders of compressed models come from elsewhere',
  },
  {
    ...{ name: '@datawrapper/chart-core', version: '8.47.0' },
    first: ['dist/web-component.js', 'dist/dw-2.0.min.js'],
    later: ['dist/jquery.min.js', 'dist/underscore.min.js'],
    remark: 'charts by one tag; the code of the chart’s kind and its data come from elsewhere',
  },
  {
    ...{ name: 'lite-youtube-embed', version: '0.3.4', later: [] },
    first: ['src/lite-yt-embed.js', 'src/lite-yt-embed.css'],
    remark: 'shows a poster; the player comes from elsewhere when it is pressed',
  },
]

/** Settings of a node: `enigma.toml`, validated; every setting is documented here with its default. */
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import {
  developmentChainId,
  isDatasetName,
  MarketplaceError,
  type NetworkFile,
  parseNetworkFile,
} from '@enigma/protocol'
import { parse as parseToml } from 'smol-toml'
import * as v from 'valibot'

const role = v.picklist(['relay', 'persistence', 'worker'])
const account = v.pipe(
  v.string(),
  v.toLowerCase(),
  v.regex(/^0x[0-9a-f]{40}$/, 'expected an account: 0x and 40 hex digits'),
  v.transform((text) => text as `0x${string}`),
)
const bytes = v.pipe(v.number(), v.safeInteger(), v.minValue(1024 * 1024))
const port = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(65_535))
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(1))

const eng = v.pipe(v.string(), v.regex(/^\d{1,12}(\.\d{1,18})?$/, 'expected an amount of ENG as text, such as "10.5"'))

/** Each place costs up to four engine processes, and on disk `keepSnapshots` + 1 times `maxBytes` and `maxUnpackedBytes`. */
const acceptsSchema = v.strictObject({
  /** `nobody`, `anyone`, or a list of curators. */
  curators: v.optional(v.union([v.picklist(['nobody', 'anyone']), v.array(account)]), 'nobody'),
  /** Of all such curators together, and of each. */
  maxDatasets: v.optional(count, 20),
  maxDatasetsPerCurator: v.optional(count, 3),
  /** Largest snapshot of such a dataset, and its rows in all tables. */
  maxBytes: v.optional(bytes, 256 * 1024 ** 2),
  maxRows: v.optional(count, 20_000_000),
  /** Largest database that such a snapshot may unpack to. */
  maxUnpackedBytes: v.optional(bytes, 4 * 1024 ** 3),
  /** Superseded snapshots kept of such a dataset. */
  keepSnapshots: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0)), 1),
  /** The least price for 30 days, and the least deposit. */
  minPriceEng: v.optional(eng, '0'),
  minDepositEng: v.optional(eng, '0'),
  /** Part of the payouts that the node asks for, in percent, and the account that it goes to; the node's own when absent. */
  sharePercent: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(100)), 0),
  payee: v.exactOptional(account),
})

/** The form of `enigma.toml`. Paths are relative to the file. */
export const settingsSchema = v.strictObject({
  /** The network file: chain, contracts, relays. */
  network: v.optional(v.string(), 'enigma-network.json'),
  /** Where all state lives: keys, databases, snapshots. */
  dataDirectory: v.optional(v.string(), 'data'),
  roles: v.pipe(v.array(role), v.minLength(1)),
  /** A private node takes no inbound connections: it is reached through relays by WebRTC. */
  private: v.optional(v.boolean(), false),
  /** Multiaddrs to listen on; the default is TCP, WebSocket and WebRTC-direct on every interface, free ports. */
  listen: v.optional(v.array(v.string()), [
    '/ip4/0.0.0.0/tcp/0',
    '/ip4/0.0.0.0/tcp/0/ws',
    '/ip4/0.0.0.0/udp/0/webrtc-direct',
  ]),
  /** Multiaddrs to announce instead of those listened on, such as a public name with TLS. */
  announce: v.optional(v.array(v.string()), []),
  /** Relays to keep a connection to, beside those of the network file. */
  relays: v.optional(v.array(v.string()), []),
  /** STUN or TURN servers for WebRTC; none are asked unless named here. */
  iceServers: v.optional(v.array(v.string()), []),
  /** Port of health and metrics on 127.0.0.1; 0 takes a free one and writes it to `<dataDirectory>/node.json`. */
  httpPort: v.optional(port, 0),
  /** The web app, which a relay may serve beside its work. */
  web: v.exactOptional(
    v.strictObject({
      /** The built app: `apps/web/build`. */
      directory: v.string(),
      /** Behind a reverse proxy with TLS this stays on loopback. */
      host: v.optional(v.string(), '127.0.0.1'),
      /** 0 takes a free port. */
      port: v.optional(port, 0),
      /** The origin that people know it by, such as `https://relay.example`, which frames and oEmbed name. */
      origin: v.exactOptional(
        v.pipe(v.string(), v.check(isOrigin, 'expected an origin such as https://relay.example')),
      ),
    }),
  ),
  /**
   * Allows dialling loopback and private addresses, as a network on one machine needs. Without it only the relays named
   * here and in the network file may have such addresses. By default true on the development chain (31337) alone.
   */
  development: v.exactOptional(v.boolean()),
  logLevel: v.optional(v.picklist(['debug', 'info', 'warn', 'error']), 'info'),
  persistence: v.optional(
    v.strictObject({
      /** Engine processes for each dataset; one asker holds all but one of them. */
      processes: v.optional(count, 3),
      /** Memory of one engine process. */
      memoryBytes: v.optional(bytes, 1024 ** 3),
      /** Of all engine processes of the node together; three quarters of the machine's when absent. */
      maxMemoryBytes: v.exactOptional(bytes),
      /** Threads of one engine process. */
      threads: v.optional(count, 2),
      /** Queries under way at once; more are answered `busy`. One account has a quarter of them at most. */
      maxQueries: v.optional(count, 64),
      /** Superseded snapshots kept for queries that name them. */
      keepSnapshots: v.optional(count, 3),
      /** Largest snapshot that is taken in. */
      maxSnapshotBytes: v.optional(bytes, 64 * 1024 ** 3),
      /** Datasets that the operator did not accept by name (`enigma node accept`): from whom, and on which terms. */
      accepts: v.optional(acceptsSchema, {}),
    }),
    {},
  ),
  worker: v.optional(
    v.strictObject({
      /** Scripts by dataset path: the TypeScript file whose hash the manifest holds. */
      scripts: v.optional(v.record(v.pipe(v.string(), v.check(isPath, 'expected <curator>/<name>')), v.string()), {}),
      /** Declared host → base URL of a local service; the only way for a script to reach this machine. */
      hostOverrides: v.optional(v.record(v.string(), v.pipe(v.string(), v.url())), {}),
    }),
    {},
  ),
  chain: v.optional(
    v.strictObject({
      pollIntervalMs: v.optional(count, 1000),
      /** Older heads make every answer `chain-unavailable`. */
      maxHeadAgeSeconds: v.optional(count, 120),
    }),
    {},
  ),
  keeper: v.optional(
    v.strictObject({
      /** Key file of the account that renews subscriptions in their last day; without it this node renews none. */
      key: v.exactOptional(v.string()),
      /** Whose datasets; those of the key's own account when empty. */
      curators: v.optional(v.array(account), []),
    }),
    {},
  ),
})
const checkedSettings = v.pipe(
  settingsSchema,
  v.forward(
    v.check(({ web, roles }) => web === undefined || roles.includes('relay'), 'only a relay serves the web app'),
    ['web'],
  ),
)
export type Settings = v.InferOutput<typeof settingsSchema>

/** Settings with every path made absolute and the network file read. */
export type NodeConfig = Settings & { development: boolean; networkFile: NetworkFile; path: string }

/** Reads and validates `enigma.toml`; throws `setting-invalid` that names the wrong setting. */
export async function readConfig({ path }: { path: string }): Promise<NodeConfig> {
  const absolute = resolve(path)
  const settings = parseSettings(await readText(absolute), absolute)
  const from = (relative: string) => resolve(dirname(absolute), relative)
  const network = from(settings.network)
  const scripts = Object.fromEntries(
    Object.entries(settings.worker.scripts).map(([dataset, file]) => [dataset.toLowerCase(), from(file)]),
  )
  const networkFile = parseNetworkFile(await readText(network))
  return {
    ...settings,
    development: settings.development ?? networkFile.chainId === developmentChainId,
    network,
    dataDirectory: from(settings.dataDirectory),
    worker: { ...settings.worker, scripts },
    ...(settings.web === undefined ? {} : { web: { ...settings.web, directory: from(settings.web.directory) } }),
    keeper:
      settings.keeper.key === undefined ? settings.keeper : { ...settings.keeper, key: from(settings.keeper.key) },
    networkFile,
    path: absolute,
  }
}

/** Parses the text of `enigma.toml`. */
export function parseSettings(text: string, path: string): Settings {
  let value: unknown
  try {
    value = parseToml(text)
  } catch (cause) {
    throw new MarketplaceError({ code: 'setting-invalid', message: `${path} is not valid TOML.`, cause })
  }
  const parsed = v.safeParse(checkedSettings, value)
  if (parsed.success) return parsed.output
  const issue = parsed.issues[0]
  throw new MarketplaceError({
    code: 'setting-invalid',
    message: `A setting in ${path} is wrong.`,
    details: `${v.getDotPath(issue) ?? 'file'}: ${issue.message}`,
  })
}

/** Reads the network file that a command names. */
export async function readNetworkFile({ path }: { path: string }): Promise<NetworkFile> {
  return parseNetworkFile(await readText(resolve(path)))
}

function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.parse(text)?.origin === text
}

function isPath(path: string): boolean {
  const [curator = '', name = '', ...rest] = path.split('/')
  return rest.length === 0 && /^0x[0-9a-fA-F]{40}$/.test(curator) && isDatasetName(name)
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new MarketplaceError({ code: 'setting-invalid', message: `${path} cannot be read.`, cause })
  }
}

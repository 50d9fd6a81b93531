/** The network file `enigma-network.json`: what pins a client or node to one deployment (DESIGN §13). */
import * as v from 'valibot'
import { MarketplaceError } from './errors.ts'
import { addressSchema, textSchema, uintSchema } from './schemas.ts'

/** Anvil's, where money is worth nothing: a network on it is one for development, on one machine. */
export const developmentChainId = 31_337

/** `deploymentBlock`: the first block that can hold events. `referencePriceWei`: decimal text, the rank's u. */
export const networkFileSchema = v.strictObject({
  v: v.literal(1),
  name: textSchema(60),
  chainId: uintSchema(),
  token: addressSchema,
  marketplace: addressSchema,
  /** Where accounts end their grants; a network without one knows epoch 0 alone and nothing revoked. */
  grantRegistry: v.exactOptional(addressSchema),
  deploymentBlock: uintSchema(),
  rpcUrls: v.pipe(v.array(v.pipe(v.string(), v.url())), v.minLength(1), v.maxLength(8)),
  relays: v.pipe(v.array(textSchema(500)), v.maxLength(64)),
  referencePriceWei: v.pipe(v.string(), v.regex(/^\d{1,30}$/)),
  /** Blocks that must follow a subscription before more than trial-sized answers; 0 on development chains. */
  confirmations: uintSchema(1000),
  faucetUrl: v.exactOptional(v.pipe(v.string(), v.url())),
})
export type NetworkFile = v.InferOutput<typeof networkFileSchema>

/** Parses the JSON text of a network file; throws `setting-invalid` that names the wrong field. */
export function parseNetworkFile(json: string): NetworkFile {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (cause) {
    throw new MarketplaceError({ code: 'setting-invalid', message: 'The network file is not JSON.', cause })
  }
  const parsed = v.safeParse(networkFileSchema, value)
  if (parsed.success) return parsed.output
  const issue = parsed.issues[0]
  const details = `${v.getDotPath(issue) ?? 'file'}: ${issue.message}`
  throw new MarketplaceError({
    code: 'setting-invalid',
    message: 'The network file is not of the expected form.',
    details,
  })
}

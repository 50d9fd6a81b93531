/** The SDK alone in a page, as an application would load it; specs drive it by the global `sdk`. */
import * as client from '@enigma/client/browser'
import { createWalletClient, http } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'

const sdk = { ...client, createWalletClient, generatePrivateKey, http, privateKeyToAccount }

export type Sdk = typeof sdk

Object.assign(globalThis, { sdk })

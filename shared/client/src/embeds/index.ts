/** Embeds: asking by one without a wallet, and an owner's own; loaded apart, since few pages need them. */
export * from './create-embeds.ts'
export type { AskEmbedParameters, MintedGrant, MintForVisitor } from './ask-embed.ts'
export { mintGrant, type MintGrantParameters } from './mint-grant.ts'
export type { CreateEmbedParameters, EmbedTerms, ReviseEmbedParameters } from './manage-embeds.ts'
export type { EmbedPublication } from './publish-embed.ts'
export { termsOf } from './manage-embeds.ts'
export type { ParameterValues } from './parameter-values.ts'
export type { ReadUsageParameters, ReadUsageReturnType } from './read-usage.ts'

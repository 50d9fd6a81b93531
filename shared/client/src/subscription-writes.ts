/** What sends transactions; apart, so that a page which only asks does not load it. */
export { renewSubscriptions, startTrial, subscribeWithPermit, unsubscribe } from '@enigma/chain'

/** Where wagmi keeps which wallet was chosen last; also told to who need not load wagmi for it. */
export const walletStorageKey = 'enigma-wallet'

/** Whether a wallet was chosen at an earlier visit and not left since. */
export function hadWallet(): boolean {
  try {
    return localStorage.getItem(`${walletStorageKey}.recentConnectorId`) !== null
  } catch {
    // This browser keeps nothing for this site.
    return false
  }
}

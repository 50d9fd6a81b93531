/** Whether the browser is online and whether relays answer: what the banner says, and when pages try again. */
class Connectivity {
  isOnline = $state(true)
  /** No relay answered when one was last needed; undefined until one was. */
  hasRelay = $state<boolean>()

  /** Follows the browser's word; returns how to stop. */
  watch(): () => void {
    const update = () => (this.isOnline = navigator.onLine)
    update()
    window.addEventListener('online', update)
    window.addEventListener('offline', update)
    return () => {
      window.removeEventListener('online', update)
      window.removeEventListener('offline', update)
    }
  }

  /** To be told of each attempt to reach the network: no error, or the error's code. */
  report(code?: string): void {
    if (code === undefined) this.hasRelay = true
    else if (code === 'no-relay') this.hasRelay = false
  }
}

export const connectivity = new Connectivity()

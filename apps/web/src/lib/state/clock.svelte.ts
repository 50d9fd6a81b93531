/** The time that pages show ages against: one timer for all, in whole seconds, asleep while the page is hidden. */
import { createSubscriber } from 'svelte/reactivity'

const everyMs = 1000
const now = () => Math.floor(Date.now() / 1000)

class Clock {
  readonly #subscribe = createSubscriber((update) => {
    const timer = setInterval(() => {
      if (!document.hidden) update()
    }, everyMs)
    return () => clearInterval(timer)
  })

  /** Unix seconds; whoever reads it in an effect or template follows it. */
  get nowSeconds(): number {
    this.#subscribe()
    return now()
  }
}

export const clock = new Clock()

/** Lets the browser paint and answer its reader between two pieces of long work. */
export function giveWay(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve))
}

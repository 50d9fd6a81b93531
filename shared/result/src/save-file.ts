/** Hands a file to the reader's browser. */
export function saveFile(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The browser has taken the file over once the click was handled; a minute is ample for every one of them.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

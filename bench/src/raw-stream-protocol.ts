/** Of the bench alone: the page sends a number in four bytes, big-endian, and is sent so many bytes; then it may ask again. */
export const rawProtocol = '/enigma-bench/raw/1.0.0'

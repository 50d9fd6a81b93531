/** The thread that decrypts and decodes the answers of sdk-page.ts. */
import '@enigma/client/decode-worker'

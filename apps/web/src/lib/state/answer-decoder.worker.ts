/** The thread that decrypts and decodes answers. */
import '@enigma/client/decode-worker'

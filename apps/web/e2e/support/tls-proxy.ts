/**
 * What stands before a relay on the open web, such as Caddy or nginx: TLS ends here, WebSockets go to the relay's own port,
 * everything else to its web app. The certificate is made for one run and trusted by nobody but who is told its hash.
 */
// What makes certificates takes its parts by their metadata.
import 'reflect-metadata'
import { createHash, randomBytes, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { request, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509'

const dayMs = 86_400_000
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

export type Certificate = {
  key: string
  cert: string
  /** SHA-256 of its public key, as Chromium takes it: `--ignore-certificate-errors-spki-list=…`. */
  spki: string
}

/** Makes a certificate for `localhost` and 127.0.0.1. */
export async function makeCertificate(): Promise<Certificate> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const made = await X509CertificateGenerator.createSelfSigned({
    ...{ name: 'CN=localhost', keys, signingAlgorithm: algorithm, serialNumber: randomBytes(8).toString('hex') },
    ...{ notBefore: new Date(Date.now() - dayMs), notAfter: new Date(Date.now() + dayMs) },
    extensions: [
      new SubjectAlternativeNameExtension([
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
      ]),
    ],
  })
  const cert = made.toString('pem')
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  const key = `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`
  const spki = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' })
  return { key, cert, spki: createHash('sha256').update(spki).digest('base64') }
}

export type TlsServer = { port: number; stop: () => Promise<void> }
type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** Starts an https server on a free port. */
export async function startTls({ key, cert }: Certificate, answer: Answer): Promise<TlsServer & { server: Server }> {
  const server = createServer({ key, cert }, answer)
  const sockets = new Set<Duplex>()
  server.on('connection', (socket: Duplex) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    ...{ server, port: (server.address() as AddressInfo).port },
    async stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}

/** `web` and `rpc` are http addresses; the chain answers at `/rpc`. `network` gives the network file at its port. */
export async function startTlsProxy(
  certificate: Certificate,
  { web, rpc, wsPort, network }: { web: string; rpc: string; wsPort: number; network: (port: number) => object },
): Promise<TlsServer> {
  const { server, ...started } = await startTls(certificate, (asked, response) => {
    if (asked.url === '/enigma-network.json') {
      const headers = { 'content-type': 'application/json', 'access-control-allow-origin': '*' }
      response.writeHead(200, headers).end(JSON.stringify(network(started.port)))
      return
    }
    const to = asked.url === '/rpc' ? new URL(rpc) : new URL(asked.url ?? '/', web)
    const headers = { ...asked.headers }
    delete headers.host
    const passed = request(to, { method: asked.method ?? 'GET', headers }, (answered) => {
      response.writeHead(answered.statusCode ?? 502, answered.headers)
      answered.pipe(response)
    })
    passed.on('error', () => response.destroy())
    asked.pipe(passed)
  })
  server.on('upgrade', (asked: IncomingMessage, socket: Duplex) => {
    const relay = connect(wsPort, '127.0.0.1', () => {
      const lines = asked.rawHeaders.flatMap((name, at, all) => (at % 2 === 0 ? [`${name}: ${all[at + 1] ?? ''}`] : []))
      relay.write(`${[`GET ${asked.url ?? '/'} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n`)
      relay.pipe(socket).pipe(relay)
    })
    const end = () => {
      relay.destroy()
      socket.destroy()
    }
    relay.on('error', end).on('close', end)
    socket.on('error', end).on('close', end)
  })
  return started
}

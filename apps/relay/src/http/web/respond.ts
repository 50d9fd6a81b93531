/** Short answers of the web server. */
import type { ServerResponse } from 'node:http'

/** Answers with JSON that is asked for again each time. */
export function answerJson(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache' }).end(body)
}

/** Answers with a status and a sentence. */
export function answerText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(text)
}

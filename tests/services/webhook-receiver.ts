import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Authority, makeAuthority } from '#runner/fixtures/certificates.ts';

export type Received = { path: string; headers: IncomingHttpHeaders; body: string };
/** `hang`: no answer. `break`: the connection ends without one. `endless`: a body that does not end. */
export type Reply = { status: number; headers?: Record<string, string>; body?: string } | 'hang' | 'break' | 'endless';

/** Somebody who takes webhooks, over HTTPS on a free port of loopback, by a certificate of an authority of his own. */
export type WebhookReceiver = {
  port: number;
  /** `https://localhost:PORT`. */
  origin: string;
  /** The authority as PEM. */
  ca: string;
  received: Received[];
  /** What is answered from now on, by what came and how often something came before. */
  answer(reply: (received: Received, before: number) => Reply): void;
  close(): Promise<void>;
};

let authority: Promise<Authority> | undefined;

export async function startWebhookReceiver(names: string[] = ['localhost', '*.localhost'], of?: Authority): Promise<WebhookReceiver> {
  authority ??= makeAuthority('Webhook receivers of the tests');
  const signer = of ?? (await authority);
  const { cert, key } = await signer.issue(names);
  const received: Received[] = [];
  let answer: (received: Received, before: number) => Reply = () => ({ status: 204 });
  const server = createServer({ cert, key }, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const one = { path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString('utf8') };
    received.push(one);
    const reply = answer(one, received.length - 1);
    if (reply === 'hang') return;
    if (reply === 'break') return request.socket.destroy();
    if (reply === 'endless') {
      response.writeHead(200);
      const feeding = setInterval(() => response.write('x'.repeat(400)), 20);
      response.on('close', () => clearInterval(feeding));
      return;
    }
    response.writeHead(reply.status, reply.headers).end(reply.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `https://localhost:${port}`,
    ca: signer.pem,
    received,
    answer: (reply) => {
      answer = reply;
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

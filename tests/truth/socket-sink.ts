import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** Opens WebSockets that answer nothing, and writes down the path of each frame that a client sends, its end apart. */
export function createSocketSink(): { messages: string[]; accept(request: IncomingMessage, socket: Duplex): void } {
  const messages: string[] = [];
  const accept = (request: IncomingMessage, socket: Duplex) => {
    const key = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes: Buffer) => {
      if (((bytes[0] ?? 0) & 15) !== 8) messages.push(request.url ?? ''); // 8 is the end of a socket, not a message.
    });
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`);
  };
  return { messages, accept };
}

import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** What is answered for a name: its TXT records, each of one or more pieces; an error; or nothing at all. */
type Told = readonly (string | readonly string[])[] | 'SERVFAIL' | 'silent';

/** A name server for TXT records, on a free port of loopback. A name that nobody told it of is not there. */
export type TestDns = {
  /** As settings name it. */
  address: string;
  /** The names that were asked for, in their order. */
  asked: string[];
  tell(name: string, told: Told): void;
  close(): Promise<void>;
};

const TXT = 16;
const [SERVFAIL, NXDOMAIN] = [2, 3];
const HEADER_BYTES = 12;

export async function startTestDns(): Promise<TestDns> {
  const names = new Map<string, Told>();
  const asked: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const { name, type, end } = readQuestion(query);
    asked.push(name);
    const told = names.get(name);
    if (told !== 'silent') socket.send(answerTo(query.subarray(0, end), type === TXT ? told : []), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    tell: (name, told) => void names.set(name, told),
    close: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
}

function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('ascii', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

/** The question once more, with what belongs to it (RFC 1035, 4.1). */
function answerTo(question: Buffer, told: Exclude<Told, 'silent'> | undefined): Buffer {
  const texts = Array.isArray(told) ? told.map((text: string | readonly string[]) => (typeof text === 'string' ? [text] : text)) : [];
  const head = Buffer.from(question);
  head.writeUInt16BE(0x8180 + (told === undefined ? NXDOMAIN : told === 'SERVFAIL' ? SERVFAIL : 0), 2);
  [1, texts.length, 0, 0].forEach((count, index) => void head.writeUInt16BE(count, 4 + 2 * index));
  return Buffer.concat([head, ...texts.map(recordOf)]);
}

/** A record of the name in the question. */
function recordOf(pieces: readonly string[]): Buffer {
  const data = Buffer.concat(pieces.map((piece) => Buffer.concat([Buffer.from([piece.length]), Buffer.from(piece, 'ascii')])));
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc000 + HEADER_BYTES, 0);
  head.writeUInt16BE(TXT, 2);
  head.writeUInt16BE(1, 4); // IN
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

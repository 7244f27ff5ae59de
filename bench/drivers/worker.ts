import { type Answer, type CaptureMaker, orderSchema, type Setup, setupSchema } from './messages.ts';
import { createPeer } from './peers.ts';
import { createPlain } from './plain.ts';
import { createProduct } from './product.ts';

// One driver as a process of its own: its CPU time and memory are its own, and no driver takes a turn from another.
const setup = setupSchema.parse(JSON.parse(process.argv[2] ?? ''));
const maker = await open(setup);
process.on('message', (message) => void answer(message));
process.once('disconnect', () => void close());
send({ id: 0, ms: 0, settleMs: null, bytes: null, error: null });

async function open(given: Setup): Promise<CaptureMaker> {
  if (given.kind === 'product') return createProduct(given);
  if (given.kind === 'plain') return await createPlain(given);
  return await createPeer(given.kind, given);
}

async function answer(message: unknown): Promise<void> {
  const order = orderSchema.parse(message);
  const from = performance.now();
  const reply: Answer = { id: order.id, ms: 0, settleMs: null, bytes: null, error: null };
  try {
    await maker.capture(order, ({ bytes, settleMs }) => Object.assign(reply, { ms: performance.now() - from, bytes, settleMs }));
    if (!reply.bytes) reply.error = 'no bytes';
  } catch (error) {
    Object.assign(reply, { ms: performance.now() - from, error: error instanceof Error ? error.message.slice(0, 400) : String(error) });
  }
  send(reply);
}

async function close(): Promise<void> {
  await maker.close();
  process.exit(0);
}

function send(reply: Answer): void {
  // A run that is being stopped has closed the channel: nobody waits for this answer any more.
  if (process.connected) process.send?.(reply, undefined, undefined, () => undefined);
}

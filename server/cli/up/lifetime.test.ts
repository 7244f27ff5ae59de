import { expect, test } from 'vitest';
import { createLifetime } from './lifetime.ts';

function recorder() {
  const closed: string[] = [];
  const part = (name: string) => ({ name, close: async () => void closed.push(name) });
  return { closed, part };
}

test('parts end in the reverse order of their start', async () => {
  const { closed, part } = recorder();
  const lifetime = createLifetime(() => undefined);
  for (const name of ['database', 'server', 'runner']) await lifetime.own(Promise.resolve(part(name)));
  await lifetime.close();
  expect(closed).toEqual(['runner', 'server', 'database']);
});

test('a part that becomes ready while everything ends is ended too, and its starter is told', async () => {
  const { closed, part } = recorder();
  const lifetime = createLifetime(() => undefined);
  const late = Promise.withResolvers<ReturnType<typeof part>>();
  const owned = lifetime.own(late.promise);
  const closing = lifetime.close();
  expect(lifetime.signal.aborted).toBe(true);
  late.resolve(part('storage'));
  await expect(owned).rejects.toThrow('stopping');
  await closing;
  expect(closed).toEqual(['storage']);
});

test('a part that cannot be ended does not keep the others', async () => {
  const { closed, part } = recorder();
  const faults: unknown[] = [];
  const lifetime = createLifetime((error) => faults.push(error));
  await lifetime.own(Promise.resolve(part('database')));
  await lifetime.own(Promise.resolve({ close: () => Promise.reject(new Error('stuck')) }));
  await lifetime.close();
  await lifetime.close();
  expect(closed).toEqual(['database']);
  expect(faults).toHaveLength(1);
});

test('a part that fails to start is no part', async () => {
  const lifetime = createLifetime(() => undefined);
  await expect(lifetime.own(Promise.reject(new Error('no port')))).rejects.toThrow('no port');
  await lifetime.close();
});

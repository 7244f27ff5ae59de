import { expect, test } from 'vitest';
import { readPassedOn, resolveSettings } from './config.ts';

const resolve = (flags: Record<string, unknown>, env: Record<string, string> = {}, file: unknown = null) =>
  resolveSettings(flags, { HOME: '/home/ada', ...env }, file === null ? null : JSON.stringify(file), false);

test('a flag wins over the environment, the environment over the file, the file over the default', () => {
  const file = { port: 1003, host: '::1', concurrency: 3 };
  const env = { SESSIONSHOT_PORT: '1002', SESSIONSHOT_CONCURRENCY: '2' };
  expect(resolve({ port: '1001' }, env, file)).toMatchObject({ port: 1001, concurrency: 2, host: '::1' });
  expect(resolve({}, {}, null)).toMatchObject({ port: 4180, host: '127.0.0.1', open: 'none', runner: true });
});

test('an unknown key in the file is refused and the nearest one named', () => {
  expect(() => resolve({}, {}, { prot: 1 })).toThrow(expect.objectContaining({ exitCode: 78, message: expect.stringContaining('`port`') }));
});

test('a wrong value is refused by the name the person used, as usage where it was a flag', () => {
  expect(() => resolve({ port: '70000' })).toThrow(expect.objectContaining({ exitCode: 2, message: expect.stringMatching(/^--port/) }));
  expect(() => resolve({}, { SESSIONSHOT_PORT: 'x' })).toThrow(
    expect.objectContaining({ exitCode: 78, message: expect.stringMatching(/^SESSIONSHOT_PORT/) }),
  );
});

test('the data folder is the system’s for root and the user’s own for others', () => {
  expect(resolveSettings({}, { HOME: '/root' }, null, true).dataDir).toBe('/var/lib/sessionshot');
  expect(resolve({}).dataDir).toBe('/home/ada/.local/share/sessionshot');
  expect(resolve({}, { XDG_DATA_HOME: '/data' }).dataDir).toBe('/data/sessionshot');
});

test('a child is passed nothing of our environment that could hold a secret', () => {
  const env = {
    PATH: '/bin',
    HOME: '/h',
    DATABASE_URL: 'postgres://u:p@h/d',
    AWS_SECRET_ACCESS_KEY: 'x',
    SESSIONSHOT_RUNNER_TOKEN: 'y',
    NODE_OPTIONS: '--require x',
  };
  expect(readPassedOn(env)).toEqual({ PATH: '/bin', HOME: '/h' });
});

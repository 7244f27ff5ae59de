import { expect, it } from 'vitest';
import { ConfigError, readBrowserConfig, readConfig, takeOutDebug } from './config.ts';

const TOKEN = 'ss_run_0123456789abcdefghijklmnopqrstuv';
const good = {
  SESSIONSHOT_SERVER_URL: 'https://shots.example.com',
  SESSIONSHOT_RUNNER_TOKEN: TOKEN,
  SESSIONSHOT_RUNNER_KEY_FILE: '/keys/private.jwks.json',
  PATH: '/usr/bin',
};

it('reads a full configuration once, and prints no secret of it', () => {
  const config = readConfig(
    {},
    { ...good, RABBITMQ_URL: 'amqp://runner:canary@broker/', SESSIONSHOT_EXTRA_CA_FILE: '/a.pem,/b.pem:/c.pem' },
  );
  expect(config).toMatchObject({
    slots: null,
    drainMs: 60_000,
    isEmbedded: false,
    faultPlan: null,
    allowNoSandbox: false,
    extraCaFiles: ['/a.pem', '/b.pem', '/c.pem'],
    logLevel: 'info',
  });
  expect(JSON.stringify(config)).not.toMatch(/canary|ss_run_/);
  expect(Object.isFrozen(config)).toBe(true);
});

it.each([
  ['SESSIONSHOT_SERVER_URL', undefined],
  ['SESSIONSHOT_SERVER_URL', 'ftp://x'],
  ['SESSIONSHOT_RUNNER_TOKEN', undefined],
  ['SESSIONSHOT_RUNNER_TOKEN', 'ss_live_wrongkind'],
  ['SESSIONSHOT_RUNNER_TOKEN_FILE', '/does/not/exist'],
  ['SESSIONSHOT_RUNNER_KEY_FILE', undefined],
  ['RABBITMQ_URL', 'http://broker'],
  ['SESSIONSHOT_CONCURRENCY', '0'],
  ['SESSIONSHOT_CONCURRENCY', 'many'],
  ['SESSIONSHOT_DRAIN_MS', '-1'],
  ['SESSIONSHOT_LOG_LEVEL', 'loud'],
  ['SESSIONSHOT_PROXY_PORTS', '20000'],
  ['SESSIONSHOT_PROXY_PORTS', '20000-20100'],
  ['SESSIONSHOT_PROXY_PORTS', '500-900'],
  ['SESSIONSHOT_PROXY_PORTS', '65000-65999'],
  ['SESSIONSHOT_BROWSER_AGE_DAYS_MAX', 'never'],
  ['SESSIONSHOT_UPSTREAM_PROXY', 'proxy.corp:3128'],
  ['SESSIONSHOT_UPSTREAM_PROXY', 'https://proxy.corp:3128'],
  ['SESSIONSHOT_UPSTREAM_PROXY', 'http://proxy.corp:3128/path'],
])('names %s when it is %s, with a remedy and without its value', (name, value) => {
  const env = { ...good, [name]: value, ...(name.endsWith('TOKEN_FILE') ? { SESSIONSHOT_RUNNER_TOKEN: undefined } : {}) };
  const error = (() => {
    try {
      return readConfig({}, env);
    } catch (thrown) {
      return thrown;
    }
  })();
  expect(error).toBeInstanceOf(ConfigError);
  expect(error).toMatchObject({ message: expect.stringContaining(name), remedy: expect.stringMatching(/\w{10,}|\w+ \w+/) });
  if (value === 'ss_live_wrongkind') expect(String(error)).not.toContain(value);
});

it('reads the proxy of the operator, and keeps its password', () => {
  const { upstreamProxy } = readBrowserConfig({}, { SESSIONSHOT_UPSTREAM_PROXY: 'http://us%40er:can%3Aary@[fd00::5]:3128' });
  expect(upstreamProxy).toMatchObject({ host: 'fd00::5', port: 3128 });
  expect(upstreamProxy?.authorization?.reveal()).toBe(`Basic ${Buffer.from('us@er:can:ary').toString('base64')}`);
  expect(JSON.stringify(upstreamProxy)).not.toContain('dXNA');
  expect(readBrowserConfig({}, { SESSIONSHOT_UPSTREAM_PROXY: 'http://proxy.corp' }).upstreamProxy).toEqual({
    host: 'proxy.corp',
    port: 80,
    authorization: null,
  });
});

it('reads where proxies listen and how old the browser may be, each with a default', () => {
  expect(readBrowserConfig({}, {})).toMatchObject({ proxyPorts: null, browserAgeDaysMax: 84 });
  const given = { SESSIONSHOT_PROXY_PORTS: '20000-20999', SESSIONSHOT_BROWSER_AGE_DAYS_MAX: 'off' };
  expect(readBrowserConfig({}, given)).toMatchObject({ proxyPorts: { first: 20_000, last: 20_999 }, browserAgeDaysMax: null });
});

it('lets a flag win over its variable', () => {
  expect(readConfig({ concurrency: '3', allowNoSandbox: true }, { ...good, SESSIONSHOT_CONCURRENCY: '9' })).toMatchObject({
    slots: 3,
    allowNoSandbox: true,
  });
});

it('gives the browser nothing but what it needs of the environment', () => {
  const { environment } = readBrowserConfig(
    {},
    {
      ...good,
      RABBITMQ_URL: 'amqp://x',
      DATABASE_URL: 'postgres://x',
      AWS_SECRET_ACCESS_KEY: 'x',
      NODE_OPTIONS: '--inspect',
      HOME: '/root',
      TZ: 'UTC',
    },
  );
  expect(environment).toEqual({ PATH: '/usr/bin', LANG: 'C.UTF-8', TZ: 'UTC' });
});

it('takes the debug switches of Playwright out of the environment, names those that were set, and leaves the rest', () => {
  const env: Record<string, string | undefined> = { PATH: '/usr/bin', DEBUG: 'pw:*', DEBUG_FILE: '/tmp/x', PWDEBUG: '', LANG: 'C' };
  expect(takeOutDebug(env)).toEqual(['DEBUG', 'DEBUG_FILE']);
  expect(env).toEqual({ PATH: '/usr/bin', LANG: 'C' });
  expect(takeOutDebug(env)).toEqual([]);
});

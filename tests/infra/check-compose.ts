import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

/** What the rules look at in a service; everything else of a compose file is for `docker-compose config` to judge. */
const serviceSchema = z.looseObject({
  image: z.string().optional(),
  build: z.looseObject({ context: z.string(), dockerfile: z.string() }).optional(),
  user: z.union([z.string(), z.number()]).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  command: z.union([z.string(), z.array(z.string())]).optional(),
  healthcheck: z.looseObject({ test: z.array(z.string()).optional() }).optional(),
  networks: z.array(z.string()).default([]),
  network_mode: z.string().optional(),
  volumes: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.looseObject({ condition: z.string() })).default({}),
  security_opt: z.array(z.string()).default([]),
  cap_drop: z.array(z.string()).default([]),
  read_only: z.boolean().default(false),
  init: z.boolean().default(false),
  privileged: z.boolean().default(false),
  pids_limit: z.number().optional(),
  ulimits: z.looseObject({ core: z.number().optional() }).default({}),
  stop_grace_period: z.string().optional(),
});
const composeSchema = z.looseObject({
  services: z.record(z.string(), serviceSchema),
  networks: z.record(z.string(), z.unknown()).default({}),
  volumes: z.record(z.string(), z.unknown()).default({}),
});
type Service = z.infer<typeof serviceSchema>;
type Compose = z.infer<typeof composeSchema>;

/** A tag that names one release (`18.6-bookworm`), not one that moves (`18`, `latest`). */
const PINNED = /^[\w./-]+:v?\d+\.\d+(\.\d+)?(-[\w.-]+)?(@sha256:[0-9a-f]{64})?$/;
const SECRET_NAME = /PASSWORD|SECRET|TOKEN|KEY|CREDENTIAL|ACCOUNTS|CONNECTION_STRING|DATABASE_URL|RABBITMQ_URL/;
/** A value of the caller's, without which compose refuses to start. A default (`:-`) would be a secret for everybody. */
const REQUIRED = /\$\{\w+:\?[^}]+\}/g;
/** What a runner may not hold: it meets hostile pages. */
const NOT_FOR_RUNNERS = /^(DATABASE_URL|AZURE_|POSTGRES_|SESSIONSHOT_RUNNER_PUBLIC)/;

/** Opens every payload: for runners, and for the one-shot job that makes it. */
const PRIVATE_KEY = 'runner-private-key:';

/** Holds a compose file against our rules; each fault begins with the name of its rule. */
export function checkCompose(text: string, root: string): string[] {
  const compose = composeSchema.parse(parse(text, { merge: true }));
  const faults = Object.entries(compose.services).flatMap(([name, service]) => {
    const found = [...hardeningFaults(service), ...secretFaults(service), ...nameFaults(service, compose, root)];
    const isOfRunners = name.startsWith('runner-');
    if (!isOfRunners && service.volumes.some((volume) => volume.startsWith(PRIVATE_KEY))) found.push('private-key: is not for it');
    if (isOfRunners && !isOneShot(name, compose)) found.push(...runnerFaults(service, compose, root));
    return found.map((fault) => `${fault} (${name})`);
  });
  return [...faults, ...unusedFaults(compose)];
}

function isOneShot(name: string, compose: Compose): boolean {
  return Object.values(compose.services).some((service) => service.depends_on[name]?.condition === 'service_completed_successfully');
}

function hardeningFaults(service: Service): string[] {
  const faults: string[] = [];
  const [user, group] = String(service.user ?? '').split(':');
  if (!service.healthcheck?.test || service.healthcheck.test[0] === 'NONE') faults.push('healthcheck: there is none');
  if (!/^[1-9]\d*$/.test(user ?? '') || !/^[1-9]\d*$/.test(group ?? '')) faults.push('user: name a number that is not 0, with its group');
  if (!service.image || !PINNED.test(service.image)) faults.push('image: pin one release');
  if (!service.read_only) faults.push('read-only: the root file system can be written');
  if (!service.cap_drop.includes('ALL')) faults.push('capabilities: drop ALL');
  if (!service.security_opt.includes('no-new-privileges:true')) faults.push('privileges: set no-new-privileges:true');
  if (service.privileged) faults.push('privileges: privileged');
  if (!service.init) faults.push('init: nobody reaps what ends');
  if (service.ulimits.core !== 0) faults.push('core-dumps: set ulimits.core to 0');
  if (service.pids_limit === undefined) faults.push('pids: there is no limit');
  for (const port of service.ports) if (!port.startsWith('127.0.0.1:')) faults.push(`ports: ${port} is open to the network`);
  for (const volume of service.volumes) if (volume.includes('docker.sock')) faults.push('privileges: holds the engine’s socket');
  return faults;
}

function secretFaults(service: Service): string[] {
  const faults: string[] = [];
  for (const [key, value] of Object.entries(service.environment)) {
    if (key.endsWith('_FILE')) continue;
    const rest = value.replace(REQUIRED, '');
    const isSecret = SECRET_NAME.test(key);
    if (isSecret && rest === value) faults.push(`secret: ${key} is written in the file`);
    if (/\/\/[^/@\s:]+:[^@\s]+@/.test(rest)) faults.push(`secret: ${key} holds a password`);
    if (isSecret && /\$\{\w+(:?-)/.test(value)) faults.push(`secret: ${key} has a default`);
  }
  const command = [service.command ?? []].flat().join(' ');
  if (/(password|secret|token|key)=\S+/i.test(command.replace(REQUIRED, ''))) faults.push('secret: the command holds one');
  return faults;
}

function nameFaults(service: Service, compose: Compose, root: string): string[] {
  const faults: string[] = [];
  if (service.networks.length === 0 && service.network_mode !== 'none') faults.push('network: names none and lands in the default one');
  for (const network of service.networks) if (!(network in compose.networks)) faults.push(`network: ${network} is not defined`);
  for (const volume of service.volumes) {
    const source = volume.split(':')[0] ?? '';
    if (source.startsWith('.') ? !existsSync(join(root, source)) : !(source in compose.volumes))
      faults.push(`volume: ${source} is not defined`);
  }
  for (const other of Object.keys(service.depends_on)) if (!(other in compose.services)) faults.push(`depends: ${other} is not defined`);
  if (service.build && !existsSync(join(root, service.build.context, service.build.dockerfile)))
    faults.push(`build: ${service.build.dockerfile} is not there`);
  return faults;
}

function runnerFaults(service: Service, compose: Compose, root: string): string[] {
  const faults: string[] = [];
  const database = compose.services.postgres?.networks ?? [];
  const shared = service.networks.filter((network) => database.includes(network));
  if (shared.length > 0) faults.push(`runner: reaches the database by ${shared.join(', ')}`);
  for (const key of Object.keys(service.environment)) if (NOT_FOR_RUNNERS.test(key)) faults.push(`runner: may not hold ${key}`);
  const profile = service.security_opt.find((option) => option.startsWith('seccomp:'))?.slice('seccomp:'.length);
  if (profile === undefined || profile === 'unconfined') faults.push('runner: has no seccomp profile of its own');
  else faults.push(...profileFaults(join(root, profile)));
  if (Number.parseInt(service.stop_grace_period ?? '0', 10) < 90) faults.push('runner: is killed before it has drained (90 s)');
  return faults;
}

const profileSchema = z.looseObject({
  defaultAction: z.literal('SCMP_ACT_ERRNO'),
  syscalls: z.array(z.looseObject({ names: z.array(z.string()), action: z.string() })),
});

/** Refuses unless named: the calls of the sandbox are allowed, those that reach the host are not. */
function profileFaults(path: string): string[] {
  if (!existsSync(path)) return ['runner: its seccomp profile is not there'];
  const profile = profileSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!profile.success) return ['runner: its seccomp profile does not refuse by default'];
  const allowed = new Set(profile.data.syscalls.filter((rule) => rule.action === 'SCMP_ACT_ALLOW').flatMap((rule) => rule.names));
  const missing = ['clone', 'setns', 'unshare', 'chroot', 'pkey_alloc', 'pkey_mprotect'].filter((name) => !allowed.has(name));
  const open = ['mount', 'umount2', 'bpf', 'ptrace', 'init_module', 'kexec_load', 'keyctl', 'perf_event_open', 'io_uring_setup'].filter(
    (name) => allowed.has(name),
  );
  return [...missing.map((name) => `runner: its sandbox needs ${name}`), ...open.map((name) => `runner: its profile allows ${name}`)];
}

function unusedFaults(compose: Compose): string[] {
  const services = Object.values(compose.services);
  const networks = new Set(services.flatMap((service) => service.networks));
  const volumes = new Set(services.flatMap((service) => service.volumes.map((volume) => volume.split(':')[0])));
  return [
    ...Object.keys(compose.networks)
      .filter((name) => !networks.has(name))
      .map((name) => `network: nobody uses ${name}`),
    ...Object.keys(compose.volumes)
      .filter((name) => !volumes.has(name))
      .map((name) => `volume: nobody uses ${name}`),
  ];
}

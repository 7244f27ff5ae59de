import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Copy, type Dockerfile, DockerfileParser } from 'dockerfile-ast';

/** Every instruction a Dockerfile may have; ADD (fetches and unpacks) and MAINTAINER are left out on purpose. */
const KNOWN = new Set([
  'FROM',
  'ARG',
  'ENV',
  'WORKDIR',
  'COPY',
  'RUN',
  'USER',
  'EXPOSE',
  'HEALTHCHECK',
  'CMD',
  'ENTRYPOINT',
  'LABEL',
  'STOPSIGNAL',
  'VOLUME',
  'SHELL',
]);
const PINNED = /^[\w./-]+:v?\d+\.\d+(\.\d+)?(-[\w.-]+)?(@sha256:[0-9a-f]{64})?$/;

/** Parses a Dockerfile and holds it against our rules; each fault begins with the name of its rule. */
export function checkDockerfile(text: string, root: string): string[] {
  const file = DockerfileParser.parse(text);
  const instructions = file.getInstructions();
  const faults = instructions
    .filter((instruction) => !KNOWN.has(instruction.getKeyword()))
    .map((instruction) => `instruction: ${instruction.getInstruction()} is not for our images`);
  if (file.getFROMs().length === 0) return [...faults, 'base: there is no FROM'];
  return [
    ...faults,
    ...baseFaults(file, root),
    ...copyFaults(file, root),
    ...secretFaults(file),
    ...runFaults(file),
    ...finalStageFaults(file),
  ];
}

function baseFaults(file: Dockerfile, root: string): string[] {
  const { node } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).dependencies;
  const stages = new Set<string>();
  return file.getFROMs().flatMap((from) => {
    const image = from.getImage() ?? '';
    const isStage = stages.has(image);
    const stage = from.getBuildStage();
    if (stage) stages.add(stage);
    if (isStage) return [];
    if (!PINNED.test(image)) return [`base: ${image} is not pinned to one release`];
    return image.startsWith('node:') && !image.startsWith(`node:${node}-`) ? [`base: ${image}, but package.json pins Node ${node}`] : [];
  });
}

function copyFaults(file: Dockerfile, root: string): string[] {
  const stages = new Set(file.getFROMs().map((from) => from.getBuildStage()));
  return file.getCOPYs().flatMap((copy: Copy) => {
    const from = copy.getFromFlag()?.getValue();
    if (from !== undefined && from !== null) return stages.has(from) ? [] : [`copy: there is no stage ${from}`];
    const sources = copy
      .getArguments()
      .slice(0, -1)
      .map((argument) => argument.getValue());
    return sources.flatMap((source) => {
      if (!existsSync(join(root, source))) return [`copy: ${source} is not there`];
      return isSentToBuilder(source, root) ? [] : [`copy: ${source} is kept out by .dockerignore`];
    });
  });
}

/** `.dockerignore` is an allow-list: `*`, then `!name` for what goes in. */
function isSentToBuilder(source: string, root: string): boolean {
  const kept = readFileSync(join(root, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));
  return kept.some((name) => source === name || source.startsWith(`${name}/`));
}

function secretFaults(file: Dockerfile): string[] {
  const named = [...file.getENVs(), ...file.getARGs()].map((instruction) => instruction.getArgumentsContent() ?? '');
  return named
    .filter((content) => /PASSWORD|SECRET|TOKEN|_KEY\b|CREDENTIAL|CONNECTION_STRING|DATABASE_URL/i.test(content))
    .map((content) => `secret: an image keeps what is set here: ${content.split(/[= ]/)[0]}`);
}

function runFaults(file: Dockerfile): string[] {
  const commands = file
    .getInstructions()
    .filter((instruction) => instruction.getKeyword() === 'RUN')
    .map((instruction) => instruction.getArgumentsContent() ?? '');
  return commands.flatMap((command) => [
    ...(/npm (i|install|add)\b/.test(command) ? ['npm: use `npm ci`, which keeps to the lockfile'] : []),
    ...(/npm ci(?!.*--omit=dev)/.test(command) ? ['npm: --omit=dev keeps test tools out of the image'] : []),
    ...(/apt-get install/.test(command) && !/rm -rf \/var\/lib\/apt\/lists/.test(command)
      ? ['apt: remove the package lists in the same layer']
      : []),
    ...(/curl|wget/.test(command) ? ['run: fetches something that no lockfile names'] : []),
  ]);
}

function finalStageFaults(file: Dockerfile): string[] {
  const last = file.getFROMs().at(-1)?.getRange()?.start.line ?? 0;
  const after = file.getInstructions().filter((instruction) => (instruction.getRange()?.start.line ?? 0) > last);
  const users = after
    .filter((instruction) => instruction.getKeyword() === 'USER')
    .map((instruction) => instruction.getArgumentsContent() ?? '');
  const faults: string[] = [];
  if (!/^[1-9]\d*:[1-9]\d*$/.test(users.at(-1) ?? '')) faults.push('user: end as a number that is not 0, with its group');
  if (!after.some((instruction) => instruction.getKeyword() === 'HEALTHCHECK' && !/^NONE/.test(instruction.getArgumentsContent() ?? '')))
    faults.push('healthcheck: there is none');
  const start = after.filter((instruction) => ['CMD', 'ENTRYPOINT'].includes(instruction.getKeyword()));
  if (!start.every((instruction) => (instruction.getArgumentsContent() ?? '').startsWith('[')))
    faults.push('command: write it as a list: a shell in between swallows SIGTERM');
  if (start.length === 0) faults.push('command: there is none');
  return faults;
}

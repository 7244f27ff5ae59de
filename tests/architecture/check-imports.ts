import { posix } from 'node:path';
import type { Import, SourceFile } from './read-source.ts';
import { DOMAIN_FLOORS, ROOMS, ROUTER_TYPE, type Room, SERVER_FLOORS, SHARED_BUILTINS, TEST_CODE, VENDORS } from './rules.ts';
import { isBelow, type Violation } from './violation.ts';

const isRoom = (name: string): name is Room => Object.hasOwn(ROOMS, name);
const FREE: readonly Room[] = ['tests', 'bench', 'bin'];

/** Holds every import of the tree against the rules of rooms, floors, packages and circles. */
export function checkImports(files: readonly SourceFile[], exists: (path: string) => boolean): Violation[] {
  const graph = new Map<string, string[]>();
  const found = files.flatMap((file) => {
    const targets: string[] = [];
    graph.set(file.path, targets);
    return file.imports.flatMap((entry) => {
      const target = resolve(file.path, entry.specifier);
      const at = (rule: string, message: string): Violation => ({ rule, path: file.path, line: entry.line, message });
      if (target === null) return packageFaults(file, entry).map(({ rule, message }) => at(rule, message));
      targets.push(target);
      if (!exists(target)) return [at('resolves', `"${entry.specifier}" does not lead to a file`)];
      const faults = [
        formFault(file.path, entry, target),
        roomFault(file.path, entry, target),
        floorFault(file.path, target),
        testFault(file.path, target),
      ];
      return faults.filter((fault) => fault !== null).map(({ rule, message }) => at(rule, message));
    });
  });
  return [...found, ...findCircles(graph)];
}

type Fault = { rule: string; message: string };

/** The file an import leads to, or null for a package. Bundler suffixes such as `?url` are passed over. */
function resolve(from: string, specifier: string): string | null {
  const bare = specifier.replace(/\?.*$/, '');
  if (bare.startsWith('#')) return bare.slice(1);
  if (bare.startsWith('.')) return posix.join(posix.dirname(from), bare);
  return null;
}

const roomOf = (path: string): string => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '');

function formFault(from: string, entry: Import, target: string): Fault | null {
  if (entry.specifier.startsWith('../../')) return { rule: 'specifier', message: `"${entry.specifier}" climbs two floors: use #room/…` };
  if (entry.specifier.startsWith('.') && roomOf(from) !== roomOf(target))
    return { rule: 'specifier', message: `"${entry.specifier}" leaves its room: use #${target}` };
  return null;
}

function testFault(from: string, target: string): Fault | null {
  const isFree = TEST_CODE.test(from) || from.startsWith('tests/') || from.startsWith('bench/');
  return !isFree && TEST_CODE.test(target) ? { rule: 'test-code', message: `${target} is for tests only` } : null;
}

function roomFault(from: string, entry: Import, target: string): Fault | null {
  const [home, goal] = [roomOf(from), roomOf(target)];
  if (!isRoom(home) || !isRoom(goal) || home === goal || ROOMS[home].includes(goal)) return null;
  const isRouterType =
    isBelow(from, [ROUTER_TYPE.from]) &&
    entry.specifier === ROUTER_TYPE.specifier &&
    entry.isTypeOnly &&
    entry.names.length > 0 &&
    entry.names.every((name) => ROUTER_TYPE.names.includes(name));
  return isRouterType ? null : { rule: 'rooms', message: `${home} may not import ${goal} (${entry.specifier})` };
}

function floorFault(from: string, target: string): Fault | null {
  const isDomain = from.startsWith('server/domain/') && target.startsWith('server/domain/');
  const floors = isDomain ? DOMAIN_FLOORS : SERVER_FLOORS;
  const [home, goal] = [placeOf(floors, from), placeOf(floors, target)];
  if (home === null || goal === null || home.group === goal.group || goal.floor > home.floor) return null;
  return {
    rule: isDomain ? 'domain-floors' : 'server-floors',
    message: `${home.group} may not import ${goal.group} (${target}): imports go down`,
  };
}

function placeOf(floors: readonly (readonly string[])[], path: string): { floor: number; group: string } | null {
  for (const [floor, groups] of floors.entries()) {
    const group = groups.find((entry) => isBelow(path, [entry]));
    if (group !== undefined) return { floor, group };
  }
  return null;
}

function packageFaults(file: SourceFile, entry: Import): Fault[] {
  const room = roomOf(file.path);
  if (isRoom(room) && FREE.includes(room)) return [];
  const isTest = TEST_CODE.test(file.path);
  const { specifier } = entry;
  if (specifier.startsWith('node:')) {
    if (room !== 'shared' || isTest || isBelow(file.path, SHARED_BUILTINS[specifier] ?? [])) return [];
    return [{ rule: 'shared-is-pure', message: `shared does no I/O: ${specifier} is not for this file` }];
  }
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  const homes = VENDORS[name] ?? VENDORS[`${name.split('/')[0]}/*`];
  if (isTest || (homes !== undefined && isBelow(file.path, homes))) return [];
  if (room === '' && homes === undefined) return [];
  return [{ rule: 'vendors', message: `${name} ${homes ? `lives in ${homes.join(', ')}` : 'has no home yet: give it one in rules.ts'}` }];
}

/** Finds circles of imports, type-only ones included (Tarjan's strongly connected components). */
function findCircles(graph: ReadonlyMap<string, readonly string[]>): Violation[] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
  const visit = (node: string): void => {
    index.set(node, index.size);
    low.set(node, index.size - 1);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!graph.has(next)) continue;
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(node, Math.min(low.get(node) ?? 0, low.get(next) ?? 0));
    }
    if (low.get(node) !== index.get(node)) return;
    const circle = stack.splice(stack.indexOf(node));
    if (circle.length > 1 || graph.get(node)?.includes(node)) circles.push(circle);
  };
  for (const node of graph.keys()) if (!index.has(node)) visit(node);
  return circles.map((circle) => ({
    rule: 'circles',
    path: circle[0] ?? '',
    line: 1,
    message: `imports in a circle: ${circle.join(' → ')}`,
  }));
}

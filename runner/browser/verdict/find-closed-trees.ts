/// <reference lib="dom" />
import type { CDPSession } from 'playwright';
import { type CaptureRun, WaitExpired } from '../capture-run.ts';
import { classifyPlaywrightError } from '../classify-playwright-error.ts';
import { type Bare, makeBare } from '../own-world.ts';

/** The part of Chromium's description of a node that leads to closed trees. */
type Node = { backendNodeId: number; shadowRootType?: string | undefined; children?: Node[]; shadowRoots?: Node[] };
/** What may still be described: `chars` are those of texts, names and values. */
type Budget = { nodes: number; chars: number; trees: number };
type World = { cdp: CDPSession; contextId: number };
/** Trees, by the ids of their nodes and as objects of our world. */
type Closed = { node: number; object: string };
/** `isCut`: there was no room to look everywhere for them; `isFull`: there are more than these. */
type Found = { closed: Closed[]; isCut: boolean; isFull: boolean };
/**
 * `script` is a function of the closed trees. `inPage`, where a script may have attached some, is one that runs in the page's
 * own world, is given what was found of them, finds those that the probe there holds, and returns a `HeldRead`.
 */
type Asked = { contextId: number; script: string; inPage: string | null; msMax: number };
/** How many trees the page's own world holds, and what came of all; null where that is not known. */
export type HeldRead<T> = { count: number; read: T | null } | null;
/** `read` is null where there are no closed trees. `leftOut`: there are, or may be, some that it is read without. */
export type ClosedRead<T> = { read: T | null; leftOut: boolean };

const FIND_MS_MAX = 15_000;
/** Chromium describes a tree as a whole: what is larger is not asked for it. All trees of a page share this. */
const BUDGET: Budget = { nodes: 30_000, chars: 8_000_000, trees: 500 };
const CLOSED_MAX = 1000;
const TRIES_MAX = 5;
const GROUP = 'sessionshot-closed-trees';

/**
 * Runs a function in a world of ours with all closed shadow trees of the main document, those too that the parser attached,
 * and returns what it returns, as JSON. No script of a world but the page's finds them: Chromium is asked. A page of which it
 * would describe too much is read in its own world, which still holds those that scripts attached. Rejects where the document
 * is gone or does not answer in time, where it makes its trees anew faster than they can be found and read, and where a
 * script of ours fails there.
 */
export async function runWithClosedTrees<T>(
  { cdp, run }: { cdp: CDPSession; run: CaptureRun },
  { contextId, script, inPage, msMax }: Asked,
): Promise<ClosedRead<T>> {
  const world = { cdp, contextId };
  const until = Date.now() + FIND_MS_MAX + msMax;
  const left = () => Math.max(1, until - Date.now());
  try {
    for (let tries = 1; ; tries++) {
      try {
        const { closed, isCut, isFull } = await run.within(left(), findClosedTrees(world));
        const isPartly = inPage !== null && (isCut || isFull);
        const held = isPartly ? await run.within(left(), readHeld<T>(cdp, { closed, inPage })) : null;
        if (held && held.count > 0) return { read: held.read, leftOut: isFull && held.count < closed.length };
        const leftOut = isFull || (isPartly && !held);
        if (closed.length === 0) return { read: null, leftOut };
        const given = closed.map(({ object }) => object);
        const call = callIn(cdp, { executionContextId: contextId }, whereConnected(script), { given, returnByValue: true });
        const { value } = await run.within(left(), call);
        return { read: value, leftOut };
      } catch (error) {
        const { kind } = classifyPlaywrightError(error);
        if (tries >= TRIES_MAX || kind !== 'other' || error instanceof WaitExpired || run.stopped()) throw error;
      }
    }
  } finally {
    // Nobody waits for it; where it fails the page is gone, and with it what was to be released.
    cdp.send('Runtime.releaseObjectGroup', { objectGroup: GROUP }).catch(() => undefined);
  }
}

/** Calls `inPage` in the page's own world. */
async function readHeld<T>(cdp: CDPSession, { closed, inPage }: { closed: readonly Closed[]; inPage: string }): Promise<HeldRead<T>> {
  const { result } = await cdp.send('Runtime.evaluate', { expression: 'document', objectGroup: GROUP });
  if (result.objectId === undefined) return null;
  const given = (await Promise.all(closed.map(({ node }) => resolve(cdp, { backendNodeId: node })))).filter((object) => object !== null);
  return (await callIn(cdp, { objectId: result.objectId }, whereConnected(inPage), { given, returnByValue: true })).value;
}

/** What hangs in no document any more shows nothing, and what hangs there instead was not found. */
function whereConnected(script: string): string {
  return `function (...trees) { if (trees.some((tree) => !tree.isConnected)) throw new Error('gone'); return (${script})(...trees); }`;
}

/**
 * Tree by tree: a description ends at each shadow root and frame, and only a tree whose size was measured is described. A page
 * that grows by megabytes between the two is described all the same.
 */
async function findClosedTrees(world: World): Promise<Found> {
  const { cdp } = world;
  const { result } = await cdp.send('Runtime.evaluate', { expression: 'document', contextId: world.contextId, objectGroup: GROUP });
  const closed: Closed[] = [];
  let [left, isCut, isFull] = [BUDGET, false, false];
  let starts = result.objectId === undefined ? [] : [result.objectId];
  while (starts.length > 0) {
    const measured = await measureFrom(world, starts, left);
    left = measured.left;
    isCut ||= Math.min(left.nodes, left.chars, left.trees) < 0;
    const found = (await Promise.all(measured.trees.map((objectId) => closedIn(world, objectId)))).flat();
    const taken = found.slice(0, CLOSED_MAX - closed.length);
    isFull ||= found.length > taken.length;
    closed.push(...taken);
    starts = taken.map(({ object }) => object);
  }
  return { closed, isCut, isFull };
}

/** The trees that can be reached from these by open roots, as far as there is room to describe them: of that, less than nothing is left where there is none. */
async function measureFrom(world: World, starts: readonly string[], left: Budget): Promise<{ trees: string[]; left: Budget }> {
  const script = `function (...starts) { return (${measureTrees})((${makeBare})(), starts, ${JSON.stringify(left)}); }`;
  const { objectId } = await callIn(world.cdp, { executionContextId: world.contextId }, script, { given: starts, returnByValue: false });
  if (objectId === undefined) return { trees: [], left };
  const { result } = await world.cdp.send('Runtime.getProperties', { objectId, ownProperties: true });
  const leftOver = (name: keyof Budget) => Number(result.find((property) => property.name === name)?.value?.value ?? 0);
  const trees = result.flatMap(({ name, value }) => (/^\d+$/.test(name) && value?.objectId !== undefined ? [value.objectId] : []));
  return { trees, left: { nodes: leftOver('nodes'), chars: leftOver('chars'), trees: leftOver('trees') } };
}

/** Runs in our world of the page: uses nothing from outside itself. Ends at the first tree for which there is no room. */
function measureTrees(bare: Bare, starts: readonly (Document | ShadowRoot)[], budget: Budget) {
  /** Chromium cuts each text there. */
  const TEXT_CHARS_MAX = 10_000;
  const left = { ...budget };
  const found = [...starts];
  const trees: (Document | ShadowRoot)[] = [];
  const fits = (tree: Document | ShadowRoot): boolean => {
    const walker = bare(document).createTreeWalker(tree);
    for (let node: globalThis.Node | null = walker.currentNode; node; node = walker.nextNode()) {
      left.nodes--;
      if (node instanceof CharacterData) left.chars -= Math.min(node.length, TEXT_CHARS_MAX);
      if (node instanceof Element) {
        const { attributes, shadowRoot, localName } = bare(node);
        left.chars -= localName.length;
        for (let index = 0; index < attributes.length; index++) {
          const attribute = attributes[index];
          if (attribute) left.chars -= attribute.name.length + attribute.value.length;
        }
        if (shadowRoot) found.push(shadowRoot);
      }
      if (left.nodes < 0 || left.chars < 0) return false;
    }
    return true;
  };
  for (const tree of found) {
    if (--left.trees < 0 || !fits(tree)) break;
    trees.push(tree);
  }
  return Object.assign(trees, left);
}

/** The closed roots that hang in one tree. Rejects where one of them is gone by now. */
async function closedIn({ cdp, contextId }: World, objectId: string): Promise<Closed[]> {
  const { node } = await cdp.send('DOM.describeNode', { objectId, depth: -1, pierce: false });
  const found = closedRootsOf(node).map(async (backendNodeId) => {
    const object = await resolve(cdp, { backendNodeId, executionContextId: contextId });
    return object === null ? null : { node: backendNodeId, object };
  });
  return (await Promise.all(found)).filter((root) => root !== null);
}

/** The node as an object of a world, the page's own where none is named. */
async function resolve(cdp: CDPSession, node: { backendNodeId: number; executionContextId?: number }): Promise<string | null> {
  const { object } = await cdp.send('DOM.resolveNode', { ...node, objectGroup: GROUP });
  return object.objectId ?? null;
}

function closedRootsOf(tree: Node): number[] {
  const found: number[] = [];
  const nodes = [tree];
  for (let node = nodes.pop(); node && found.length <= CLOSED_MAX; node = nodes.pop()) {
    for (const root of node.shadowRoots ?? []) if (root.shadowRootType === 'closed') found.push(root.backendNodeId);
    nodes.push(...(node.children ?? []));
  }
  return found;
}

/** Calls a function of ours with objects of the page. */
async function callIn(
  cdp: CDPSession,
  world: { executionContextId: number } | { objectId: string },
  functionDeclaration: string,
  { given, returnByValue }: { given: readonly string[]; returnByValue: boolean },
) {
  const { result, exceptionDetails } = await cdp.send('Runtime.callFunctionOn', {
    functionDeclaration,
    ...world,
    arguments: given.map((objectId) => ({ objectId })),
    returnByValue,
    objectGroup: GROUP,
  });
  if (exceptionDetails) throw new Error('Our own script failed in the page.');
  return result;
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkImports } from './check-imports.ts';
import { checkShape } from './check-shape.ts';
import { readTree, type SourceFile } from './read-source.ts';
import type { Violation } from './violation.ts';

/** Reads the tree below `root` and holds it against every rule. */
export function checkTree(root: string): { files: SourceFile[]; violations: Violation[] } {
  const files = readTree(root);
  return { files, violations: [...checkImports(files, (path) => existsSync(join(root, path))), ...checkShape(files)] };
}

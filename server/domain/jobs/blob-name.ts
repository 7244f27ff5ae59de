import { type CaptureId, isId, type WorkspaceId } from '#shared/ids.ts';
import { EXTENSIONS, type Format } from '#shared/output.ts';

export type BlobOwner = { workspaceId: WorkspaceId; captureId: CaptureId; createdAt: Date };

/** The folder of everything a capture ever stored: `<workspace>/<yyyy>/<mm>/<capture>/`, by the UTC month it was made. */
export function capturePrefix({ workspaceId, captureId, createdAt }: BlobOwner): string {
  const month = String(createdAt.getUTCMonth() + 1).padStart(2, '0');
  return `${workspaceId}/${createdAt.getUTCFullYear()}/${month}/${captureId}/`;
}

/** The one blob an attempt may write. The attempt is in the name, so that no late writer can replace a newer result. */
export function blobName(owner: BlobOwner, attempt: number, format: Format): string {
  return `${capturePrefix(owner)}${attempt}.${EXTENSIONS[format]}`;
}

/** Reads the capture out of a blob name; null for a name that is not one of ours. */
export function captureOfBlob(name: string): CaptureId | null {
  const [workspace, year, month, capture, file, ...rest] = name.split('/');
  if (rest.length > 0 || !workspace || !capture || !isId('workspace', workspace) || !isId('capture', capture)) return null;
  return /^\d{4}$/.test(year ?? '') && /^\d{2}$/.test(month ?? '') && /^\d+\.[a-z]+$/.test(file ?? '') ? capture : null;
}

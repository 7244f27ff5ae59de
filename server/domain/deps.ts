import type { Log } from '#shared/log.ts';
import type { BlobStore, Clock, Db, Events, JobQueue, Sealer, TextRecords, Vault, WebhookSender } from './ports.ts';

export type Settings = {
  /** Life of a signed link, in milliseconds. */
  linkLifeMs: number;
  /** Captures of one workspace that may wait at the same time. */
  queuedPerWorkspaceMax: number;
  /** Whether an allowed domain that is not added by the operator waits until its owner has proved it. */
  requiresDomainProof: boolean;
  /** What each try of a webhook waits for, in milliseconds; as many as there are tries. */
  webhookGapsMs: readonly number[];
  /** The URL that people and links use, without a slash at its end; empty while it is not known. */
  publicUrl(): string;
};

/** What every use case is given. Each takes the part it needs. `sealer` is null where no public key is
 * configured, `vault` where the server has no key of its own. */
export type Deps = {
  db: Db;
  blobs: BlobStore;
  queue: JobQueue;
  events: Events;
  clock: Clock;
  sealer: Sealer | null;
  vault: Vault | null;
  textRecords: TextRecords;
  webhookSender: WebhookSender;
  log: Log;
  settings: Settings;
};

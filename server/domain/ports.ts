import type { EntityManager } from '@mikro-orm/postgresql';
import type { Reach } from '#shared/egress-policy.ts';
import type { WorkspaceId } from '#shared/ids.ts';
import type { WakeUp } from '#shared/runner-protocol.ts';

/** Gives a fresh unit of work; one for each request or loop turn. What it may see is held by the database itself. */
export interface Db {
  /** Sees no row of any workspace: for what belongs to the instance alone. */
  fork(): EntityManager;
  /** Sees and changes the rows of one workspace, whatever a query asks for. */
  inWorkspace(workspaceId: WorkspaceId): EntityManager;
  /** Sees everything: for callers who are not in a workspace yet, and for work that nobody asked for. Counted by a test. */
  acrossWorkspaces(): EntityManager;
}

export interface Clock {
  now(): Date;
}

export type UploadGrant = { url: string; headers: Record<string, string>; expiresAt: Date };
export type SignedLink = { url: string; expiresAt: Date };
export type StoredBlob = { name: string; bytes: number; createdAt: Date };

/** Private storage of assets (Azure Blob, Azurite). Throws when the store is not reachable. */
export interface BlobStore {
  /** Creates the private container when it is missing. */
  prepare(): Promise<void>;
  /** A create-only permission for one blob name: one PUT, no overwrite, no read. */
  grantUpload(name: string, contentType: string, lifeMs: number): Promise<UploadGrant>;
  /** A read-only link to one blob, `startsOn` a few minutes back for clock skew. `lifeMs` is bounded by the caller. */
  issueLink(name: string, options: { lifeMs: number; contentType: string; fileName: string }): Promise<SignedLink>;
  /** The size of a blob, or null when there is none. */
  stat(name: string): Promise<{ bytes: number } | null>;
  /** Deletes a blob; a missing one is fine. */
  remove(name: string): Promise<void>;
  list(prefix: string): AsyncIterable<StoredBlob>;
  /** The origin of signed links, for the console's content security policy. */
  publicOrigin(): string;
}

/** Where jobs are announced. A doorbell, never the record: a lost or doubled wake-up is harmless. */
export interface JobQueue {
  /** Announces one job; resolves once it is safe with the broker, rejects after `LIMITS.confirmMsMax`. */
  announce(wakeUp: WakeUp): Promise<void>;
  /** Whether runners hear of jobs by it. By the memory's they do not: the event of the commit wakes those that wait. */
  readonly isHeard: boolean;
  /** `ok`, or why not. */
  health(): Promise<'ok' | string>;
  close(): Promise<void>;
}

/** What servers tell one another at commit: enough to wake a waiter, never data. */
export type ServerEvent =
  | { kind: 'job'; jobId: string }
  | { kind: 'cancel'; jobId: string }
  /** There is something to deliver. */
  | { kind: 'webhook'; workspaceId: string }
  /** `isFinal`: it will not change any more, or is gone. */
  | { kind: 'capture'; captureId: string; workspaceId: string; isFinal: boolean }
  /** A key was used from a network that is new to it. */
  | { kind: 'key_network'; keyId: string; workspaceId: string };

/** Events of all servers on one database (LISTEN/NOTIFY). Waiters must also poll: an event can be missed. */
export interface Events {
  on(listener: (event: ServerEvent) => void): () => void;
  /** Resolves true at the first event that fits, false after `ms` or when the signal aborts. */
  next(fits: (event: ServerEvent) => boolean, ms: number, signal?: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}

/** The public half of a pool key. `jwk` is what `GET /api/keys/runner` tells of it. */
export type PublicPoolKey = {
  kid: string;
  jwk: { kty: string; crv: string; x: string; kid: string; use: 'enc'; alg: string };
  /** Seals a capture payload to the key; the protected header names capture and workspace. */
  seal(payload: unknown, bind: { captureId: string; workspaceId: string }): Promise<string>;
};

/** Seals capture payloads to the runner pool's public keys. The server can seal and cannot open. */
export interface Sealer {
  /** The keys as their file has them now, the newest first; at least one. */
  keys(): Promise<readonly PublicPoolKey[]>;
}

/**
 * Keeps what the server itself must read again (never a capture's payload) sealed in the database, by a key that is not in
 * it. `use` says what the text is for and whose it is: sealed for one it does not open for another.
 */
export interface Vault {
  seal(text: string, use: string): string;
  /** The text, or null when none of the keys opens it: another key, another use, or a changed text. */
  open(sealed: string, use: string): string | null;
}

/** TXT records of the name system. */
export interface TextRecords {
  /**
   * The texts at a name, none where there is no record. Rejects where the name servers give no answer within
   * `LIMITS.proofLookUpMsMax`, or one that is none.
   */
  find(name: string): Promise<string[]>;
}

/** One POST to a receiver of webhooks. `url` and headers are not for any log. */
export type WebhookMessage = { url: string; headers: Record<string, string>; body: string };
/** How it ended: well with any 2xx. `error` in words of ours; `response`: at most `LIMITS.webhookAnswerBytesKept` of the answer. */
export type WebhookOutcome = { ok: boolean; status: number | null; error: string | null; response: string | null };

/** The way out for webhooks. */
export interface WebhookSender {
  /**
   * Sends once, to an address that `reach` allows, without following a redirect, within `LIMITS.webhookTryMsMax` in all.
   * Never rejects.
   */
  send(message: WebhookMessage, reach: Reach): Promise<WebhookOutcome>;
}

/** Somebody as an identity provider vouches for them. */
export type Identity = { issuer: string; subject: string; email: string | null; isEmailVerified: boolean; name: string | null };
/** What has to be remembered of a sign-in from its beginning to the answer, by the browser that began it. */
export type SignInFlow = { state: string; nonce: string; verifier: string };

/** Single sign-on. Both calls throw `SignInFault`, and ask the provider at most `LIMITS.oidcCallMsMax` at a time. */
export interface IdentityProvider {
  /** What people call it. */
  name: string;
  /** Where to send the browser, which comes back to `redirectUri`. `anew`: whoever is signed in there is asked again. */
  begin(redirectUri: string, options?: { anew?: boolean }): Promise<{ url: string; flow: SignInFlow }>;
  /** Who it was, from the URL the browser came back with. */
  finish(answer: URL, flow: SignInFlow): Promise<Identity>;
}

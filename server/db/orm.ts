import { join } from 'node:path';
import { Migrator } from '@mikro-orm/migrations';
import { defineConfig, MikroORM } from '@mikro-orm/postgresql';
import {
  AllowedDomain,
  ApiKey,
  ConsoleSession,
  ExternalLogin,
  Invite,
  Member,
  RateLimit,
  RecoveryCode,
  RevokedPoolKey,
  Runner,
  SignInLink,
  Totp,
  User,
  Workspace,
} from './access.entities.ts';
import { AuditEvent, AuditLink, AuditPending } from './audit.entities.ts';
import { Asset, Attempt, Capture, CapturePayload, IdempotencyRecord, Job } from './captures.entities.ts';
import { addressOf } from './database-url.ts';
import { CaptureWebhook, WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent, WebhookSecret } from './webhooks.entities.ts';

const ENTITIES = [
  Workspace,
  User,
  Member,
  ConsoleSession,
  SignInLink,
  Totp,
  RecoveryCode,
  ExternalLogin,
  Invite,
  ApiKey,
  AllowedDomain,
  Runner,
  RevokedPoolKey,
  Capture,
  CapturePayload,
  Asset,
  Job,
  Attempt,
  IdempotencyRecord,
  AuditEvent,
  AuditLink,
  AuditPending,
  RateLimit,
  WebhookEndpoint,
  WebhookSecret,
  CaptureWebhook,
  WebhookEvent,
  WebhookDelivery,
  WebhookAttempt,
];

/** Where the migrations that were run are written down. */
export const MIGRATIONS_TABLE = 'mikro_orm_migrations';

/**
 * Opens the ORM on a PostgreSQL URL. `poolMax` connections at most. Queries are never logged: their parameters could
 * hold what the log may not.
 */
export async function openOrm(databaseUrl: string, poolMax = 20): Promise<MikroORM> {
  const migrations = join(import.meta.dirname, 'migrations');
  return await MikroORM.init(
    defineConfig({
      entities: ENTITIES,
      extensions: [Migrator],
      ...addressOf(databaseUrl),
      pool: { min: 0, max: poolMax },
      debug: false,
      logger: () => undefined,
      // Functions are written by hand in migrations: to the generator they would be strangers to drop.
      schemaGenerator: { ignoreRoutines: true },
      migrations: {
        tableName: MIGRATIONS_TABLE,
        path: migrations,
        pathTs: migrations,
        emit: 'ts',
        snapshot: true,
        snapshotName: 'snapshot',
        transactional: true,
        // Migrating must not write into the program's own folder: it may be read-only.
        snapshotOnMigrate: false,
        silent: true,
      },
    }),
  );
}

import { randomBytes } from 'node:crypto';
import { createTextRecords } from '#server/adapters/text-records.ts';
import type { UserActor } from '#server/domain/access/actor.ts';
import { addAllowedDomain } from '#server/domain/access/allowed-domains.ts';
import type { Deps } from '#server/domain/deps.ts';
import type { DomainView } from '#shared/console.ts';
import { makeId, type WorkspaceId } from '#shared/ids.ts';
import { secret } from '#shared/secret.ts';
import { startTestDns, type TestDns } from '../services/test-dns.ts';
import { createDomainBed, type DomainBed } from './domain-bed.ts';

/** The domain of `bed`, where allowed domains need a proof that a name server of the tests knows. */
export type ProofBed = {
  bed: DomainBed;
  dns: TestDns;
  deps: Deps;
  /** An admin of the first workspace. */
  admin: UserActor;
  /** An entry that waits, with the record it waits for. */
  addWaiting(domain: string, actor?: UserActor): Promise<DomainView & NonNullable<DomainView['proof']>>;
  eventsOf(id: string): Promise<{ action: string; detail: string }[]>;
  close(): Promise<void>;
};

export async function createProofBed(): Promise<ProofBed> {
  const [bed, dns] = await Promise.all([createDomainBed(), startTestDns()]);
  const settings = { ...bed.deps.settings, requiresDomainProof: true };
  const deps = { ...bed.deps, settings, textRecords: createTextRecords([dns.address]) };
  const admin = adminOf(bed.operator.workspaceId);
  return {
    bed,
    dns,
    deps,
    admin,
    addWaiting: async (domain, actor = admin) => {
      const entry = await addAllowedDomain(deps, actor, { domain });
      if (!entry.proof) throw new Error(`${domain} was expected to wait`);
      return { ...entry, ...entry.proof };
    },
    eventsOf: (id) => bed.sql('select action, detail from audit_event where target = $1 order by at', [id]),
    close: async () => {
      await bed.close();
      await dns.close();
    },
  };
}

/** An admin of a workspace, whom nobody has signed in. */
export function adminOf(workspaceId: WorkspaceId): UserActor {
  const session = { sessionHash: 'h', fingerprintKey: secret(new Uint8Array(randomBytes(32))) };
  return { kind: 'user', userId: makeId('user'), workspaceId, role: 'admin', name: 'Kim', ...session };
}

import type { TokenCredential } from '@azure/identity';
import {
  BlobSASPermissions,
  BlobServiceClient,
  type ContainerClient,
  generateBlobSASQueryParameters,
  RestError,
  SASProtocol,
  type StoragePipelineOptions,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import type { BlobStore, SignedLink, StoredBlob, UploadGrant } from '#server/domain/ports.ts';
import { LIMITS } from '#shared/limits.ts';
import { createDelegationKeys } from './delegation-keys.ts';

/** The storage must answer: a request or a sweep may not hang on it. */
const PIPELINE: StoragePipelineOptions = {
  retryOptions: { maxTries: 3, tryTimeoutInMs: 5_000, retryDelayInMs: 200, maxRetryDelayInMs: 2_000 },
  userAgentOptions: { userAgentPrefix: 'sessionshot' },
};

export type BlobStoreOptions = {
  /** With an account key; links are signed by it (service SAS). For Azurite and self-hosting without Entra ID. */
  connectionString?: string;
  /** Without any key: `credential` (default: managed identity) signs links by a user-delegation key. HTTPS only. */
  accountUrl?: string;
  credential?: TokenCredential;
  container: string;
  /** Where clients reach the storage, when that is not where the server does. */
  publicUrl?: string;
};

type SasValues = Omit<Parameters<typeof generateBlobSASQueryParameters>[0], 'containerName' | 'protocol'>;
type Sign = (values: SasValues, protocol: SASProtocol | undefined) => Promise<string>;

/**
 * Opens private storage on Azure Blob or Azurite. No request is made before the first call. Throws when neither or both
 * of `connectionString` and `accountUrl` are given.
 */
export function createAzureBlobStore(options: BlobStoreOptions): BlobStore {
  const { service, sign } = openService(options);
  const container = service.getContainerClient(options.container);
  const publicBase = toPublicBase(service.url, options.publicUrl);
  return {
    prepare: async () => void (await container.createIfNotExists()),
    grantUpload: (name, contentType, lifeMs) => grantUpload(container, sign, { name, contentType, lifeMs }),
    issueLink: async (name, link) => {
      const { query, expiresAt } = await signLink(sign, protocolOf(publicBase), { blobName: name, ...link });
      const path = container.getBlobClient(name).url.slice(trimSlash(service.url).length);
      return { url: `${publicBase}${path}?${query}`, expiresAt };
    },
    stat: (name) => stat(container, name),
    remove: async (name) => void (await container.getBlobClient(name).deleteIfExists({ deleteSnapshots: 'include' })),
    list: (prefix) => list(container, prefix),
    publicOrigin: () => new URL(publicBase).origin,
  };
}

function openService({ connectionString, accountUrl, credential, container }: BlobStoreOptions): {
  service: BlobServiceClient;
  sign: Sign;
} {
  if ((connectionString === undefined) === (accountUrl === undefined))
    throw new Error('Give the storage either a connection string or an account URL.');
  if (connectionString !== undefined) {
    const service = BlobServiceClient.fromConnectionString(connectionString, PIPELINE);
    const key = service.credential;
    if (!(key instanceof StorageSharedKeyCredential))
      throw new Error('The storage connection string needs AccountName and AccountKey: links cannot be signed without.');
    return {
      service,
      sign: async (values, protocol) => generateBlobSASQueryParameters({ ...values, containerName: container, protocol }, key).toString(),
    };
  }
  const service = new BlobServiceClient(accountUrl ?? '', credential ?? managedIdentity(), PIPELINE);
  const keys = createDelegationKeys((startsOn, expiresOn) => service.getUserDelegationKey(startsOn, expiresOn));
  return {
    service,
    sign: async (values, protocol) =>
      generateBlobSASQueryParameters(
        { ...values, containerName: container, protocol },
        await keys.covering(values.expiresOn ?? new Date()),
        service.accountName,
      ).toString(),
  };
}

/** Loaded on first use: an instance with an account key must not pay for it at every start. */
function managedIdentity(): TokenCredential {
  let loaded: Promise<TokenCredential> | undefined;
  return {
    getToken: async (scopes, options) => {
      loaded ??= import('@azure/identity').then(({ DefaultAzureCredential }) => new DefaultAzureCredential());
      return await (await loaded).getToken(scopes, options);
    },
  };
}

async function grantUpload(
  container: ContainerClient,
  sign: Sign,
  grant: { name: string; contentType: string; lifeMs: number },
): Promise<UploadGrant> {
  const blob = container.getBlockBlobClient(grant.name);
  const { startsOn, expiresOn } = lifeFromNow(grant.lifeMs);
  // "c" creates and cannot overwrite: the holder can write this one blob once, and neither read nor replace anything.
  const query = await sign({ blobName: grant.name, permissions: BlobSASPermissions.parse('c'), startsOn, expiresOn }, protocolOf(blob.url));
  return {
    url: `${blob.url}?${query}`,
    headers: { 'x-ms-blob-type': 'BlockBlob', 'content-type': grant.contentType, 'if-none-match': '*' },
    expiresAt: expiresOn,
  };
}

async function signLink(
  sign: Sign,
  protocol: SASProtocol | undefined,
  link: { blobName: string; lifeMs: number; contentType: string; fileName: string },
): Promise<{ query: string; expiresAt: SignedLink['expiresAt'] }> {
  const { startsOn, expiresOn } = lifeFromNow(link.lifeMs);
  const query = await sign(
    {
      blobName: link.blobName,
      permissions: BlobSASPermissions.parse('r'),
      startsOn,
      expiresOn,
      contentType: link.contentType,
      contentDisposition: `inline; filename="${link.fileName.replace(/[^\w.-]/g, '_')}"`,
      cacheControl: 'private, no-store',
    },
    protocol,
  );
  return { query, expiresAt: expiresOn };
}

/** Signatures carry whole seconds; starting a few minutes back, a client whose clock is slow is let in all the same. */
function lifeFromNow(lifeMs: number): { startsOn: Date; expiresOn: Date } {
  const now = Date.now();
  return { startsOn: new Date(now - LIMITS.linkSkewMs), expiresOn: new Date(Math.floor((now + lifeMs) / 1000) * 1000) };
}

async function stat(container: ContainerClient, name: string): Promise<{ bytes: number } | null> {
  try {
    const { contentLength } = await container.getBlobClient(name).getProperties();
    return { bytes: contentLength ?? 0 };
  } catch (error) {
    if (error instanceof RestError && error.statusCode === 404) return null;
    throw error;
  }
}

async function* list(container: ContainerClient, prefix: string): AsyncIterable<StoredBlob> {
  for await (const item of container.listBlobsFlat({ prefix })) {
    const { contentLength, createdOn, lastModified } = item.properties;
    yield { name: item.name, bytes: contentLength ?? 0, createdAt: createdOn ?? lastModified };
  }
}

/** Over https a signature is good for https only: a link sent on by http would give it away. */
function protocolOf(url: string): SASProtocol | undefined {
  return url.startsWith('https:') ? SASProtocol.Https : undefined;
}

/** The account's URL as clients see it. A public URL that is an origin alone keeps the account's own path (Azurite). */
function toPublicBase(accountUrl: string, publicUrl: string | undefined): string {
  const own = new URL(accountUrl);
  if (publicUrl === undefined) return trimSlash(own.href);
  const shown = new URL(publicUrl);
  return trimSlash(`${shown.origin}${shown.pathname === '/' ? own.pathname : shown.pathname}`);
}

function trimSlash(url: string): string {
  return url.replace(/\/+$/, '');
}

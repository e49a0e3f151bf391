import type { BatchPlace } from '../batch/batch-record.ts';
import { BatchFilesError } from './batch-files.ts';
import type { BatchFiles, FilesFault } from './batch-files.ts';

export interface S3FilesOptions {
  readonly bucket: string;
  /** Of a server that is not Amazon's. */
  readonly endpoint?: string | undefined;
}

/** A server that signs by a region and has none of its own takes this one. */
const usualRegion = 'us-east-1';
const connectionTimeoutMs = 3000;
const requestTimeoutMs = 30_000;
/** So many objects are removed at the same time. */
const removalsMax = 16;

/**
 * Keeps files in a bucket of an S3-compatible store, under the names of tenant and batch. Credentials and the region come
 * from where the SDK looks for them. The SDK is loaded with the first call: it is large, and most gateways have no bucket.
 */
export function createS3Files({ bucket, endpoint }: S3FilesOptions): BatchFiles {
  const keyOf = ({ tenant, id }: BatchPlace, name: string) => `${tenant}/${id}/${name}`;
  let opened: Promise<OpenS3> | undefined;
  const inBucket = async <T>(work: (s3: OpenS3) => Promise<T>): Promise<T> => {
    opened ??= openS3(endpoint);
    try {
      return await work(await opened);
    } catch (thrown) {
      throw inOurWords(thrown);
    }
  };
  return {
    maxBatchBytes: undefined,
    identity: () => Promise.resolve(`s3 ${endpoint ?? 'amazon'} ${bucket}`),
    write: (place, name, bytes) =>
      inBucket(async ({ client, sdk }) => {
        const Body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        await client.send(new sdk.PutObjectCommand({ Bucket: bucket, Key: keyOf(place, name), Body }));
      }),
    read: (place, name) =>
      inBucket(async ({ client, sdk }) => {
        const { Body } = await client.send(new sdk.GetObjectCommand({ Bucket: bucket, Key: keyOf(place, name) }));
        return (await Body?.transformToByteArray()) ?? new Uint8Array();
      }),
    removeAll: (place) =>
      inBucket(async (s3) => {
        const prefix = keyOf(place, '');
        for (
          let keys = await listSome(s3, bucket, prefix);
          keys.length > 0;
          keys = await listSome(s3, bucket, prefix)
        ) {
          await removeKeys(s3, bucket, keys);
        }
      }),
  };
}

type OpenS3 = Awaited<ReturnType<typeof openS3>>;

async function openS3(endpoint: string | undefined) {
  const sdk = await import('@aws-sdk/client-s3');
  const settings = {
    // Servers other than Amazon's know a bucket by its path, and not all know the newer checksums.
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: connectionTimeoutMs, requestTimeout: requestTimeoutMs },
  } as const;
  const client = new sdk.S3Client(settings);
  const hasRegion = await client.config.region().then(
    () => true,
    () => false,
  );
  return { sdk, client: hasRegion ? client : new sdk.S3Client({ ...settings, region: usualRegion }) };
}

async function listSome({ client, sdk }: OpenS3, bucket: string, prefix: string): Promise<readonly string[]> {
  const { Contents = [] } = await client.send(new sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
  return Contents.flatMap(({ Key }) => (Key === undefined ? [] : [Key]));
}

/** One by one: not every server removes several at once. */
async function removeKeys({ client, sdk }: OpenS3, bucket: string, keys: readonly string[]): Promise<void> {
  for (let at = 0; at < keys.length; at += removalsMax) {
    const some = keys.slice(at, at + removalsMax);
    await Promise.all(some.map((Key) => client.send(new sdk.DeleteObjectCommand({ Bucket: bucket, Key }))));
  }
}

const faults: Readonly<Record<string, FilesFault>> = {
  NoSuchKey: 'missing',
  QuotaExceeded: 'full',
  XMinioStorageFull: 'full',
  InsufficientStorage: 'full',
};

function inOurWords(thrown: unknown): BatchFilesError {
  const [code, name] = thrown instanceof Error ? ['code' in thrown ? thrown.code : undefined, thrown.name] : [];
  const detail = [code, name].map(String).find((word) => /^[A-Za-z_]{3,60}$/u.test(word) && word !== 'undefined');
  return new BatchFilesError(faults[detail ?? ''] ?? 'unavailable', detail ?? 'unknown');
}

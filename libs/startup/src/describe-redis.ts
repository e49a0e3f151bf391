import { assertNever } from '@ccg/kernel';
import { describeTarget, userOf } from '@ccg/store';
import type { ConnectionFault, ConnectionTarget, MissingPermissions, ServerReport } from '@ccg/store';
import { databaseOf } from './redis-url.ts';

/** A server that cannot be reached at all says nothing about TLS. */
const unreached = /\b(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENOENT|EACCES|no Sentinel answers)$/u;

/** What a server does that speaks another protocol, or that tells in vain why it closes. */
const closed = /^(?:connection closed|EPIPE|ECONNRESET)$/u;

/** What a start waits for, in a line for people. */
export function describeWait(detail: string, redis: ConnectionTarget): string {
  const address = describeTarget(redis);
  const variable = variableOf(redis);
  if (isTls(redis) && !unreached.test(detail)) {
    return (
      `Waiting for Redis at ${address}: no TLS connection (${detail}). ` +
      `If that port does not speak TLS, write redis:// in ${variable}.`
    );
  }
  const mend = `Set a password there (requirepass) and write it into ${variable}, or reach it at an address that it is bound to.`;
  if (detail === 'DENIED') {
    return `Waiting for Redis at ${address}: it is in protected mode and lets in only its own machine. ${mend}`;
  }
  if (redis.socketPath === undefined && closed.test(detail)) {
    return (
      `Waiting for Redis at ${address}: it closes the connection. If that port speaks TLS, write rediss:// in ${variable}. ` +
      `If that Redis is in protected mode, it lets in only its own machine. ${mend}`
    );
  }
  return `Waiting for Redis at ${address} (${detail}). Start it, or set ${variable} to another.`;
}

/** Why no waiting helps, and what does. */
export function describeFault(fault: ConnectionFault, detail: string, redis: ConnectionTarget): string {
  const address = describeTarget(redis);
  const variable = variableOf(redis);
  const user = userOf(redis);
  const database = redis.url === undefined ? '0' : databaseOf(redis.url);
  switch (fault) {
    case 'credential':
      return redis.password === undefined
        ? `Redis at ${address} does not accept the user or password of ${variable}.`
        : `Redis at ${address} does not accept the password in REDIS_PASSWORD_FILE for the user "${user}".`;
    case 'database':
      return `Redis at ${address} has no database ${database}. End REDIS_URL with the number of one that it has, such as /0.`;
    case 'select-denied':
      return `The Redis user "${user}" lacks the permission to choose database ${database}. Grant it there with: ACL SETUSER ${user} +select`;
    case 'not-redis':
      return `What answers at ${address} is not Redis, or needs TLS. Set ${variable} to a Redis; for TLS write rediss://.`;
    case 'not-tls':
      return `What answers at ${address} does not speak TLS (${detail}). Write redis:// in ${variable}, or set it to a port that does.`;
    case 'certificate':
      return describeCertificate(detail, redis);
    case 'client-certificate':
      return redis.tls?.cert === undefined
        ? `Redis at ${address} asks for a certificate of ours (${detail}). Set REDIS_CERT_FILE and REDIS_KEY_FILE.`
        : `Redis at ${address} does not accept the certificate in REDIS_CERT_FILE (${detail}). Use one of an authority that it trusts.`;
    case 'sentinel-name':
      return `No Sentinel of REDIS_SENTINELS that answers knows a primary named ${redis.sentinels?.name}. Set REDIS_SENTINEL_NAME to a name that this lists: redis-cli ${firstSentinel(redis)} SENTINEL MASTERS`;
    case 'sentinel-credential':
      return 'The Sentinels ask for a password, and do not accept the one of REDIS_SENTINELS. Write redis://:password@host:26379 there.';
    case 'not-cluster':
      return `Redis at ${address} is not a node of a cluster. Name it in REDIS_URL instead of REDIS_CLUSTER_NODES.`;
    case 'cluster-denied':
      return `The Redis user "${user}" may not ask for the nodes of the cluster. Grant it on each node with: ACL SETUSER ${user} +cluster|slots`;
    case 'slots-uncovered':
      return `The cluster at ${address} is not whole: ${detail}. Mend it with: redis-cli --cluster fix ${address?.split(',', 1).join()}`;
    default:
      return assertNever(fault);
  }
}

/** Where redis-cli finds the first of the Sentinels. */
function firstSentinel({ sentinels }: ConnectionTarget): string {
  const { hostname = '', port = '' } = URL.parse(sentinels?.urls[0] ?? '') ?? {};
  return `-h ${hostname.replaceAll(/[[\]]/gu, '')} -p ${port === '' ? '26379' : port}`;
}

function describeCertificate(detail: string, redis: ConnectionTarget): string {
  const address = describeTarget(redis);
  if (detail === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `The certificate of Redis at ${address} is for another host (${detail}). Write a host that it names in ${variableOf(redis)}.`;
  }
  return redis.tls?.ca === undefined
    ? `The certificate of Redis at ${address} is not trusted (${detail}). Name the file of its authority in REDIS_CA_FILE.`
    : `The certificate of Redis at ${address} is not of an authority in REDIS_CA_FILE (${detail}). Name the file of its authority there.`;
}

/** What the Redis user may not do or the server does not know; undefined where all is well. */
export function describeMissing({ user, aclRules, unknownCommands }: MissingPermissions): string | undefined {
  if (aclRules.length > 0) {
    return (
      `The Redis user "${user}" lacks permissions. ` +
      `Grant them there with: ACL SETUSER ${user} ${aclRules.join(' ')}`
    );
  }
  if (unknownCommands.length > 0) {
    const names = unknownCommands.map((name) => name.toUpperCase()).join(', ');
    return `This Redis does not know ${names}, which is needed. Undo its rename-command, or use another Redis.`;
  }
  return undefined;
}

/** What in the settings of the servers stops a start, and what it only warns of. */
export function judgeServers(
  reports: readonly ServerReport[],
  redis: ConnectionTarget,
): { readonly problems: readonly string[]; readonly warnings: readonly string[] } {
  const problems = reports.flatMap(({ address, version, maxmemoryPolicy, isClusterNode }) => [
    ...(isTooOld(version)
      ? [
          `Redis at ${address} is version ${version}, and 6.2 or newer is needed. Upgrade it: apt-get install redis-server`,
        ]
      : []),
    ...(maxmemoryPolicy === undefined || maxmemoryPolicy === 'noeviction'
      ? []
      : [
          `Redis at ${address} deletes API keys and limits when its memory is full (maxmemory-policy is ${maxmemoryPolicy}). ` +
            forGood('maxmemory-policy noeviction'),
        ]),
    ...(isClusterNode === true && redis.clusterNodes === undefined
      ? [
          `Redis at ${address} is a node of a cluster. Name its nodes in REDIS_CLUSTER_NODES instead of ${variableOf(redis)}.`,
        ]
      : []),
  ]);
  const warnings = reports.flatMap(({ address, hasAppendOnlyFile }) =>
    hasAppendOnlyFile === false
      ? [
          `Redis at ${address} has no append-only file: when it ends, API keys and all that was written since its last snapshot are lost. ` +
            forGood('appendonly yes'),
        ]
      : [],
  );
  return { problems, warnings };
}

function forGood(setting: string): string {
  return `Change it there with: CONFIG SET ${setting} (and write ${setting} into its redis.conf, for its next start)`;
}

function isTooOld(version: string | undefined): boolean {
  const [major = 0, minor = 0] = version?.split('.').map(Number) ?? [Infinity];
  return major < 6 || (major === 6 && minor < 2);
}

function variableOf({ clusterNodes, sentinels }: ConnectionTarget): string {
  if (clusterNodes !== undefined) return 'REDIS_CLUSTER_NODES';
  return sentinels === undefined ? 'REDIS_URL' : 'REDIS_SENTINELS';
}

function isTls({ url, clusterNodes, sentinels }: ConnectionTarget): boolean {
  const [first = ''] = clusterNodes ?? sentinels?.urls ?? [url];
  return first.startsWith('rediss:');
}

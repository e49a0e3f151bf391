import { describeTarget } from '@ccg/store';

/** The path of a `unix://` URL; undefined for another. */
export function socketPathOf(url: string): string | undefined {
  const scheme = 'unix://';
  return url.startsWith(scheme) ? url.slice(scheme.length) : undefined;
}

/** The servers of a comma list without a fault; one without a scheme is `redis://`. */
export function serverUrls(list: string): readonly string[] {
  return list
    .split(',')
    .map((server) => server.trim())
    .filter((server) => server !== '')
    .map((server) => (server.includes('://') ? server : `redis://${server}`));
}

/** The first fault of a comma list of servers, without any part of it. */
export function judgeServerList(list: string): string | undefined {
  const urls = serverUrls(list);
  if (urls.length === 0) return 'must be a comma list such as redis-1:6379,redis-2:6379.';
  for (const url of urls) {
    if (!/^rediss?:/u.test(url)) return 'each server must be host:port, or begin with redis:// or rediss://.';
    const fault = judgeRedisUrl(url);
    if (fault !== undefined) return `has a fault in one of its servers: ${fault}`;
    if (databaseOf(url) !== '0') return 'one of its servers names a database. Remove what follows host:port.';
  }
  const schemes = new Set(urls.map((url) => url.split(':', 1).join()));
  return schemes.size > 1 ? 'has servers with redis:// and with rediss://. Write one of them for all.' : undefined;
}

/** The number of the database that a REDIS_URL without a fault chooses. */
export function databaseOf(url: string): string {
  const { pathname = '', searchParams } = URL.parse(url) ?? {};
  const inPath = pathname.slice(1);
  return inPath === '' ? (searchParams?.get('db') ?? '0') : inPath;
}

/** The first fault of a REDIS_URL, without any part of it: it may hold a password. Undefined when it has none. */
export function judgeRedisUrl(url: string): string | undefined {
  if (/^unix:\/\/\/./u.test(url)) return undefined;
  const [, authority, rest = ''] = /^rediss?:\/\/([^/?#]*)(.*)$/su.exec(url) ?? [];
  if (authority === undefined) return 'must begin with redis://, rediss:// or unix:///.';
  // An @ behind the host: the password has a character in it that ends the host, and what looks like the host is not.
  if (rest.includes('@')) return 'names no host. In a password write # as %23, / as %2F, ? as %3F and @ as %40.';
  const [host = '', port = ''] = authority.slice(authority.lastIndexOf('@') + 1).split(/:(?=[^:\]]*$)/u);
  if (host === '') return 'names no host.';
  if (port !== '' && !isPort(port)) return 'its port must be a number from 1 to 65535.';
  if (describeTarget({ url }) === undefined) return 'is not a URL. Write redis://user:password@host:port/0.';
  if (!isDecodable(authority)) return 'has a % that begins no escape. In a user or password write % as %25.';
  if (!/^\d+$/u.test(databaseOf(url))) return 'its database must be a number, such as redis://host:6379/0.';
  return undefined;
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/u.test(text) && Number(text) >= 1 && Number(text) <= 65_535;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Files in PEM: an authority, and what it has signed for a server at 127.0.0.1 and for a client. */
export interface Certificates {
  readonly ca: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
  remove(): void;
}

/** Makes an authority of its own with each call, by `openssl`. What it signs is valid for so many days. */
export function makeCertificates(days = 30): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'ccg-certificates-'));
  const file = (name: string) => join(folder, name);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', file('ca.key'), '-out', file('ca.crt'), '-subj', '/CN=authority');
  writeFileSync(file('server.ext'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  writeFileSync(file('client.ext'), 'extendedKeyUsage=clientAuth\n');
  const signed = (name: string) => {
    openssl('req', ...key, '-keyout', file(`${name}.key`), '-out', file(`${name}.csr`), '-subj', `/CN=${name}`);
    const authority = ['-CA', file('ca.crt'), '-CAkey', file('ca.key'), '-CAcreateserial'];
    const request = ['-in', file(`${name}.csr`), '-out', file(`${name}.crt`), '-extfile', file(`${name}.ext`)];
    openssl('x509', '-req', ...request, ...authority, '-days', String(days));
    return { cert: file(`${name}.crt`), key: file(`${name}.key`) };
  };
  return {
    ca: file('ca.crt'),
    server: signed('server'),
    client: signed('client'),
    remove() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function openssl(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args.join(' ')} failed:\n${stderr}`);
}

import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { z } from 'zod';

/**
 * The certificates of a PEM file. Node reads the file itself where its variable is set before the process starts; one
 * that stands in `.env` comes too late for that.
 */
export function readCertificates(path: string | undefined, context: z.RefinementCtx): string | undefined {
  if (path === undefined) return undefined;
  try {
    const pem = readFileSync(path, 'utf8');
    if (!pem.includes('-----BEGIN')) throw new Error('There is no certificate in it.');
    createSecureContext({ ca: pem });
    return pem;
  } catch {
    context.addIssue({ code: 'custom', message: 'must be the path of a readable file of certificates in PEM' });
    return undefined;
  }
}

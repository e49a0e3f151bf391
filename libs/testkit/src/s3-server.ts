import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { programOnPath } from './debian-program.ts';
import { repositoryRoot } from './repository-root.ts';
import { startOnFreePort, startOnPort } from './redis/redis-process.ts';
import type { StartedProcess } from './start-process.ts';

/** An S3-compatible server of its own for a test that hurts it. */
export interface S3Server {
  readonly endpoint: string;
  readonly bucket: string;
  /** Where it keeps its objects, as files. */
  readonly folder: string;
  /** What the AWS SDK looks for in the environment. */
  readonly env: Readonly<Record<'AWS_ACCESS_KEY_ID' | 'AWS_SECRET_ACCESS_KEY', string>>;
  /** SIGKILL, and waits until it is gone. What it has stays. */
  kill(): Promise<void>;
  /** Starts it again on the same port after `kill`. */
  start(): Promise<void>;
  /** Ends it and removes what it has. */
  stop(): Promise<void>;
}

const version = 'v1.8.0';
const secrets = { AWS_ACCESS_KEY_ID: 'test-access', AWS_SECRET_ACCESS_KEY: 'test-secret-0123456789' };

/** Starts a server with an empty bucket on 127.0.0.1. Throws a sentence where there is none and none can be built. */
export async function startS3Server(): Promise<S3Server> {
  const binary = s3Binary();
  const folder = mkdtempSync(join(tmpdir(), 'ccg-s3-'));
  const bucket = 'batches';
  mkdirSync(join(folder, bucket));
  const start = {
    binary,
    folder,
    argsFor: (port: number) => [
      '--access',
      secrets.AWS_ACCESS_KEY_ID,
      '--secret',
      secrets.AWS_SECRET_ACCESS_KEY,
      '--port',
      `127.0.0.1:${port}`,
      'posix',
      folder,
    ],
    // The end of its greeting.
    ready: /╚|└/u,
  };
  const { port, process: first } = await startOnFreePort(start);
  let running: StartedProcess = first;
  async function kill(): Promise<void> {
    running.killGroup();
    await running.exited;
  }
  return {
    endpoint: `http://127.0.0.1:${port}`,
    bucket,
    folder: join(folder, bucket),
    env: secrets,
    kill,
    async start() {
      running = await startOnPort(start, port);
    },
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** `versitygw` on PATH, else it is built once, with Go, into the git-ignored cache. */
function s3Binary(): string {
  const searchPath = process.env['PATH'] ?? '';
  const onPath = programOnPath({ names: ['versitygw'] }, searchPath);
  if (onPath !== undefined) return onPath;
  const folder = join(repositoryRoot, '.cache', `versitygw-${version}`);
  const binary = join(folder, 'versitygw');
  if (existsSync(binary)) return binary;
  const go = programOnPath({ names: ['go'] }, [searchPath, '/usr/local/go/bin'].join(delimiter));
  if (go === undefined) throw new Error(`${needed} Install it, or Go, with which it is built here.`);
  const module = `github.com/versity/versitygw/cmd/versitygw@${version}`;
  const built = spawnSync(go, ['install', module], { env: { ...process.env, GOBIN: folder }, encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`${needed} Building it with Go failed:\n${built.stderr}`);
  return binary;
}

const needed = 'This test needs the S3 server versitygw.';

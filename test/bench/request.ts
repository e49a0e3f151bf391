import { requestBody } from './bodies.ts';
import type { BodySize } from './bodies.ts';

/** A whole HTTP request as Claude Code sends it. */
export function httpRequest(size: BodySize, stream: boolean, apiKey: string): Uint8Array {
  const body = requestBody(size, stream);
  const head = [
    'POST /v1/messages?beta=true HTTP/1.1',
    'host: 127.0.0.1',
    'accept: application/json',
    'anthropic-beta: claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27,effort-2025-11-24',
    'anthropic-dangerous-direct-browser-access: true',
    'anthropic-version: 2023-06-01',
    `authorization: Bearer ${apiKey}`,
    'content-type: application/json',
    'user-agent: claude-cli/2.1.330 (external, sdk-cli)',
    'x-app: cli',
    'x-claude-code-session-id: 5f0c8a52-2a8e-4c39-9f0b-1d8a6f3a7c11',
    'x-stainless-arch: x64',
    'x-stainless-lang: js',
    'x-stainless-os: Linux',
    'x-stainless-package-version: 1.12.0',
    'x-stainless-retry-count: 0',
    'x-stainless-runtime: node',
    'x-stainless-runtime-version: v24.3.0',
    'x-stainless-timeout: 600',
    `content-length: ${body.length}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]);
}

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AnthropicProfile, ChatProfile, ModelFacts, ModelLimits } from '@ccg/catalog';
import type { Rejection } from '@ccg/translation';
import type { TestDialect, TestTarget } from './translate.ts';

/** One folder of `fixtures/<dialect>/`, with the files that it has. */
export interface FixtureCase {
  readonly name: string;
  readonly target: TestTarget;
  /** The file's text, or undefined where the case has no such file. */
  read(file: FixtureFile): string | undefined;
  /** The absolute path of a file of the case. */
  path(file: FixtureFile): string;
}

type FixtureFile = `${'request' | 'answer' | 'failure'}.${'in' | 'out'}.json` | `stream.${'in' | 'out'}.txt`;

interface FixtureMeta {
  readonly rule: string;
  readonly source: string;
  readonly model?: string;
  readonly profile?: ChatProfile;
  readonly baseUrl?: string;
  readonly anthropicProfile?: AnthropicProfile;
  readonly maxOutputTokens?: number;
  readonly estimatedInputTokens?: number;
  readonly rejections?: readonly Rejection[];
  readonly limits?: Partial<ModelLimits>;
  readonly textCalls?: boolean;
  readonly facts?: ModelFacts;
}

const root = fileURLToPath(new URL('../../libs/translation/src/fixtures/', import.meta.url));

export function fixtureCases(dialect: TestDialect): FixtureCase[] {
  const names = readdirSync(`${root}${dialect}`, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return names.map((entry) => fixtureCase(dialect, entry.name));
}

/** The bodies of one file of `fixtures/captures/`, one request a line. */
export function captureLines(file: string): { readonly name: string; readonly body: string }[] {
  return readFileSync(`${root}captures/${file}`, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { name, body }: { name: string; body: unknown } = JSON.parse(line);
      return { name, body: JSON.stringify(body) };
    });
}

const usualModels = {
  anthropic: 'claude-opus-5-5',
  'openai-chat': 'gpt-4.1',
  'openai-responses': 'gpt-4.1',
  ollama: 'qwen3:8b',
  gemini: 'gemini-3-flash-preview',
};

function fixtureCase(dialect: TestDialect, name: string): FixtureCase {
  const path = (file: string) => `${root}${dialect}/${name}/${file}`;
  const meta: FixtureMeta = JSON.parse(readFileSync(path('meta.json'), 'utf8'));
  const { rule, source, ...settings } = meta;
  if (rule === '' || source === '') throw new Error(`${name}/meta.json must name its rule and its source`);
  return {
    name,
    target: { ...settings, dialect, model: meta.model ?? usualModels[dialect] },
    read: (file) => (existsSync(path(file)) ? readFileSync(path(file), 'utf8') : undefined),
    path,
  };
}

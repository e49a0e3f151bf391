import { claudeNames } from './build-catalog.ts';
import { knownProviders } from './known-providers.ts';
import type { KnownProvider } from './known-providers.ts';
import type { ReadCatalogFile } from './from-file.ts';
import type { FileProblem } from './read-yaml.ts';

/** Says in terms of the file, or else of variables, what is wrong with a setting. */
export function sayAt(path: string, file: ReadCatalogFile) {
  return (at: readonly string[], message: string): string => {
    const [section, name = ''] = at;
    const isInFile =
      file.kind === 'read' &&
      ((section === 'providers' && Object.hasOwn(file.input.providers, name)) ||
        (section === 'models' && Object.hasOwn(file.input.models, name)) ||
        section === 'issuers' ||
        section === 'prices' ||
        (section === 'preferred' && file.input.preferred !== undefined));
    return isInFile ? placed(path, { line: file.lineOf(at), path: at, message }) : line(at, message);
  };
}

export function placed(file: string, { line: number, path, message }: FileProblem): string {
  return `${file}:${number}: ${path.length === 0 ? '' : `${pathText(path)}: `}${message}`;
}

export function pathText(path: readonly (string | number)[]): string {
  return path.map((part) => (/^[\w-]+$/u.test(String(part)) ? String(part) : quoted(String(part)))).join('.');
}

/** With what nobody would see in an escaped form. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu,
    (hidden) => `\\u{${hidden.codePointAt(0)?.toString(16)}}`,
  );
}

/** Says in terms of variables what is wrong with a place in the configuration. */
function line(path: readonly string[], message: string): string {
  const [head = '', name = '', setting = ''] = path;
  if (head === 'providers' && name === '') return noProvider;
  return `${variableAt(head, name, setting) ?? path.join('.')}: ${message}`;
}

function variableAt(head: string, name: string, setting: string): string | undefined {
  switch (head) {
    case 'providers': {
      const variables: Readonly<Record<string, string>> | undefined = known(name)?.variables;
      return variables?.[setting];
    }
    case 'preferred':
      return 'PREFERRED_PROVIDER';
    case 'models':
      return claudeNames.small.includes(name)
        ? 'SMALL_MODEL'
        : claudeNames.big.includes(name)
          ? 'BIG_MODEL'
          : undefined;
    default:
      return undefined;
  }
}

function known(name: string): KnownProvider | undefined {
  return knownProviders.find((provider) => provider.name === name);
}

const noProvider = [
  'No provider is configured. Put one of these into .env, or into the environment:',
  ...knownProviders.map(({ example }) => exampleLine(example.line, example.what)),
  exampleLine('USE_VERTEX_AUTH=true VERTEX_PROJECT=...', 'Gemini on Vertex AI'),
  exampleLine('OPENAI_BASE_URL=http://127.0.0.1:8000/v1', 'any OpenAI-compatible server'),
].join('\n    ');

function exampleLine(line: string, what: string): string {
  return `${line.padEnd(44)} # ${what}`;
}

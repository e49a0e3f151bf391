import { describe, expect, test } from 'vitest';

import { parseDotEnv } from './parse-dot-env.ts';

const known = ['OPENAI_API_KEY', 'OPENAI_BASE_URL', 'PORT', 'OPS_PORT', 'HTTPS_PROXY', 'REDIS_URL'];

describe('parseDotEnv', () => {
  test.each([
    ['a byte order mark', '\uFEFFPORT=1\nOPS_PORT=2\n'],
    ['the line ends of Windows', 'PORT=1\r\nOPS_PORT="2"\r\n'],
    ['export', 'export PORT=1\n  export OPS_PORT=2\n'],
    ['quotes', 'PORT="1"\nOPS_PORT=\'2\'\n'],
    ['comments and spaces', '# PORT=9\n  # PORT=8\n\nPORT = 1 # one\nOPS_PORT=2\n'],
  ])('reads %s without a warning', (_what, text) => {
    expect(parseDotEnv(text, known)).toEqual({ variables: { PORT: '1', OPS_PORT: '2' }, warnings: [] });
  });

  test('reads a quoted value over several lines, whatever stands in it', () => {
    const text = 'OPENAI_API_KEY="first\nPROT=3\n#"\nPORT=1\n';
    const variables = { OPENAI_API_KEY: 'first\nPROT=3\n#', PORT: '1' };
    expect(parseDotEnv(text, known)).toEqual({ variables, warnings: [] });
  });

  test.each([
    ['OPENAI_API_KEY: secret', 'ignored. Write OPENAI_API_KEY=value instead of OPENAI_API_KEY: value.'],
    ['OPENAI_API_KEY secret', 'ignored, because it is not NAME=value.'],
    ['set OPENAI_API_KEY=secret', 'ignored, because it is not NAME=value.'],
    ['OPENAI_API_KEY="secret', 'a quote is opened and never closed.'],
    ['REDIS_URL=redis://:secret#secret@host', 'the value of REDIS_URL ends before the #. Put it in quotes.'],
    ['OPENAI_API_KYE=secret', 'OPENAI_API_KYE is not a variable of the gateway. Did you mean OPENAI_API_KEY?'],
    ['OPENAI_BASE_URI=secret', 'OPENAI_BASE_URI is not a variable of the gateway. Did you mean OPENAI_BASE_URL?'],
    ['openai_api_key=secret', 'openai_api_key is not a variable of the gateway. Did you mean OPENAI_API_KEY?'],
    ['REDIS_URL=#secret', 'the value of REDIS_URL ends before the #. Put it in quotes.'],
    ['REDIS_URL=s#secret', 'the value of REDIS_URL ends before the #. Put it in quotes.'],
    ['REDIS_URL = s"s#secret', 'the value of REDIS_URL ends before the #. Put it in quotes.'],
    ['OPS_PORT=secret', 'OPS_PORT is set in line 2 too. The last value counts.'],
    [
      'ANTHROPIC_BASE_URL=secret',
      "ANTHROPIC_BASE_URL is the variable of Claude Code. The provider's URL is ANTHROPIC_API_BASE.",
    ],
    ['OPENAI_API_BASE=secret', 'OPENAI_API_BASE is not a variable of the gateway. Did you mean OPENAI_BASE_URL?'],
    ['OPENAI_KEY=secret', 'OPENAI_KEY is not a variable of the gateway. Did you mean OPENAI_API_KEY?'],
    ['OPENAI_MODEL=secret', 'OPENAI_MODEL is not a variable of the gateway. Did you mean BIG_MODEL and SMALL_MODEL?'],
    ['PROT=secret', 'PROT is not a variable of the gateway. Did you mean PORT?'],
  ])('warns of %s with its line and without the value', (line, warning) => {
    const { warnings } = parseDotEnv(`# a comment\nOPS_PORT=2\n${line}\n`, known);
    expect(warnings).toEqual([`line 3: ${warning}`]);
  });

  test.each([
    'PATH=/bin',
    'ANTHROPIC_MODEL=x',
    'HTTP_PROXY=http://a\nHTTPS_PROXY=http://b',
    'PORT=1 # one',
    'PORT= # unset',
    'PORT="1"#one',
    'OPENAI_KEY=a\nOPENAI_API_KEY=b',
  ])('takes %s for what it says', (text) => {
    expect(parseDotEnv(text, known).warnings).toEqual([]);
  });
});

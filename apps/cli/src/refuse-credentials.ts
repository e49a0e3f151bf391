import { CliError } from './cli-error.ts';
import type { Environment } from './cli.ts';

/** API keys of this gateway and of Anthropic, and tokens (JWT). */
const credential = /ccg_live_[0-9A-Za-z]{8,}|sk-ant-[\w-]{8,}|eyJ[\w-]{8,}\.[\w-]+\.[\w-]+/u;
const secretVariables = ['CCG_TOKEN', 'KEY_PEPPER', 'ANTHROPIC_AUTH_TOKEN', 'ANTHROPIC_API_KEY'];
/** A shorter value may be an ordinary word. */
const secretMinLength = 16;

/**
 * Refuses a command line with a credential in it. It is not repeated: it would then be in a log, too.
 *
 * @throws CliError
 */
export function refuseCredentials(args: readonly string[], env: Environment): void {
  const secrets = secretVariables
    .map((name) => env[name]?.trim() ?? '')
    .filter(({ length }) => length >= secretMinLength);
  const at = args.findIndex((arg) => credential.test(arg) || secrets.some((secret) => arg.includes(secret)));
  if (at === -1) return;
  throw new CliError(
    'usage',
    `Argument ${at + 1} contains a credential. Other users of this machine can read the arguments of programs, and the ` +
      'shell keeps them in its history.',
    ['Put it into CCG_TOKEN, or into a file that CCG_TOKEN_FILE names; `ccg keys digest` reads it from its input.'],
  );
}

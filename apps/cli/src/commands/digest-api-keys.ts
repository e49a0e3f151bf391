import { resolve } from 'node:path';
import { Secret } from '@ccg/kernel';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../cli.ts';
import { readSecretFile } from '../http/connection.ts';

const pepperMinLength = 32;

/** Prints a line for each API key of the input: its digest under each pepper. Nothing leaves this machine. */
export async function digestApiKeys(cli: Cli, file: string | undefined): Promise<void> {
  const peppers = peppersFrom(cli);
  const text =
    file === undefined ? await readInput(cli) : readSecretFile(resolve(cli.workingDirectory, file), '--file');
  const lines = text.split('\n').map((line) => line.trim());
  const apiKeys = lines.filter((line) => line !== '');
  if (apiKeys.length === 0) throw new CliError('usage', 'There is no API key in the input.');
  // Loaded here: no other command needs it, and it takes longer to load than the rest of the program.
  const { hashApiKey, readCredential } = await import('@ccg/tenancy');
  const digests = apiKeys.map((line) => {
    const credential = readCredential({ 'x-api-key': line });
    if (credential.kind === 'api-key') {
      return peppers.map((pepper) => hashApiKey(pepper, credential.apiKey)).join(',');
    }
    const message = `Line ${lines.indexOf(line) + 1} is no API key of this gateway: ccg_live_ and 38 letters and digits, the last 6 a checksum.`;
    throw new CliError('refused', message);
  });
  cli.terminal.out(digests.map((digest) => `${digest}\n`).join(''));
}

/** The current pepper and the previous ones. */
function peppersFrom({ env }: Cli): readonly Secret[] {
  const current = env['KEY_PEPPER'] ?? '';
  const previous = (env['KEY_PEPPER_PREVIOUS'] ?? '').split(',').map((pepper) => pepper.trim());
  const peppers = [current, ...previous.filter((pepper) => pepper !== '')];
  if (peppers.every(({ length }) => length >= pepperMinLength)) return peppers.map((pepper) => new Secret(pepper));
  const fault =
    current.length < pepperMinLength
      ? 'KEY_PEPPER must be set to the pepper of the gateway, of'
      : 'KEY_PEPPER_PREVIOUS must be a comma list of peppers, each of';
  throw new CliError('usage', `${fault} at least ${pepperMinLength} characters.`, [
    'With `npm start`, it is in DATA_DIR: KEY_PEPPER="$(cat .data/key-pepper)" ccg keys digest < FILE',
  ]);
}

async function readInput({ terminal }: Cli): Promise<string> {
  const input = terminal.readStdin();
  if (input !== undefined) return await input;
  throw new CliError('usage', 'Name the file of the API key: ccg keys digest --file FILE, or ccg keys digest < FILE');
}

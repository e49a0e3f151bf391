import { writeFile } from 'node:fs/promises';
import { catalogFileJsonSchema } from '@ccg/catalog';
import { repositoryRoot } from './gates/repository-root.ts';
import { runTool } from './gates/run-tool.ts';

/** `npm run config:schema`: writes the JSON Schema of `gateway.yaml`, which editors use. */
const file = 'apps/gateway/gateway.schema.json';
await writeFile(`${repositoryRoot}/${file}`, JSON.stringify(catalogFileJsonSchema()));
const { exitCode } = await runTool(repositoryRoot, { tool: 'oxfmt', args: ['--write', file] });
process.exitCode = exitCode;

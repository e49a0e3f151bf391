import { readFile, writeFile } from 'node:fs/promises';
import { catalogFileJsonSchema } from '@ccg/catalog';
import { chartValuesSchema } from './chart/support/values-schema.ts';
import { repositoryRoot } from './gates/repository-root.ts';
import { runTool } from './gates/run-tool.ts';

/**
 * `npm run config:schema`: writes the JSON Schema of `gateway.yaml`, which editors use, and puts it into the one of the
 * chart's values, which hold the same under `config`.
 */
const file = 'apps/gateway/gateway.schema.json';
const chartFile = 'helm/claude-code-gateway/values.schema.json';
const catalogSchema = catalogFileJsonSchema();
const chartSchema: unknown = JSON.parse(await readFile(`${repositoryRoot}/${chartFile}`, 'utf8'));
await writeFile(`${repositoryRoot}/${file}`, JSON.stringify(catalogSchema));
await writeFile(`${repositoryRoot}/${chartFile}`, JSON.stringify(chartValuesSchema(chartSchema, catalogSchema)));
const { exitCode } = await runTool(repositoryRoot, { tool: 'oxfmt', args: ['--write', file, chartFile] });
process.exitCode = exitCode;

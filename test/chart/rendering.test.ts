import { describe, expect, test } from 'vitest';

import { installations, kubeVersions } from './support/chart.ts';
import type { RenderedObject } from './support/chart.ts';
import { chartSuite } from './support/chart-suite.ts';

const toolsOf = chartSuite();

describe.each(installations)('ci/%s-values.yaml', (installation) => {
  test('passes helm lint --strict', async (context) => {
    const { chart } = toolsOf(context);
    expect(await chart.lint(installation)).toContain('1 chart(s) linted, 0 chart(s) failed');
  });

  test('gives the objects of its golden file, the same ones on every supported version of Kubernetes', async (context) => {
    const { chart } = toolsOf(context);
    const [objects = [], ...others] = await Promise.all(
      kubeVersions.map((kubeVersion) => chart.render(installation, { kubeVersion })),
    );
    for (const other of others) expect(other).toEqual(objects);
    const golden = goldenText(objects, installation === 'minimal' ? [] : await chart.render('minimal'));
    await expect(golden).toMatchFileSnapshot(`fixtures/${installation}.yaml`);
  });

  test('gives objects that every supported version of Kubernetes takes, without an unknown field', async (context) => {
    const { chart, validate } = toolsOf(context);
    const objects = await chart.render(installation);
    expect(await validate(objects.map(({ object }) => object))).toEqual([]);
  });
});

describe('the check of objects', () => {
  test('finds one unknown field', async (context) => {
    const { chart, validate } = toolsOf(context);
    const objects = await chart.render('minimal');
    const service = objects.find(({ name }) => name === 'Service/ccg-gateway')?.object;
    if (service === undefined) throw new Error('There is no Service.');
    const misspelt = { ...service, spec: { ...Object(service['spec']), sessionAffinty: 'None' } };
    const problems = await validate([...objects.map(({ object }) => object), misspelt]);
    const versions = kubeVersions.map((version) =>
      expect.stringMatching(
        new RegExp(`^Service/ccg-gateway at ${version}: "spec: .*'sessionAffinty' was unexpected`, 'u'),
      ),
    );
    expect(problems).toEqual(versions);
  });
});

/** Objects that are those of the minimal installation are named alone: a golden file is read, not only compared. */
function goldenText(objects: readonly RenderedObject[], known: readonly RenderedObject[]): string {
  const same = new Set(known.map(({ text }) => text));
  const [shown, others] = [objects.filter(({ text }) => !same.has(text)), objects.filter(({ text }) => same.has(text))];
  const names = others.map(({ name }) => `#   ${name}\n`).join('');
  const head = others.length === 0 ? '' : `# As in minimal.yaml:\n${names}`;
  return `${head}${shown.map(({ text }) => `---\n${text}`).join('')}`;
}

import { fileURLToPath } from 'node:url';
import { repositoryRoot } from '../../gates/repository-root.ts';

/** What V8 writes: a tree of calls, and the leaf that it found at each sample. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

/** Times by function or by package, in microseconds, the longest first. */
export interface ProfileTimes {
  readonly totalMicroseconds: number;
  readonly selfByFunction: readonly (readonly [name: string, microseconds: number])[];
  readonly selfByPackage: readonly (readonly [name: string, microseconds: number])[];
  /** Our functions with all that they call. */
  readonly inclusive: readonly (readonly [name: string, microseconds: number])[];
}

/** Adds up the samples between two readings of the monotonic clock; idle time is left out. */
export function readProfile(profile: CpuProfile, from: number, to: number): ProfileTimes {
  const stacks = stacksOf(profile.nodes);
  const byFunction = new Map<string, number>();
  const byPackage = new Map<string, number>();
  const inclusive = new Map<string, number>();
  let total = 0;
  let now = profile.startTime;
  for (const [index, id] of profile.samples.entries()) {
    const delta = profile.timeDeltas[index] ?? 0;
    now += delta;
    const stack = stacks.get(id) ?? [];
    const [leaf] = stack;
    if (now < from || now > to || leaf === undefined || leaf.callFrame.functionName === '(idle)') continue;
    total += delta;
    add(byFunction, nameOf(leaf), delta);
    add(byPackage, packageOf(stack), delta);
    for (const name of new Set(stack.filter(isOurs).map(nameOf))) add(inclusive, name, delta);
  }
  return {
    totalMicroseconds: total,
    selfByFunction: ranked(byFunction),
    selfByPackage: ranked(byPackage),
    inclusive: ranked(inclusive),
  };
}

/** For every node the nodes from it up to the root. */
function stacksOf(nodes: readonly ProfileNode[]): ReadonlyMap<number, readonly ProfileNode[]> {
  const parents = new Map(nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node] as const)));
  return new Map(
    nodes.map((node) => {
      const stack: ProfileNode[] = [];
      for (let at: ProfileNode | undefined = node; at !== undefined; at = parents.get(at.id)) stack.push(at);
      return [node.id, stack];
    }),
  );
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  return url === '' ? name : `${name} ${placeOf(url)}:${lineNumber + 1}`;
}

function placeOf(url: string): string {
  if (!url.startsWith('file:')) return url;
  return fileURLToPath(url)
    .replace(`${repositoryRoot}/`, '')
    .replace(/^.*node_modules\//u, '');
}

/** Native code counts for whoever called it. */
function packageOf(stack: readonly ProfileNode[]): string {
  const [leaf] = stack;
  if (leaf?.callFrame.functionName === '(garbage collector)') return '(garbage collector)';
  const url = stack.find(({ callFrame }) => callFrame.url !== '')?.callFrame.url ?? '(native)';
  if (url.startsWith('node:')) return url.startsWith('node:_http') ? 'node:http' : url.replace(/\/.*$/u, '');
  return /^(?:@[^/]+\/)?[^/]+(?:\/[^/]+)?/u.exec(placeOf(url))?.[0] ?? url;
}

function isOurs({ callFrame: { url } }: ProfileNode): boolean {
  return url.startsWith('file:') && !url.includes('node_modules');
}

function add(times: Map<string, number>, name: string, microseconds: number): void {
  times.set(name, (times.get(name) ?? 0) + microseconds);
}

function ranked(times: ReadonlyMap<string, number>): (readonly [string, number])[] {
  return [...times].toSorted(([, one], [, other]) => other - one);
}

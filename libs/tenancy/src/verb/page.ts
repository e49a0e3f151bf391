import type { Store } from '@ccg/store';
import { invalid, issue } from './fields.ts';
import type { Refusal } from './result.ts';

/** Which part of a list is asked for. */
export interface PageRequest {
  /** How many, 1 to 200; 50 unless given. */
  readonly limit?: number | undefined;
  /** The `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Undefined on the last page. */
  readonly nextCursor: string | undefined;
}

const limitDefault = 50;
const limitMax = 200;

/** Takes time in proportion to the page, wherever it is in the list. */
export async function readPage(store: Store, listKey: string, request: PageRequest): Promise<Page<string> | Refusal> {
  const { limit = limitDefault, cursor } = request;
  const start = cursor === undefined ? '-' : decodeCursor(cursor);
  const refusal = pageIssues(limit, start);
  if (refusal !== undefined) return refusal;
  const reply = await store.command('zrangebylex', [listKey, start ?? '-', '+', 'LIMIT', 0, limit + 1]);
  const members = Array.isArray(reply) ? reply.map(String) : [];
  const items = members.slice(0, limit);
  const last = items.at(-1);
  const hasMore = members.length > limit && last !== undefined;
  return { items: items.map(idOf), nextCursor: hasMore ? encodeCursor(last) : undefined };
}

export function pageIssues(limit: number, start: string | undefined): Refusal | undefined {
  const isLimit = Number.isInteger(limit) && limit >= 1 && limit <= limitMax;
  return invalid(
    isLimit ? [] : [issue(['limit'], `must be a whole number from 1 to ${limitMax}`)],
    start === undefined ? [issue(['cursor'], 'is not one that a page of this list gave')] : [],
  );
}

const timeLength = 15;

/** Members of a list with equal scores are ordered by their bytes, so the time comes first. */
export function memberOf(id: string, createdAtMs: number): string {
  return `${String(createdAtMs).padStart(timeLength, '0')}.${id}`;
}

/** Ids have no dot. */
function idOf(member: string): string {
  return member.slice(member.indexOf('.') + 1);
}

function encodeCursor(member: string): string {
  return Buffer.from(member).toString('base64url');
}

function decodeCursor(cursor: string): string | undefined {
  const member = Buffer.from(cursor, 'base64url').toString();
  return encodeCursor(member) === cursor && /^[\w.-]{1,100}$/u.test(member) ? `(${member}` : undefined;
}

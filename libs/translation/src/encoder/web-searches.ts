import type { WebPage, WebSearch } from './block-writer.ts';
import { usageAtStart } from './encoder-state.ts';
import type { EncoderState } from './encoder-state.ts';

/** No search gives as many; what comes after is left out. */
const pagesMax = 200;

/**
 * Begins the id of a search. Anthropic's own ids begin with `srvtoolu_01`, so a history tells which searches were made
 * elsewhere.
 */
export const searchIdPrefix = 'srvtoolu_ccg';

/** An id for a search, made of an id for a call. */
export function searchId(toolUseId: string): string {
  return searchIdPrefix + toolUseId.replace(/^toolu_/u, '');
}

export function addSearch(state: EncoderState, query: string | undefined): void {
  if (state.phase !== 'open' || state.settings.searchQuery === undefined) return;
  state.searches.push({ query, pages: [] });
  state.writtenBytes += query?.length ?? 0;
}

/** Adds to the latest search. Backends tell a page once for every sentence that cites it. */
export function addPages(state: EncoderState, pages: readonly WebPage[]): void {
  if (state.phase !== 'open' || pages.length === 0) return;
  if (state.searches.length === 0) addSearch(state, undefined);
  const latest = state.searches.at(-1);
  for (const page of pages) {
    const isKnown = state.searches.some((search) => search.pages.some(({ url }) => url === page.url));
    const count = state.searches.reduce((sum, search) => sum + search.pages.length, 0);
    if (latest === undefined || isKnown || count >= pagesMax) continue;
    latest.pages.push(page);
    state.writtenBytes += page.url.length + page.title.length;
  }
}

/**
 * Writes the searches behind the rest of the answer: where they stand in it does not matter to clients, and some
 * backends tell the pages last.
 */
export function writeSearches(state: EncoderState): void {
  const { searches, settings, writer } = state;
  for (const { query = settings.searchQuery ?? '', pages } of searches) {
    writer.begin(usageAtStart(state));
    writer.search({ id: searchId(settings.ids.toolUseId()), query, pages });
  }
}

/** The two blocks of a search, the first with its input. */
export function searchBlocks({ id, query, pages }: WebSearch): { readonly use: string; readonly result: string } {
  return {
    use: `{"type":"server_tool_use","id":"${id}","name":"web_search","input":{"query":"${query}"}}`,
    result: `{"type":"web_search_tool_result","tool_use_id":"${id}","content":${contentJson(pages)}}`,
  };
}

/** `encrypted_content` is what Anthropic needs back to cite a page. Clients do not look into it, but want a text. */
function contentJson(pages: WebSearch['pages']): string {
  if (pages === 'unavailable') return '{"type":"web_search_tool_result_error","error_code":"unavailable"}';
  const results = pages.map(
    ({ url, title }) =>
      `{"type":"web_search_result","url":"${url}","title":"${title}","encrypted_content":"","page_age":null}`,
  );
  return `[${results.join(',')}]`;
}

/** The names that the Messages API gives to members. Any other one in a path is the client's own, and may be content. */
const membersOfApi = new Set(
  `model messages role content system tools tool_choice max_tokens stream temperature top_p top_k stop_sequences metadata
  user_id thinking budget_tokens type text source data url media_type image document title context citations enabled
  cache_control ttl ephemeral id name input input_schema description properties required items tool_use tool_use_id
  tool_result is_error signature redacted_thinking server_tool_use web_search_tool_result container mcp_servers
  output_config format schema effort service_tier betas context_management edits trigger keep`.split(/\s+/u),
);

/**
 * The member that an error is about, where its message begins with one or names one behind the provider's words:
 * `messages.3.content.0.source`. Names of the client's own are stars. It is `body` where that is no JSON, or none that is
 * taken.
 */
export function invalidMember(message: string): string | undefined {
  if (aboutBody.test(message)) return 'body';
  for (const [, path = ''] of message.matchAll(/(?:^|: |[`'"])([a-z_]+(?:[.[]\w+\]?)*)(?=: |[`'"])/giu)) {
    const [first = '', ...others] = path.split(/[.[\]]+/u).filter((part) => part !== '');
    if (membersOfApi.has(first)) return [first, ...others.map(plainPart)].join('.');
  }
  return undefined;
}

/** Words of the gateway: what is wrong with the body as a whole. Some show what a body looks like. */
const aboutBody = /^The body (?:is|must be|begins with|cannot be decoded|has too many) /u;

function plainPart(part: string): string {
  return membersOfApi.has(part) || /^\d{1,6}$/u.test(part) ? part : '*';
}

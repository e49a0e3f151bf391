/** How servers name what they do not take; each captures one name or a list. */
const namingPatterns: readonly RegExp[] = [
  /Unsupported parameter\(?s?\)?:? ['"`]?([\w.[\], ]+)/giu,
  /Unsupported value: ['"`]([\w.]+)/giu,
  /Unknown name "([^"]+)"/gu,
  /(?:Unrecognized|Unknown|Unexpected|Invalid) (?:request argument|argument|parameter|field|keyword)s?[^'"`:]*:? ?['"`]?([\w.[\]]+)/giu,
  /unknown field ['"`\\]*([\w.]+)/giu,
  /([\w.[\]]+): Extra inputs are not permitted/gu,
  /['"`]([\w.]+)['"`]? (?:parameter )?is not supported/giu,
  /(parallel_tool_calls|stream_options|reasoning_effort|response_format|chat_template_kwargs|reasoning_budget|reasoning_content|tool_choice) (?:parameter |option )?(?:is|are) not (?:supported|permitted|allowed)/giu,
  /does not support (?:the )?(?:parameter |option )?['"`]?(parallel_tool_calls|stream_options|reasoning_effort|response_format|tool_choice|temperature|top_p|stop)\b/giu,
];

/** Words for thinking that name no field. */
const thinkingPattern =
  /does not support (?:thinking|reasoning)|think value .* is not supported|invalid (?:think|reasoning) value|tools with reasoning_effort are not supported/iu;

const thinkingFields: readonly string[] = [
  'reasoning_effort',
  'reasoning',
  'thinking',
  'enable_thinking',
  'chat_template_kwargs',
  'reasoning_budget',
];

/**
 * Which of the fields that were sent a server refuses, by its words; none where it refuses something else. A path
 * such as `body.messages[0].reasoning_content` names the first of its steps that was sent.
 */
export function unsupportedFields(message: string, sent: ReadonlySet<string>): readonly string[] {
  const named = namingPatterns.flatMap((pattern) =>
    [...message.matchAll(pattern)].flatMap(([, names = '']) => names.split(/[,\s]+/u)),
  );
  const fields = named.flatMap((path) => path.split(/[.[\]]+/u).find((step) => sent.has(step)) ?? []);
  // OpenRouter was asked to keep to endpoints that take every field, and has none for this model.
  if (/No endpoints found that can handle the requested parameters/iu.test(message) && sent.has('provider')) {
    fields.push('provider');
  }
  if (thinkingPattern.test(message)) fields.push(...thinkingFields.filter((field) => sent.has(field)));
  return [...new Set(fields)];
}

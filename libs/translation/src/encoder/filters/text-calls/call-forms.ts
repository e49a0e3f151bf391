import { readDsmlCalls, readFunctionCalls, readInvokedCalls, readKeyedCall, readJsonCalls } from './read-calls.ts';
import type { CallBlock, KindsOf, TextCall } from './callable-tools.ts';

/** A form in which models write calls into their text. */
export interface CallForm {
  /** Unicode text. */
  readonly opener: string;
  /** Undefined where the calls go on to the end of the answer. */
  readonly closer: string | undefined;
  /** What the text after the opener looks like as far as it has come; another is no call, and need not wait. */
  readonly begins: RegExp;
  /** The calls between the two, without them; undefined where it is something else. */
  read(block: CallBlock, kindsOf: KindsOf): readonly TextCall[] | undefined;
}

/** By what begins them: Hermes, Qwen and GLM share one tag. */
export const callForms: readonly CallForm[] = [
  {
    opener: '<tool_call>',
    closer: '</tool_call>',
    begins: /^\s*(?:$|[{[]|<(?:$|f)|[\w.:-]+\s*(?:$|<))/u,
    read: readToolCall,
  },
  {
    opener: '<TOOLCALL>',
    closer: '</TOOLCALL>',
    begins: /^\s*(?:$|[{[])/u,
    read: ({ text }) => readJsonCalls(text),
  },
  {
    opener: '<function=',
    closer: '</function>',
    begins: /^(?:$|[^>\s]+\s*(?:$|>\s*(?:$|<)))/u,
    read: ({ text, closed }, kindsOf) =>
      closed ? readFunctionCalls(`<function=${text}</function>`, kindsOf) : undefined,
  },
  ...['｜', '|'].flatMap((bar) =>
    ['tool_calls', 'function_calls'].map((name) => ({
      opener: `<${bar}DSML${bar}${name}>`,
      closer: `</${bar}DSML${bar}${name}>`,
      begins: /^\s*(?:$|<)/u,
      read: ({ text }: CallBlock, kindsOf: KindsOf) => readDsmlCalls(text, kindsOf),
    })),
  ),
  // Kimi.
  {
    opener: '<|tool_calls_section_begin|>',
    closer: '<|tool_calls_section_end|>',
    begins: /^\s*(?:$|<)/u,
    read: ({ text }) => readMarkedCalls(text, kimiCall),
  },
  // DeepSeek's older models.
  {
    opener: '<｜tool▁calls▁begin｜>',
    closer: '<｜tool▁calls▁end｜>',
    begins: /^\s*(?:$|<)/u,
    read: ({ text }) => readMarkedCalls(text, deepSeekCall),
  },
  {
    opener: '<minimax:tool_call>',
    closer: '</minimax:tool_call>',
    begins: /^\s*(?:$|<)/u,
    read: ({ text }, kindsOf) => readInvokedCalls(text, kindsOf),
  },
  {
    opener: '[TOOL_CALLS]',
    closer: undefined,
    begins: /^\s*(?:$|[{[]|[\w.:-]+\s*(?:$|\{|\[(?:$|A)))/u,
    read: ({ text }) => readMistralCalls(text),
  },
];

function readToolCall({ text, closed }: CallBlock, kindsOf: KindsOf): readonly TextCall[] | undefined {
  const start = text.trimStart();
  if (start.startsWith('{') || start.startsWith('[')) return readJsonCalls(text);
  if (start.startsWith('<function=')) return readFunctionCalls(text, kindsOf);
  // Nothing but the closer says that no further argument follows.
  return closed ? readKeyedCall(text, kindsOf) : undefined;
}

const kimiCall =
  /^\s*<\|tool_call_begin\|>\s*(?:functions\.)?(?<name>[\w.-]+?)(?::\d+)?\s*<\|tool_call_argument_begin\|>(?<input>.*?)<\|tool_call_end\|>/su;
const deepSeekCall =
  /^\s*<｜tool▁call▁begin｜>(?:function<｜tool▁sep｜>(?<old>[\w.:-]+)\s*```(?:json)?\n(?<fenced>.*?)\n```|(?<name>[\w.:-]+)<｜tool▁sep｜>(?<input>.*?))\s*<｜tool▁call▁end｜>/su;

/** Calls between markers of their own, with nothing else between them. */
function readMarkedCalls(text: string, call: RegExp): readonly TextCall[] | undefined {
  const calls: TextCall[] = [];
  let rest = text;
  while (rest.trim() !== '') {
    const { 0: whole, groups = {} } = call.exec(rest) ?? { 0: '' };
    const [name, input = ''] = [groups['name'] ?? groups['old'], groups['input'] ?? groups['fenced']];
    const json = input.trim() === '' ? '{}' : input;
    const read = name === undefined ? undefined : readJsonCalls(`{"name":${JSON.stringify(name)},"arguments":${json}}`);
    if (read === undefined) return undefined;
    calls.push(...read);
    rest = rest.slice(whole.length);
  }
  return calls.length > 0 ? calls : undefined;
}

/** A list of calls, or a name and its arguments for each opener; newer models write `[ARGS]` between the two. */
function readMistralCalls(text: string): readonly TextCall[] | undefined {
  const calls = text.split('[TOOL_CALLS]').map((part) => {
    const trimmed = part.trim();
    if (trimmed.startsWith('[') || trimmed.startsWith('{')) return readJsonCalls(trimmed);
    const [, name, input] = /^([\w.:-]+)\s*(?:\[ARGS\])?\s*(\{.*\})$/su.exec(trimmed) ?? [];
    if (name === undefined || input === undefined) return undefined;
    return readJsonCalls(`{"name":${JSON.stringify(name)},"arguments":${input}}`);
  });
  return calls.every((call) => call !== undefined) ? calls.flat() : undefined;
}

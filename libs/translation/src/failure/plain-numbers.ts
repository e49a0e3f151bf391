const scales: Readonly<Record<string, number>> = {
  k: 1000,
  K: 1000,
  thousand: 1000,
  千: 1000,
  万: 10_000,
  萬: 10_000,
  M: 1_000_000,
  million: 1_000_000,
};

const grouped = /(?<![\w.,'’-])\d{1,3}(?:[ \u00a0\u2009\u202f'’_]\d{3}){1,3}(?![\w'’]|[.,]\d)/gu;
const scaled =
  /(?<![\w.,-]|\d[ \u00a0])(\d{1,7}(?:\.\d{1,3})?)[ \u00a0]?(?:(k|K|M|thousand|million)(?![\w-])|([千万萬]))/gu;

/** `8192.0`, `1e4`, `2^13`. */
const whole = /(?<![\w.,])(\d{2,9})\.0{1,6}(?![\w.])/gu;
const exponent = /(?<![\w.,-])(\d(?:\.\d{1,3})?)[eE]\+?([1-7])(?![\w.])/gu;
const power = /(?<![\w.,-])2 ?(?:\^|\*\*) ?(\d{1,2})(?![\w.])/gu;

/**
 * The text with its numbers in digits alone: `8k`, `16 K`, `1.6万`, `131 072`, `8'192`, `8192.0`, `1e4` and `2^13` become
 * 8000, 16000, 16000, 131072, 8192, 8192, 10000 and 8192. A thousand is the smaller of its two meanings, which is the safe one for a limit.
 */
export function plainNumbers(text: string): string {
  return text
    .replace(whole, '$1')
    .replace(exponent, (_, number: string, zeros: string) => String(Math.round(Number(`${number}e${zeros}`))))
    .replace(power, (_, bits: string) => String(2 ** Math.min(Number(bits), 30)))
    .replace(grouped, (number) => number.replace(/\D/gu, ''))
    .replace(scaled, (_, number: string, word: string | undefined, sign: string | undefined) =>
      String(Math.round(Number(number) * (scales[word ?? sign ?? ''] ?? 1))),
    );
}

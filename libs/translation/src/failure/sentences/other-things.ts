/** Limits on other things than the length of a conversation. */
export const otherThings =
  /deadline|cancel(?:l?ed|ing)|time-?out|timed out|per (?:min|minute|hour|day|second)|rate.?limit|quota|throttl|\b[rt]p[md]\b|too many requests|please wait|images?\b|pixel|\bfiles?\b|audio|video|attachment|\bstop(?:ping)?[ _-](?:sequence|word|string|token|list)s?\b|special token|polic(?:y|ies)\b|array too long|number of (?:tool|function|image)s?\b|characters|temperature|top_[pk]|penalt|\b(?:tool|function)s?\b[^.\n]{0,40}(?:name|description)|频率|并发|次数|速率|余额|额度|图/iu;

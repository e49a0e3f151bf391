/** Between the 1,500 and 3,000 that a page of text and its picture cost. */
const pageTokens = 2000;
/** Of a PDF whose page list is compressed. */
const bytesPerPage = 60_000;
const pagesMax = 600;

/** What a document costs that is given by URL or by the id of a file. */
export const unknownDocumentTokens = 3 * pageTokens;

/** A multiple of four characters, so that a piece of base64 decodes by itself. */
export const pdfPieceLength = 256 * 1024;
const overlap = 32;

/** Counts the pages of a PDF, piece by piece. */
export interface PdfPages {
  /** At most `pdfPieceLength` characters of base64. */
  push(base64: string): void;
  tokens(): number;
}

/**
 * Pages are counted by their objects, without reading the file's structure. Where those are compressed none is found,
 * and its length has to tell.
 */
export function createPdfPages(): PdfPages {
  let tail = '';
  let pages = 0;
  let length = 0;
  return {
    push(base64) {
      const bytes = Buffer.from(base64, 'base64');
      length += bytes.length;
      const text = tail + bytes.toString('latin1');
      for (const match of text.matchAll(/\/Type\s{0,4}\/Page[^A-Za-z]/gu)) {
        // What ends within the tail was counted with the piece before.
        if (match.index + match[0].length > tail.length) pages += 1;
      }
      tail = text.slice(-overlap);
    },
    tokens() {
      const counted = pages > 0 ? pages : Math.ceil(length / bytesPerPage);
      return pageTokens * Math.min(pagesMax, Math.max(1, counted));
    },
  };
}

// Reads the demonstration's outbox as text: a window for each look would cost more than the walk.

const LETTER = /<li class="letter[^"]*">(.*?)<\/li>/gs;

const SIGNS = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** The letters of an outbox page, newest first. */
export function letters(html) {
  return [...html.matchAll(LETTER)].map(([, letter]) => ({
    to: inner(letter, /<h2>(.*?)<\/h2>/s).replace(/^.* to /, ""),
    subject: inner(letter, /<p class="subject">(.*?)<\/p>/s),
    body: inner(letter, /<p class="letter-body">(.*?)<\/p>/s),
  }));
}

function inner(letter, place) {
  return plain(letter.match(place)?.[1] ?? "").trim();
}

function plain(html) {
  return html
    .replace(/&#x([0-9a-f]+);/gi, (_, number) => String.fromCodePoint(parseInt(number, 16)))
    .replace(/&#(\d+);/g, (_, number) => String.fromCodePoint(Number(number)))
    .replace(/&(amp|lt|gt|quot|apos);/g, (_, name) => SIGNS[name]);
}

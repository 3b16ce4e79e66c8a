// A service that somebody else started, in front of real servers.

import { readFileSync } from "node:fs";

/**
 * What the file KEYMEND_SERVED says of it: `url`; `people`, by the name of the window they use; and
 * `letters`, a file with the messages sent so far, newest first.
 */
export async function meetServed() {
  const { url, people, letters } = JSON.parse(readFileSync(process.env.KEYMEND_SERVED, "utf8"));
  const all = () => JSON.parse(readFileSync(letters, "utf8"));
  const ids = () => new Set(all().map(({ id }) => id));
  let read = ids();
  return {
    url,
    people,
    letters: () => all().filter(({ id }) => !read.has(id)),
    /** From now on only newer letters count: a code of yesterday is not the one asked for today. */
    putLettersAway: () => (read = ids()),
    log: () => "",
    stop: async () => {},
  };
}

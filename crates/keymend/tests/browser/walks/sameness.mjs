// Until the first proof every account looks the same, and so does a name that nobody has.

import { same } from "../runner.mjs";
import { ANY_WINDOW, NOBODY, account, answer, askByEmail, startReset } from "./people.mjs";

const ADDRESS = "somebody@else.example";
const OTHERS = ["unregistered", "outside", "disabled", "administrator", "locked", "expired"];

/** What is new in every answer, and what the person typed. */
const CHANGING = [
  [/ nonce="[^"]*"/g, ""],
  [/(name="(?:form_token|human)"[^>]*value=")[^"]*/g, "$1"],
  [/ data-(?:pow|bits|secs|wait)="[^"]*"/g, ""],
  [/(class="reference">)[^<]*/g, "$1"],
  [/\d+ (?:minutes|seconds|s)\b/g, "some time"],
];

/** Status and source of the page, without what changes by chance. */
async function shown(visitor, user) {
  let source = (await visitor.page.content()).replaceAll(user, "{user}");
  for (const [what, instead] of CHANGING) source = source.replace(what, instead);
  return `${visitor.lastStatus} ${new URL(visitor.page.url()).pathname}\n${source}`;
}

/** Everything that is shown on the way to a first wrong code. */
async function pages(visitor, user) {
  const seen = [];
  const looks = async () => seen.push(await shown(visitor, user));
  await startReset(visitor, user);
  await looks();
  await visitor.choose("intent", "reset");
  await visitor.press("Next");
  await looks();
  await askByEmail(visitor, ADDRESS);
  await looks();
  await answer(visitor, "000000");
  await looks();
  await visitor.press("Cancel");
  return seen;
}

function firstDifference(one, other) {
  const [ones, others] = [one.split("\n"), other.split("\n")];
  const at = ones.findIndex((line, index) => line !== others[index]);
  return `line ${at + 1}\n  ${ones[at]}\n  ${others[at]}`;
}

async function looksLikeJane(visitor, expected, user) {
  const found = await pages(visitor, user);
  same(found.length, expected.length, "the number of pages");
  for (const [index, page] of found.entries()) {
    if (page !== expected[index]) {
      throw new Error(`${user}, page ${index + 1} differs: ${firstDifference(expected[index], page)}`);
    }
  }
}

export const walks = [
  {
    name: "a name that nobody has looks like any other",
    onlyFor: ANY_WINDOW,
    async body(visitor) {
      const expected = await pages(visitor, account(visitor, "plain").user);
      await looksLikeJane(visitor, expected, NOBODY);
    },
  },
  {
    name: "accounts that cannot be helped look like any other",
    onlyFor: ANY_WINDOW,
    async body(visitor) {
      const expected = await pages(visitor, account(visitor, "plain").user);
      for (const part of OTHERS) await looksLikeJane(visitor, expected, account(visitor, part).user);
    },
  },
];

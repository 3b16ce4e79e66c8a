// S01, S02, S03, S04, S05, S11, S09: setting up a way back in.

import { sure } from "../runner.mjs";
import { account, answer, signIn, wrong } from "./people.mjs";

const EMAIL = "noah@home.example";
const PHONE = "+44 7700 900199";

async function startsRegistration(visitor) {
  const noah = account(visitor, "unregistered");
  await signIn(visitor, noah.user, noah.password);
  await visitor.sees("Set up a way back in");
  await visitor.press("Start");
  await visitor.sees("Choose a way");
}

/** Adds an address, up to the page for its code. */
export async function addsEmail(visitor, address = EMAIL) {
  await visitor.page.locator('a.offer[href="/me/add/email"]').click();
  await visitor.sees("Add an e-mail address");
  await visitor.fill("address", address);
  await visitor.press("Send code");
  await visitor.sees("Type the code");
}

/** Adds a number, up to the page for its code. */
export async function addsPhone(visitor, number = PHONE) {
  await visitor.page.locator('a.offer[href="/me/add/text"]').click();
  await visitor.sees("Add a phone number");
  await visitor.fill("address", number);
  await visitor.press("Text me a code");
  await visitor.sees("Type the code");
}

/** After the first way: done if one is enough, else the next choice. */
async function continuesWithPhone(visitor) {
  if ((await visitor.heading()) === "You are set up") return;
  await visitor.sees("Choose a way");
  await addsPhone(visitor);
  await answer(visitor, await visitor.code(PHONE));
}

export const walks = [
  {
    name: "setting up can be put off",
    async body(visitor) {
      const noah = account(visitor, "unregistered");
      await signIn(visitor, noah.user, noah.password);
      await visitor.sees("Set up a way back in");
      await visitor.press("Not now");
      await visitor.sees("Security info");
      await visitor.reads("You have not set up a way back in yet.");
      await visitor.examine("nothing set up");
      await visitor.press("Add a way");
      await visitor.sees("Choose a way");
    },
  },
  {
    name: "a new person sets up a way back in",
    async body(visitor) {
      await startsRegistration(visitor);
      await addsEmail(visitor);
      await answer(visitor, await visitor.code(EMAIL));
      await continuesWithPhone(visitor);
      await visitor.sees("You are set up");
      await visitor.press("Continue");
      await visitor.sees("Security info");
      const words = await visitor.words();
      sure(words.includes("@home.example"), "the e-mail address is not among the ways");
      sure(!words.includes(EMAIL), "the e-mail address is shown in full");
    },
  },
  {
    name: "a way counts only after its code was typed back",
    async body(visitor) {
      await startsRegistration(visitor);
      await addsEmail(visitor);
      const code = await visitor.code(EMAIL);
      await answer(visitor, wrong(code));
      await visitor.isTold("That code does not fit.");
      await visitor.visit("/me");
      const heading = await visitor.heading();
      const words = await visitor.words();
      sure(!words.includes("Ready to use"), `an unproven way counts (${heading})`);
    },
  },
  {
    name: "what is not an address is said to be none, and is kept",
    async body(visitor) {
      await startsRegistration(visitor);
      await visitor.page.locator('a.offer[href="/me/add/email"]').click();
      await visitor.sees("Add an e-mail address");
      await visitor.fill("address", "noah at home");
      await visitor.press("Send code");
      await visitor.isTold("That does not look like an e-mail address.");
      const kept = await visitor.page.locator("#address").inputValue();
      sure(kept === "noah at home", `what was typed is gone: “${kept}”`);
    },
  },
  {
    name: "a wrong password is answered without saying what is wrong",
    async body(visitor) {
      await signIn(visitor, account(visitor, "plain").user, "not my password");
      await visitor.isTold("That user name and password do not match.");
    },
  },
];

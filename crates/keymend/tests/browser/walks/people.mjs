// The demonstration's accounts by the part they play here, and deeds that many walks share.

import { sure } from "../runner.mjs";

/** Who plays which part; the rest is read from the table that the demonstration prints. */
const PARTS = {
  plain: "jane.doe",
  otherPlain: "li.wei",
  locked: "locked.lee",
  expired: "expired.eve",
  mustChange: "mustchange.max",
  disabled: "disabled.dan",
  ended: "ended.erin",
  administrator: "admin.ada",
  unregistered: "new.noah",
  outside: "outside.olga",
  young: "young.yara",
};

/** Where a walk is about what the service answers, and no window shows it otherwise. */
export const ANY_WINDOW = ["phone", "desktop, no script"];

/** A user name that nobody has. */
export const NOBODY = "nobody.here";

/** A password that every sensible rule accepts. */
export const NEW_PASSWORD = "plum-Lantern-47-orbit";

/** The account that plays this part. */
export function account(visitor, part) {
  const user = PARTS[part];
  const known = visitor.service.accounts[user];
  sure(known, `the demonstration prints no account ${user}; it prints:\n${visitor.service.log()}`);
  return { ...known, email: `${user}@home.example` };
}

/** Signs in, whatever comes after. */
export async function signIn(visitor, user, password) {
  await visitor.visit("/signin");
  await visitor.sees(`Sign in to ${await organisation(visitor)}`);
  await visitor.fill("user", user);
  await visitor.fill("password", password);
  await visitor.press("Sign in");
}

/** The name of the organisation, as the head of every page says it. */
export async function organisation(visitor) {
  return (await visitor.page.locator("header .brand").innerText()).trim();
}

/**
 * Types the name at the start and gets past the bot check: at once with JavaScript, by way of the
 * waiting page without it.
 */
export async function startReset(visitor, user) {
  await visitor.visit("/reset");
  await visitor.sees("Get back into your account");
  await visitor.fill("user", user);
  await visitor.press("Next");
  if ((await visitor.heading()) !== "One moment, please") return;
  // The page leaves by itself, so that only the gallery can look at it closely.
  await visitor.page.waitForSelector('input[name="user"]', { timeout: 30_000 });
  await visitor.fill("user", user);
  await visitor.press("Next");
}

/** From the start to the choice of a way. */
export async function startWith(visitor, user, intent) {
  await startReset(visitor, user);
  await visitor.sees("What is the trouble?");
  await visitor.choose("intent", intent);
  await visitor.press("Next");
  await visitor.sees("Show that it is you");
}

/** Chooses e-mail and asks for a code to this address. */
export async function askByEmail(visitor, address) {
  await visitor.choose("method", "email");
  await visitor.press("Next");
  await visitor.sees("Show that it is you by e-mail");
  await visitor.fill("address", address);
  await visitor.press("Send code");
  await visitor.sees("Type the code");
}

/** Chooses text messages and asks for a code to this number. */
export async function askByText(visitor, number) {
  await visitor.choose("method", "text");
  await visitor.press("Next");
  await visitor.sees("Show that it is you by text message");
  await visitor.fill("address", number);
  await visitor.press("Text me a code");
  await visitor.sees("Type the code");
}

/** Types a code and sends it. */
export async function answer(visitor, code) {
  await visitor.fill("code", code);
  await visitor.press("Next");
}

/** Proves the person by e-mail, with the code from the outbox. */
export async function proveByEmail(visitor, address) {
  await askByEmail(visitor, address);
  await answer(visitor, await visitor.code(address));
}

/** Proves the person by text message, with the code from the outbox. */
export async function proveByText(visitor, number) {
  await askByText(visitor, number);
  await answer(visitor, await visitor.code(number));
}

/** Types a new password twice and saves it. */
export async function typeNewPassword(visitor, password, button = "Save new password") {
  await visitor.fill("password", password);
  const again = visitor.page.locator("#again");
  if (await again.isVisible()) await visitor.fill("again", password);
  await visitor.press(button);
}

/** Waits while the service saves; the page renews itself. */
export async function waitUntilSaved(visitor) {
  const saving = visitor.page.getByRole("heading", { name: "Saving your new password" });
  await saving.waitFor({ state: "detached", timeout: 30_000 });
}

/** Ends the walk unless this password opens the account now. */
export async function signsInWith(visitor, user, password) {
  await signIn(visitor, user, password);
  const heading = await visitor.heading();
  sure(["Security info", "Set up a way back in"].includes(heading), `signed in, but: ${heading}`);
}

/** A wrong code of the same length. */
export function wrong(code) {
  return String((Number(code) + 1) % 10 ** code.length).padStart(code.length, "0");
}

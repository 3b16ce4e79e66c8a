// One person with one browser: what they do, and what they see.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { axeSource } from "./node_modules.mjs";
import { letters } from "./outbox.mjs";
import { same, sure } from "./runner.mjs";

const PATIENCE_MS = 30_000;

/** Pages that have been checked and photographed, by setting: once each is enough. */
const examined = new Set();

const ALL_RULES = {};

/** The rules of axe that colours decide; all others find the same in every colour scheme. */
const COLOUR_RULES = { runOnly: ["color-contrast", "link-in-text-block"] };

export class Visitor {
  /** Opens a window of the given size on the service. */
  static async open({ browser, service, setting, screenshots, evidence, walk }) {
    const context = await browser.newContext({
      baseURL: service.url,
      // A service in a test has a certificate that nobody but the test knows.
      ignoreHTTPSErrors: service.url.startsWith("https:"),
      javaScriptEnabled: setting.javaScript,
      viewport: { width: setting.width, height: setting.height },
      locale: "en-GB",
      timezoneId: "Europe/London",
    });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    const visitor = new Visitor({ context, page, service, setting, screenshots, evidence, walk });
    visitor.watch();
    return visitor;
  }

  constructor(parts) {
    Object.assign(this, parts);
    this.accidents = [];
    this.steps = [];
    this.lastStatus = undefined;
  }

  get hasScript() {
    return this.setting.javaScript;
  }

  // -- doing

  /** Goes to a path of the service, or to a whole address of it. */
  async visit(path) {
    this.steps.push(`visits ${path}`);
    const answer = await this.page.goto(path, { waitUntil: "load" });
    this.lastStatus = answer?.status();
    return answer;
  }

  /** Types into the field of this name (its id). */
  async fill(name, value) {
    this.steps.push(`fills ${name}`);
    await this.page.locator(`[id="${name}"]`).fill(value);
  }

  /** Chooses one of several: `choose("method", "email")`. */
  async choose(group, value) {
    this.steps.push(`chooses ${group} ${value}`);
    await this.page.locator(`input[name="${group}"][value="${value}"]`).check();
  }

  /** Presses the button or follows the link with these words, and waits for the page after it. */
  async press(words) {
    this.steps.push(`presses “${words}”`);
    const named = { name: words, exact: true };
    const target = this.page.getByRole("button", named).or(this.page.getByRole("link", named));
    await this.arriving(() => target.first().click());
  }

  /** Does something that leads to a page, and waits until it is there. */
  async arriving(deed) {
    const isPage = (answer) =>
      answer.request().isNavigationRequest() && answer.frame() === this.page.mainFrame();
    const arrived = this.page.waitForEvent("load", { timeout: PATIENCE_MS });
    const answered = this.page.waitForEvent("response", { predicate: isPage });
    // One of the two may fail while the other is awaited.
    arrived.catch(() => {});
    answered.catch(() => {});
    await deed();
    await answered;
    await arrived;
  }

  /** Presses a switch that stays on the page. */
  async toggle(words) {
    this.steps.push(`switches “${words}”`);
    await this.page.getByRole("button", { name: words, exact: true }).first().click();
  }

  // -- seeing

  /** The text of the page's heading. */
  async heading() {
    return (await this.page.locator("h1").first().innerText()).trim();
  }

  /** All words on the page. */
  async words() {
    return this.page.locator("body").innerText();
  }

  /** Ends the walk unless this is the heading; examines each page the first time it is seen. */
  async sees(heading) {
    const found = await this.heading();
    this.steps.push(`sees “${found}”`);
    same(found, heading, `at ${new URL(this.page.url()).pathname}: the heading`);
    await this.examine();
  }

  /** Ends the walk unless the page says this. */
  async reads(words) {
    const all = (await this.words()).replace(/\s+/g, " ");
    sure(all.includes(words), `the page does not say “${words}”; it says:\n${all}`);
  }

  /** Ends the walk unless the page has a summary of errors that says this, beside a field, too. */
  async isTold(words) {
    const summary = this.page.locator(".summary[role=alert]");
    const text = (await summary.innerText()).replace(/\s+/g, " ");
    sure(text.includes(words), `the summary says “${text}”, not “${words}”`);
    await this.examine("told");
  }

  /** Looks closely at a page, once for every size and setting: width, next step, axe, pictures. */
  async examine(state = "") {
    const name = slug(`${await this.heading()} ${state}`);
    const key = `${name} ${this.setting.name}`;
    if (examined.has(key)) return;
    examined.add(key);
    await this.fits();
    await this.leadsOn();
    if (this.setting.schemes.length > 0) await this.inSchemes(this.setting.schemes, name);
  }

  /** Ends the walk if axe finds anything in these colour schemes; takes a picture of each. */
  async inSchemes(schemes, name) {
    await this.bringAxe();
    for (const [index, colorScheme] of schemes.entries()) {
      await this.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      const violations = await this.violations(index === 0 ? ALL_RULES : COLOUR_RULES);
      sure(violations.length === 0, `axe (${colorScheme}) at ${this.page.url()}:\n${violations.join("\n")}`);
      await this.shot(name, colorScheme);
    }
    await this.page.emulateMedia({ colorScheme: "light", reducedMotion: "no-preference" });
  }

  /** Puts axe into the page, where it is not there yet. */
  async bringAxe() {
    const isThere = await this.page.evaluate(() => "axe" in window);
    if (!isThere) await this.page.evaluate(axeSource);
  }

  /** What axe, which is in the page already, finds on it. */
  async violations(rules = ALL_RULES) {
    const found = await this.page.evaluate(async (options) => {
      return (await axe.run({ resultTypes: ["violations"], ...options })).violations;
    }, rules);
    return found.flatMap(({ id, help, nodes }) =>
      nodes.map((node) => `${id}: ${help}\n    ${node.html}\n    ${node.failureSummary}`),
    );
  }

  /** Ends the walk if the page has no next step, or does not say in its title what it is. */
  async leadsOn() {
    same(await this.page.locator("h1").count(), 1, "the number of headings");
    const title = await this.page.title();
    sure(title.startsWith(await this.heading()), `the title “${title}” is not the heading`);
    const id = (await this.words()).match(/\b(?:rule|refusal|way|deed|demo|message|help)-[a-z-]+/);
    sure(id === null, `the page shows the name of a text: ${id}`);
    const steps = this.page.locator("main :is(a[href], button[type=submit], [data-renew])");
    sure((await steps.count()) > 0, "the page is a dead end");
  }

  /** Ends the walk if the page is wider than the window. */
  async fits(room = this.setting.width) {
    const width = await this.page.evaluate(() => document.documentElement.scrollWidth);
    sure(width <= room, `${this.page.url()} is ${width} wide, the window ${room}`);
  }

  /** Takes a picture of the whole page, where somebody wants to look at pictures. */
  async shot(name, colorScheme) {
    if (!this.screenshots) return;
    const file = `${slug(name)}--${slug(this.setting.name)}--${colorScheme}.png`;
    await this.page.screenshot({ path: join(this.screenshots, file), fullPage: true });
  }

  // -- the outbox

  /** The messages sent so far, newest first: those in the demonstration's outbox. */
  async outbox() {
    if (this.service.letters) return this.service.letters();
    const answer = await this.context.request.get("/outbox");
    return letters(await answer.text());
  }

  /** The newest message to this address that `fits`, waiting for it if need be. */
  async message(address, fits = () => true) {
    const plain = (text) => text.replace(/[\s]/g, "");
    const until = Date.now() + PATIENCE_MS;
    while (Date.now() < until) {
      const all = await this.outbox();
      const found = all.find((one) => plain(one.to) === plain(address) && fits(one));
      if (found) return found;
      await pause(25);
    }
    throw new Error(`no message to ${address} came`);
  }

  /** The newest code sent to this address; `after` is one that is known already. */
  async code(address, after) {
    const code = (one) => one.body.match(/(?<!\d)\d{6,10}(?!\d)/)?.[0];
    const isNew = (one) => code(one) !== undefined && code(one) !== after;
    return code(await this.message(address, isNew));
  }

  // -- when something goes wrong

  /** Notes what no visit may cause; refusals of the page's own policy are errors in the console. */
  watch() {
    this.context.on("weberror", (fault) => this.accidents.push(`script: ${fault.error().message}`));
    this.context.on("console", (line) => {
      const isStatus = line.text().includes("the server responded with a status of 4");
      const isGrave = ["error", "warning"].includes(line.type());
      if (isGrave && !isStatus) this.accidents.push(`console: ${line.text()}`);
    });
    this.page.on("response", (answer) => {
      if (answer.request().isNavigationRequest()) this.lastStatus = answer.status();
    });
    this.context.on("response", (answer) => {
      if (answer.status() >= 500) this.accidents.push(`${answer.status()} at ${answer.url()}`);
    });
    this.context.on("request", (request) => {
      const isOurs = request.url().startsWith(this.service.url) || request.url().startsWith("data:");
      if (!isOurs) this.accidents.push(`asked another host: ${request.url()}`);
    });
  }

  /** Ends the walk if a script broke, the service failed, or another host was asked. */
  complainOfAccidents() {
    sure(this.accidents.length === 0, this.accidents.join("\n"));
  }

  /** What the person did, for the report of a failure. */
  story() {
    return `-- what the person did:\n${this.steps.join("\n")}\n${this.accidents.join("\n")}`;
  }

  /** A picture and the source of the page where a walk ended. */
  async keepEvidence() {
    const name = join(this.evidence, `FAILED--${slug(this.walk)}--${slug(this.setting.name)}`);
    await this.page.screenshot({ path: `${name}.png`, fullPage: true }).catch(() => {});
    await this.page
      .content()
      .then((html) => writeFileSync(`${name}.html`, html))
      .catch(() => {});
  }

  async close() {
    await this.context.close();
  }
}

function slug(text) {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
}

// A page of our own, to test the walker without a service.

import { createServer } from "node:http";

const page = (heading, content) => `<!doctype html><html lang="en"><head><title>${heading}</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
</head><body><main><h1>${heading}</h1>${content}</main></body></html>`;

const FORM = `<form method="post" action="/sent"><label for="user">User name</label>
<input id="user" name="user"><fieldset><legend>Way</legend>
<label><input type="radio" name="method" value="email"> E-mail</label>
<label><input type="radio" name="method" value="text"> Text</label></fieldset>
<button type="submit">Next</button></form>`;

const AGAIN = `<form action="/"><button type="submit">Again</button></form>`;

const LETTERS = `<ul class="letters"><li class="letter email"><h2>E-mail to jane@home.example</h2>
<p class="subject">Your code</p><p class="letter-body">654321 is your code. 15 minutes.</p></li></ul>`;

/** A service with a form, a page after it, a bad page and an outbox. */
export async function startSample() {
  const server = createServer((request, response) => {
    const answer = (status, headers, body = "") =>
      response.writeHead(status, { "content-type": "text/html; charset=utf-8", ...headers }).end(body);
    if (request.method === "POST") {
      let body = "";
      request.on("data", (bytes) => (body += bytes));
      request.on("end", () => answer(303, { location: `/after?${body}` }));
    } else if (request.url.startsWith("/after")) {
      const typed = new URL(request.url, "http://localhost").searchParams;
      answer(200, {}, page("Thank you", `<p>${typed.get("user")} by ${typed.get("method")}</p>${AGAIN}`));
    } else if (request.url === "/outbox") {
      answer(200, {}, page("Outbox", LETTERS));
    } else if (request.url === "/favicon.ico") {
      answer(204, {});
    } else if (request.url === "/wait") {
      const refresh = { refresh: "1; url=/" };
      answer(200, refresh, page("Saving your new password", "<p>One moment.</p>"));
    } else if (request.url === "/bad") {
      answer(200, {}, page("Bad", `<input name="nameless">`));
    } else {
      answer(200, { "content-security-policy": "default-src 'self'" }, page("Sample", FORM));
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    accounts: {},
    log: () => "",
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

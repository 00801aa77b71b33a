// A certified OpenID provider for the tests: it enforces PKCE and exact redirect addresses.
// The first line on standard output is its issuer. POST /people/<login> with claims says who that is.

import http from "node:http";
import { once } from "node:events";
import Provider from "oidc-provider";

const [redirectAddress] = process.argv.slice(2);
const people = new Map();

const server = http.createServer((request, response) => handle(request, response));
server.listen(0, "127.0.0.1");
await once(server, "listening");
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [{
    client_id: "chancery",
    client_secret: "a secret that no dump may show",
    redirect_uris: [redirectAddress],
    token_endpoint_auth_method: "client_secret_post",
  }],
  pkce: { required: () => true },
  claims: {
    openid: ["sub"],
    profile: ["name", "groups"],
    email: ["email", "email_verified"],
  },
  features: { devInteractions: { enabled: true } },
  ttl: { Session: 600, Grant: 600, Interaction: 600, AccessToken: 600, IdToken: 600, AuthorizationCode: 60 },
  findAccount: (_, login) => ({ accountId: login, claims: () => ({ sub: login, ...people.get(login) }) }),
  cookies: { keys: ["for tests alone"] },
});
const callback = provider.callback();

async function handle(request, response) {
  const login = request.url.match(/^\/people\/(\w+)$/)?.[1];
  if (!login) return callback(request, response);
  let body = "";
  for await (const piece of request) body += piece;
  people.set(login, JSON.parse(body));
  response.writeHead(204).end();
}

console.log(issuer);

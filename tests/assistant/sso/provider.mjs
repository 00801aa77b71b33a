// A certified OpenID provider for the tests: it enforces PKCE and exact redirect addresses, and tells the second address of who
// has signed out.
// The first line on standard output is its issuer. POST /people/<login> with claims says who that is, and POST /redirects with an
// address that the first client may be sent back to, it as well. The second client is another program of the same company.

import http from "node:http";
import { once } from "node:events";
import Provider from "oidc-provider";

const [redirectAddress, backchannelAddress] = process.argv.slice(2);
const backchannel = backchannelAddress
  ? { backchannel_logout_uri: backchannelAddress, backchannel_logout_session_required: true }
  : {};
const people = new Map();
const redirects = new Set([redirectAddress]);

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
    ...backchannel,
  }, {
    client_id: "intranet",
    client_secret: "a secret of the intranet",
    redirect_uris: ["http://testserver/intranet"],
    token_endpoint_auth_method: "client_secret_post",
  }],
  pkce: { required: () => true },
  claims: {
    openid: ["sub"],
    profile: ["name", "groups"],
    email: ["email", "email_verified"],
  },
  features: { devInteractions: { enabled: true }, backchannelLogout: { enabled: true } },
  // It would not speak to this machine, which is where the tests are.
  fetch: (address, { dispatcher: _, ...options }) => fetch(address, options),
  ttl: { Session: 600, Grant: 600, Interaction: 600, AccessToken: 600, IdToken: 600, AuthorizationCode: 60 },
  findAccount: (_, login) => ({ accountId: login, claims: () => ({ sub: login, ...people.get(login) }) }),
  cookies: { keys: ["for tests alone"] },
});
provider.on("backchannel.error", (_, fault) => console.error(`back-channel logout: ${fault.message}`));
const { redirectUriAllowed } = provider.Client.prototype;
provider.Client.prototype.redirectUriAllowed = function allowed(address) {
  return this.clientId === "chancery" ? redirects.has(address) : redirectUriAllowed.call(this, address);
};
const callback = provider.callback();

async function handle(request, response) {
  const login = request.url.match(/^\/people\/(\w+)$/)?.[1];
  if (!login && request.url !== "/redirects") return callback(request, response);
  let body = "";
  for await (const piece of request) body += piece;
  if (login) people.set(login, JSON.parse(body));
  else redirects.add(JSON.parse(body));
  response.writeHead(204).end();
}

console.log(issuer);

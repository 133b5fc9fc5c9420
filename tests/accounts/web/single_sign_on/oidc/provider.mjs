// A real OpenID Connect provider on loopback: people sign in with any password, and are in
// the groups that the file says at that moment.
// Arguments: the port, the client's secret, where it is sent back, the file of groups.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [port, secret, back, groups] = process.argv.slice(2);
const installed = createRequire(join(process.cwd(), "package.json"));
const { default: Provider } = await import(pathToFileURL(installed.resolve("oidc-provider")));

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: "bowline", client_secret: secret, redirect_uris: [back] }],
  claims: { openid: ["sub"], profile: ["preferred_username", "groups"], email: ["email"] },
  cookies: { keys: ["of tests"] },
  features: { devInteractions: { enabled: true } },
  pkce: { required: () => true },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      preferred_username: id,
      email: `${id}@example.com`,
      groups: JSON.parse(readFileSync(groups))[id] ?? [],
    }),
  }),
});
provider.listen(Number(port), "127.0.0.1");

// npm oidc-provider with one confidential client, on SQLite: `serve PORT`. POST /codes?n=100 makes codes as consents do.
import { createServer } from "node:http";
import Database from "better-sqlite3";
import Provider from "oidc-provider";

const [, , , port] = process.argv;
const ISSUER = `http://localhost:${port}`;
const CALLBACK = "https://app.example.org/callback";
const SCOPE = "openid email offline_access";
const { CLIENT, SECRET, CHALLENGE } = process.env;

const database = new Database("oidc.db");
database.pragma("journal_mode = WAL");
database.pragma("synchronous = FULL"); // what was told as kept is kept: as it is with Signedin
database.exec(`CREATE TABLE IF NOT EXISTS kept (
  key TEXT PRIMARY KEY, payload TEXT NOT NULL, grant_id TEXT, uid TEXT, user_code TEXT, until INTEGER
) WITHOUT ROWID`);
database.exec("CREATE INDEX IF NOT EXISTS kept_grant ON kept (grant_id)");
const upsert = database.prepare("INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?, ?, ?)");
const find = database.prepare("SELECT payload, until FROM kept WHERE key = ?");
const findBy = { uid: database.prepare("SELECT payload FROM kept WHERE uid = ?"), code: database.prepare("SELECT payload FROM kept WHERE user_code = ?") };
const consume = database.prepare("UPDATE kept SET payload = json_set(payload, '$.consumed', ?) WHERE key = ?");
const destroy = database.prepare("DELETE FROM kept WHERE key = ?");
const revoke = database.prepare("DELETE FROM kept WHERE grant_id = ?");
const now = () => Math.floor(Date.now() / 1000);
const read = (row) => (row && !(row.until && row.until < now()) ? JSON.parse(row.payload) : undefined);

class Kept {
  constructor(name) { this.name = name; }
  key(id) { return `${this.name}:${id}`; }
  async upsert(id, payload, expiresIn) {
    const until = expiresIn ? now() + expiresIn : null;
    upsert.run(this.key(id), JSON.stringify(payload), payload.grantId ?? null, payload.uid ?? null, payload.userCode ?? null, until);
  }
  async find(id) { return read(find.get(this.key(id))); }
  async findByUid(uid) { return read(findBy.uid.get(uid)); }
  async findByUserCode(code) { return read(findBy.code.get(code)); }
  async consume(id) { consume.run(now(), this.key(id)); }
  async destroy(id) { destroy.run(this.key(id)); }
  async revokeByGrantId(id) { revoke.run(id); }
}

const provider = new Provider(ISSUER, {
  adapter: Kept,
  clients: [{
    client_id: CLIENT, client_secret: SECRET, grant_types: ["authorization_code", "refresh_token"],
    redirect_uris: [CALLBACK], response_types: ["code"], token_endpoint_auth_method: "client_secret_basic",
  }],
  claims: { openid: ["sub", "auth_time"], email: ["email", "email_verified"] },
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, email: sub, email_verified: true }) }),
  features: { introspection: { enabled: true }, devInteractions: { enabled: false } },
  rotateRefreshToken: true,
  ttl: { AccessToken: 3600, AuthorizationCode: 60, Grant: 31536000, IdToken: 3600, RefreshToken: 31536000 },
});

let made = 0;
async function codes(count) {
  const client = await provider.Client.find(CLIENT);
  const found = [];
  for (let each = 0; each < count; each++) {
    const accountId = `person-${made++}@example.org`;
    const grant = new provider.Grant({ accountId, clientId: CLIENT });
    grant.addOIDCScope(SCOPE);
    const code = new provider.AuthorizationCode({
      accountId, client, grantId: await grant.save(), redirectUri: CALLBACK, codeChallenge: CHALLENGE,
      codeChallengeMethod: "S256", scope: SCOPE, authTime: now(), nonce: "n-0S6", claims: {},
    });
    found.push(await code.save());
  }
  return found;
}

const answer = provider.callback();
createServer(async (request, response) => {
  const url = new URL(request.url, ISSUER);
  if (url.pathname !== "/codes") return answer(request, response);
  response.setHeader("content-type", "application/json");
  const body = JSON.stringify(await codes(Number(url.searchParams.get("n"))));
  response.setHeader("content-length", Buffer.byteLength(body));
  response.end(body);
}).listen(Number(port), "127.0.0.1");

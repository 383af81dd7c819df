// An app guarded by better-auth: `fill PEOPLE EACH ASKED` writes sessions and cookies.json, `serve PORT` answers GET /who.
// COOKIE_CACHE=1 lets it believe a signed cookie for a while instead of asking its database.
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { fromNodeHeaders } from "better-auth/node";
import Database from "better-sqlite3";
import { createHmac, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";

const SECRET = "a-secret-of-the-bench-that-guards-nothing-at-all";
const DAY = 86_400_000;
const LONGER_THAN_THE_BENCH = 3600; // the default of five minutes may end in the middle: this favours the peer
const cached = process.env.COOKIE_CACHE === "1";

const database = new Database("better-auth.db");
database.pragma("journal_mode = WAL");
database.pragma("synchronous = NORMAL");

const options = {
  database,
  secret: SECRET,
  baseURL: "http://localhost",
  emailAndPassword: { enabled: true },
  session: { cookieCache: { enabled: cached, maxAge: LONGER_THAN_THE_BENCH } },
};
const auth = betterAuth(options);

function serve(port) {
  createServer(async (request, response) => {
    const found = await auth.api.getSession({ headers: fromNodeHeaders(request.headers) });
    response.statusCode = found ? 200 : 401;
    response.setHeader("content-type", "application/json");
    response.end(found ? JSON.stringify({ user: found.user.id }) : "{}");
  }).listen(port, "127.0.0.1");
}

async function fill(people, each, asked) {
  await (await getMigrations(options)).runMigrations();
  const cookie = await cookies();
  const made = write(people, each);
  const live = [];
  for (const one of made.toSorted(() => Math.random() - 0.5).slice(0, asked)) {
    live.push({ cookie: await cookie(one.token), user: one.user });
  }
  const [{ token }] = write(1, 1);
  const ended = await cookie(token);
  database.prepare("DELETE FROM session WHERE token = ?").run(token);
  writeFileSync("cookies.json", JSON.stringify({ live, unknown: await cookie(random()), ended }));
}

function write(people, each) {
  const made = [];
  const user = database.prepare(
    "INSERT INTO user (id, name, email, emailVerified, createdAt, updatedAt) VALUES (?, 'A Person', ?, 1, ?, ?)",
  );
  const session = database.prepare(
    "INSERT INTO session (id, token, userId, expiresAt, createdAt, updatedAt, ipAddress, userAgent)" +
      " VALUES (?, ?, ?, ?, ?, ?, '127.0.0.1', '')",
  );
  const now = new Date().toISOString();
  const until = new Date(Date.now() + 7 * DAY).toISOString();
  database.transaction(() => {
    for (let person = 0; person < people; person++) {
      const id = random();
      user.run(id, `${id.toLowerCase()}@example.org`, now, now);
      for (let number = 0; number < each; number++) {
        const token = random();
        session.run(random(), token, id, until, now, now);
        made.push({ token, user: id });
      }
    }
  })();
  return made;
}

// What a browser would hold: the signed token, and with the cache what better-auth itself sets beside it.
async function cookies() {
  const name = (await auth.$context).authCookies.sessionToken.name;
  return async (token) => {
    const signature = createHmac("sha256", SECRET).update(token).digest("base64");
    const signed = `${name}=${encodeURIComponent(`${token}.${signature}`)}`;
    if (!cached) return signed;
    const { headers } = await auth.api.getSession({ headers: new Headers({ cookie: signed }), returnHeaders: true });
    const set = headers.getSetCookie().map((line) => line.split(";")[0]);
    return [signed, ...set.filter((line) => line.includes("session_data=") && !line.endsWith("="))].join("; ");
  };
}

const random = () => randomBytes(24).toString("base64url").replaceAll(/[-_]/g, "x");
const [verb, ...numbers] = process.argv.slice(2);
await { fill, serve }[verb](...numbers.map(Number));

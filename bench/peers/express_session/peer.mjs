// An app guarded by express-session on Redis: `fill PEOPLE EACH ASKED` writes sessions and cookies.json,
// `serve PORT` answers GET /who. REDIS_URL says where Redis is.
import { RedisStore } from "connect-redis";
import express from "express";
import session from "express-session";
import { createHmac, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createClient } from "redis";

const SECRET = "a-secret-of-the-bench-that-guards-nothing-at-all";
const MONTH = 30 * 86_400_000;
const BATCH = 1000;

const client = await createClient({ url: process.env.REDIS_URL }).connect();
const store = new RedisStore({ client });

function serve(port) {
  const app = express();
  app.use(session({ store, secret: SECRET, resave: false, saveUninitialized: false, cookie: { maxAge: MONTH } }));
  app.get("/who", (request, response) => {
    const { user } = request.session;
    if (user) response.json({ user });
    else response.status(401).json({});
  });
  app.listen(port, "127.0.0.1");
}

async function fill(people, each, asked) {
  const made = Array.from({ length: people * each }, (_, at) => ({ id: random(), user: `person-${at % people}` }));
  for (let at = 0; at < made.length; at += BATCH) {
    await Promise.all(made.slice(at, at + BATCH).map(write));
  }
  const live = made.toSorted(() => Math.random() - 0.5).slice(0, asked);
  const ended = random();
  await write({ id: ended, user: "nobody" });
  await store.destroy(ended);
  writeFileSync("cookies.json", JSON.stringify({
    live: live.map(({ id, user }) => ({ cookie: cookie(id), user })), unknown: cookie(random()), ended: cookie(ended),
  }));
  client.destroy();
}

function write({ id, user }) {
  const expires = new Date(Date.now() + MONTH);
  return store.set(id, { cookie: { originalMaxAge: MONTH, expires, httpOnly: true, path: "/" }, user });
}

// As express-session signs it (the package cookie-signature).
function cookie(id) {
  const signature = createHmac("sha256", SECRET).update(id).digest("base64").replace(/=+$/, "");
  return `connect.sid=${encodeURIComponent(`s:${id}.${signature}`)}`;
}

const random = () => randomBytes(24).toString("base64url");
const [verb, ...numbers] = process.argv.slice(2);
await { fill, serve }[verb](...numbers.map(Number));

// A Node app that is checked against Signedin at every request.
//
//   SIGNEDIN_ADDRESS=http://localhost:8000 SIGNEDIN_KEY=sgn_svc_... node node_app.mjs 9000

import { createServer } from "node:http";
import { Signedin } from "./signedin.mjs";

const signedin = new Signedin(process.env.SIGNEDIN_ADDRESS, process.env.SIGNEDIN_KEY);

const server = createServer(async (request, response) => {
  const answer = (status, said, headers = {}) =>
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(said));
  if (request.url === "/health") return answer(200, "well");
  const address = (request.headers["x-forwarded-for"] ?? "").split(",").at(-1).trim(); // as the own proxy saw it
  let who;
  try {
    who = await signedin.check(request.headers, address);
  } catch {
    return answer(503, { code: "unavailable" }, { "retry-after": "2" }); // nobody is let in, nobody is signed out
  }
  if (who.reason) return answer(401, { code: "not_signed_in", reason: who.reason });
  return answer(200, { orders_of: who.account, session: who.session });
});

server.listen(Number(process.argv[2] ?? 9000), "127.0.0.1");
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => signedin.leave().catch(() => {}).finally(() => process.exit(0)));
}

// Speaks the feed of a Signedin service as docs/feed.md describes it: asks about a session once, then answers from
// memory while a lease runs. Plain Node 20 on Linux, no packages.
//
//   const signedin = new Signedin("http://localhost:8000", key);
//   const who = await signedin.check(request.headers, address);   // {account, session}, or {reason}; throws Unavailable

import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";

const RENEW_MS = 1000;
const REPORT_MS = 20_000;
const REPORT_WITHIN_MS = 60_000;
const MOST_USES = 1000;
const AGENT = /^[ !#-[\]-~]{1,500}$/; // what else a browser may call itself is not read
const LONGEST_AGO_MS = 3600_000;
const MOST_REMEMBERED = 100_000;
const UPTIME = "/proc/uptime";
const HAS_CLOCK = existsSync(UPTIME);
const CLOCK_STEP_MS = 10; // what a reading may be behind
const TOKEN = /^sgn_(ses|app)_[0-9A-Za-z]{61}$/;
const EITHER = ["__Host-signedin", "signedin"]; // the cookie, until the service has told its name

export class Unavailable extends Error {}

export class Signedin {
  #url; #key; #appTypes;
  #cookies = EITHER;
  #node = randomBytes(8).toString("hex");
  #boot = null;
  #lineage = null;
  #applied = -1;
  #answersUntil = 0;
  #memory = new Map(); // digest -> {who, account, epoch, until}
  #flights = new Map(); // token -> {now, next}: one question at a time for each
  #uses = new Map(); // session -> {account, address, agent, at}: the latest of each, not reported yet
  #oldestUse = Infinity;
  #turning = null;
  #leaving = false;
  #stream = null;

  // `url` is where this process reaches the service: it need not be the address that people use.
  constructor(url, key, { appTypes = ["web"] } = {}) {
    this.#url = url.replace(/\/$/, "");
    this.#key = key;
    this.#appTypes = appTypes.join(",");
    if (HAS_CLOCK) this.#goOn(); // otherwise every request is asked about
  }

  get mayAnswer() {
    return this.#now() + CLOCK_STEP_MS < this.#answersUntil;
  }

  // Who is signed in. Raises Unavailable when it cannot be known: answer 503, let nobody in.
  async check(headers, address = "") {
    const sent = this.#credential(headers);
    if (sent.reason) return sent;
    const said = headers["user-agent"] ?? "";
    const agent = AGENT.test(said) ? said : "";
    return this.#known(sent, address, agent) ?? (await this.#askedOnce(sent, address, agent));
  }

  // Report what waits, and be waited for no more.
  async leave() {
    this.#leaving = true;
    this.#forget();
    this.#stream?.abort();
    this.#wake();
    await this.#turning;
    if (this.#boot) await this.#acknowledge({ boot: this.#boot, leave: true, uses: this.#waiting() });
  }

  // --- what is sent -------------------------------------------------------------------------------------------

  #credential(headers) {
    const found = (headers.cookie ?? "").split(";").map((pair) => pair.replace(/^[ \t]+|[ \t]+$/g, ""))
      .filter((pair) => this.#cookies.some((name) => pair.startsWith(`${name}=`)));
    const [scheme, bearer] = (headers.authorization ?? "").split(" ", 2);
    const isOurs = scheme.toLowerCase() === "bearer" && (bearer ?? "").startsWith("sgn_");
    const shown = { ...(found.length && { cookie: found.join("; ") }), ...(isOurs && { authorization: `Bearer ${bearer}` }) };
    if (found.length + isOurs > 1) { // a doubt reads as nothing, where it is known in which cookie sessions come
      return this.#cookies === EITHER ? { token: JSON.stringify(shown), shown } : { reason: "malformed" };
    }
    const token = found[0]?.slice(found[0].indexOf("=") + 1) ?? (isOurs ? bearer : "");
    if (!token) return { reason: "missing" };
    if (!TOKEN.test(token)) return { reason: "malformed" };
    if (token.startsWith("sgn_ses_") !== found.length > 0) return { reason: "wrong_kind" };
    return { token, shown, digest: createHash("sha256").update(token).digest("hex").slice(0, 32) };
  }

  // --- memory -------------------------------------------------------------------------------------------------

  #known({ digest }, address, agent) {
    const now = this.#now(); // the clock first, then memory, and no await in between
    const found = this.#memory.get(digest);
    if (now + CLOCK_STEP_MS >= this.#answersUntil || !found || now >= found.until) return null;
    if (now - this.#oldestUse > REPORT_WITHIN_MS) return null; // uses cannot be reported: ask each time
    this.#oldestUse = Math.min(this.#oldestUse, now);
    agent ||= this.#uses.get(found.who.session)?.agent ?? "";
    this.#uses.set(found.who.session, { account: found.account, address, agent, at: now });
    return found.who;
  }

  async #askedOnce(sent, address, agent) {
    let flight = this.#flights.get(sent.token);
    if (!flight) {
      flight = { now: null, next: null };
      this.#flights.set(sent.token, flight);
      flight.now = this.#ask(sent, address, agent).finally(() => {
        if (!flight.next) this.#flights.delete(sent.token);
      });
      return flight.now;
    }
    // One is under way that was asked before this one came: it may be from before an ending. Wait for the next.
    flight.next ??= flight.now.catch(() => {}).then(() => {
      this.#flights.delete(sent.token);
      return this.#askedOnce(sent, address, agent);
    });
    return flight.next;
  }

  async #ask(sent, address, agent) {
    const boot = this.#boot;
    const askedAt = this.#now();
    const said = { "signedin-key": this.#key, "user-agent": agent, ...sent.shown };
    if (address) said["signedin-address"] = address;
    const answer = await this.#fetch(`/v1/check?app_type=${this.#appTypes}`, { headers: said });
    if (answer.status === 401) return { reason: answer.read().reason ?? "unknown" };
    const header = (name) => answer.headers.get(`signedin-${name}`);
    if (answer.status !== 200 || !header("account")) throw new Unavailable(`the service answered ${answer.status}`);
    const who = { account: header("account"), session: header("session") };
    const goodFor = Number(header("good-for"));
    if (sent.digest && goodFor > 0 && Number(header("seq")) >= this.#applied && boot !== null && boot === this.#boot) {
      const until = askedAt + goodFor * 1000;
      if (this.#memory.size >= MOST_REMEMBERED) this.#memory.clear();
      this.#memory.set(sent.digest, { who, account: who.account, epoch: Number(header("epoch")), until });
    }
    return who;
  }

  #apply(ending) {
    if (ending.scope === "session") {
      for (const digest of ending.digests) this.#memory.delete(digest);
    } else if (ending.scope === "account") {
      for (const [digest, found] of this.#memory) {
        if (found.account === ending.account && found.epoch < ending.cut_off) this.#memory.delete(digest);
      }
    } else {
      this.#memory.clear();
    }
  }

  #forget() {
    this.#answersUntil = 0;
    this.#memory.clear();
  }

  // --- the lease ----------------------------------------------------------------------------------------------

  async #goOn() {
    while (!this.#leaving) {
      this.#turning = this.#turn().catch(() => {}); // the lease runs out by itself
      await this.#turning;
      if (!this.#stream && this.#boot && !this.#leaving) this.#listen();
      await new Promise((wake) => { this.#wake = wake; setTimeout(wake, RENEW_MS); });
    }
  }
  #wake = () => {};

  async #turn() {
    if (!this.#boot) await this.#join();
    for (let applied = -1; applied !== this.#applied && !this.#leaving; ) {
      applied = this.#applied;
      const readAt = this.#now();
      const uses = readAt - this.#oldestUse >= REPORT_MS || this.#uses.size >= MOST_USES ? this.#waiting() : [];
      const said = await this.#acknowledge({ boot: this.#boot, applied, uses });
      if (said === null || said.lineage !== this.#lineage) return this.#lose();
      this.#reported(uses, readAt);
      for (const ending of said.endings) this.#apply(ending);
      const heard = said.complete ? said.head : said.endings.at(-1)?.seq ?? applied;
      this.#applied = Math.max(this.#applied, heard);
      if (said.complete && !this.#leaving) this.#answersUntil = readAt + said.answer_for_seconds * 1000;
    }
  }

  async #join() {
    const boot = randomBytes(8).toString("hex");
    const said = await this.#acknowledge({ boot, join: true });
    this.#forget();
    [this.#boot, this.#applied, this.#lineage] = [boot, said.head, said.lineage];
  }

  #lose() {
    this.#forget();
    this.#boot = null;
    this.#stream?.abort();
  }

  // The answer, or null when this node is not known any more.
  async #acknowledge(said) {
    const headers = { authorization: `Bearer ${this.#key}`, "content-type": "application/json" };
    const body = JSON.stringify({ node: this.#node, ...said });
    const answer = await this.#fetch("/v1/feed/ack", { method: "POST", headers, body }, 2000);
    if (answer.status === 410) return null;
    if (answer.status === 401 || answer.status === 403) this.#forget();
    if (answer.status !== 200) throw new Unavailable(`the service answered ${answer.status}`);
    const told = answer.read();
    // A service of before names tells none: then the address says it.
    if (told.cookie) this.#cookies = [told.cookie];
    else if (this.#cookies === EITHER) this.#cookies = [EITHER[this.#url.startsWith("https://") ? 0 : 1]];
    return told;
  }

  // A hint and nothing more: what is heard is acknowledged at once instead of within a second.
  async #listen() {
    const mine = (this.#stream = new AbortController());
    try {
      const headers = { authorization: `Bearer ${this.#key}` };
      const answer = await fetch(`${this.#url}/v1/feed?after=${this.#applied}`, { headers, signal: mine.signal });
      if (answer.status !== 200) return;
      let rest = "";
      for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
        const lines = (rest + piece).split("\n");
        rest = lines.pop();
        if (lines.some((line) => JSON.parse(line).endings?.length)) this.#wake();
      }
    } catch { // another one is opened at the next turn
    } finally {
      if (this.#stream === mine) this.#stream = null;
    }
  }

  // --- uses ---------------------------------------------------------------------------------------------------

  #waiting() {
    const now = this.#now();
    for (const [session, { at }] of this.#uses) if (now - at > LONGEST_AGO_MS) this.#uses.delete(session);
    return [...this.#uses].slice(0, MOST_USES).map(([session, { account, address, agent, at }]) => {
      const use = { account, session, seconds_ago: Math.min(3600, Math.floor((now - at) / 1000)) };
      return { ...use, ...(address && { address }), ...(agent && { agent }) };
    });
  }

  #reported(uses, readAt) {
    for (const { session } of uses) if (this.#uses.get(session)?.at <= readAt) this.#uses.delete(session);
    if (uses.length) this.#oldestUse = Math.min(Infinity, ...[...this.#uses.values()].map(({ at }) => at));
  }

  // --- clock and wire -----------------------------------------------------------------------------------------

  // Milliseconds by a clock that counts on while the machine sleeps. Node's own do not, but Linux tells it: the first
  // number of /proc/uptime, cut to a hundredth of a second. Where there is none, there is no lease either.
  #now() {
    return HAS_CLOCK ? Number(readFileSync(UPTIME, "latin1").split(" ")[0]) * 1000 : 0;
  }

  async #fetch(path, given, within = 5000) {
    try {
      const answer = await fetch(this.#url + path, { ...given, redirect: "error", signal: AbortSignal.timeout(within) });
      const text = await answer.text();
      return { status: answer.status, headers: answer.headers, read: () => JSON.parse(text) };
    } catch (error) {
      throw new Unavailable("the service does not answer", { cause: error });
    }
  }
}

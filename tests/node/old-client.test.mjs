// The seventeen cases that the documents of the replaced services name, as a client of theirs asks: with nothing
// but Node's standard library. Names are sent raw and encoded. PLACET_URL is where the service listens, PLACET_KEY
// a key for certificates, events and registrations of @acme.

import assert from "node:assert/strict";
import { X509Certificate, createHash, createPrivateKey } from "node:crypto";
import http from "node:http";
import { describe, it } from "node:test";

const BASE = new URL(process.env.PLACET_URL);
const KEY = process.env.PLACET_KEY;
const PACKAGE = "@acme/executive-mcp";
const RAW = PACKAGE;
const ENCODED = encodeURIComponent(PACKAGE); // %40acme%2Fexecutive-mcp
const HALF_ENCODED = PACKAGE.replace("/", "%2F");

/** Send one request with its path exactly as given, and return status, headers and the JSON of the answer. */
function ask(method, path, { body, headers } = {}) {
  const sent = { ...headers };
  const content = body === undefined ? undefined : JSON.stringify(body);
  if (content !== undefined) {
    sent["content-type"] = "application/json";
    sent["content-length"] = Buffer.byteLength(content);
  }
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host: BASE.hostname, port: BASE.port, method, path, headers: sent, agent: false, timeout: 30_000 },
      (response) => {
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({ status: response.statusCode, headers: response.headers, json: text ? JSON.parse(text) : null });
        });
      },
    );
    request.on("timeout", () => request.destroy(new Error("the service did not answer in time")));
    request.on("error", reject);
    request.end(content);
  });
}

const asKey = { "x-api-key": KEY };
const asBearer = { authorization: `Bearer ${KEY}` };

async function issue(version, more = {}) {
  return ask("POST", "/v1/certificates/issue", {
    headers: asKey,
    body: {
      type: "package",
      package_name: PACKAGE,
      version,
      requester: { github_user: "octocat", workflow_run: "42", commit: "0123456789abcdef" },
      governance_approval: { approved_by: ["alice"], approval_date: "2025-11-13" },
      ...more,
    },
  });
}

async function report(version, event_type = "package.published", more = {}) {
  return ask("POST", "/chronicle/events", {
    headers: asBearer,
    body: { event_type, package: PACKAGE, version, ...more },
  });
}

async function register(version, certificate, event, more = {}) {
  return ask("POST", "/registry/api/packages/register", {
    headers: asKey,
    body: {
      package_name: PACKAGE,
      version,
      cert_id: certificate,
      chronicle_event_id: event,
      r2_location: `r2://packages/${PACKAGE}/${version}.tgz`,
      npm_registry: "https://npm.example.com",
      metadata: { team: "blue" },
      ...more,
    },
  });
}

async function registered(version, more = {}) {
  const certificate = (await issue(version)).json.cert_id;
  const event = (await report(version)).json.event_id;
  return { certificate, event, answer: await register(version, certificate, event, more) };
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe("health", () => {
  it("tells that the certificate authority is healthy", async () => {
    const { status, json } = await ask("GET", "/health");
    assert.equal(status, 200);
    assert.equal(json.status, "healthy");
    assert.equal(json.service, "ChittyID Server");
    assert.match(json.timestamp, INSTANT);
  });

  it("tells that the event log is operational, and which events it takes", async () => {
    const { status, json } = await ask("GET", "/chronicle");
    assert.equal(status, 200);
    assert.equal(json.service, "ChittyOS Chronicle");
    assert.equal(json.status, "operational");
    assert.equal(json.package_event_types.length, 8);
    assert.ok(json.package_event_types.includes("package.certificate.issued"));
  });

  it("tells that the registry is operational", async () => {
    const { status, json } = await ask("GET", "/registry");
    assert.equal(status, 200);
    assert.equal(json.service, "ChittyOS Registry");
    assert.equal(json.status, "operational");
    assert.ok(json.endpoints.length >= 5);
  });
});

describe("certificates", () => {
  it("issues one, with a key that is handed out once", async () => {
    const { status, headers, json } = await issue("1.0.0");
    assert.equal(status, 201);
    assert.equal(json.success, true);
    assert.match(json.cert_id, /^CERT-PKG-\d{8}-\d{3,}$/);
    assert.match(json.chitty_id, /^chitty:\/\/cert\/pkg\/executive-mcp\/\d{4}\/\d{3,}$/);
    assert.equal(headers["cache-control"], "no-store");
    const certificate = new X509Certificate(json.pem);
    assert.ok(certificate.checkPrivateKey(createPrivateKey(json.private_key)));
    assert.equal(json.fingerprint, `sha256:${createHash("sha256").update(certificate.raw).digest("hex")}`);
    const intermediate = new X509Certificate(json.chain);
    assert.ok(certificate.verify(intermediate.publicKey));
  });

  it("verifies one for anybody", async () => {
    const { cert_id } = (await issue("1.0.1")).json;
    const { status, json } = await ask("GET", `/v1/certificates/verify/${cert_id}`);
    assert.equal(status, 200);
    assert.equal(json.valid, true);
    assert.deepEqual(json.certificate.subject, { package_name: PACKAGE, version: "1.0.1", common_name: cert_id });
    assert.equal(json.certificate.status, "active");
    assert.equal(json.checks.find((check) => check.check === "publication").result, "none");
    assert.ok(json.ledger.index > 0);
  });

  it("shows one without its key", async () => {
    const { cert_id } = (await issue("1.0.2")).json;
    const { status, json } = await ask("GET", `/v1/certificates/${cert_id}`, { headers: asBearer });
    assert.equal(status, 200);
    assert.equal(json.cert_id, cert_id);
    assert.equal(json.type, "package");
    assert.equal("private_key" in json, false);
    assert.deepEqual(json.claims.requester.github_user, "octocat");
  });

  it("lists a package's, however its name is written", async () => {
    await issue("1.0.3");
    for (const name of [RAW, HALF_ENCODED, ENCODED]) {
      const { status, json } = await ask("GET", `/v1/certificates/package/${name}`, { headers: asKey });
      assert.equal(status, 200);
      assert.equal(json.package_name, PACKAGE);
      assert.equal(json.total, json.certificates.length);
      assert.ok(json.certificates.some((each) => each.version === "1.0.3"));
    }
  });

  it("revokes one for a reason in our own words, and fails closed from then on", async () => {
    const { cert_id } = (await issue("1.0.4")).json;
    const reason = { body: { reason: "Published by mistake" }, headers: asKey };
    const revoked = await ask("POST", `/v1/certificates/${cert_id}/revoke`, reason);
    assert.equal(revoked.status, 200);
    assert.equal(revoked.json.status, "revoked");
    assert.equal(revoked.json.reason, "Published by mistake");
    assert.match(revoked.json.revoked_at, INSTANT);
    const { status, json } = await ask("GET", `/v1/certificates/verify/${cert_id}`);
    assert.equal(status, 410);
    assert.equal(json.valid, false);
    assert.equal(json.error, "CERTIFICATE_REVOKED");
  });
});

describe("events", () => {
  it("records one", async () => {
    const more = { artifacts: [{ name: "x.tgz" }], metadata: { ci: "github" }, actor: "octocat" };
    const { status, json } = await report("2.0.0", "package.build.complete", more);
    assert.equal(status, 201);
    assert.equal(json.success, true);
    assert.match(json.event_id, /^evt_\d{14}_[a-z0-9]{6}$/);
    assert.ok(json.chronicle_url.endsWith(`/chronicle/events/${json.event_id}`));
    assert.match(json.timestamp, INSTANT);
  });

  it("shows one, as reported by who did it", async () => {
    const { event_id } = (await report("2.0.1", "package.test.complete", { actor: "octocat" })).json;
    const { status, json } = await ask("GET", `/chronicle/events/${event_id}`);
    assert.equal(status, 200);
    assert.equal(json.id, event_id);
    assert.equal(json.type, "package.test.complete");
    assert.equal(json.metadata.source, "reported");
    assert.equal(json.payload.actor, "octocat");
    assert.notEqual(json.actor, "octocat");
    assert.ok(json.index > 0);
    assert.ok(json.inclusion.path.length > 0);
  });

  it("lists a package's oldest first, and by filters newest first", async () => {
    const ids = [];
    for (const version of ["2.1.0", "2.1.1"]) ids.push((await report(version, "package.deprecated")).json.event_id);
    for (const name of [RAW, HALF_ENCODED, ENCODED]) {
      const { status, json } = await ask("GET", `/chronicle/packages/${name}/events`);
      assert.equal(status, 200);
      const found = json.events.map((event) => event.event_id).filter((id) => ids.includes(id));
      assert.deepEqual(found, ids);
    }
    const query = `package=${ENCODED}&type=package.deprecated&limit=1`;
    const { json } = await ask("GET", `/chronicle/events?${query}`);
    assert.equal(json.total, 2);
    assert.equal(json.limit, 1);
    assert.equal(json.events[0].id, ids[1]);
  });
});

describe("registry", () => {
  it("registers a version once", async () => {
    const { answer, certificate, event } = await registered("3.0.0");
    assert.equal(answer.status, 201);
    assert.equal(answer.json.success, true);
    assert.match(answer.json.reg_id, /^reg_\d{13}_[a-z0-9]{6}$/);
    assert.ok(answer.json.registry_url.endsWith(`/registry/packages/${PACKAGE}/3.0.0`));
    const again = await register("3.0.0", certificate, event);
    assert.equal(again.status, 409);
    assert.equal(again.json.error_code, "VERSION_EXISTS");
  });

  it("shows a version, however its name is written", async () => {
    await registered("3.0.1");
    for (const name of [RAW, HALF_ENCODED, ENCODED]) {
      for (const place of ["/registry/packages", "/packages"]) {
        const { status, json } = await ask("GET", `${place}/${name}/3.0.1`);
        assert.equal(status, 200);
        assert.equal(json.package_name, PACKAGE);
        assert.equal(json.publication, "none");
        assert.deepEqual(json.metadata, { team: "blue" });
      }
    }
  });

  it("lists packages and versions", async () => {
    await registered("3.0.2");
    const list = await ask("GET", "/registry/packages?q=executive");
    assert.equal(list.status, 200);
    assert.equal(list.json.total, 1);
    assert.equal(list.json.packages[0].package_name, PACKAGE);
    const { status, json } = await ask("GET", `/registry/packages/${HALF_ENCODED}`);
    assert.equal(status, 200);
    assert.equal(json.total, json.versions.length);
    assert.ok(json.versions.some((each) => each.version === "3.0.2"));
  });

  it("changes a status as the machine allows, and not otherwise", async () => {
    await registered("3.0.3");
    const path = `/registry/packages/${HALF_ENCODED}/3.0.3/status`;
    const put = (status) => ask("PUT", path, { headers: asKey, body: { status, reason: "a test" } });
    const changed = await put("published");
    assert.equal(changed.status, 200);
    assert.equal(changed.json.status, "published");
    assert.match(changed.json.updated_at, INSTANT);
    const refused = await put("certified");
    assert.equal(refused.status, 409);
    assert.equal(refused.json.error_code, "ILLEGAL_TRANSITION");
    assert.ok(refused.json.next_action);
  });
});

describe("integration", () => {
  it("goes from certificate to event to registration to status to look-up", async () => {
    const certificate = (await issue("4.0.0")).json;
    const event = (await report("4.0.0", "package.certificate.issued", { cert_id: certificate.cert_id })).json;
    const registration = await register("4.0.0", certificate.cert_id, event.event_id);
    assert.equal(registration.status, 201);
    const path = `/registry/packages/${PACKAGE}/4.0.0`;
    const status = { headers: asBearer, body: { status: "published", reason: "released" } };
    assert.equal((await ask("PUT", `${path}/status`, status)).status, 200);
    const { json } = await ask("GET", new URL(registration.json.registry_url).pathname);
    assert.equal(json.cert_id, certificate.cert_id);
    assert.equal(json.chronicle_event_id, event.event_id);
    assert.equal(json.status, "published");
    assert.equal(json.status_reason, "released");
    assert.equal(json.publication, "none"); // what we say is a report; nothing was published here
    const events = (await ask("GET", `/chronicle/packages/${PACKAGE}/events`)).json.events;
    assert.ok(events.some((each) => each.event_id === event.event_id));
  });

  it("tells every refusal by a code, a sentence and what to do next", async () => {
    const refused = [
      [401, "UNAUTHENTICATED", await ask("POST", "/chronicle/events", { body: {} })],
      [400, "MISSING_REQUIRED_FIELDS", await issue("")],
      [400, "UNSUPPORTED_CERTIFICATE_TYPE", await issue("5.0.0", { type: "person" })],
      [400, "EVENT_INVALID", await report("5.0.0", "package.party")],
      [403, "SCOPE_INSUFFICIENT", await issue("5.0.0", { package_name: "@other/tool" })],
      [404, "NOT_FOUND", await ask("GET", `/registry/packages/${ENCODED}/9.9.9`)],
      [409, "REGISTRATION_MISMATCH", await register("5.0.0", "CERT-PKG-20200101-001", "evt_20200101000000_abc123")],
    ];
    for (const [status, code, answer] of refused) {
      assert.equal(answer.status, status, code);
      assert.equal(answer.json.error_code, code);
      assert.equal(answer.json.error, code);
      assert.ok(answer.json.message, code);
      assert.ok(answer.json.next_action, code);
    }
  });
});

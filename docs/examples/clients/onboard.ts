// Onboard an AWS account with a client that openapi-typescript types.
//   npx openapi-typescript openapi.json -o bowline.d.ts
//   BOWLINE_URL=https://… BOWLINE_TOKEN=… node onboard.js MANAGING_ID ACCOUNT_ID
import createClient from "openapi-fetch";
import type { components, paths } from "./bowline.d.ts";

type Problem = components["schemas"]["Problem"];
type Run = components["schemas"]["RunInFull"];
type Answer<T> = { data?: T; error?: Problem };

const { BOWLINE_URL, BOWLINE_TOKEN } = process.env;
const [managing, account] = process.argv.slice(2) as [string, string];
const bowline = createClient<paths>({
  baseUrl: BOWLINE_URL,
  headers: { Authorization: `Bearer ${BOWLINE_TOKEN}` },
});

async function done<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error } = await answer;
  if (error || data === undefined) {
    throw new Error(`${error?.code}: ${error?.detail}`);
  }
  return data;
}

async function until(number: number, ...ends: Run["status"][]): Promise<Run> {
  for (;;) {
    const path = { number };
    const run = await done(bowline.GET("/api/v1/runs/{number}", { params: { path } }));
    if (ends.includes(run.status)) return run;
    if (!run.in_progress) throw new Error(`${run.status}: ${run.error?.message}`);
    await new Promise((wake) => setTimeout(wake, 1000));
  }
}

async function onboard(planned: Run): Promise<void> {
  const { number, status } = await until(planned.number, "planned", "verified");
  if (status === "verified") return;
  const params = { path: { number } };
  const plan = await done(bowline.GET("/api/v1/runs/{number}/plan", { params }));
  for (const { verb, kind, name } of plan.changes) console.log(verb, kind, name);
  const body = { digest: plan.digest };
  await done(bowline.POST("/api/v1/runs/{number}/approve", { params, body }));
  await until(number, "verified");
}

await done(
  bowline.PUT("/api/v1/managing-account", {
    body: { name: "managing", account_id: managing },
  }),
);
await onboard(await done(bowline.POST("/api/v1/managing-account/plan")));
const params = { path: { name: "typescript" } };
await done(
  bowline.PUT("/api/v1/accounts/{name}", {
    params,
    body: {
      account_id: account,
      access_role: "OrganizationAccountAccessRole",
      regions: ["us-east-1"],
      providers: { ec2: {} },
    },
  }),
);
await onboard(await done(bowline.POST("/api/v1/accounts/{name}/plan", { params })));

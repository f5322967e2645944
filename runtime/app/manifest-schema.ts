/**
 * Shape of manifest version 2 as JSON Schema. Only shape: what needs other parts of the manifest
 * or the file system is checked by build-*.ts. Unions are written as a list of types,
 * because `oneOf` reports the mistakes of every branch.
 */
const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;
const texts = { type: "array", items: text } as const;
const textMap = { type: "object", additionalProperties: text } as const;
const freeTable = { type: "object" } as const;
const freeList = { type: "array" } as const;

function table(properties: Record<string, object>, required: readonly string[] = []): object {
  return { type: "object", properties, required, additionalProperties: false };
}

/** The keywords about keys apply only if the value is a table. */
function textOr(shape: object): object {
  return { ...shape, type: ["string", "object"] };
}

const source = textOr(
  table({ url: text, digest: text, registry: text, package: text, version: text }),
);

/** Where another component is and what it is used for; a trigger's knows no export. */
function dependency(properties: Record<string, object>): object {
  return table({
    version: text,
    registry: text,
    package: text,
    path: text,
    url: text,
    digest: text,
    component: text,
    inherit_configuration: { type: ["boolean", "array"], items: text },
    ...properties,
  });
}

/** What is in several places: as a reference it is compiled only once. */
function reference(name: string): { readonly $ref: string } {
  return { $ref: `#/definitions/${name}` };
}

const dependencies = reference("dependencies");

const profile = table({
  source: reference("source"),
  environment: textMap,
  dependencies,
  build: table({ command: { type: ["string", "array"], items: text } }, ["command"]),
});

const build = table(
  {
    command: { type: ["string", "array"], items: text },
    workdir: text,
    watch: texts,
  },
  ["command"],
);

const component = table(
  {
    source: reference("source"),
    description: text,
    variables: textMap,
    environment: textMap,
    files: {
      type: "array",
      items: textOr(table({ source: text, destination: text }, ["source", "destination"])),
    },
    exclude_files: texts,
    allowed_outbound_hosts: texts,
    allowed_http_hosts: texts,
    key_value_stores: texts,
    sqlite_databases: texts,
    ai_models: texts,
    build,
    tool: { ...freeTable, properties: { whorl: table({ warm: texts, warm_shares: texts }) } },
    targets: freeList,
    dependencies,
    dependencies_inherit_configuration: flag,
    profile: { type: "object", additionalProperties: profile },
  },
  ["source"],
);

const componentReference = reference("component");

/** The id of a component, or a component's own table. */
const inlineComponent = { type: ["string", "object"], ...componentReference };

const roles = reference("roles");
const triggerDependencies = reference("triggerDependencies");

const httpTrigger = table({
  id: text,
  route: textOr(table({ private: flag }, ["private"])),
  component: inlineComponent,
  components: roles,
  dependencies: triggerDependencies,
  static_response: table({
    status_code: { type: "integer", minimum: 200, maximum: 999 },
    headers: textMap,
    body: text,
  }),
  executor: table({ type: text, argv: text, entrypoint: text }, ["type"]),
});

/** What every trigger of a kind other than HTTP has beside its own keys. */
function eventTrigger(properties: Record<string, object>, required: readonly string[]): object {
  const shape = table(
    {
      id: text,
      component: inlineComponent,
      components: roles,
      dependencies: triggerDependencies,
      ...properties,
    },
    required,
  );
  return { type: "array", items: shape };
}

const triggers = {
  http: { type: "array", items: httpTrigger },
  redis: eventTrigger({ address: text, channel: text }, ["channel"]),
  mqtt: eventTrigger({ topic: text, qos: { type: ["string", "integer"] } }, ["topic"]),
  sqs: eventTrigger(
    {
      queue_url: text,
      max_messages: { type: "integer", minimum: 1, maximum: 10 },
      idle_wait_seconds: { type: "integer", minimum: 0 },
      system_attributes: texts,
      message_attributes: texts,
    },
    ["queue_url"],
  ),
  cron: eventTrigger({ cron_expression: text }, ["cron_expression"]),
  command: eventTrigger({}, []),
};

const applicationTriggers = {
  http: table({ base: text }),
  redis: table({ address: text }),
  mqtt: table({
    address: text,
    username: text,
    password: text,
    keep_alive_interval: { type: ["string", "integer"] },
  }),
};

const manifest = table(
  {
    spin_manifest_version: { type: "integer" },
    application: table(
      {
        name: text,
        version: text,
        description: text,
        authors: texts,
        targets: freeList,
        tool: freeTable,
        trigger: {
          type: "object",
          properties: applicationTriggers,
          additionalProperties: freeTable,
        },
      },
      ["name"],
    ),
    variables: {
      type: "object",
      additionalProperties: table({
        default: text,
        required: flag,
        secret: flag,
        description: text,
      }),
    },
    trigger: {
      type: "object",
      properties: triggers,
      additionalProperties: { type: "array", items: freeTable },
    },
    component: {
      type: "object",
      additionalProperties: { type: "object", ...componentReference },
    },
  },
  ["spin_manifest_version", "application"],
);

const definitions = {
  component: { ...component, type: ["string", "object", "array"] },
  source,
  dependencies: {
    type: "object",
    additionalProperties: textOr(dependency({ export: text })),
  },
  /** By role: one component or a list of them. */
  roles: {
    type: "object",
    additionalProperties: {
      type: ["string", "object", "array"],
      ...componentReference,
      items: inlineComponent,
    },
  },
  /** By role: a list. */
  triggerDependencies: {
    type: "object",
    additionalProperties: { type: "array", items: { ...dependency({}), type: "object" } },
  },
};

export const manifestSchema: object = { ...manifest, definitions };

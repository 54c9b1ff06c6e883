-- The tables, of types that SQLite and PostgreSQL both have: times are microseconds
-- since 1970 (0: none), lists are JSON, BYTEA holds bytes.

-- +goose Up
CREATE UNIQUE INDEX entrascim_schema_version ON entrascim_schema (version_id);

-- One row: what is of the store itself. Whoever changes the store locks it first.
CREATE TABLE store (
    id       BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    sealed   BYTEA  NOT NULL,
    revision BIGINT NOT NULL,
    events   BIGINT NOT NULL
);

CREATE TABLE tenants (
    id           TEXT   NOT NULL PRIMARY KEY,
    name         TEXT   NOT NULL,
    name_key     TEXT   NOT NULL,
    state        TEXT   NOT NULL,
    mode         TEXT   NOT NULL,
    directory_id TEXT   NOT NULL,
    settings     TEXT   NOT NULL,
    overlays     TEXT   NOT NULL,
    credential   BYTEA,
    revision     BIGINT NOT NULL,
    created      BIGINT NOT NULL,
    changed      BIGINT NOT NULL
);
CREATE UNIQUE INDEX tenants_name ON tenants (name_key) WHERE state <> 'removed';

CREATE TABLE clients (
    id             TEXT   NOT NULL PRIMARY KEY,
    tenant_id      TEXT   NOT NULL REFERENCES tenants (id),
    name           TEXT   NOT NULL,
    name_key       TEXT   NOT NULL,
    kind           TEXT   NOT NULL,
    role           TEXT   NOT NULL,
    resource_types TEXT   NOT NULL,
    networks       TEXT   NOT NULL,
    dialect        TEXT   NOT NULL,
    me             TEXT   NOT NULL,
    issuer         TEXT   NOT NULL,
    audience       TEXT   NOT NULL,
    claims         TEXT   NOT NULL,
    revision       BIGINT NOT NULL,
    created        BIGINT NOT NULL,
    changed        BIGINT NOT NULL
);
CREATE UNIQUE INDEX clients_name ON clients (tenant_id, name_key);

CREATE TABLE secrets (
    id        TEXT   NOT NULL PRIMARY KEY,
    client_id TEXT   NOT NULL REFERENCES clients (id),
    sum       BYTEA  NOT NULL UNIQUE,
    created   BIGINT NOT NULL,
    expires   BIGINT NOT NULL
);
CREATE INDEX secrets_client ON secrets (client_id);

CREATE TABLE invitations (
    id        TEXT   NOT NULL PRIMARY KEY,
    sum       BYTEA  NOT NULL UNIQUE,
    tenant_id TEXT   NOT NULL REFERENCES tenants (id),
    created   BIGINT NOT NULL,
    expires   BIGINT NOT NULL,
    used      BIGINT NOT NULL
);
CREATE INDEX invitations_tenant ON invitations (tenant_id);
CREATE INDEX invitations_expires ON invitations (expires);

CREATE TABLE once (
    sum        BYTEA  NOT NULL PRIMARY KEY,
    until_time BIGINT NOT NULL
);
CREATE INDEX once_until ON once (until_time);

CREATE TABLE events (
    sequence  BIGINT NOT NULL PRIMARY KEY,
    time      BIGINT NOT NULL,
    actor     TEXT   NOT NULL,
    action    TEXT   NOT NULL,
    tenant_id TEXT   NOT NULL,
    tenant    TEXT   NOT NULL,
    target    TEXT   NOT NULL,
    detail    TEXT   NOT NULL
);
CREATE INDEX events_tenant ON events (tenant_id, sequence);

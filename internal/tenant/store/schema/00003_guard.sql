-- What tenants took away, by the hour (microseconds since 1970), and whose changes are
-- made. A tenant of a file has no row of its own.

-- +goose Up
CREATE TABLE taken (
    tenant_id TEXT   NOT NULL,
    kind      TEXT   NOT NULL,
    hour      BIGINT NOT NULL,
    amount    BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, kind, hour)
);
CREATE INDEX taken_hour ON taken (hour);

ALTER TABLE clients ADD COLUMN dry_run BIGINT NOT NULL DEFAULT 0;

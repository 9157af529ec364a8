-- CreateTable
CREATE TABLE "workflow_definitions" (
    "name" TEXT NOT NULL,
    "source_hash" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "input_schema" TEXT,
    "output_schema" TEXT,
    "description" TEXT,
    "version" INTEGER,
    "event_type" TEXT,
    "created_at" BIGINT NOT NULL,

    CONSTRAINT "workflow_definitions_pkey" PRIMARY KEY ("name","source_hash")
);

-- CreateTable
CREATE TABLE "workflow_instances" (
    "id" TEXT NOT NULL,
    "workflow_name" TEXT NOT NULL,
    "source_hash" TEXT NOT NULL,
    "owner_service" TEXT NOT NULL,
    "version" INTEGER,
    "status" TEXT NOT NULL,
    "input" TEXT NOT NULL,
    "output" TEXT,
    "error" TEXT,
    "epoch" INTEGER NOT NULL,
    "next_seq" INTEGER NOT NULL,
    "lease_owner" TEXT,
    "lease_until" BIGINT,
    "lease_ms" INTEGER NOT NULL,
    "wake_at" BIGINT,
    "pending" TEXT,
    "chain_id" TEXT NOT NULL,
    "continued_from" TEXT,
    "parent_id" TEXT,
    "parent_close_policy" TEXT,
    "forked_from" TEXT,
    "origin_id" TEXT,
    "origin_started_at" BIGINT,
    "cancel_requested_at" BIGINT,
    "cancel_requested_by" TEXT,
    "cancel_reason" TEXT,
    "cancel_seen" BOOLEAN NOT NULL DEFAULT false,
    "compensation_state" TEXT NOT NULL DEFAULT 'none',
    "suspend_reason" TEXT,
    "tags" TEXT,
    "state" TEXT,
    "takeovers" INTEGER NOT NULL DEFAULT 0,
    "deadline_at" BIGINT,
    "retention_ms" BIGINT,
    "started_at" BIGINT NOT NULL,
    "updated_at" BIGINT NOT NULL,
    "completed_at" BIGINT,

    CONSTRAINT "workflow_instances_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "workflow_history" (
    "instance_id" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "activity_id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "data" TEXT NOT NULL,
    "data_binary" BYTEA,
    "epoch" INTEGER NOT NULL,
    "created_at" BIGINT NOT NULL,

    CONSTRAINT "workflow_history_pkey" PRIMARY KEY ("instance_id","seq")
);

-- CreateTable
CREATE TABLE "workflow_waits" (
    "instance_id" TEXT NOT NULL,
    "activity_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "channel" TEXT NOT NULL,
    "match_key" TEXT NOT NULL,
    "match_where" TEXT,
    "cursor_seq" BIGINT NOT NULL,
    "hit_seq" BIGINT,

    CONSTRAINT "workflow_waits_pkey" PRIMARY KEY ("instance_id","activity_id")
);

-- CreateTable
CREATE TABLE "workflow_compensations" (
    "instance_id" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "args" TEXT NOT NULL,
    "activity_id" TEXT,
    "state" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "last_error" TEXT,
    "next_attempt_at" BIGINT,
    "executed_at" BIGINT,

    CONSTRAINT "workflow_compensations_pkey" PRIMARY KEY ("instance_id","seq")
);

-- CreateTable
CREATE TABLE "channels" (
    "name" TEXT NOT NULL,
    "mode" TEXT,
    "next_seq" BIGINT NOT NULL,
    "shapes" TEXT,

    CONSTRAINT "channels_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "channel_messages" (
    "channel" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,
    "id" TEXT NOT NULL,
    "data" TEXT,
    "data_binary" BYTEA,
    "metadata" TEXT NOT NULL,
    "target_instance_id" TEXT,
    "is_event" BOOLEAN NOT NULL DEFAULT false,
    "published_at" BIGINT NOT NULL,

    CONSTRAINT "channel_messages_pkey" PRIMARY KEY ("channel","seq")
);

-- CreateTable
CREATE TABLE "channel_subscriptions" (
    "instance_id" TEXT NOT NULL,
    "channel" TEXT NOT NULL,
    "match_key" TEXT NOT NULL,
    "mode" TEXT NOT NULL,
    "cursor_seq" BIGINT NOT NULL,

    CONSTRAINT "channel_subscriptions_pkey" PRIMARY KEY ("instance_id","channel","match_key")
);

-- CreateTable
CREATE TABLE "outbox_events" (
    "seq" BIGSERIAL NOT NULL,
    "id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "data" TEXT,
    "data_binary" BYTEA,
    "content_type" TEXT NOT NULL,
    "subject" TEXT,
    "extensions" TEXT,
    "partition_key" TEXT,
    "instance_id" TEXT,
    "status" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" BIGINT,
    "lease_token" TEXT,
    "last_error" TEXT,
    "created_at" BIGINT NOT NULL,
    "published_at" BIGINT,

    CONSTRAINT "outbox_events_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "inbox_events" (
    "seq" BIGSERIAL NOT NULL,
    "source" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "data" TEXT NOT NULL,
    "routed_to" TEXT,
    "received_at" BIGINT NOT NULL,

    CONSTRAINT "inbox_events_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "system_locks" (
    "name" TEXT NOT NULL,
    "holder" TEXT NOT NULL,
    "term" BIGINT NOT NULL,
    "lease_until" BIGINT NOT NULL,

    CONSTRAINT "system_locks_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "workers" (
    "id" TEXT NOT NULL,
    "service" TEXT NOT NULL,
    "host" TEXT NOT NULL,
    "pid" INTEGER NOT NULL,
    "info" TEXT NOT NULL,
    "started_at" BIGINT NOT NULL,
    "heartbeat_at" BIGINT NOT NULL,

    CONSTRAINT "workers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "schedules" (
    "id" TEXT NOT NULL,
    "workflow_name" TEXT NOT NULL,
    "input" TEXT NOT NULL,
    "spec" TEXT NOT NULL,
    "paused" BOOLEAN NOT NULL DEFAULT false,
    "next_at" BIGINT,
    "last_at" BIGINT,
    "created_at" BIGINT NOT NULL,

    CONSTRAINT "schedules_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_log" (
    "id" BIGSERIAL NOT NULL,
    "at" BIGINT NOT NULL,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "reason" TEXT,
    "before_state" TEXT,
    "after_state" TEXT,
    "request_id" TEXT,

    CONSTRAINT "audit_log_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_tokens" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "expires_at" BIGINT,
    "created_at" BIGINT NOT NULL,
    "last_used_at" BIGINT,
    "revoked_at" BIGINT,

    CONSTRAINT "api_tokens_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "workflow_instances_started_at_id_idx" ON "workflow_instances"("started_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "workflow_instances_status_started_at_id_idx" ON "workflow_instances"("status", "started_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "workflow_instances_workflow_name_started_at_id_idx" ON "workflow_instances"("workflow_name", "started_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "workflow_instances_chain_id_idx" ON "workflow_instances"("chain_id");

-- CreateIndex
CREATE INDEX "workflow_waits_channel_match_key_idx" ON "workflow_waits"("channel", "match_key");

-- CreateIndex
CREATE INDEX "channel_messages_published_at_idx" ON "channel_messages"("published_at");

-- CreateIndex
CREATE INDEX "channel_subscriptions_channel_idx" ON "channel_subscriptions"("channel");

-- CreateIndex
CREATE UNIQUE INDEX "outbox_events_id_key" ON "outbox_events"("id");

-- CreateIndex
CREATE INDEX "outbox_events_status_seq_idx" ON "outbox_events"("status", "seq");

-- CreateIndex
CREATE INDEX "outbox_events_instance_id_idx" ON "outbox_events"("instance_id");

-- CreateIndex
CREATE INDEX "inbox_events_received_at_idx" ON "inbox_events"("received_at");

-- CreateIndex
CREATE UNIQUE INDEX "inbox_events_source_id_key" ON "inbox_events"("source", "id");

-- CreateIndex
CREATE INDEX "audit_log_target_idx" ON "audit_log"("target");

-- CreateIndex
CREATE UNIQUE INDEX "api_tokens_hash_key" ON "api_tokens"("hash");

-- from prisma/extra/postgresql.sql
-- Finished rows cost the hot indexes nothing.
CREATE INDEX "workflow_instances_wake_at" ON "workflow_instances"("wake_at") WHERE "wake_at" IS NOT NULL;
-- Not of "wake_at" itself, lest a planner takes the index above for it: behind a flood of one workflow that would be a walk through the flood.
CREATE INDEX "workflow_instances_workflow_wake_at" ON "workflow_instances"("workflow_name", COALESCE("wake_at", 9223372036854775807))
  WHERE "status" NOT IN ('completed', 'failed', 'cancelled', 'recurred', 'suspended');
CREATE INDEX "workflow_instances_lease_owner" ON "workflow_instances"("lease_owner") WHERE "lease_owner" IS NOT NULL;
CREATE INDEX "workflow_instances_parent_id" ON "workflow_instances"("parent_id") WHERE "parent_id" IS NOT NULL;
CREATE INDEX "workflow_instances_cancel" ON "workflow_instances"("lease_owner") WHERE "cancel_requested_at" IS NOT NULL AND "cancel_seen" = false;
CREATE INDEX "workflow_waits_hit" ON "workflow_waits"("instance_id") WHERE "hit_seq" IS NOT NULL;
CREATE INDEX "outbox_events_due" ON "outbox_events"("next_attempt_at") WHERE "next_attempt_at" IS NOT NULL;
CREATE INDEX "outbox_events_partition" ON "outbox_events"("partition_key", "seq") WHERE "next_attempt_at" IS NOT NULL AND "partition_key" IS NOT NULL;
-- Retention, rates and what needs a person.
CREATE INDEX "workflow_instances_completed_at" ON "workflow_instances"("completed_at") WHERE "completed_at" IS NOT NULL;
CREATE INDEX "workflow_instances_own_retention" ON "workflow_instances"("completed_at") WHERE "completed_at" IS NOT NULL AND "retention_ms" IS NOT NULL;
CREATE INDEX "workflow_instances_error" ON "workflow_instances"("started_at" DESC, "id" DESC) WHERE "error" IS NOT NULL;
CREATE INDEX "workflow_instances_compensation_failed" ON "workflow_instances"("id") WHERE "compensation_state" = 'failed';
CREATE INDEX "workflow_instances_forked_from" ON "workflow_instances"("forked_from") WHERE "forked_from" IS NOT NULL;
CREATE INDEX "outbox_events_published_at" ON "outbox_events"("published_at") WHERE "published_at" IS NOT NULL;
-- What people search for stands beside the instances, not in an index over them: a row is written once, with its instance, and no park, claim or end
-- has to move its entries. Inputs that jsonb cannot hold (U+0000, lone surrogates) or that are long stay out; such instances are looked at one by one.
CREATE TABLE "workflow_search" (
    "id" TEXT NOT NULL,
    "started_at" BIGINT NOT NULL,
    "input" JSONB,
    CONSTRAINT "workflow_search_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "workflow_search_input" ON "workflow_search" USING gin ("input" jsonb_path_ops) WITH (gin_pending_list_limit = 1024);
CREATE INDEX "workflow_search_input_unknown" ON "workflow_search"("started_at") WHERE "input" IS NULL;
CREATE FUNCTION "workflow_search_add"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO workflow_search (id, started_at, input)
    SELECT id, started_at,
      CASE WHEN octet_length(input) <= 8192 AND strpos(input, '\u0000') = 0 AND strpos(input, '\ud') = 0 THEN input::jsonb END
    FROM born
    ON CONFLICT (id) DO UPDATE SET started_at = excluded.started_at, input = excluded.input;
  RETURN NULL;
END
$$;
CREATE TRIGGER "workflow_search_add" AFTER INSERT ON "workflow_instances"
  REFERENCING NEW TABLE AS born FOR EACH STATEMENT EXECUTE FUNCTION "workflow_search_add"();
CREATE FUNCTION "workflow_search_remove"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM workflow_search USING gone WHERE workflow_search.id = gone.id;
  RETURN NULL;
END
$$;
CREATE TRIGGER "workflow_search_remove" AFTER DELETE ON "workflow_instances"
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION "workflow_search_remove"();
-- Any part of an id, where the extension is there or may be made; without it such a search looks at every instance. What joins the words of an id is
-- left out: a part of a UUID that spans a dash has as many letters to tell by as any other.
DO $$
DECLARE
  home text;
BEGIN
  BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
  EXCEPTION WHEN OTHERS THEN
    NULL;
  END;
  SELECT quote_ident(n.nspname) INTO home
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm';
  IF home IS NOT NULL THEN
    EXECUTE format(
      'CREATE INDEX "workflow_search_id" ON "workflow_search" USING gin (translate(lower("id" COLLATE "C"), %L, %L) %s.gin_trgm_ops) WITH (gin_pending_list_limit = 1024)',
      '-_.:/', '', home);
  END IF;
EXCEPTION WHEN insufficient_privilege THEN
  NULL;
END
$$;
-- Every step rewrites its instance's row and moves no indexed column: room on the page keeps the new version there and all indexes untouched (HOT).
ALTER TABLE "workflow_instances" SET (fillfactor = 50);
ALTER TABLE "channels" SET (fillfactor = 50);
ALTER TABLE "channel_subscriptions" SET (fillfactor = 70);

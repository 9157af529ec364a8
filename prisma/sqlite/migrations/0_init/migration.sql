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

    PRIMARY KEY ("name", "source_hash")
);

-- CreateTable
CREATE TABLE "workflow_instances" (
    "id" TEXT NOT NULL PRIMARY KEY,
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
    "completed_at" BIGINT
);

-- CreateTable
CREATE TABLE "workflow_history" (
    "instance_id" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "activity_id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "data" TEXT NOT NULL,
    "data_binary" BLOB,
    "epoch" INTEGER NOT NULL,
    "created_at" BIGINT NOT NULL,

    PRIMARY KEY ("instance_id", "seq")
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

    PRIMARY KEY ("instance_id", "activity_id")
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

    PRIMARY KEY ("instance_id", "seq")
);

-- CreateTable
CREATE TABLE "channels" (
    "name" TEXT NOT NULL PRIMARY KEY,
    "mode" TEXT,
    "next_seq" BIGINT NOT NULL,
    "shapes" TEXT
);

-- CreateTable
CREATE TABLE "channel_messages" (
    "channel" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,
    "id" TEXT NOT NULL,
    "data" TEXT,
    "data_binary" BLOB,
    "metadata" TEXT NOT NULL,
    "target_instance_id" TEXT,
    "is_event" BOOLEAN NOT NULL DEFAULT false,
    "published_at" BIGINT NOT NULL,

    PRIMARY KEY ("channel", "seq")
);

-- CreateTable
CREATE TABLE "channel_subscriptions" (
    "instance_id" TEXT NOT NULL,
    "channel" TEXT NOT NULL,
    "match_key" TEXT NOT NULL,
    "mode" TEXT NOT NULL,
    "cursor_seq" BIGINT NOT NULL,

    PRIMARY KEY ("instance_id", "channel", "match_key")
);

-- CreateTable
CREATE TABLE "outbox_events" (
    "seq" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "data" TEXT,
    "data_binary" BLOB,
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
    "published_at" BIGINT
);

-- CreateTable
CREATE TABLE "inbox_events" (
    "seq" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "source" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "data" TEXT NOT NULL,
    "routed_to" TEXT,
    "received_at" BIGINT NOT NULL
);

-- CreateTable
CREATE TABLE "system_locks" (
    "name" TEXT NOT NULL PRIMARY KEY,
    "holder" TEXT NOT NULL,
    "term" BIGINT NOT NULL,
    "lease_until" BIGINT NOT NULL
);

-- CreateTable
CREATE TABLE "workers" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "service" TEXT NOT NULL,
    "host" TEXT NOT NULL,
    "pid" INTEGER NOT NULL,
    "info" TEXT NOT NULL,
    "started_at" BIGINT NOT NULL,
    "heartbeat_at" BIGINT NOT NULL
);

-- CreateTable
CREATE TABLE "schedules" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "workflow_name" TEXT NOT NULL,
    "input" TEXT NOT NULL,
    "spec" TEXT NOT NULL,
    "paused" BOOLEAN NOT NULL DEFAULT false,
    "next_at" BIGINT,
    "last_at" BIGINT,
    "created_at" BIGINT NOT NULL
);

-- CreateTable
CREATE TABLE "audit_log" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "at" BIGINT NOT NULL,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "reason" TEXT,
    "before_state" TEXT,
    "after_state" TEXT,
    "request_id" TEXT
);

-- CreateTable
CREATE TABLE "api_tokens" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "expires_at" BIGINT,
    "created_at" BIGINT NOT NULL,
    "last_used_at" BIGINT,
    "revoked_at" BIGINT
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

-- from prisma/extra/sqlite.sql
-- Finished rows cost the hot indexes nothing.
CREATE INDEX "workflow_instances_wake_at" ON "workflow_instances"("wake_at") WHERE "wake_at" IS NOT NULL;
-- Not of "wake_at" itself, lest a planner takes the index above for it: behind a flood of one workflow that would be a walk through the flood.
CREATE INDEX "workflow_instances_workflow_wake_at" ON "workflow_instances"("workflow_name", COALESCE("wake_at", 9223372036854775807))
  WHERE "status" NOT IN ('completed', 'failed', 'cancelled', 'recurred', 'suspended');
CREATE INDEX "workflow_instances_lease_owner" ON "workflow_instances"("lease_owner") WHERE "lease_owner" IS NOT NULL;
CREATE INDEX "workflow_instances_parent_id" ON "workflow_instances"("parent_id") WHERE "parent_id" IS NOT NULL;
CREATE INDEX "workflow_instances_cancel" ON "workflow_instances"("lease_owner") WHERE "cancel_requested_at" IS NOT NULL AND "cancel_seen" = 0;
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

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

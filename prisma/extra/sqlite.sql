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

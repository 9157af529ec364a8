-- MySQL has no partial indexes; NULLs sit at one end of the B-tree and are never scanned by these range queries.
CREATE INDEX `workflow_instances_wake_at` ON `workflow_instances`(`wake_at`);
CREATE INDEX `workflow_instances_workflow_wake_at` ON `workflow_instances`(`workflow_name`, `wake_at`);
CREATE INDEX `workflow_instances_lease_owner` ON `workflow_instances`(`lease_owner`);
CREATE INDEX `workflow_instances_parent_id` ON `workflow_instances`(`parent_id`);
CREATE INDEX `workflow_waits_hit` ON `workflow_waits`(`hit_seq`);
CREATE INDEX `outbox_events_due` ON `outbox_events`(`next_attempt_at`);
CREATE INDEX `outbox_events_partition` ON `outbox_events`(`partition_key`, `seq`);
-- Retention, rates and what needs a person.
CREATE INDEX `workflow_instances_completed_at` ON `workflow_instances`(`completed_at`);
CREATE INDEX `workflow_instances_compensation_failed` ON `workflow_instances`(`compensation_state`);
CREATE INDEX `workflow_instances_forked_from` ON `workflow_instances`(`forked_from`);
CREATE INDEX `outbox_events_published_at` ON `outbox_events`(`published_at`);

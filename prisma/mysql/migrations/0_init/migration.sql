-- CreateTable
CREATE TABLE `workflow_definitions` (
    `name` VARCHAR(150) NOT NULL,
    `source_hash` VARCHAR(64) NOT NULL,
    `source` LONGTEXT NOT NULL,
    `input_schema` LONGTEXT NULL,
    `output_schema` LONGTEXT NULL,
    `description` LONGTEXT NULL,
    `version` INTEGER NULL,
    `event_type` VARCHAR(191) NULL,
    `created_at` BIGINT NOT NULL,
    PRIMARY KEY (`name`, `source_hash`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- CreateTable
CREATE TABLE `workflow_instances` (
    `id` VARCHAR(191) NOT NULL,
    `workflow_name` VARCHAR(150) NOT NULL,
    `source_hash` VARCHAR(64) NOT NULL,
    `owner_service` VARCHAR(150) NOT NULL,
    `version` INTEGER NULL,
    `status` VARCHAR(24) NOT NULL,
    `input` LONGTEXT NOT NULL,
    `output` LONGTEXT NULL,
    `error` LONGTEXT NULL,
    `epoch` INTEGER NOT NULL,
    `next_seq` INTEGER NOT NULL,
    `lease_owner` VARCHAR(191) NULL,
    `lease_until` BIGINT NULL,
    `lease_ms` INTEGER NOT NULL,
    `wake_at` BIGINT NULL,
    `pending` LONGTEXT NULL,
    `chain_id` VARCHAR(191) NOT NULL,
    `continued_from` VARCHAR(191) NULL,
    `parent_id` VARCHAR(191) NULL,
    `parent_close_policy` VARCHAR(16) NULL,
    `forked_from` VARCHAR(191) NULL,
    `origin_id` VARCHAR(191) NULL,
    `origin_started_at` BIGINT NULL,
    `cancel_requested_at` BIGINT NULL,
    `cancel_requested_by` VARCHAR(191) NULL,
    `cancel_reason` TEXT NULL,
    `cancel_seen` BOOLEAN NOT NULL DEFAULT false,
    `compensation_state` VARCHAR(16) NOT NULL DEFAULT 'none',
    `suspend_reason` LONGTEXT NULL,
    `tags` LONGTEXT NULL,
    `state` LONGTEXT NULL,
    `takeovers` INTEGER NOT NULL DEFAULT 0,
    `deadline_at` BIGINT NULL,
    `retention_ms` BIGINT NULL,
    `started_at` BIGINT NOT NULL,
    `updated_at` BIGINT NOT NULL,
    `completed_at` BIGINT NULL,
    INDEX `workflow_instances_started_at_id_idx`(`started_at` DESC, `id` DESC),
    INDEX `workflow_instances_status_started_at_id_idx`(`status`, `started_at` DESC, `id` DESC),
    INDEX `workflow_instances_workflow_name_started_at_id_idx`(`workflow_name`, `started_at` DESC, `id` DESC),
    INDEX `workflow_instances_chain_id_idx`(`chain_id`),
    PRIMARY KEY (`id`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- CreateTable
CREATE TABLE `workflow_history` (
    `instance_id` VARCHAR(191) NOT NULL,
    `seq` INTEGER NOT NULL,
    `activity_id` VARCHAR(255) NOT NULL,
    `type` VARCHAR(32) NOT NULL,
    `data` LONGTEXT NOT NULL,
    `data_binary` LONGBLOB NULL,
    `epoch` INTEGER NOT NULL,
    `created_at` BIGINT NOT NULL,
    PRIMARY KEY (`instance_id`, `seq`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- CreateTable
CREATE TABLE `workflow_waits` (
    `instance_id` VARCHAR(191) NOT NULL,
    `activity_id` VARCHAR(255) NOT NULL,
    `kind` VARCHAR(8) NOT NULL,
    `channel` VARCHAR(350) NOT NULL,
    `match_key` VARCHAR(24) NOT NULL,
    `match_where` LONGTEXT NULL,
    `cursor_seq` BIGINT NOT NULL,
    `hit_seq` BIGINT NULL,
    INDEX `workflow_waits_channel_match_key_idx`(`channel`, `match_key`),
    PRIMARY KEY (`instance_id`, `activity_id`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- CreateTable
CREATE TABLE `workflow_compensations` (
    `instance_id` VARCHAR(191) NOT NULL,
    `seq` INTEGER NOT NULL,
    `name` VARCHAR(150) NOT NULL,
    `args` LONGTEXT NOT NULL,
    `activity_id` VARCHAR(255) NULL,
    `state` VARCHAR(16) NOT NULL,
    `attempts` INTEGER NOT NULL DEFAULT 0,
    `last_error` LONGTEXT NULL,
    `next_attempt_at` BIGINT NULL,
    `executed_at` BIGINT NULL,
    PRIMARY KEY (`instance_id`, `seq`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- CreateTable
CREATE TABLE `channels` (
    `name` VARCHAR(350) NOT NULL,
    `mode` VARCHAR(16) NULL,
    `next_seq` BIGINT NOT NULL,
    `shapes` LONGTEXT NULL,
    PRIMARY KEY (`name`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- CreateTable
CREATE TABLE `channel_messages` (
    `channel` VARCHAR(350) NOT NULL,
    `seq` BIGINT NOT NULL,
    `id` VARCHAR(250) NOT NULL,
    `data` LONGTEXT NULL,
    `data_binary` LONGBLOB NULL,
    `metadata` LONGTEXT NOT NULL,
    `target_instance_id` VARCHAR(191) NULL,
    `is_event` BOOLEAN NOT NULL DEFAULT false,
    `published_at` BIGINT NOT NULL,
    INDEX `channel_messages_published_at_idx`(`published_at`),
    PRIMARY KEY (`channel`, `seq`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- CreateTable
CREATE TABLE `channel_subscriptions` (
    `instance_id` VARCHAR(191) NOT NULL,
    `channel` VARCHAR(350) NOT NULL,
    `match_key` VARCHAR(24) NOT NULL,
    `mode` VARCHAR(16) NOT NULL,
    `cursor_seq` BIGINT NOT NULL,
    INDEX `channel_subscriptions_channel_idx`(`channel`),
    PRIMARY KEY (`instance_id`, `channel`, `match_key`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- CreateTable
CREATE TABLE `outbox_events` (
    `seq` BIGINT NOT NULL AUTO_INCREMENT,
    `id` VARCHAR(191) NOT NULL,
    `type` VARCHAR(255) NOT NULL,
    `source` VARCHAR(512) NOT NULL,
    `data` LONGTEXT NULL,
    `data_binary` LONGBLOB NULL,
    `content_type` VARCHAR(191) NOT NULL,
    `subject` TEXT NULL,
    `extensions` LONGTEXT NULL,
    `partition_key` VARCHAR(191) NULL,
    `instance_id` VARCHAR(191) NULL,
    `status` VARCHAR(16) NOT NULL,
    `attempts` INTEGER NOT NULL DEFAULT 0,
    `next_attempt_at` BIGINT NULL,
    `lease_token` VARCHAR(64) NULL,
    `last_error` LONGTEXT NULL,
    `created_at` BIGINT NOT NULL,
    `published_at` BIGINT NULL,
    UNIQUE INDEX `outbox_events_id_key`(`id`),
    INDEX `outbox_events_status_seq_idx`(`status`, `seq`),
    INDEX `outbox_events_instance_id_idx`(`instance_id`),
    PRIMARY KEY (`seq`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- CreateTable
CREATE TABLE `inbox_events` (
    `seq` BIGINT NOT NULL AUTO_INCREMENT,
    `source` VARCHAR(500) NOT NULL,
    `id` VARCHAR(250) NOT NULL,
    `type` VARCHAR(255) NOT NULL,
    `data` LONGTEXT NOT NULL,
    `routed_to` LONGTEXT NULL,
    `received_at` BIGINT NOT NULL,
    INDEX `inbox_events_received_at_idx`(`received_at`),
    UNIQUE INDEX `inbox_events_source_id_key`(`source`, `id`),
    PRIMARY KEY (`seq`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- CreateTable
CREATE TABLE `system_locks` (
    `name` VARCHAR(150) NOT NULL,
    `holder` VARCHAR(191) NOT NULL,
    `term` BIGINT NOT NULL,
    `lease_until` BIGINT NOT NULL,
    PRIMARY KEY (`name`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- CreateTable
CREATE TABLE `workers` (
    `id` VARCHAR(191) NOT NULL,
    `service` VARCHAR(150) NOT NULL,
    `host` VARCHAR(255) NOT NULL,
    `pid` INTEGER NOT NULL,
    `info` LONGTEXT NOT NULL,
    `started_at` BIGINT NOT NULL,
    `heartbeat_at` BIGINT NOT NULL,
    PRIMARY KEY (`id`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- CreateTable
CREATE TABLE `schedules` (
    `id` VARCHAR(191) NOT NULL,
    `workflow_name` VARCHAR(150) NOT NULL,
    `input` LONGTEXT NOT NULL,
    `spec` TEXT NOT NULL,
    `paused` BOOLEAN NOT NULL DEFAULT false,
    `next_at` BIGINT NULL,
    `last_at` BIGINT NULL,
    `created_at` BIGINT NOT NULL,
    PRIMARY KEY (`id`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- CreateTable
CREATE TABLE `audit_log` (
    `id` BIGINT NOT NULL AUTO_INCREMENT,
    `at` BIGINT NOT NULL,
    `actor` VARCHAR(191) NOT NULL,
    `action` VARCHAR(64) NOT NULL,
    `target` VARCHAR(350) NOT NULL,
    `reason` TEXT NULL,
    `before_state` LONGTEXT NULL,
    `after_state` LONGTEXT NULL,
    `request_id` VARCHAR(64) NULL,
    INDEX `audit_log_target_idx`(`target`),
    PRIMARY KEY (`id`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- CreateTable
CREATE TABLE `api_tokens` (
    `id` VARCHAR(64) NOT NULL,
    `name` VARCHAR(191) NOT NULL,
    `hash` VARCHAR(64) NOT NULL,
    `role` VARCHAR(16) NOT NULL,
    `expires_at` BIGINT NULL,
    `created_at` BIGINT NOT NULL,
    `last_used_at` BIGINT NULL,
    `revoked_at` BIGINT NULL,
    UNIQUE INDEX `api_tokens_hash_key`(`hash`),
    PRIMARY KEY (`id`)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- from prisma/extra/mysql.sql
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

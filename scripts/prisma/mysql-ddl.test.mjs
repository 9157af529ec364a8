import { expect, test } from 'vitest'
import { diffMysql } from './mysql-ddl.mjs'

const schema = (models) => `datasource db {\n  provider = "mysql"\n}\n${models}`

const shop = schema(`
enum Status {
  open
  closed
}
model Order {
  id     String   @id @db.VarChar(40)
  status Status   @default(open)
  note   String   @default("it's") @db.LongText
  at     DateTime @default(now()) @db.DateTime(6)
  lines  Line[]
  @@index([status, at(sort: Desc)])
  @@map("orders")
}
model Line {
  orderId String @map("order_id") @db.VarChar(40)
  seq     Int    @db.UnsignedInt
  sku     String
  order   Order  @relation(fields: [orderId], references: [id], onDelete: Cascade)
  @@id([orderId, seq])
  @@unique([sku])
  @@map("order_lines")
}`)

test('a fresh database: tables with keys and indexes, then foreign keys', () => {
  expect(diffMysql('', shop)).toMatchInlineSnapshot(`
    "-- CreateTable
    CREATE TABLE \`orders\` (
        \`id\` VARCHAR(40) NOT NULL,
        \`status\` ENUM('open', 'closed') NOT NULL DEFAULT 'open',
        \`note\` LONGTEXT NOT NULL DEFAULT ('it''s'),
        \`at\` DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
        INDEX \`orders_status_at_idx\`(\`status\`, \`at\` DESC),
        PRIMARY KEY (\`id\`)
    ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

    -- CreateTable
    CREATE TABLE \`order_lines\` (
        \`order_id\` VARCHAR(40) NOT NULL,
        \`seq\` INT UNSIGNED NOT NULL,
        \`sku\` VARCHAR(191) NOT NULL,
        UNIQUE INDEX \`order_lines_sku_key\`(\`sku\`),
        PRIMARY KEY (\`order_id\`, \`seq\`)
    ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

    -- AddForeignKey
    ALTER TABLE \`order_lines\` ADD CONSTRAINT \`order_lines_order_id_fkey\` FOREIGN KEY (\`order_id\`) REFERENCES \`orders\`(\`id\`) ON DELETE CASCADE ON UPDATE CASCADE;
    "
  `)
})

test('nothing changes where nothing changed', () => {
  expect(diffMysql(shop, shop)).toBe('')
})

test('columns and indexes that come, change and go', () => {
  const changed = shop
    .replace('note   String   @default("it\'s") @db.LongText', 'total  Int      @default(0)')
    .replace('sku     String', 'sku     String? @db.VarChar(20)')
    .replace('@@index([status, at(sort: Desc)])', '@@index([at])')
  expect(diffMysql(shop, changed)).toMatchInlineSnapshot(`
    "-- DropConstraints
    ALTER TABLE \`orders\` DROP INDEX \`orders_status_at_idx\`;

    -- AlterTable
    ALTER TABLE \`orders\` ADD COLUMN \`total\` INTEGER NOT NULL DEFAULT 0,
        DROP COLUMN \`note\`;

    -- AlterTable
    ALTER TABLE \`order_lines\` MODIFY \`sku\` VARCHAR(20) NULL;

    -- CreateIndex
    ALTER TABLE \`orders\` ADD INDEX \`orders_at_idx\`(\`at\`);
    "
  `)
})

test('tables that come and go', () => {
  const other = schema('model Other {\n  id Int @id @default(autoincrement())\n}')
  expect(diffMysql(shop, other)).toMatchInlineSnapshot(`
    "-- CreateTable
    CREATE TABLE \`Other\` (
        \`id\` INTEGER NOT NULL AUTO_INCREMENT,
        PRIMARY KEY (\`id\`)
    ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

    -- DropForeignKey
    ALTER TABLE \`order_lines\` DROP FOREIGN KEY \`order_lines_order_id_fkey\`;

    -- DropTable
    DROP TABLE \`orders\`;

    -- DropTable
    DROP TABLE \`order_lines\`;
    "
  `)
})

test('names are cut where Prisma cuts them', () => {
  const long = schema(
    `model Thing {\n  id Int @id\n  ${'x'.repeat(70)} Int @map("${'y'.repeat(60)}")\n  @@index([${'x'.repeat(70)}])\n}`,
  )
  expect(diffMysql('', long)).toContain(`INDEX \`Thing_${'y'.repeat(54)}_idx\``)
})

test('a changed primary key is refused', () => {
  const changed = shop.replace('@@id([orderId, seq])', '@@id([seq, orderId])')
  expect(() => diffMysql(shop, changed)).toThrow('order_lines: write a change of the primary key by hand')
})

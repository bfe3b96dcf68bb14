BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
) STRICT;
INSERT INTO "_sqlite_migrations" VALUES(1,'valet','0001_fleet','2026-11-30 19:58:16.835828+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'valet','0001_standstills','2026-11-30 19:58:16.836015+00:00');
INSERT INTO "_sqlite_migrations" VALUES(3,'valet','0001_agents','2026-11-30 19:58:16.836240+00:00');
INSERT INTO "_sqlite_migrations" VALUES(4,'valet','0001_minutes','2026-11-30 19:58:16.836548+00:00');
INSERT INTO "_sqlite_migrations" VALUES(5,'valet','0001_rollups','2026-11-30 19:58:16.836776+00:00');
INSERT INTO "_sqlite_migrations" VALUES(6,'valet','0001_claims','2026-11-30 19:58:16.837190+00:00');
INSERT INTO "_sqlite_migrations" VALUES(7,'valet','0001_bookings','2026-11-30 19:58:16.837691+00:00');
INSERT INTO "_sqlite_migrations" VALUES(8,'valet','0001_calendars','2026-11-30 19:58:16.837876+00:00');
INSERT INTO "_sqlite_migrations" VALUES(9,'valet','0001_drains','2026-11-30 19:58:16.838064+00:00');
INSERT INTO "_sqlite_migrations" VALUES(10,'valet','0001_handovers','2026-11-30 19:58:16.838270+00:00');
INSERT INTO "_sqlite_migrations" VALUES(11,'valet','0001_reminders','2026-11-30 19:58:16.838437+00:00');
INSERT INTO "_sqlite_migrations" VALUES(12,'valet','0001_questions','2026-11-30 19:58:16.838709+00:00');
INSERT INTO "_sqlite_migrations" VALUES(13,'valet','0001_squats','2026-11-30 19:58:16.839018+00:00');
INSERT INTO "_sqlite_migrations" VALUES(14,'valet','0001_line','2026-11-30 19:58:16.839798+00:00');
INSERT INTO "_sqlite_migrations" VALUES(15,'valet','0001_requests','2026-11-30 19:58:16.839972+00:00');
INSERT INTO "_sqlite_migrations" VALUES(16,'valet','0001_grants','2026-11-30 19:58:16.840217+00:00');
INSERT INTO "_sqlite_migrations" VALUES(17,'valet','0001_runs','2026-11-30 19:58:16.840458+00:00');
INSERT INTO "_sqlite_migrations" VALUES(18,'valet','0001_actions','2026-11-30 19:58:16.840928+00:00');
INSERT INTO "_sqlite_migrations" VALUES(19,'valet','0001_consents','2026-11-30 19:58:16.841146+00:00');
INSERT INTO "_sqlite_migrations" VALUES(20,'valet','0001_batches','2026-11-30 19:58:16.841351+00:00');
INSERT INTO "_sqlite_migrations" VALUES(21,'valet','0001_images','2026-11-30 19:58:16.841544+00:00');
INSERT INTO "_sqlite_migrations" VALUES(22,'valet','0001_audit','2026-11-30 19:58:16.841848+00:00');
INSERT INTO "_sqlite_migrations" VALUES(23,'valet','0001_backups','2026-11-30 19:58:16.842005+00:00');
INSERT INTO "_sqlite_migrations" VALUES(24,'valet','0001_heartbeat','2026-11-30 19:58:16.842138+00:00');
INSERT INTO "_sqlite_migrations" VALUES(25,'valet','0001_outbox','2026-11-30 19:58:16.842659+00:00');
INSERT INTO "_sqlite_migrations" VALUES(26,'valet','0001_ledger','2026-11-30 19:58:16.843322+00:00');
INSERT INTO "_sqlite_migrations" VALUES(27,'valet','0001_prices','2026-11-30 19:58:16.843645+00:00');
INSERT INTO "_sqlite_migrations" VALUES(28,'valet','0001_scores','2026-11-30 19:58:16.843812+00:00');
INSERT INTO "_sqlite_migrations" VALUES(29,'valet','0001_opinions','2026-11-30 19:58:16.843983+00:00');
INSERT INTO "_sqlite_migrations" VALUES(30,'valet','0001_weeklies','2026-11-30 19:58:16.844146+00:00');
INSERT INTO "_sqlite_migrations" VALUES(31,'valet','0001_savings','2026-11-30 19:58:16.844523+00:00');
INSERT INTO "_sqlite_migrations" VALUES(32,'valet','0001_saved','2026-11-30 19:58:16.844824+00:00');
INSERT INTO "_sqlite_migrations" VALUES(33,'valet','0001_budgets','2026-11-30 19:58:16.845034+00:00');
INSERT INTO "_sqlite_migrations" VALUES(34,'valet','0001_parkings','2026-11-30 19:58:16.845369+00:00');
INSERT INTO "_sqlite_migrations" VALUES(35,'valet','0001_hours_wishes','2026-11-30 19:58:16.845601+00:00');
INSERT INTO "_sqlite_migrations" VALUES(36,'valet','0001_snoozes','2026-11-30 19:58:16.845772+00:00');
INSERT INTO "_sqlite_migrations" VALUES(37,'valet','0001_spend','2026-11-30 19:58:16.845971+00:00');
INSERT INTO "_sqlite_migrations" VALUES(38,'valet','0001_observations','2026-11-30 19:58:16.846184+00:00');
INSERT INTO "_sqlite_migrations" VALUES(39,'valet','0001_bill','2026-11-30 19:58:16.846605+00:00');
INSERT INTO "_sqlite_migrations" VALUES(40,'valet','0002_power_of_trails','2026-11-30 21:56:51.883810+00:00');
INSERT INTO "_sqlite_migrations" VALUES(41,'valet','0002_shapes','2026-11-30 21:56:51.885753+00:00');
INSERT INTO "_sqlite_migrations" VALUES(42,'valet','0002_source_reads','2026-11-30 21:56:51.885986+00:00');
INSERT INTO "_sqlite_migrations" VALUES(43,'valet','0002_names','2026-11-30 21:56:51.887930+00:00');
INSERT INTO "_sqlite_migrations" VALUES(44,'valet','0002_hosts','2026-11-30 21:56:51.888143+00:00');
INSERT INTO "_sqlite_migrations" VALUES(45,'valet','0002_step_hashes','2026-11-30 21:56:51.888321+00:00');
INSERT INTO "_sqlite_migrations" VALUES(46,'valet','0002_others','2026-11-30 21:56:51.888571+00:00');
INSERT INTO "_sqlite_migrations" VALUES(47,'valet','0002_private_addresses','2026-11-30 21:56:51.889581+00:00');
INSERT INTO "_sqlite_migrations" VALUES(48,'valet','0002_idle_machines','2026-11-30 21:56:51.890594+00:00');
INSERT INTO "_sqlite_migrations" VALUES(49,'valet','0002_budgets_told','2026-11-30 21:56:51.890899+00:00');
INSERT INTO "_sqlite_migrations" VALUES(50,'valet','0002_people_names','2026-11-30 21:56:51.891107+00:00');
INSERT INTO "_sqlite_migrations" VALUES(51,'valet','0002_clarifications','2026-11-30 21:56:51.891359+00:00');
INSERT INTO "_sqlite_migrations" VALUES(52,'valet','0002_extensions','2026-11-30 21:56:51.891549+00:00');
INSERT INTO "_sqlite_migrations" VALUES(53,'valet','0002_looks','2026-11-30 21:56:51.893510+00:00');
INSERT INTO "_sqlite_migrations" VALUES(54,'valet','0002_retirements','2026-11-30 21:56:51.893800+00:00');
INSERT INTO "_sqlite_migrations" VALUES(55,'valet','0002_given_names','2026-11-30 21:56:51.893979+00:00');
INSERT INTO "_sqlite_migrations" VALUES(56,'valet','0002_newcomers','2026-11-30 21:56:51.895046+00:00');
INSERT INTO "_sqlite_migrations" VALUES(57,'valet','0002_since_boot','2026-11-30 21:56:51.896929+00:00');
INSERT INTO "_sqlite_migrations" VALUES(58,'valet','0002_seen_at','2026-11-30 21:56:51.897962+00:00');
INSERT INTO "_sqlite_migrations" VALUES(59,'valet','0002_source_troubles','2026-11-30 21:56:51.898268+00:00');
INSERT INTO "_sqlite_migrations" VALUES(60,'valet','0002_why_parkings_settle','2026-11-30 21:56:51.899354+00:00');
INSERT INTO "_sqlite_migrations" VALUES(61,'valet','0002_shown_by_grants','2026-11-30 21:56:51.900422+00:00');
INSERT INTO "_sqlite_migrations" VALUES(62,'valet','0002_shown_by_handovers','2026-11-30 21:56:51.901462+00:00');
INSERT INTO "_sqlite_migrations" VALUES(63,'valet','0002_heard_runs','2026-11-30 21:56:51.902575+00:00');
INSERT INTO "_sqlite_migrations" VALUES(64,'valet','0002_machine_notices','2026-11-30 21:56:51.902888+00:00');
INSERT INTO "_sqlite_migrations" VALUES(65,'valet','0002_lookups_of_actions','2026-11-30 21:56:51.903183+00:00');
INSERT INTO "_sqlite_migrations" VALUES(66,'valet','0002_pruning','2026-11-30 21:56:51.903443+00:00');
CREATE TABLE actions (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('stop', 'start', 'launch', 'clone', 'resize')),
        instance_id TEXT REFERENCES instances (id),
        launched_at INTEGER,
        requester TEXT NOT NULL,
        team TEXT NOT NULL,
        reason TEXT NOT NULL,
        facts TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'executing', 'done', 'failed', 'unknown',
                                             'denied', 'expired', 'cancelled', 'aborted')),
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        decider TEXT NOT NULL DEFAULT '',
        decided_at INTEGER,
        break_glass TEXT NOT NULL DEFAULT '',
        executing_at INTEGER,
        called_at INTEGER,
        calls INTEGER NOT NULL DEFAULT 0,
        finished_at INTEGER,
        outcome TEXT NOT NULL DEFAULT '',
        length INTEGER,
        template TEXT NOT NULL DEFAULT '',
        made_id TEXT REFERENCES instances (id),
        image_id TEXT NOT NULL DEFAULT '',
        ordered_at INTEGER,
        arrived_at INTEGER,
        tries INTEGER NOT NULL DEFAULT 0,
        retry_at INTEGER,
        over_told_at INTEGER,
        batch TEXT NOT NULL DEFAULT '',
        CHECK (decider <> requester OR break_glass <> ''),
        CHECK ((kind = 'launch') = (instance_id IS NULL)),
        CHECK ((kind = 'launch') = (template <> '')),
        CHECK ((kind = 'stop') = (length IS NULL)),
        CHECK (kind = 'stop' OR batch = ''),
        CHECK (kind IN ('launch', 'clone', 'resize') OR made_id IS NULL),
        CHECK (kind IN ('stop', 'start') OR state <> 'done' OR made_id IS NOT NULL),
        CHECK (ordered_at IS NULL OR (kind IN ('clone', 'resize') AND image_id <> '')),
        CHECK (arrived_at IS NULL OR (kind = 'resize' AND made_id IS NOT NULL)),
        CHECK (calls = 0 OR executing_at IS NOT NULL),
        CHECK (retry_at IS NULL OR state = 'executing'),
        CHECK (state NOT IN ('approved', 'executing', 'done', 'denied') OR (decider <> '' AND decided_at IS NOT NULL))
    ) STRICT;
INSERT INTO "actions" VALUES('c0f04abf2bff4fb9b03be1ba16223f6c','stop','i-033545907c2b0b11f',1794646800000,'U0ADA0001','nlp','nobody needs it','{"name": "train-7", "type": "p4d.24xlarge", "region": "us-east-1", "verdict": "free", "verdict_since": 1795419900000, "evidence": "no process; all 8 GPUs quiet for 60 of the last 60 minutes, 0 % GPU at most in the last minute", "claim_ids": [], "holders": [], "claim_until": null, "booked_by": "", "booked_at": null, "kept_by": "", "kept_until": null, "kept_why": "", "rate_micros": 21957642, "rate_exact": true, "nvme_gb": 8000, "capacity_short": true, "keeping": {"disk_gib": 200, "kinds": ["gp3"], "disk_micros": 16000000, "addresses": 0, "address_micros": 0}, "zone": "us-east-1a", "source": "", "reboot": false, "owner": "", "budget_micros": null, "spent_micros": 0, "over": [], "rule": "", "parked_at": null, "approvals": 1, "even_active": false, "was_type": "", "was_rate_micros": null, "idle_after": null, "tags": {}, "waiting": 0, "exempt": "", "programs": []}','done',1795424400000,1795431600000,'U0BOB0001',1795424400000,'',1795424400000,1795424400000,1,1795424460000,'Stopped; seen so 60 s after the call.',NULL,'',NULL,'',NULL,NULL,0,NULL,NULL,'');
INSERT INTO "actions" VALUES('5684d05e0d8a177cb4e3a5b1e550af36','stop','i-033545907c2b0b11f',1794646800000,'U0ADA0001','nlp','nobody seems to use it','{"name": "train-7", "type": "p4d.24xlarge", "region": "us-east-1", "verdict": "free", "verdict_since": 1795419900000, "evidence": "no process; all 8 GPUs quiet for 60 of the last 60 minutes, 0 % GPU at most in the last minute", "claim_ids": ["4361b0b3ce6aa7aaae1e409db1b924f1"], "holders": ["U0CYC0001"], "claim_until": 1795453200000, "booked_by": "", "booked_at": null, "kept_by": "", "kept_until": null, "kept_why": "", "rate_micros": 21957642, "rate_exact": true, "nvme_gb": 8000, "capacity_short": true, "keeping": {"disk_gib": 200, "kinds": ["gp3"], "disk_micros": 16000000, "addresses": 0, "address_micros": 0}, "zone": "us-east-1a", "source": "", "reboot": false, "owner": "", "budget_micros": null, "spent_micros": 0, "over": [], "rule": "", "parked_at": null, "approvals": 1, "even_active": false, "was_type": "", "was_rate_micros": null, "idle_after": null, "tags": {}, "waiting": 0, "exempt": "", "programs": []}','done',1795424400000,1795433400000,'U0BOB0001',1795426260000,'',1795426260000,1795426260000,1,1795426320000,'Stopped; seen so 60 s after the call.',NULL,'',NULL,'',NULL,NULL,0,NULL,NULL,'');
CREATE TABLE audit (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL,
        who TEXT NOT NULL,
        did TEXT NOT NULL,
        subject TEXT NOT NULL,
        detail TEXT NOT NULL,
        before TEXT NOT NULL,
        after TEXT NOT NULL,
        hash TEXT NOT NULL CHECK (length(hash) = 64)
    ) STRICT;
INSERT INTO "audit" VALUES(1,1795424400000,'U0ADA0001','claimed','i-033545907c2b0b11f','','','','35f0d634def15fd282e05e5285ed0c7778b198ad77a81c43524c0caacba31b5d');
INSERT INTO "audit" VALUES(2,1795424400000,'U0BOB0001','booked','i-033545907c2b0b11f','','','','b242305f470f53a6f33bffb3dc164702d44bf10a7215d5b2bc35ba501e7382dc');
INSERT INTO "audit" VALUES(3,1795424400000,'U0CYC0001','joined the line','i-033545907c2b0b11f','','','','72a31040e182c93bccf95d983ed896e70049a6d1ff45c3fa19ad511abd0c149e');
CREATE TABLE backups (
        local_date TEXT PRIMARY KEY,
        made_at INTEGER NOT NULL,
        file TEXT NOT NULL,
        bytes INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
INSERT INTO "backups" VALUES('2026-11-23',1795424400000,'valet-2026-11-23.db',1048576);
CREATE TABLE batch_drafts (
        id TEXT PRIMARY KEY,
        requester TEXT NOT NULL,
        reason TEXT NOT NULL,
        instance_ids TEXT NOT NULL,
        made_at INTEGER NOT NULL
    ) STRICT;
INSERT INTO "batch_drafts" VALUES('491a4d65eb31d9cda4f36f3f314685a4','U0ADA0001','nobody is here tonight','["i-033545907c2b0b11f", "i-0de45d899f7c5bc8f"]',1795424400000);
CREATE TABLE batches (
        id TEXT PRIMARY KEY,
        team TEXT NOT NULL,
        requester TEXT NOT NULL,
        reason TEXT NOT NULL,
        created_at INTEGER NOT NULL
    ) STRICT;
INSERT INTO "batches" VALUES('e5d1fdc38163e49bddd7c1aac348218c','nlp','U0ADA0001','nobody is here tonight',1795424400000);
CREATE TABLE bill_lines (
        period TEXT NOT NULL,
        day TEXT NOT NULL,
        cut TEXT NOT NULL,
        account TEXT,
        service TEXT,
        team TEXT,
        type TEXT,
        instance TEXT,
        kind TEXT,
        billed_micros INTEGER NOT NULL,
        effective_micros INTEGER,
        list_micros INTEGER,
        running_ms INTEGER,
        look_id INTEGER NOT NULL REFERENCES bill_looks (id)
    ) STRICT;
INSERT INTO "bill_lines" VALUES('2026-10','2026-10-14','account service','111122223333','Amazon Elastic Compute Cloud - Compute',NULL,NULL,NULL,NULL,1762430891,1762430891,NULL,NULL,2);
INSERT INTO "bill_lines" VALUES('2026-10','2026-10-14','account service','111122223333','EC2 - Other',NULL,NULL,NULL,NULL,66328044,66328044,NULL,NULL,2);
INSERT INTO "bill_lines" VALUES('2026-10','2026-10-14','account service','111122223333','Tax',NULL,NULL,NULL,NULL,37901740,37901740,NULL,NULL,2);
CREATE TABLE bill_looks (
        id INTEGER PRIMARY KEY,
        source TEXT NOT NULL,
        place TEXT NOT NULL,
        looked_at INTEGER NOT NULL,
        as_of INTEGER,
        seal TEXT NOT NULL,
        notes TEXT NOT NULL,
        error TEXT NOT NULL
    ) STRICT;
INSERT INTO "bill_looks" VALUES(1,'Cost Explorer','account 111122223333',1795424400000,1795424400000,'','[]','');
INSERT INTO "bill_looks" VALUES(2,'Cost Explorer','account 111122223333',1795467600000,1795467600000,'','[]','');
CREATE TABLE bill_metered (
        number INTEGER NOT NULL,
        instance_id TEXT NOT NULL REFERENCES instances (id),
        team TEXT NOT NULL,
        micros INTEGER NOT NULL,
        running_ms INTEGER NOT NULL,
        unpriced_ms INTEGER NOT NULL,
        PRIMARY KEY (number, instance_id, team)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "bill_metered" VALUES(20740,'i-015d505c8bd5d3c02','vision',15090000,54000000,0);
INSERT INTO "bill_metered" VALUES(20740,'i-01bca534771651a07','nlp',825600000,54000000,0);
INSERT INTO "bill_metered" VALUES(20740,'i-01ecfd314da638bea','nlp',157389600,54000000,0);
CREATE TABLE bill_metered_until (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        charge_id INTEGER NOT NULL
    ) STRICT;
INSERT INTO "bill_metered_until" VALUES(1,10560);
CREATE TABLE bill_requests (
        day TEXT NOT NULL,
        source TEXT NOT NULL,
        count INTEGER NOT NULL,
        PRIMARY KEY (day, source)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "bill_requests" VALUES('2026-11-23','Cost Explorer',7);
INSERT INTO "bill_requests" VALUES('2026-11-24','Cost Explorer',1);
CREATE TABLE booked_gpus (
        slot_id TEXT NOT NULL REFERENCES slots (id),
        instance_id TEXT NOT NULL,
        gpu INTEGER NOT NULL,
        from_at INTEGER NOT NULL,
        until_at INTEGER NOT NULL,
        PRIMARY KEY (instance_id, gpu, from_at)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "booked_gpus" VALUES('1741351eb63dde4d5415dd5d8a44bb0a','i-033545907c2b0b11f',4,1795442400000,1795456800000);
INSERT INTO "booked_gpus" VALUES('1741351eb63dde4d5415dd5d8a44bb0a','i-033545907c2b0b11f',5,1795442400000,1795456800000);
INSERT INTO "booked_gpus" VALUES('1741351eb63dde4d5415dd5d8a44bb0a','i-033545907c2b0b11f',6,1795442400000,1795456800000);
CREATE TABLE bookings (
        id TEXT PRIMARY KEY,
        instance_id TEXT NOT NULL REFERENCES instances (id),
        holder TEXT NOT NULL,
        team TEXT NOT NULL,
        note TEXT NOT NULL,
        choice TEXT NOT NULL,
        zone TEXT NOT NULL,
        first_day TEXT NOT NULL,
        wall TEXT NOT NULL,
        length INTEGER NOT NULL CHECK (length > 0),
        last_day TEXT,
        made_at INTEGER NOT NULL,
        ended_at INTEGER,
        ended_by TEXT NOT NULL DEFAULT ''
    ) STRICT;
INSERT INTO "bookings" VALUES('5ab65b2d20b547249dc2b6c8a7121d78','i-033545907c2b0b11f','U0BOB0001','nlp','','{"count": 4, "indexes": []}','UTC','2026-11-23','14:00',14400000,NULL,1795424400000,NULL,'');
CREATE TABLE boots (
        host TEXT NOT NULL,
        boot_id TEXT NOT NULL,
        minute_zero INTEGER NOT NULL,
        quiet_from INTEGER NOT NULL,
        seen_at INTEGER NOT NULL, tick_zero INTEGER,
        PRIMARY KEY (host, boot_id)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "boots" VALUES('i-033545907c2b0b11f','boot',-60000000000,-60000000000,1795438800000,NULL);
CREATE TABLE budget_marks (
        scope TEXT NOT NULL,
        month TEXT NOT NULL,
        mark TEXT NOT NULL CHECK (mark IN ('forecast', 'warn', 'full')),
        at INTEGER NOT NULL,
        standing TEXT NOT NULL,
        PRIMARY KEY (scope, month, mark)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "budget_marks" VALUES('team:nlp','2026-11-01','forecast',1795510560000,'{"scope": {"kind": "team", "key": "nlp", "label": ""}, "month": "2026-11-01", "budget_micros": 5000000000, "spent_micros": 9683934083, "expected": {"micros": 23600721606, "lo_micros": 22058334371, "hi_micros": 24783073420, "lo95_micros": null, "hi95_micros": null, "spread_micros": null}, "chance_over": 1.0, "over_on": "2026-11-24", "asks": true, "warn_percent": 80, "timezone": "UTC"}');
INSERT INTO "budget_marks" VALUES('team:nlp','2026-11-01','full',1795510560000,'{"scope": {"kind": "team", "key": "nlp", "label": ""}, "month": "2026-11-01", "budget_micros": 5000000000, "spent_micros": 9683934083, "expected": {"micros": 23600721606, "lo_micros": 22058334371, "hi_micros": 24783073420, "lo95_micros": null, "hi95_micros": null, "spread_micros": null}, "chance_over": 1.0, "over_on": "2026-11-24", "asks": true, "warn_percent": 80, "timezone": "UTC"}');
INSERT INTO "budget_marks" VALUES('team:nlp','2026-11-01','warn',1795510560000,'{"scope": {"kind": "team", "key": "nlp", "label": ""}, "month": "2026-11-01", "budget_micros": 5000000000, "spent_micros": 9683934083, "expected": {"micros": 23600721606, "lo_micros": 22058334371, "hi_micros": 24783073420, "lo95_micros": null, "hi95_micros": null, "spread_micros": null}, "chance_over": 1.0, "over_on": "2026-11-24", "asks": true, "warn_percent": 80, "timezone": "UTC"}');
CREATE TABLE budgets_told (
        scope TEXT NOT NULL,
        month TEXT NOT NULL,
        micros INTEGER NOT NULL,
        mark TEXT NOT NULL CHECK (mark IN ('forecast', 'warn', 'full')),
        at INTEGER NOT NULL,
        standing TEXT NOT NULL,
        PRIMARY KEY (scope, month, micros, mark)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "budgets_told" VALUES('team:nlp','2026-11-01',5000000000,'forecast',1795510560000,'{"scope": {"kind": "team", "key": "nlp", "label": ""}, "month": "2026-11-01", "budget_micros": 5000000000, "spent_micros": 9683934083, "expected": {"micros": 23600721606, "lo_micros": 22058334371, "hi_micros": 24783073420, "lo95_micros": null, "hi95_micros": null, "spread_micros": null}, "chance_over": 1.0, "over_on": "2026-11-24", "asks": true, "warn_percent": 80, "timezone": "UTC"}');
INSERT INTO "budgets_told" VALUES('team:nlp','2026-11-01',5000000000,'full',1795510560000,'{"scope": {"kind": "team", "key": "nlp", "label": ""}, "month": "2026-11-01", "budget_micros": 5000000000, "spent_micros": 9683934083, "expected": {"micros": 23600721606, "lo_micros": 22058334371, "hi_micros": 24783073420, "lo95_micros": null, "hi95_micros": null, "spread_micros": null}, "chance_over": 1.0, "over_on": "2026-11-24", "asks": true, "warn_percent": 80, "timezone": "UTC"}');
INSERT INTO "budgets_told" VALUES('team:nlp','2026-11-01',5000000000,'warn',1795510560000,'{"scope": {"kind": "team", "key": "nlp", "label": ""}, "month": "2026-11-01", "budget_micros": 5000000000, "spent_micros": 9683934083, "expected": {"micros": 23600721606, "lo_micros": 22058334371, "hi_micros": 24783073420, "lo95_micros": null, "hi95_micros": null, "spread_micros": null}, "chance_over": 1.0, "over_on": "2026-11-24", "asks": true, "warn_percent": 80, "timezone": "UTC"}');
CREATE TABLE calendar_feeds (
        token_sha256 TEXT PRIMARY KEY,
        person TEXT NOT NULL,
        team TEXT NOT NULL,
        made_at INTEGER NOT NULL,
        UNIQUE (person, team)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "calendar_feeds" VALUES('3580b86bdddd678308622b2966fca97eb644b348f9b421933c03e8de42d1e623','U0BOB0001','vision',1795424400000);
CREATE TABLE charges (
        id INTEGER PRIMARY KEY,
        instance_id TEXT NOT NULL REFERENCES instances (id),
        from_at INTEGER NOT NULL,
        until_at INTEGER NOT NULL,
        running_ms INTEGER NOT NULL CHECK (running_ms BETWEEN 0 AND until_at - from_at),
        micros INTEGER NOT NULL,
        rate_micros INTEGER NOT NULL,
        team TEXT NOT NULL,
        corrects INTEGER REFERENCES charges (id),
        why TEXT NOT NULL DEFAULT '',
        exact INTEGER NOT NULL CHECK (exact IN (0, 1)), idle_ms INTEGER CHECK (idle_ms BETWEEN 0 AND running_ms),
        CHECK (until_at > from_at AND until_at <= from_at / 3600000 * 3600000 + 3600000),
        CHECK ((corrects IS NULL) = (why = '')),
        CHECK (corrects IS NULL OR running_ms = 0)
    ) STRICT;
INSERT INTO "charges" VALUES(1,'i-033545907c2b0b11f',1795424400000,1795428000000,3600000,21957642,21957642,'nlp',NULL,'',1,NULL);
INSERT INTO "charges" VALUES(2,'i-0de45d899f7c5bc8f',1795424400000,1795428000000,3600000,5672000,5672000,'vision',NULL,'',1,NULL);
INSERT INTO "charges" VALUES(3,'i-015d505c8bd5d3c02',1795424400000,1795428000000,3600000,1006000,1006000,'vision',NULL,'',1,NULL);
CREATE TABLE claimed_gpus (
        claim_id TEXT NOT NULL REFERENCES claims (id),
        instance_id TEXT NOT NULL,
        gpu INTEGER NOT NULL,
        PRIMARY KEY (instance_id, gpu)
    ) STRICT;
INSERT INTO "claimed_gpus" VALUES('93e93805906073eb71eaffe5a11541f7','i-033545907c2b0b11f',0);
INSERT INTO "claimed_gpus" VALUES('93e93805906073eb71eaffe5a11541f7','i-033545907c2b0b11f',1);
INSERT INTO "claimed_gpus" VALUES('93e93805906073eb71eaffe5a11541f7','i-033545907c2b0b11f',2);
CREATE TABLE claims (
        id TEXT PRIMARY KEY,
        instance_id TEXT NOT NULL REFERENCES instances (id),
        holder TEXT NOT NULL,
        team TEXT NOT NULL,
        note TEXT NOT NULL,
        gpus TEXT NOT NULL,
        from_at INTEGER NOT NULL,
        until_at INTEGER NOT NULL CHECK (until_at > from_at),
        ended_at INTEGER,
        end_reason TEXT,
        ended_by TEXT NOT NULL DEFAULT '',
        CHECK ((ended_at IS NULL) = (end_reason IS NULL))
    ) STRICT;
INSERT INTO "claims" VALUES('93e93805906073eb71eaffe5a11541f7','i-033545907c2b0b11f','U0ADA0001','nlp','','[0, 1, 2, 3]',1795424400000,1795460400000,NULL,NULL,'');
INSERT INTO "claims" VALUES('f1dcb9b6278b60779ae19c9551f84b33','dgx-1','U0ADA0001','nlp','','[0, 1, 2, 3, 4, 5, 6, 7]',1795424400000,1795431600000,NULL,NULL,'');
INSERT INTO "claims" VALUES('4361b0b3ce6aa7aaae1e409db1b924f1','i-033545907c2b0b11f','U0CYC0001','vision','evaluation','[0, 1, 2, 3, 4, 5, 6, 7]',1795424400000,1795453200000,NULL,NULL,'');
INSERT INTO "claims" VALUES('4c9c311c481395de5a34f2336cac36c0','i-033545907c2b0b11f','U0CYC0001','vision','evaluation','[0, 1, 2, 3, 4, 5, 6, 7]',1795424400000,1795453200000,1795424400000,'handed','U0CYC0001');
CREATE TABLE clarifications (
        id TEXT PRIMARY KEY,
        at INTEGER NOT NULL,
        person TEXT NOT NULL,
        command TEXT NOT NULL CHECK (command IN ('gpu', 'cost')),
        wordings TEXT NOT NULL
    ) STRICT;
INSERT INTO "clarifications" VALUES('c1',1795424400000,'U0ADA','gpu','["claim train-7 for 8h"]');
CREATE TABLE consents (
        id TEXT PRIMARY KEY,
        action_id TEXT NOT NULL REFERENCES actions (id),
        claim_id TEXT NOT NULL REFERENCES claims (id),
        holder TEXT NOT NULL,
        until_at INTEGER NOT NULL,
        asked_at INTEGER NOT NULL,
        deadline_at INTEGER NOT NULL CHECK (deadline_at > asked_at),
        answer TEXT NOT NULL DEFAULT '' CHECK (answer IN ('', 'agreed', 'needed', 'silent', 'ended', 'late')),
        answered_at INTEGER,
        UNIQUE (action_id, holder),
        CHECK ((answer = '') = (answered_at IS NULL))
    ) STRICT;
INSERT INTO "consents" VALUES('24df46897ea240f03105e02e9be52715','5684d05e0d8a177cb4e3a5b1e550af36','4361b0b3ce6aa7aaae1e409db1b924f1','U0CYC0001',1795453200000,1795424400000,1795426200000,'silent',1795426200000);
CREATE TABLE days (
        start INTEGER NOT NULL,
        host TEXT NOT NULL,
        gpus BLOB NOT NULL,
        PRIMARY KEY (start, host)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "days" VALUES(1795392000000,'dgx-1',X'00E8030000E803E8032003200358020400000001E8030000E803E8032003200358020400000002E8030000E803E8032003200358020400000003E8030000E803E8032003200358020400000004E8030000E803E8032003200358020400000005E8030000E803E80320032003580204000000060000E803E803E80300000000580204000000070000E803E803E80300000000580204000000');
INSERT INTO "days" VALUES(1795478400000,'dgx-1',X'0058020000580258022003200358020400000001580200005802580220032003580204000000025802000058025802200320035802040000000358020000580258022003200358020400000004580200005802580220032003580204000000055802000058025802200320035802040000000600005802580258020000000058020400000007000058025802580200000000580204000000');
CREATE TABLE days_looked_at (
        scope TEXT NOT NULL,
        day TEXT NOT NULL,
        told TEXT,
        PRIMARY KEY (scope, day)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "days_looked_at" VALUES('team:nlp','2026-11-20',NULL);
INSERT INTO "days_looked_at" VALUES('team:nlp','2026-11-21',NULL);
INSERT INTO "days_looked_at" VALUES('team:nlp','2026-11-22',NULL);
CREATE TABLE digests (
        channel TEXT NOT NULL,
        local_date TEXT NOT NULL,
        made_at INTEGER NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (channel, local_date)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "digests" VALUES('C0GPUS001','2026-11-23',1795424400000,'null');
INSERT INTO "digests" VALUES('C0MLPLAT1','2026-11-23',1795424400000,'null');
CREATE TABLE drains (
        id TEXT PRIMARY KEY,
        instance_id TEXT NOT NULL REFERENCES instances (id),
        who TEXT NOT NULL,
        since INTEGER NOT NULL,
        reason TEXT NOT NULL,
        ended_at INTEGER
    ) STRICT;
INSERT INTO "drains" VALUES('4626a48e9576a760cdd60916f66ddacd','dgx-1','U0BOB0001',1795424400000,'',1795424400000);
CREATE TABLE extensions (
        claim_id TEXT PRIMARY KEY REFERENCES claims (id),
        at INTEGER NOT NULL,
        length INTEGER NOT NULL
    ) STRICT;
INSERT INTO "extensions" VALUES('4361b0b3ce6aa7aaae1e409db1b924f1',1795424400000,7200000);
CREATE TABLE forecast_scores (
        scope TEXT NOT NULL,
        made_at INTEGER NOT NULL,
        horizon TEXT NOT NULL CHECK (horizon IN ('7d', '30d', '90d', 'month')),
        expected_micros INTEGER NOT NULL,
        lo80_micros INTEGER,
        hi80_micros INTEGER,
        lo95_micros INTEGER,
        hi95_micros INTEGER,
        spread_micros INTEGER,
        actual_micros INTEGER,
        PRIMARY KEY (scope, made_at, horizon)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "forecast_scores" VALUES('instance:i-015d505c8bd5d3c02',1795424400000,'7d',169008000,153560759,169008000,121801159,169008000,NULL,169008000);
INSERT INTO "forecast_scores" VALUES('instance:i-015d505c8bd5d3c02',1795424400000,'month',724320000,706459533,724320000,670562828,724320000,NULL,NULL);
INSERT INTO "forecast_scores" VALUES('instance:i-015d505c8bd5d3c02',1795510800000,'7d',169008000,153716558,169008000,122131385,169008000,NULL,169008000);
CREATE TABLE forecasts (
        scope TEXT NOT NULL,
        made_at INTEGER NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (scope, made_at)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "forecasts" VALUES('total:',1795431720000,'{"scope": {"kind": "total", "key": "", "label": ""}, "made_at": 1795431720000, "timezone": "UTC", "today": "2026-11-23", "charged_micros": 49542686587, "month": {"micros": 66483453547, "lo_micros": 63668948439, "hi_micros": 69397571030, "lo95_micros": 58146765225, "hi95_micros": 75222872817, "spread_micros": null}, "known_rest_micros": 3780111359, "variable_rest_micros": 13160655601, "next_days": [{"micros": 16043358212, "lo_micros": 13613264680, "hi_micros": 18425297336, "lo95_micros": 8734914526, "hi95_micros": 23170975442, "spread_micros": null}, {"micros": 67717534089, "lo_micros": 56192806486, "hi_micros": 85648256555, "lo95_micros": 38516530766, "hi95_micros": 122198158747, "spread_micros": null}, {"micros": 202519732029, "lo_micros": 94394116293, "hi_micros": 332960363567, "lo95_micros": 1349294551, "hi95_micros": 1103270220234, "spread_micros": null}], "trust": "fair", "days": [{"date": "2026-10-23", "charged_micros": 2217682768, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-10-24", "charged_micros": 1598031360, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-10-25", "charged_micros": 1598031360, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-10-26", "charged_micros": 2877005968, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-10-27", "charged_micros": 2877005968, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-10-28", "charged_micros": 1556457968, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-10-29", "charged_micros": 1555451968, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-10-30", "charged_micros": 1680361360, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-10-31", "charged_micros": 277071360, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-11-01", "charged_micros": 1598031360, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-11-02", "charged_micros": 1707509360, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-11-03", "charged_micros": 1624727968, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-11-04", "charged_micros": 1624727968, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-11-05", "charged_micros": 2945275968, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-11-06", "charged_micros": 2956341968, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-11-07", "charged_micros": 1753474560, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-11-08", "charged_micros": 1753474560, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-11-09", "charged_micros": 2304649968, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-11-10", "charged_micros": 2306867968, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-11-11", "charged_micros": 1644043168, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-11-12", "charged_micros": 1646467168, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-11-13", "charged_micros": 2980347168, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-11-14", "charged_micros": 1449696390, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-11-15", "charged_micros": 2309545968, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-11-16", "charged_micros": 2321617968, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-11-17", "charged_micros": 2347520968, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-11-18", "charged_micros": 2379359968, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-11-19", "charged_micros": 1709009168, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-11-20", "charged_micros": 2799907168, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-11-21", "charged_micros": 3026103168, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-11-22", "charged_micros": 3004692118, "expected_micros": null, "lo_micros": null, "hi_micros": null}, {"date": "2026-11-23", "charged_micros": 1349294551, "expected_micros": 2563138417, "lo_micros": null, "hi_micros": null}, {"date": "2026-11-24", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 1688627633, "hi_micros": 2793720213}, {"date": "2026-11-25", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 1688627633, "hi_micros": 2793720213}, {"date": "2026-11-26", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 1686067292, "hi_micros": 2827181617}, {"date": "2026-11-27", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 1681788721, "hi_micros": 2883098779}, {"date": "2026-11-28", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 1678292874, "hi_micros": 2928786426}, {"date": "2026-11-29", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 1675337178, "hi_micros": 2967414782}, {"date": "2026-11-30", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 1672776837, "hi_micros": 3000876186}, {"date": "2026-12-01", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 1670518457, "hi_micros": 3030391235}, {"date": "2026-12-02", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 1668498267, "hi_micros": 3056793347}, {"date": "2026-12-03", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 1666670782, "hi_micros": 3080676962}, {"date": "2026-12-04", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 1665002420, "hi_micros": 3102480995}, {"date": "2026-12-05", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 1663467675, "hi_micros": 3122538760}, {"date": "2026-12-06", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 1662046724, "hi_micros": 3141109350}, {"date": "2026-12-07", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 1660723849, "hi_micros": 3158398156}, {"date": "2026-12-08", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 1588598102, "hi_micros": 3233379306}, {"date": "2026-12-09", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 1520846377, "hi_micros": 3303813270}, {"date": "2026-12-10", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 1456968352, "hi_micros": 3370220178}, {"date": "2026-12-11", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 1396544923, "hi_micros": 3433035724}, {"date": "2026-12-12", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 1339221528, "hi_micros": 3492628509}, {"date": "2026-12-13", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 1284695533, "hi_micros": 3549313145}, {"date": "2026-12-14", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 1232706569, "hi_micros": 3603360313}, {"date": "2026-12-15", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 1183029004, "hi_micros": 3655004575}, {"date": "2026-12-16", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 1135466030, "hi_micros": 3704450530}, {"date": "2026-12-17", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 1089844953, "hi_micros": 3751877711}, {"date": "2026-12-18", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 1046013406, "hi_micros": 3797444515}, {"date": "2026-12-19", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 1003836279, "hi_micros": 3841291402}, {"date": "2026-12-20", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 963193211, "hi_micros": 3883543498}, {"date": "2026-12-21", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 923976514, "hi_micros": 3924312754}, {"date": "2026-12-22", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 886089455, "hi_micros": 3963699732}, {"date": "2026-12-23", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 849444822, "hi_micros": 4001795099}, {"date": "2026-12-24", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 813963708, "hi_micros": 4038680883}, {"date": "2026-12-25", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 779574497, "hi_micros": 4074431537}, {"date": "2026-12-26", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 746211983, "hi_micros": 4109114847}, {"date": "2026-12-27", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 713816637, "hi_micros": 4142792700}, {"date": "2026-12-28", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 682333958, "hi_micros": 4175521754}, {"date": "2026-12-29", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 651713927, "hi_micros": 4207354008}, {"date": "2026-12-30", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 621910529, "hi_micros": 4238337300}, {"date": "2026-12-31", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 592881333, "hi_micros": 4268515739}, {"date": "2027-01-01", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 564587134, "hi_micros": 4297930085}, {"date": "2027-01-02", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 536991628, "hi_micros": 4326618076}, {"date": "2027-01-03", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 510061139, "hi_micros": 4354614722}, {"date": "2027-01-04", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 483764368, "hi_micros": 4381952561}, {"date": "2027-01-05", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 458072175, "hi_micros": 4408661889}, {"date": "2027-01-06", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-01-07", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-01-08", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-01-09", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-01-10", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-01-11", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-01-12", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-01-13", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-01-14", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-01-15", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-01-16", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-01-17", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-01-18", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-01-19", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-01-20", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-01-21", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-01-22", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-01-23", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-01-24", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-01-25", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-01-26", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-01-27", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-01-28", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-01-29", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-01-30", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-01-31", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-02-01", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-02-02", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-02-03", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-02-04", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-02-05", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-02-06", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-02-07", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-02-08", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-02-09", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-02-10", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-02-11", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-02-12", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-02-13", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-02-14", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-02-15", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-02-16", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-02-17", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-02-18", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-02-19", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}, {"date": "2027-02-20", "charged_micros": null, "expected_micros": 2246703299, "lo_micros": 432957383, "hi_micros": 4434770956}], "budget_micros": 90000000000, "chance_over": 0.000742481663283244, "over_on": null, "drivers": [{"instance_id": "i-01bca534771651a07", "name": "train-3", "type": "p5.48xlarge", "micros_per_day": 1073377904, "how": "usual"}, {"instance_id": "i-092c2bab913e56c17", "name": "train-9", "type": "p4de.24xlarge", "micros_per_day": 639155982, "how": "usual"}, {"instance_id": "i-01ecfd314da638bea", "name": "llm-serve", "type": "g6e.12xlarge", "micros_per_day": 251823360, "how": "steady"}, {"instance_id": "i-0de45d899f7c5bc8f", "name": "nb-2", "type": "g5.12xlarge", "micros_per_day": 136128000, "how": "steady"}, {"instance_id": "i-03a63560cbdfabb59", "name": "render-1", "type": "g6e.xlarge", "micros_per_day": 44664000, "how": "steady"}], "changes": [{"instance_id": "i-033545907c2b0b11f", "name": "train-7", "why": "stopped", "date": "2026-11-23", "micros": -526983408, "once": false}], "uncounted": [], "notes": ["1 running instance has no known price, so this forecast leaves that out."], "unpriced": 1, "owned": 0, "by_team": [{"key": "nlp", "name": "nlp", "charged_micros": 36980390726, "month_micros": 47097769178, "next_micros": [9696262743, 40557155570, 121063832510], "count": 1}, {"key": "vision", "name": "vision", "charged_micros": 11600699229, "month_micros": 17714879369, "next_micros": [5688703469, 24338698519, 72990859519], "count": 1}, {"key": "platform", "name": "platform", "charged_micros": 838831099, "month_micros": 1365987000, "next_micros": [489384000, 2097360000, 6292080000], "count": 1}, {"key": "", "name": "", "charged_micros": 122765533, "month_micros": 304818000, "next_micros": [169008000, 724320000, 2172960000], "count": 1}], "by_machine": [{"key": "i-01bca534771651a07", "name": "train-3", "charged_micros": 21522474667, "month_micros": 29616042224, "next_micros": [7627464320, 32315156112, 96717830352], "count": 1}, {"key": "i-092c2bab913e56c17", "name": "train-9", "charged_micros": 8180135802, "month_micros": 12999549450, "next_micros": [4483090118, 19183677704, 57533036624], "count": 1}, {"key": "i-033545907c2b0b11f", "name": "train-7", "charged_micros": 9485701344, "month_micros": 9485701344, "next_micros": [197618778, 197618778, 197618778], "count": 1}, {"key": "i-01ecfd314da638bea", "name": "llm-serve", "charged_micros": 5655882715, "month_micros": 7554700800, "next_micros": [1762763520, 7554700800, 22664102400], "count": 1}, {"key": "i-0de45d899f7c5bc8f", "name": "nb-2", "charged_micros": 2870221067, "month_micros": 3896664000, "next_micros": [952896000, 4083840000, 12251520000], "count": 1}, {"key": "i-03a63560cbdfabb59", "name": "render-1", "charged_micros": 271768033, "month_micros": 608547000, "next_micros": [312648000, 1339920000, 4019760000], "count": 1}, {"key": "i-0f40389aae6a26145", "name": "label-1", "charged_micros": 329994827, "month_micros": 475636800, "next_micros": [135206400, 579456000, 1738368000], "count": 1}, {"key": "i-0403f34df637d37e5", "name": "eval-2", "charged_micros": 316332000, "month_micros": 441324810, "next_micros": [108416125, 489679880, 1484280980], "count": 1}, {"key": "i-062936528938d1a13", "name": "old-3", "charged_micros": 283531533, "month_micros": 378720000, "next_micros": [88368000, 378720000, 1136160000], "count": 1}, {"key": "i-073317a21239a872f", "name": "ci-gpu", "charged_micros": 283531533, "month_micros": 378720000, "next_micros": [88368000, 378720000, 1136160000], "count": 1}, {"key": "i-015d505c8bd5d3c02", "name": "nb-5", "charged_micros": 220347533, "month_micros": 343029119, "next_micros": [117510951, 491724815, 1467934895], "count": 1}, {"key": "i-05a9cb6b54ea56d52", "name": "scratch", "charged_micros": 122765533, "month_micros": 304818000, "next_micros": [169008000, 724320000, 2172960000], "count": 1}], "idle_nights": [{"instance_id": "i-0de45d899f7c5bc8f", "name": "nb-2", "nights": 1, "micros": 5672000}], "most_micros": null}');
CREATE TABLE former_gpus (
        claim_id TEXT NOT NULL REFERENCES claims (id),
        until_at INTEGER NOT NULL,
        gpus TEXT NOT NULL,
        PRIMARY KEY (claim_id, until_at)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "former_gpus" VALUES('93e93805906073eb71eaffe5a11541f7',1795424460000,'[0, 1]');
CREATE TABLE given_names (
        host TEXT PRIMARY KEY,
        name TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
INSERT INTO "given_names" VALUES('dgx-1','dgx-one');
CREATE TABLE gpus (
        host TEXT NOT NULL,
        gpu INTEGER NOT NULL,
        uuid TEXT NOT NULL,
        name TEXT NOT NULL,
        memory_mib INTEGER,
        last_minute_at INTEGER,
        last_active_at INTEGER,
        last_known_at INTEGER,
        quiet_since INTEGER,
        quiet_head INTEGER,
        quiet_bits BLOB NOT NULL DEFAULT x'',
        active_by TEXT NOT NULL DEFAULT '',
        floor TEXT NOT NULL DEFAULT '',
        floor_watts REAL,
        flat_since INTEGER,
        flat_until INTEGER,
        flat_util REAL,
        flat_memory_mib INTEGER,
        util_max REAL,
        watts REAL,
        memory_used_mib INTEGER,
        compute_processes INTEGER,
        process TEXT NOT NULL DEFAULT '',
        users TEXT NOT NULL DEFAULT '[]',
        error TEXT NOT NULL DEFAULT '', seen_until INTEGER, told_from INTEGER,
        PRIMARY KEY (host, gpu)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "gpus" VALUES('i-033545907c2b0b11f',0,'GPU-i-033545907c2b0b11f-0','NVIDIA A100-SXM4-80GB',81920,1795438740000,NULL,1795438740000,1795419900000,1795438740000,X'FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF','','[[[20780,60.0]],[],[60.0,60.0,60.0,60.0],false,1795438800000]',60.0,NULL,NULL,NULL,NULL,0.0,60.0,4,0,'','[]','',NULL,NULL);
INSERT INTO "gpus" VALUES('i-033545907c2b0b11f',1,'GPU-i-033545907c2b0b11f-1','NVIDIA A100-SXM4-80GB',81920,1795438740000,NULL,1795438740000,1795419900000,1795438740000,X'FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF','','[[[20780,60.0]],[],[60.0,60.0,60.0,60.0],false,1795438800000]',60.0,NULL,NULL,NULL,NULL,0.0,60.0,4,0,'','[]','',NULL,NULL);
INSERT INTO "gpus" VALUES('i-033545907c2b0b11f',2,'GPU-i-033545907c2b0b11f-2','NVIDIA A100-SXM4-80GB',81920,1795438740000,NULL,1795438740000,1795419900000,1795438740000,X'FFFFFFFFFFFFFFFFFFFFFFFFFFFFFF','','[[[20780,60.0]],[],[60.0,60.0,60.0,60.0],false,1795438800000]',60.0,NULL,NULL,NULL,NULL,0.0,60.0,4,0,'','[]','',NULL,NULL);
CREATE TABLE grants (
        id TEXT PRIMARY KEY,
        person TEXT NOT NULL,
        team TEXT NOT NULL,
        instance_id TEXT NOT NULL REFERENCES instances (id),
        choice TEXT NOT NULL,
        length INTEGER NOT NULL CHECK (length > 0),
        note TEXT NOT NULL,
        excess TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        state TEXT NOT NULL
            CHECK (state IN ('drafted', 'pending', 'approved', 'denied', 'expired', 'claimed', 'failed')),
        decider TEXT NOT NULL DEFAULT '' CHECK (decider <> person),
        decided_at INTEGER,
        outcome TEXT NOT NULL DEFAULT '',
        from_at INTEGER,
        weekly INTEGER NOT NULL DEFAULT 0 CHECK (weekly IN (0, 1)),
        last_day TEXT,
        handover_id TEXT NOT NULL DEFAULT ''
    , shown TEXT) STRICT;
INSERT INTO "grants" VALUES('93e14c8bd85a74e739ea2605bb991b5e','U0ADA0001','nlp','dgx-1','[4, []]',7200000,'eval','you would have 10 GPUs, the limit is 8',1795424400000,1795431600000,'claimed','U0BOB0001',1795424400000,'',1795532400000,0,NULL,'',NULL);
CREATE TABLE handovers (
        id TEXT PRIMARY KEY,
        claim_id TEXT NOT NULL REFERENCES claims (id),
        giver TEXT NOT NULL,
        taker TEXT NOT NULL CHECK (taker <> giver),
        made_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL CHECK (expires_at > made_at),
        state TEXT NOT NULL CHECK (state IN ('open', 'taken', 'declined', 'withdrawn', 'lapsed')),
        settled_at INTEGER, shown TEXT,
        CHECK ((state = 'open') = (settled_at IS NULL))
    ) STRICT;
INSERT INTO "handovers" VALUES('d90b74fe58c7bedb72ba827c43715399','4c9c311c481395de5a34f2336cac36c0','U0CYC0001','U0BOB0001',1795424400000,1795453200000,'taken',1795424400000,NULL);
CREATE TABLE heartbeat (id INTEGER PRIMARY KEY CHECK (id = 1), at INTEGER NOT NULL, since_boot INTEGER, boot TEXT NOT NULL DEFAULT '') STRICT;
INSERT INTO "heartbeat" VALUES(1,1795424400000,NULL,'');
CREATE TABLE hints (
        id TEXT PRIMARY KEY,
        at INTEGER NOT NULL,
        person TEXT NOT NULL,
        avoided TEXT NOT NULL,
        subject TEXT NOT NULL,
        better_id TEXT NOT NULL REFERENCES instances (id),
        count INTEGER NOT NULL,
        choice TEXT NOT NULL,
        length INTEGER,
        until INTEGER,
        note TEXT NOT NULL,
        micros_per_hour INTEGER
    ) STRICT;
INSERT INTO "hints" VALUES('29e6b1b62e2cb3d160ee5f5d9eb1032e',1795424400000,'U0ADA0001','claim','i-033545907c2b0b11f','dgx-1',2,'[2, []]',14400000,NULL,'fine-tune',21957642);
CREATE TABLE hosts (
        host TEXT PRIMARY KEY,
        reported_at INTEGER NOT NULL,
        gpus_seen INTEGER NOT NULL,
        agent_version TEXT NOT NULL,
        driver TEXT NOT NULL,
        error TEXT NOT NULL,
        fewer_since INTEGER
    ) STRICT, WITHOUT ROWID;
INSERT INTO "hosts" VALUES('dgx-1',1795424400000,8,'0.1.0','580.95.05','',NULL);
CREATE TABLE hours (
        start INTEGER NOT NULL,
        host TEXT NOT NULL,
        gpus BLOB NOT NULL,
        PRIMARY KEY (start, host)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "hours" VALUES(1795410000000,'dgx-1',X'0014000000140014002003200358020400000001140000001400140020032003580204000000021400000014001400200320035802040000000314000000140014002003200358020400000004140000001400140020032003580204000000051400000014001400200320035802040000000600001400140014000000000058020400000007000014001400140000000000580204000000');
INSERT INTO "hours" VALUES(1795413600000,'dgx-1',X'003C0000003C003C0020032003580204000000013C0000003C003C0020032003580204000000023C0000003C003C0020032003580204000000033C0000003C003C0020032003580204000000043C0000003C003C0020032003580204000000053C0000003C003C00200320035802040000000600003C003C003C00000000005802040000000700003C003C003C0000000000580204000000');
INSERT INTO "hours" VALUES(1795417200000,'dgx-1',X'003C0000003C003C0020032003580204000000013C0000003C003C0020032003580204000000023C0000003C003C0020032003580204000000033C0000003C003C0020032003580204000000043C0000003C003C0020032003580204000000053C0000003C003C00200320035802040000000600003C003C003C00000000005802040000000700003C003C003C0000000000580204000000');
CREATE TABLE hours_wishes (
        id TEXT PRIMARY KEY,
        instance_id TEXT NOT NULL REFERENCES instances (id),
        team TEXT NOT NULL,
        person TEXT NOT NULL,
        windows TEXT NOT NULL,
        stop_only INTEGER NOT NULL CHECK (stop_only IN (0, 1)),
        before TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('pending', 'set', 'denied', 'expired', 'failed')),
        decider TEXT NOT NULL DEFAULT '' CHECK (decider <> person),
        decided_at INTEGER,
        outcome TEXT NOT NULL DEFAULT ''
    ) STRICT;
INSERT INTO "hours_wishes" VALUES('c14379b135041b7b37f8be46f1306e07','i-033545907c2b0b11f','nlp','U0ADA0001','Mon-Fri 08:00-10:00',0,'as its team',1795424400000,1795431600000,'set','U0BOB0001',1795424400000,'');
CREATE TABLE image_keeps (
        image_id TEXT PRIMARY KEY,
        who TEXT NOT NULL,
        until_at INTEGER NOT NULL CHECK (until_at > made_at),
        made_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
INSERT INTO "image_keeps" VALUES('ami-0a25eccd8108fb6e6','U0ADA0001',1805879280000,1800695280000);
CREATE TABLE images (
        id TEXT PRIMARY KEY,
        source TEXT NOT NULL,
        name TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('pending', 'available', 'failed')),
        made_at INTEGER NOT NULL,
        size_gib INTEGER NOT NULL,
        "of" TEXT NOT NULL,
        owner TEXT NOT NULL,
        snapshots TEXT NOT NULL,
        launched_at INTEGER
    ) STRICT, WITHOUT ROWID;
INSERT INTO "images" VALUES('ami-0d17a52cbebf93d4c','ec2/111122223333/us-east-1','valet-e65107b8b444083e6f2ea6f5942b3a11','available',1795424400000,200,'train-7','U0ADA0001','["snap-0d17a52cbebf93d4c"]',1795424700000);
CREATE TABLE instances (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        provider TEXT NOT NULL CHECK (provider IN ('ec2', 'owned')),
        source TEXT NOT NULL,
        type TEXT NOT NULL,
        state TEXT NOT NULL,
        gpu_model TEXT NOT NULL,
        gpu_count INTEGER NOT NULL,
        gpu_memory_mib INTEGER NOT NULL,
        nvme_gb INTEGER NOT NULL,
        zone TEXT NOT NULL,
        launched_at INTEGER,
        stopped_at INTEGER,
        lifecycle TEXT NOT NULL,
        asg TEXT NOT NULL,
        stop_protected INTEGER NOT NULL CHECK (stop_protected IN (0, 1)),
        root_device TEXT NOT NULL,
        disks TEXT,
        addresses INTEGER,
        state_reason TEXT NOT NULL,
        tags TEXT NOT NULL,
        team TEXT NOT NULL,
        rate_micros INTEGER,
        rate_source TEXT NOT NULL,
        rate_exact INTEGER NOT NULL,
        gone_at INTEGER
    , shape TEXT, paid_anyway TEXT, own_name TEXT, looks_like TEXT, private_address TEXT NOT NULL DEFAULT '', seen_at INTEGER) STRICT;
INSERT INTO "instances" VALUES('i-033545907c2b0b11f','train-7','ec2','ec2/111122223333/us-east-1','p4d.24xlarge','running','A100',8,40960,8000,'us-east-1a',1794646800000,NULL,'on-demand','',0,'ebs','{"gp3": 200}',0,'','{"Name": "train-7", "team": "nlp"}','nlp',21957642,'AWS on-demand list, us-east-1, 2026-07-20',1,NULL,NULL,NULL,NULL,NULL,'',NULL);
INSERT INTO "instances" VALUES('i-0de45d899f7c5bc8f','nb-2','ec2','ec2/111122223333/us-east-1','g5.12xlarge','running','A10G',4,22888,3800,'us-east-1b',1793610000000,NULL,'on-demand','',0,'ebs','{"gp3": 200}',0,'','{"Name": "nb-2", "team": "vision"}','vision',5672000,'AWS on-demand list, us-east-1, 2026-07-20',1,NULL,NULL,NULL,NULL,NULL,'',NULL);
INSERT INTO "instances" VALUES('i-015d505c8bd5d3c02','nb-5','ec2','ec2/111122223333/us-east-1','g5.xlarge','running','A10G',1,22888,250,'us-east-1b',1795240800000,NULL,'on-demand','',0,'ebs','{"gp3": 200}',0,'','{"Name": "nb-5", "team": "vision"}','vision',1006000,'AWS on-demand list, us-east-1, 2026-07-20',1,NULL,NULL,NULL,NULL,NULL,'',NULL);
INSERT INTO "instances" VALUES('i-01bca534771651a07','train-3','ec2','ec2/111122223333/us-west-2','p5.48xlarge','running','H100',8,81920,30400,'us-west-2b',1795147200000,NULL,'on-demand','',0,'ebs','{"gp3": 200}',0,'','{"Name": "train-3", "team": "nlp"}','nlp',55040000,'AWS on-demand list of us-east-1, not of us-west-2, 2026-07-20',0,NULL,NULL,NULL,NULL,NULL,'',NULL);
INSERT INTO "instances" VALUES('i-01ecfd314da638bea','llm-serve','ec2','ec2/111122223333/us-east-1','g6e.12xlarge','running','L40S',4,45776,3800,'us-east-1a',1792659600000,NULL,'on-demand','llm-serve',0,'ebs','{"gp3": 200}',0,'','{"Name": "llm-serve", "aws:autoscaling:groupName": "llm-serve", "team": "nlp"}','nlp',10492640,'AWS on-demand list, us-east-1, 2026-07-20',1,NULL,NULL,NULL,NULL,NULL,'',NULL);
INSERT INTO "instances" VALUES('dgx-1','dgx-1','owned','owned','owned','running','A100-SXM4-80GB',8,81920,0,'',-60000000000,NULL,'on-demand','',0,'ebs',NULL,NULL,'','{}','nlp',9120000,'valet.toml',1,NULL,NULL,NULL,NULL,NULL,'',NULL);
INSERT INTO "instances" VALUES('i-0403f34df637d37e5','eval-2','ec2','ec2/111122223333/us-west-2','g5.2xlarge','stopped','A10G',1,22888,450,'us-west-2a',1794474000000,1795078800000,'on-demand','',0,'ebs','{"gp3": 200}',0,'','{"Name": "eval-2", "team": "nlp"}','nlp',1212000,'AWS on-demand list of us-east-1, not of us-west-2, 2026-07-20',0,NULL,NULL,NULL,NULL,NULL,'',NULL);
CREATE TABLE lines (
        instance_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        count INTEGER NOT NULL,
        people INTEGER NOT NULL CHECK (people >= 0),
        PRIMARY KEY (instance_id, kind, count)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "lines" VALUES('i-033545907c2b0b11f','',0,1);
CREATE TABLE machine_notices (
        id INTEGER PRIMARY KEY,
        instance_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        person TEXT NOT NULL,
        since INTEGER NOT NULL,
        detail TEXT NOT NULL,
        noticed_at INTEGER NOT NULL,
        looked_at INTEGER NOT NULL,
        told_at INTEGER,
        over_at INTEGER
    ) STRICT;
INSERT INTO "machine_notices" VALUES(1,'dgx-1','agent','U0ADA',1795423500000,'',1795424400000,1795424400000,1795424400000,NULL);
CREATE TABLE meters (
        instance_id TEXT PRIMARY KEY REFERENCES instances (id),
        from_at INTEGER NOT NULL,
        until_at INTEGER NOT NULL CHECK (until_at >= from_at),
        launched_at INTEGER,
        rate_micros INTEGER NOT NULL,
        team TEXT NOT NULL,
        marks TEXT NOT NULL,
        exact INTEGER NOT NULL CHECK (exact IN (0, 1))
    ) STRICT;
INSERT INTO "meters" VALUES('i-033545907c2b0b11f',1795438800000,1795438800000,1794646800000,21957642,'nlp','[[1795438800000, "iiiiiiii"]]',1);
INSERT INTO "meters" VALUES('i-0de45d899f7c5bc8f',1795438800000,1795438800000,1793610000000,5672000,'vision','[[1795438800000, "????"]]',1);
INSERT INTO "meters" VALUES('i-015d505c8bd5d3c02',1795438800000,1795438800000,1795240800000,1006000,'vision','[[1795438800000, "?"]]',1);
CREATE TABLE minutes (
        minute INTEGER NOT NULL,
        host TEXT NOT NULL,
        gpus BLOB NOT NULL,
        PRIMARY KEY (minute, host)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "minutes" VALUES(1795419900000,'i-033545907c2b0b11f',X'00010000000058020400000000000101000000005802040000000000020100000000580204000000000003010000000058020400000000000401000000005802040000000000050100000000580204000000000006010000000058020400000000000701000000005802040000000000');
INSERT INTO "minutes" VALUES(1795419960000,'i-033545907c2b0b11f',X'00010000000058020400000000000101000000005802040000000000020100000000580204000000000003010000000058020400000000000401000000005802040000000000050100000000580204000000000006010000000058020400000000000701000000005802040000000000');
INSERT INTO "minutes" VALUES(1795420020000,'i-033545907c2b0b11f',X'00010000000058020400000000000101000000005802040000000000020100000000580204000000000003010000000058020400000000000401000000005802040000000000050100000000580204000000000006010000000058020400000000000701000000005802040000000000');
CREATE TABLE notices (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        content TEXT NOT NULL,
        made_at INTEGER NOT NULL
    ) STRICT;
INSERT INTO "notices" VALUES('n1','stop','{}',1795424400000);
CREATE TABLE offered_gpus (
        offer_id TEXT NOT NULL REFERENCES offers (id),
        instance_id TEXT NOT NULL,
        gpu INTEGER NOT NULL,
        PRIMARY KEY (instance_id, gpu)
    ) STRICT;
INSERT INTO "offered_gpus" VALUES('4792be660ee35f2946c0afc8bd9218f2','i-033545907c2b0b11f',0);
INSERT INTO "offered_gpus" VALUES('4792be660ee35f2946c0afc8bd9218f2','i-033545907c2b0b11f',1);
INSERT INTO "offered_gpus" VALUES('4792be660ee35f2946c0afc8bd9218f2','i-033545907c2b0b11f',2);
CREATE TABLE offers (
        id TEXT PRIMARY KEY,
        waiter_id INTEGER NOT NULL REFERENCES waiters (id),
        instance_id TEXT NOT NULL REFERENCES instances (id),
        gpus TEXT NOT NULL,
        made_at INTEGER NOT NULL,
        until_at INTEGER NOT NULL CHECK (until_at > made_at),
        state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'taken', 'passed', 'lapsed', 'withdrawn')),
        ended_at INTEGER,
        CHECK ((state = 'open') = (ended_at IS NULL))
    ) STRICT;
INSERT INTO "offers" VALUES('4792be660ee35f2946c0afc8bd9218f2',1,'i-033545907c2b0b11f','[0, 1, 2, 3, 4, 5, 6, 7]',1795435560000,1795436460000,'open',NULL);
CREATE TABLE on_hours (
        instance_id TEXT PRIMARY KEY REFERENCES instances (id),
        windows TEXT NOT NULL,
        stop_only INTEGER NOT NULL CHECK (stop_only IN (0, 1)),
        set_by TEXT NOT NULL,
        set_at INTEGER NOT NULL,
        void_since INTEGER
    ) STRICT, WITHOUT ROWID;
INSERT INTO "on_hours" VALUES('i-033545907c2b0b11f','Mon-Fri 08:00-10:00',0,'U0BOB0001',1795424400000,NULL);
CREATE TABLE opinions (
        asked_on TEXT PRIMARY KEY,
        asked_at INTEGER NOT NULL,
        first TEXT,
        last TEXT,
        micros INTEGER,
        lo80_micros INTEGER,
        hi80_micros INTEGER,
        error TEXT NOT NULL DEFAULT '',
        CHECK ((micros IS NULL) = (error <> ''))
    ) STRICT, WITHOUT ROWID;
INSERT INTO "opinions" VALUES('2026-11-23',1795424400000,'2026-11-23','2026-11-30',22559115410,20303203869,24815026951,'');
INSERT INTO "opinions" VALUES('2026-11-24',1795478400000,'2026-11-24','2026-11-30',19298618261,17368756435,21228480087,'');
CREATE TABLE others (
        id TEXT PRIMARY KEY,
        source TEXT NOT NULL,
        name TEXT NOT NULL,
        type TEXT NOT NULL,
        what TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
INSERT INTO "others" VALUES('i-0aaaabbbbcccc0009','ec2/default/us-east-1','trn-1','trn1.2xlarge','AWS Trainium');
CREATE TABLE outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        channel TEXT NOT NULL,
        ref TEXT NOT NULL,
        kind TEXT NOT NULL,
        subject TEXT NOT NULL,
        thread TEXT NOT NULL DEFAULT '',
        state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sending', 'sent', 'dead')),
        attempts INTEGER NOT NULL DEFAULT 0,
        due_at INTEGER NOT NULL,
        tried_at INTEGER,
        error TEXT NOT NULL DEFAULT '',
        created_at INTEGER NOT NULL
    ) STRICT;
INSERT INTO "outbox" VALUES(1,'U0ADA0001','waited-for:93e93805906073eb71eaffe5a11541f7','waited_for','93e93805906073eb71eaffe5a11541f7','','sent',1,1795424400000,1795424400000,'',1795424400000);
INSERT INTO "outbox" VALUES(2,'U0ADA0001','keep:0a687515a235a6d9b3845006d4537517','keep_question','0a687515a235a6d9b3845006d4537517','','sent',1,1795431600000,1795431600000,'',1795431600000);
CREATE TABLE parkings (
        instance_id TEXT NOT NULL REFERENCES instances (id),
        rule TEXT NOT NULL CHECK (rule IN ('hours', 'idle')),
        basis_at INTEGER NOT NULL,
        acts_at INTEGER NOT NULL,
        channel TEXT NOT NULL,
        decider TEXT NOT NULL,
        warned INTEGER NOT NULL DEFAULT 0,
        waiting TEXT NOT NULL DEFAULT '',
        settled_at INTEGER,
        outcome TEXT NOT NULL DEFAULT '',
        action_id TEXT NOT NULL DEFAULT '', why TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (instance_id, rule, basis_at, acts_at)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "parkings" VALUES('i-033545907c2b0b11f','hours',1795428000000,1795428000000,'C0MLPLAT1','U0BOB0001',2,'',1795428000000,'','e03d2023e9a0702f9a6f75a1eefbb268','');
CREATE TABLE people_names (
        person TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        asked_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
INSERT INTO "people_names" VALUES('U0ADA','Ada',1795424400000);
CREATE TABLE places_read (
        source TEXT NOT NULL,
        place TEXT NOT NULL,
        read_until INTEGER,
        ok_at INTEGER,
        error TEXT NOT NULL,
        PRIMARY KEY (source, place)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "places_read" VALUES('cloudwatch','us-east-1',1795424400000,1795424400000,'');
CREATE TABLE posts (
        channel TEXT NOT NULL,
        ref TEXT NOT NULL,
        posted_channel TEXT NOT NULL,
        ts TEXT NOT NULL,
        PRIMARY KEY (channel, ref)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "posts" VALUES('U0ADA0001','keep:0a687515a235a6d9b3845006d4537517','D0ADA0001','1795431600.000100');
INSERT INTO "posts" VALUES('U0ADA0001','waited-for:93e93805906073eb71eaffe5a11541f7','D0ADA0001','1795424400.000400');
CREATE TABLE price_answers (
        what TEXT NOT NULL CHECK (what IN ('instance', 'volume', 'address', 'spot')),
        place TEXT NOT NULL,
        name TEXT NOT NULL,
        asked_at INTEGER NOT NULL,
        micros INTEGER CHECK (micros > 0),
        named_at INTEGER,
        why TEXT NOT NULL,
        PRIMARY KEY (what, place, name),
        CHECK ((micros IS NULL) = (named_at IS NULL))
    ) STRICT, WITHOUT ROWID;
INSERT INTO "price_answers" VALUES('instance','us-east-1','g4dn.xlarge',1795424400000,526000,1795424400000,'');
INSERT INTO "price_answers" VALUES('instance','us-east-1','g5.12xlarge',1795424400000,5672000,1795424400000,'');
INSERT INTO "price_answers" VALUES('instance','us-east-1','g5.xlarge',1795424400000,1006000,1795424400000,'');
INSERT INTO "price_answers" VALUES('instance','us-east-1','p4d.24xlarge',1795424400000,21957642,1795424400000,'');
CREATE TABLE price_troubles (
        sheet TEXT NOT NULL CHECK (sheet IN ('list', 'spot')),
        place TEXT NOT NULL,
        at INTEGER NOT NULL,
        error TEXT NOT NULL,
        PRIMARY KEY (sheet, place)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "price_troubles" VALUES('list','us-east-1',1797152400000,'AWS did not answer for us-east-1: no connection');
INSERT INTO "price_troubles" VALUES('list','us-west-2',1797152400000,'AWS did not answer for us-east-1: no connection');
INSERT INTO "price_troubles" VALUES('spot','ec2/111122223333/us-east-1',1797152400000,'AWS did not answer for us-east-1: no connection');
CREATE TABLE pushes (
        host TEXT NOT NULL,
        boot_id TEXT NOT NULL,
        seq INTEGER NOT NULL,
        received_at INTEGER NOT NULL,
        PRIMARY KEY (host, boot_id, seq)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "pushes" VALUES('i-033545907c2b0b11f','boot',2,1795424400000);
INSERT INTO "pushes" VALUES('i-033545907c2b0b11f','boot',3,1795424400000);
INSERT INTO "pushes" VALUES('i-033545907c2b0b11f','boot',5,1795424640000);
CREATE TABLE questions (
        id TEXT PRIMARY KEY,
        batch TEXT NOT NULL,
        claim_id TEXT NOT NULL REFERENCES claims (id),
        person TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('idle', 'morning')),
        day TEXT NOT NULL,
        until_at INTEGER NOT NULL,
        idle_since INTEGER,
        asked_at INTEGER NOT NULL,
        deadline_at INTEGER,
        state TEXT NOT NULL CHECK (state IN ('open', 'kept', 'released', 'worked', 'unused', 'ended')),
        settled_at INTEGER,
        CHECK ((state = 'open') = (settled_at IS NULL)),
        CHECK ((kind = 'morning') = (day <> ''))
    ) STRICT;
INSERT INTO "questions" VALUES('0a687515a235a6d9b3845006d4537517','0a687515a235a6d9b3845006d4537517','93e93805906073eb71eaffe5a11541f7','U0ADA0001','idle','',1795460400000,1795424400000,1795431600000,NULL,'open',NULL);
CREATE TABLE reminders (
        claim_id TEXT PRIMARY KEY REFERENCES claims (id),
        until_at INTEGER NOT NULL,
        set_at INTEGER NOT NULL,
        said INTEGER,
        posted INTEGER NOT NULL DEFAULT 0,
        closed INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID;
INSERT INTO "reminders" VALUES('93e93805906073eb71eaffe5a11541f7',1795460400000,1795424400000,NULL,0,0);
CREATE TABLE requests (
        id TEXT PRIMARY KEY,
        claim_id TEXT NOT NULL REFERENCES claims (id),
        asker TEXT NOT NULL,
        reason TEXT NOT NULL,
        asked_at INTEGER NOT NULL,
        answer TEXT NOT NULL DEFAULT '' CHECK (answer IN ('', 'released', 'extended', 'kept', 'ended')),
        answered_at INTEGER,
        waiter_id INTEGER REFERENCES waiters (id),
        CHECK ((answer = '') = (answered_at IS NULL)),
        UNIQUE (claim_id, asker)
    ) STRICT;
INSERT INTO "requests" VALUES('q1','4361b0b3ce6aa7aaae1e409db1b924f1','U0BOB','tonight',1795424400000,'',NULL,NULL);
CREATE TABLE retirements (
        id TEXT PRIMARY KEY,
        instance_id TEXT NOT NULL REFERENCES instances (id),
        name TEXT NOT NULL,
        who TEXT NOT NULL,
        reason TEXT NOT NULL,
        heard_at INTEGER,
        state TEXT NOT NULL CHECK (state IN ('announced', 'kept', 'retired', 'undone')),
        at INTEGER NOT NULL,
        changed_by TEXT NOT NULL
    ) STRICT;
INSERT INTO "retirements" VALUES('r1','i-033545907c2b0b11f','train-7','U0BOB','sold',1795424400000,'kept',1795424400000,'U0BOB');
CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        template TEXT NOT NULL,
        command TEXT NOT NULL,
        user TEXT NOT NULL,
        instance_id TEXT NOT NULL REFERENCES instances (id),
        claim_id TEXT NOT NULL REFERENCES claims (id),
        person TEXT NOT NULL,
        channel TEXT NOT NULL,
        releases INTEGER NOT NULL CHECK (releases IN (0, 1)),
        created_at INTEGER NOT NULL,
        state TEXT NOT NULL
            CHECK (state IN ('queued', 'starting', 'running', 'done', 'failed', 'cancelled', 'over', 'lost')),
        handle TEXT NOT NULL DEFAULT '',
        called_at INTEGER,
        started_at INTEGER,
        finished_at INTEGER,
        exit_code INTEGER,
        tail TEXT NOT NULL DEFAULT '',
        outcome TEXT NOT NULL DEFAULT '',
        cancelled_by TEXT NOT NULL DEFAULT '', heard_at INTEGER,
        CHECK ((state IN ('queued', 'starting', 'running')) = (finished_at IS NULL))
    ) STRICT;
INSERT INTO "runs" VALUES('27514347d4f5a00341b0eca9811c1270','nightly-eval','/srv/eval/run.sh','ml','dgx-1','f1dcb9b6278b60779ae19c9551f84b33','U0ADA0001','U0ADA0001',0,1795424400000,'failed','',NULL,NULL,1795425060000,NULL,'','No agent took it up: is it started with --allow-jobs?','',NULL);
CREATE TABLE saved (
        source_id TEXT NOT NULL REFERENCES saving_sources (id),
        subject TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('stopped', 'released', 'shared')),
        from_at INTEGER NOT NULL,
        until_at INTEGER NOT NULL,
        saved_ms INTEGER NOT NULL CHECK (saved_ms BETWEEN 0 AND until_at - from_at),
        micros INTEGER NOT NULL CHECK (micros >= 0),
        PRIMARY KEY (subject, from_at),
        CHECK (until_at > from_at AND until_at <= from_at / 3600000 * 3600000 + 3600000)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "saved" VALUES('c0f04abf2bff4fb9b03be1ba16223f6c','i-033545907c2b0b11f','stopped',1795424400000,1795428000000,2700000,16468231);
INSERT INTO "saved" VALUES('c0f04abf2bff4fb9b03be1ba16223f6c','i-033545907c2b0b11f','stopped',1795428000000,1795431600000,2700000,16468231);
INSERT INTO "saved" VALUES('c0f04abf2bff4fb9b03be1ba16223f6c','i-033545907c2b0b11f','stopped',1795431600000,1795435200000,2700000,16468231);
CREATE TABLE saving_sources (
        id TEXT PRIMARY KEY,
        subject TEXT NOT NULL,
        name TEXT NOT NULL,
        team TEXT NOT NULL,
        counterfactual TEXT NOT NULL,
        until_at INTEGER NOT NULL,
        over INTEGER NOT NULL CHECK (over IN (0, 1)),
        exact INTEGER NOT NULL CHECK (exact IN (0, 1))
    ) STRICT, WITHOUT ROWID;
INSERT INTO "saving_sources" VALUES('c0f04abf2bff4fb9b03be1ba16223f6c','i-033545907c2b0b11f','train-7','nlp','It would have run as in the same hours of the 4 weeks before, at most for the share of the last 13 weeks in which it really ran then.',1795435200000,0,1);
CREATE TABLE savings (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind = 'shared'),
        at INTEGER NOT NULL,
        person TEXT NOT NULL,
        taken_id TEXT NOT NULL REFERENCES instances (id),
        avoided TEXT NOT NULL CHECK (avoided IN ('claim', 'start', 'launch')),
        instead_of TEXT NOT NULL,
        micros_per_hour INTEGER NOT NULL CHECK (micros_per_hour > 0),
        until_at INTEGER NOT NULL CHECK (until_at > at),
        counterfactual TEXT NOT NULL
    ) STRICT;
INSERT INTO "savings" VALUES('ef83988c9162be49b26b85c33bb5bab6','shared',1795424400000,'U0ADA0001','dgx-1','claim','i-033545907c2b0b11f',21957642,1795438800000,'train-7 would have been claimed, and so kept running.');
INSERT INTO "savings" VALUES('s1','shared',1795424400000,'U0ADA','i-015d505c8bd5d3c02','launch','p4d.24xlarge',21957642,1795428000000,'{}');
CREATE TABLE seen_events (event_id TEXT PRIMARY KEY, seen_at INTEGER NOT NULL) STRICT;
INSERT INTO "seen_events" VALUES('Ev0SBX00002',1795424400000);
CREATE TABLE shares (
        charge_id INTEGER NOT NULL REFERENCES charges (id),
        holder TEXT NOT NULL,
        team TEXT NOT NULL,
        use TEXT NOT NULL CHECK (use IN ('busy', 'idle', 'unknown')),
        gpu_ms INTEGER NOT NULL CHECK (gpu_ms >= 0),
        micros INTEGER NOT NULL,
        PRIMARY KEY (charge_id, holder, team, use)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "shares" VALUES(1,'','nlp','idle',14160000,10795841);
INSERT INTO "shares" VALUES(1,'','nlp','unknown',240000,182980);
INSERT INTO "shares" VALUES(1,'U0ADA0001','nlp','idle',14160000,10795841);
CREATE TABLE slots (
        id TEXT PRIMARY KEY,
        booking_id TEXT NOT NULL REFERENCES bookings (id),
        instance_id TEXT NOT NULL,
        holder TEXT NOT NULL,
        gpus TEXT NOT NULL,
        from_at INTEGER NOT NULL,
        until_at INTEGER NOT NULL CHECK (until_at > from_at),
        state TEXT NOT NULL DEFAULT 'booked'
            CHECK (state IN ('booked', 'claimed', 'used', 'unused', 'missed', 'off')),
        claim_id TEXT NOT NULL DEFAULT '',
        told_at INTEGER,
        outcome TEXT NOT NULL DEFAULT '',
        UNIQUE (booking_id, from_at),
        CHECK ((state IN ('claimed', 'used', 'unused')) = (claim_id <> ''))
    ) STRICT;
INSERT INTO "slots" VALUES('1741351eb63dde4d5415dd5d8a44bb0a','5ab65b2d20b547249dc2b6c8a7121d78','i-033545907c2b0b11f','U0BOB0001','[4, 5, 6, 7]',1795442400000,1795456800000,'booked','',NULL,'');
CREATE TABLE snoozes (
        instance_id TEXT NOT NULL REFERENCES instances (id),
        until_at INTEGER NOT NULL CHECK (until_at >= made_at),
        who TEXT NOT NULL,
        made_at INTEGER NOT NULL CHECK (made_at >= since_at),
        reason TEXT NOT NULL DEFAULT '',
        since_at INTEGER NOT NULL,
        PRIMARY KEY (instance_id, who)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "snoozes" VALUES('i-033545907c2b0b11f',1795597200000,'U0ADA0001',1795424400000,'paper',1795424400000);
CREATE TABLE source_reads (
        source TEXT NOT NULL,
        from_at INTEGER NOT NULL,
        until_at INTEGER NOT NULL CHECK (until_at >= from_at),
        PRIMARY KEY (source, from_at)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "source_reads" VALUES('ec2/default/us-east-1',1795420800000,1795424400000);
CREATE TABLE source_troubles (
        id INTEGER PRIMARY KEY,
        source TEXT NOT NULL,
        since INTEGER NOT NULL,
        ok_at INTEGER,
        error TEXT NOT NULL,
        is_prompt INTEGER NOT NULL,
        told_at INTEGER,
        well_since INTEGER,
        over_at INTEGER
    ) STRICT;
INSERT INTO "source_troubles" VALUES(1,'ec2/default/us-east-1',1795423800000,1795423800000,'AccessDenied',0,1795424100000,1795424400000,1795424400000);
CREATE TABLE sources (
        source TEXT PRIMARY KEY,
        ok_at INTEGER,
        error TEXT NOT NULL
    ) STRICT;
INSERT INTO "sources" VALUES('ec2/111122223333/us-east-1',1795438800000,'');
INSERT INTO "sources" VALUES('ec2/111122223333/us-west-2',1795438800000,'');
CREATE TABLE spend (
        day TEXT NOT NULL,
        instance_id TEXT NOT NULL REFERENCES instances (id),
        team TEXT NOT NULL,
        micros INTEGER NOT NULL,
        running_ms INTEGER NOT NULL,
        PRIMARY KEY (day, instance_id, team)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "spend" VALUES('2026-11-23','dgx-1','nlp',136648000,53940000);
INSERT INTO "spend" VALUES('2026-11-23','i-015d505c8bd5d3c02','vision',15090000,54000000);
INSERT INTO "spend" VALUES('2026-11-23','i-01bca534771651a07','nlp',825600000,54000000);
CREATE TABLE spend_until (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        zone TEXT NOT NULL,
        charge_id INTEGER NOT NULL
    ) STRICT;
INSERT INTO "spend_until" VALUES(1,'UTC',221);
CREATE TABLE spot_days (
        source TEXT NOT NULL,
        zone TEXT NOT NULL,
        type TEXT NOT NULL,
        day INTEGER NOT NULL,
        low INTEGER NOT NULL,
        high INTEGER NOT NULL CHECK (high >= low),
        PRIMARY KEY (source, zone, type, day)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "spot_days" VALUES('default/us-east-1','us-east-1a','p4d.24xlarge',20780,9000000,12000000);
INSERT INTO "spot_days" VALUES('ec2/111122223333/us-east-1','us-east-1a','g4dn.xlarge',20770,157800,231440);
INSERT INTO "spot_days" VALUES('ec2/111122223333/us-east-1','us-east-1a','g4dn.xlarge',20771,231440,257740);
INSERT INTO "spot_days" VALUES('ec2/111122223333/us-east-1','us-east-1a','g4dn.xlarge',20772,194620,236700);
CREATE TABLE spot_prices (
        source TEXT NOT NULL,
        zone TEXT NOT NULL,
        type TEXT NOT NULL,
        micros INTEGER NOT NULL CHECK (micros > 0),
        changed_at INTEGER NOT NULL,
        read_at INTEGER NOT NULL,
        PRIMARY KEY (source, zone, type)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "spot_prices" VALUES('default/us-east-1','us-east-1a','p4d.24xlarge',11000000,1795424400000,1795424400000);
INSERT INTO "spot_prices" VALUES('ec2/111122223333/us-east-1','us-east-1a','g4dn.xlarge',173580,1795420800000,1795424400000);
INSERT INTO "spot_prices" VALUES('ec2/111122223333/us-east-1','us-east-1a','g5.12xlarge',2325520,1795420800000,1795424400000);
INSERT INTO "spot_prices" VALUES('ec2/111122223333/us-east-1','us-east-1a','g5.xlarge',442640,1795420800000,1795424400000);
CREATE TABLE squats (
        id TEXT PRIMARY KEY,
        instance_id TEXT NOT NULL REFERENCES instances (id),
        unix_user TEXT NOT NULL,
        gpus TEXT NOT NULL,
        since INTEGER NOT NULL,
        seen_at INTEGER NOT NULL,
        person TEXT NOT NULL DEFAULT '',
        asked_at INTEGER,
        state TEXT NOT NULL DEFAULT 'seen' CHECK (state IN ('seen', 'asked', 'claimed', 'not mine', 'over')),
        CHECK ((person = '') = (asked_at IS NULL))
    ) STRICT;
INSERT INTO "squats" VALUES('5e742b0aff7facea90c5b5d707c96ddf','dgx-1','ada','[0, 1]',1795424460000,1795429860000,'U0ADA0001',1795426260000,'over');
INSERT INTO "squats" VALUES('e4844d605ab57bded55485499223bd01','dgx-1','ada','[0, 1]',1795521420000,1795523760000,'U0ADA0001',1795523220000,'asked');
CREATE TABLE standstills (
        instance_id TEXT PRIMARY KEY REFERENCES instances (id),
        since INTEGER NOT NULL,
        exact INTEGER NOT NULL CHECK (exact IN (0, 1))
    ) STRICT, WITHOUT ROWID;
INSERT INTO "standstills" VALUES('i-0403f34df637d37e5',1795078800000,1);
CREATE TABLE step_hashes (
        name TEXT PRIMARY KEY,
        sha256 TEXT NOT NULL CHECK (length(sha256) = 64)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "step_hashes" VALUES('0001_actions','df84283aba1561a7512d2746a8dc719b671b59e7f0b1bc84782b0c5138803638');
INSERT INTO "step_hashes" VALUES('0001_agents','b9946b490314980d65abdd0707cb69d9be64bf30936b05184a73acbb24953774');
INSERT INTO "step_hashes" VALUES('0001_audit','f0b397b38d4966006d44362d666eca4212548372e40f39dfa9c69bd118082007');
INSERT INTO "step_hashes" VALUES('0001_backups','a86792202f83472dbbb6f44d7108ade3dd6d39c13d6b2f04efdadb66cf9f9a74');
INSERT INTO "step_hashes" VALUES('0001_batches','9173150539a0d309d11611a27f81e6fe83d311740d1c1d5539cd66c143d1f0c3');
INSERT INTO "step_hashes" VALUES('0001_bill','12ebd6156d3237a2b1cb52fba9239a894b9fb16815c7b9ccee80aeb5bb66bda8');
INSERT INTO "step_hashes" VALUES('0001_bookings','b508d02b43f7648d1003fc2ccbd97c65d85ee94f086b8a318962c83317b4dc3f');
INSERT INTO "step_hashes" VALUES('0001_budgets','12ec0ae08613ac1679f02afc6ef8888611d16d5482121dea13b08e2ffa54a6e0');
INSERT INTO "step_hashes" VALUES('0001_calendars','bb5af8d796bb72f0a8016ca805240348f5eb16a6a52645fd15d35646a5c3c6df');
INSERT INTO "step_hashes" VALUES('0001_claims','c423df259dd9537d03eca4ca0a92f16f4cac099e41ab0e9a73282c3bdbd692ca');
INSERT INTO "step_hashes" VALUES('0001_consents','d41ba732e7172501fceb2c1842c8a9b3cae772665d42ddf1bfc8309783327066');
INSERT INTO "step_hashes" VALUES('0001_drains','65c199f4ef4d6e2231a8c4da2ae9f37846330ea71831342a6550c648fe141149');
INSERT INTO "step_hashes" VALUES('0001_fleet','545fcea03e5b5eb7daf020bea20b2ca9ff3280b65ca4e79ee2f4cd39261cf126');
INSERT INTO "step_hashes" VALUES('0001_grants','7e1680bb44e430bcc3165ce99e232ab509cdfe75a40435d3840bba0370a62a4a');
INSERT INTO "step_hashes" VALUES('0001_handovers','e2243e6b5c8a81262f6bbcde4a437b080ff5f1f5ba4a06e57adadf59c73d4aee');
INSERT INTO "step_hashes" VALUES('0001_heartbeat','9d83233ba1464cbb65cab5bfc6e38267563c58fe5ae2a892e5e9fa5df1527fbf');
INSERT INTO "step_hashes" VALUES('0001_hours_wishes','49d5a4e2a5e47f158d3764785f9a063866539e63db13bec782d59463e2992689');
INSERT INTO "step_hashes" VALUES('0001_images','253843788a2cd97b84c5256e7dc63b518690211a1c0e34fd80d6409cec36c5b2');
INSERT INTO "step_hashes" VALUES('0001_ledger','e9308b4b8ec86750872b17e891a6c8dbdc7fd175d19d56166b9a1cf7850ee40d');
INSERT INTO "step_hashes" VALUES('0001_line','50ac02ca29b62fdada020cf0f2b3c0d4b3eeb21e216e0eb72ce82d2c56ec1391');
INSERT INTO "step_hashes" VALUES('0001_minutes','c3be4769327a73662508da5ea78232650232a113a58233333fcca3ad3d67c626');
INSERT INTO "step_hashes" VALUES('0001_observations','92793043fbfc99b827c34da55b3a32219a5aa32c437a3949dfd7ebb00afce384');
INSERT INTO "step_hashes" VALUES('0001_opinions','6b13355d26484438282d4880f2f9347aa003793855c615ee137502e79dcb3a6c');
INSERT INTO "step_hashes" VALUES('0001_outbox','eefb815ca35f6f14087ef5a0b8d35ef9b51406744f13c7348dfc05d9fa2d770d');
INSERT INTO "step_hashes" VALUES('0001_parkings','dbc1133897ceec6d0ea70456b6592acc550df11719fa9c16a1721411b8ab97d6');
INSERT INTO "step_hashes" VALUES('0001_prices','339b4cf7ab79c614ae88376f782300aea882c96be608ff147c577a6fc92b61d8');
INSERT INTO "step_hashes" VALUES('0001_questions','f0f1b6eb799105c91a9ba78a1535f8c3d9ecfc7588e3775a6925e21bdf8d3fbb');
INSERT INTO "step_hashes" VALUES('0001_reminders','9b507f9b20731fc54865b5c618323846ac5cf92f7e7b21bbc5200097ef312a41');
INSERT INTO "step_hashes" VALUES('0001_requests','02110f738fd7b9503b39bd40db89d08989594fd784e0046afdc80bbcea336c27');
INSERT INTO "step_hashes" VALUES('0001_rollups','cb413c9467a5241450ecb6b8626c2e5c43e54437f0d40fc7b76be6749140b644');
INSERT INTO "step_hashes" VALUES('0001_runs','61d377ca62ca9ae47000bd5d4dfb24e6fdac05a203179354a856985853a065ec');
INSERT INTO "step_hashes" VALUES('0001_saved','b0d334ce3a781aca3575a550e93bf2651bcdaeeed5031cdae32420c8ad97f86e');
INSERT INTO "step_hashes" VALUES('0001_savings','9cc34d0296400e1711383b54e4d3210abd8a8de5f7ffda5db6ad5db47b3df12f');
INSERT INTO "step_hashes" VALUES('0001_scores','4b2a172a4a199b966ca879875fa633683060f5940268c186e3469704c681d59f');
INSERT INTO "step_hashes" VALUES('0001_snoozes','b5689619e8bb6ec9d03d8fc3a3bf41704f7551718e0d2e01a622271eb4e582c4');
INSERT INTO "step_hashes" VALUES('0001_spend','25b333595fada94a1d0ee2caa4cb76e00e57782a80de7f17f1ecd01049d46934');
INSERT INTO "step_hashes" VALUES('0001_squats','3829819ac98f73850a90200113d4fb6e946e7798830363abd9572a8e74e85ff1');
INSERT INTO "step_hashes" VALUES('0001_standstills','a15ede93a5f34d039d3ce4c4519411e0db72b83b47db5f3c4280baebb784d905');
INSERT INTO "step_hashes" VALUES('0001_weeklies','0122db10894678d5f89219d039b0f3f841c07401c739a87d08c09760a20c8858');
INSERT INTO "step_hashes" VALUES('0002_budgets_told','dd64a7c44f69ecce0bceee7da96c13e47820950ed50566634f5000266384c593');
INSERT INTO "step_hashes" VALUES('0002_clarifications','054ea699820152e579d08bf098537d920b4a867ae10aafd56da7717753b4b7a2');
INSERT INTO "step_hashes" VALUES('0002_extensions','d03038152123c91a70bef9ec6dbe43f516041184338852b913190216e10edf27');
INSERT INTO "step_hashes" VALUES('0002_given_names','3d15cc962b2b4f6b1d0dd27c278de3dda988ca0ee0ff37615a2692197895288f');
INSERT INTO "step_hashes" VALUES('0002_heard_runs','462e83619bf147b6b2b1387a7f1cafa20afd38a126c7f93af3702834978d075d');
INSERT INTO "step_hashes" VALUES('0002_hosts','db4f4fbff36c8fb4c6c4ad069874d2edd9125451b2fab01445d3c268757c5bae');
INSERT INTO "step_hashes" VALUES('0002_idle_machines','6f2a03c8a09d2d3f0161bea269124ad2ac48dffc32a9788e3b75c099c3c4c151');
INSERT INTO "step_hashes" VALUES('0002_looks','d20331c8b05c855feccf2d83d5cd46de6de204aa1754aef1de227494d847a083');
INSERT INTO "step_hashes" VALUES('0002_lookups_of_actions','302d5df4e02bb5c03e5c063f9ef4330e0c9f0072c012fbbae3c5ba63f10d6966');
INSERT INTO "step_hashes" VALUES('0002_machine_notices','df80c145883267a74b0e7e0b5f5b8dbdada71e0e2720ea228acecd8ca5de0bc1');
INSERT INTO "step_hashes" VALUES('0002_names','d60efd3e3741230f919166f04026c0a6836e6af5f86fb63f6469c4bdc6a01960');
INSERT INTO "step_hashes" VALUES('0002_newcomers','a600d3b3581209972189284bb864ebb05e3e9ebb413af384d983a29c7fe245d3');
INSERT INTO "step_hashes" VALUES('0002_others','7e11de4e53774ebc03ced06a42335fe080f353b943484ce130ac99c9c97a7aa9');
INSERT INTO "step_hashes" VALUES('0002_people_names','b45bd8511eea1d3701d4c0266a5a83d5e3243601e9dc9379841611cdffcb675d');
INSERT INTO "step_hashes" VALUES('0002_power_of_trails','2d48bd71909a970091bf767957fb97df08832c81072a62c81abd7fd7c384086d');
INSERT INTO "step_hashes" VALUES('0002_private_addresses','9ad7aca0a877a9dc96a1fde2ef9dc0e8aa39303b209744dd0186d2cbe869fde3');
INSERT INTO "step_hashes" VALUES('0002_pruning','3511919d953466ec167af6eebc7d941e3bf75da5c861a8fcbe4519b597412cd6');
INSERT INTO "step_hashes" VALUES('0002_retirements','44289532caad4517d8707768ab3b685f5735af31011774a6b3163b2fe73bdc08');
INSERT INTO "step_hashes" VALUES('0002_seen_at','d67910642a1c1707b75b182851a4c35ffbd92066da04a0b4dc605bf6420068ff');
INSERT INTO "step_hashes" VALUES('0002_shapes','8462076603c1f0a84f8a1ae9986777ebe42d52532243f2d559f651697a63ab81');
INSERT INTO "step_hashes" VALUES('0002_shown_by_grants','b47ee3ffd85d04b98fc4def7e803777c0837335296b070d805b4e062e981e9b7');
INSERT INTO "step_hashes" VALUES('0002_shown_by_handovers','24ae17800c2faf6aaf7e58ed2d7d8bd5224949f2ac221089ed985c31b1d246da');
INSERT INTO "step_hashes" VALUES('0002_since_boot','001b17c0897328e2fbb2d92a3458a5146d9610d3adb2c8d8a9a891923a4f820b');
INSERT INTO "step_hashes" VALUES('0002_source_reads','c9d65748164fd103f3f7b5f62c26270966cd5de4052ee028071a20c76d341423');
INSERT INTO "step_hashes" VALUES('0002_source_troubles','517e519db204b3c83ceec969227819696bb79054235eab1378bc9959b4aae23c');
INSERT INTO "step_hashes" VALUES('0002_step_hashes','d558b942b1580f8f65e80ba043ebd1903d984217c974e1ed72a0b75f263e76e9');
INSERT INTO "step_hashes" VALUES('0002_why_parkings_settle','fde39f5b1b10ce5649c85cd8764c335ddd1d2987894f42eaf7dc1122ea4b1d5e');
CREATE TABLE tokens (
        id INTEGER PRIMARY KEY,
        host TEXT NOT NULL,
        sha256 TEXT NOT NULL UNIQUE,
        created_at INTEGER NOT NULL,
        revoked_at INTEGER,
        last_ip TEXT NOT NULL,
        last_seen_at INTEGER
    ) STRICT;
INSERT INTO "tokens" VALUES(1,'dgx-1','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',1795424400000,NULL,'10.0.0.1',1795424400000);
CREATE TABLE told_of_line (
        claim_id TEXT PRIMARY KEY REFERENCES claims (id)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "told_of_line" VALUES('93e93805906073eb71eaffe5a11541f7');
CREATE TABLE trails (
        instance_id TEXT NOT NULL,
        source TEXT NOT NULL,
        gpu INTEGER NOT NULL,
        head INTEGER NOT NULL,
        quiet BLOB NOT NULL,
        active BLOB NOT NULL,
        util_max REAL,
        util_mean REAL,
        memory_used_mib INTEGER, watts REAL, may_be_ratio INTEGER NOT NULL DEFAULT 0, floor TEXT NOT NULL DEFAULT '', floor_watts REAL,
        PRIMARY KEY (instance_id, source, gpu)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "trails" VALUES('i-015d505c8bd5d3c02','prometheus',0,29923740,X'00',X'00',1.0,0.5,4,NULL,0,'',NULL);
CREATE TABLE unrolled (
        level TEXT NOT NULL CHECK (level IN ('hour', 'day')),
        start INTEGER NOT NULL,
        host TEXT NOT NULL,
        PRIMARY KEY (level, start, host)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "unrolled" VALUES('hour',1795417200000,'i-033545907c2b0b11f');
INSERT INTO "unrolled" VALUES('hour',1795420800000,'i-033545907c2b0b11f');
INSERT INTO "unrolled" VALUES('hour',1795424400000,'i-033545907c2b0b11f');
CREATE TABLE verdicts (
        instance_id TEXT PRIMARY KEY REFERENCES instances (id),
        state TEXT NOT NULL CHECK (state IN ('active', 'held', 'free', 'partial', 'unknown')),
        since INTEGER,
        evidence TEXT NOT NULL,
        gpus TEXT NOT NULL,
        waste_micros INTEGER NOT NULL,
        judged_at INTEGER NOT NULL
    ) STRICT;
INSERT INTO "verdicts" VALUES('i-015d505c8bd5d3c02','unknown',NULL,'no agent has reported from it','[]',0,1795438800000);
INSERT INTO "verdicts" VALUES('i-01bca534771651a07','unknown',NULL,'no agent has reported from it','[]',0,1795438800000);
INSERT INTO "verdicts" VALUES('i-01ecfd314da638bea','unknown',NULL,'no agent has reported from it','[]',0,1795438800000);
CREATE TABLE waiters (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        person TEXT NOT NULL,
        instance_id TEXT REFERENCES instances (id),
        kind TEXT NOT NULL,
        count INTEGER CHECK (count > 0),
        length INTEGER NOT NULL CHECK (length > 0),
        note TEXT NOT NULL,
        since INTEGER NOT NULL,
        ended_at INTEGER,
        end_reason TEXT,
        run TEXT NOT NULL DEFAULT '',
        CHECK ((instance_id IS NULL) = (kind <> '')),
        CHECK (instance_id IS NOT NULL OR count IS NOT NULL),
        CHECK ((ended_at IS NULL) = (end_reason IS NULL))
    ) STRICT;
INSERT INTO "waiters" VALUES(1,'U0CYC0001','i-033545907c2b0b11f','',NULL,28800000,'',1795424400000,NULL,NULL,'');
CREATE TABLE weekly_reports (
        channel TEXT NOT NULL,
        local_date TEXT NOT NULL,
        made_at INTEGER NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (channel, local_date)
    ) STRICT, WITHOUT ROWID;
INSERT INTO "weekly_reports" VALUES('C0FINANC1','2026-11-24',1795510560000,'{"channel": "C0FINANC1", "first": "2026-11-17", "last": "2026-11-23", "made_at": 1795510560000, "rented": {"micros": 5261086980, "busy_micros": 1683000000, "idle_micros": 1683000000, "unknown_micros": 1895086980, "gpu_ms": 6674400000, "idle_gpu_ms": 2203200000, "unpriced_gpu_ms": 216000000, "estimated_micros": 1264467750}, "owned": {"micros": 0, "busy_micros": 0, "idle_micros": 0, "unknown_micros": 0, "gpu_ms": 0, "idle_gpu_ms": 0, "unpriced_gpu_ms": 0, "estimated_micros": 0}, "before_micros": 3696000000, "forecast": {"scope": {"kind": "total", "key": "", "label": ""}, "made_at": 1795510560000, "timezone": "UTC", "today": "2026-11-24", "charged_micros": 10613716559, "month": {"micros": 30710061156, "lo_micros": 28632386550, "hi_micros": 32302749608, "lo95_micros": 23610425167, "hi95_micros": 35910225168, "spread_micros": null}, "known_rest_micros": 20096344597, "variable_rest_micros": 0, "next_days": [{"micros": 21224974176, "lo_micros": 19147299570, "hi_micros": 22817662628, "lo95_micros": 14125338187, "hi95_micros": 26425138188, "spread_micros": null}, {"micros": 90964175040, "lo_micros": 81212078972, "hi_micros": 102830349273, "lo95_micros": 62889049283, "hi95_micros": 130303554943, "spread_micros": null}, {"micros": 272892525120, "lo_micros": 181578900334, "hi_micros": 359044554626, "lo95_micros": 1128629579, "hi95_micros": 922019452795, "spread_micros": null}], "trust": "firm", "days": [], "budget_micros": 5000000000, "chance_over": 1.0, "over_on": "2026-11-24", "drivers": [], "changes": [], "uncounted": [], "notes": [], "unpriced": 1, "owned": 0, "by_team": [], "by_machine": [], "idle_nights": [], "most_micros": null}, "month": "2026-11-01", "closed_micros": null, "saved_micros": 0, "todos": [{"what": "budget", "id": "nlp", "name": "nlp", "micros": 18600721606, "since": null, "holders": [], "exact": true}, {"what": "stop", "id": "i-033545907c2b0b11f", "name": "train-7", "micros": 21957642, "since": 1795498500000, "holders": [], "exact": true}], "before_exact": true, "closed_exact": true, "saved_exact": true}');
CREATE TABLE yeses (
        id INTEGER PRIMARY KEY,
        action_id TEXT NOT NULL REFERENCES actions (id),
        person TEXT NOT NULL,
        at INTEGER NOT NULL,
        UNIQUE (action_id, person)
    ) STRICT;
INSERT INTO "yeses" VALUES(1,'c0f04abf2bff4fb9b03be1ba16223f6c','U0BOB0001',1795424400000);
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX instances_by_source ON instances (source) WHERE gone_at IS NULL;
CREATE INDEX instances_by_name ON instances (lower(name)) WHERE gone_at IS NULL;
CREATE INDEX instances_by_id ON instances (lower(id)) WHERE gone_at IS NULL;
CREATE UNIQUE INDEX one_live_token ON tokens (host) WHERE revoked_at IS NULL;
CREATE UNIQUE INDEX open_claims ON claims (instance_id, holder) WHERE ended_at IS NULL;
CREATE INDEX claims_of ON claims (holder, ended_at);
CREATE INDEX claims_of_teams ON claims (team, ended_at);
CREATE INDEX claims_due ON claims (until_at) WHERE ended_at IS NULL;
CREATE INDEX claims_by_end ON claims (ended_at);
CREATE INDEX claims_by_begin ON claims (instance_id, from_at);
CREATE INDEX weekly_bookings ON bookings (last_day) WHERE last_day IS NOT NULL AND ended_at IS NULL;
CREATE INDEX slots_of_instance ON slots (instance_id, from_at) WHERE state = 'booked';
CREATE INDEX slots_of_person ON slots (holder, from_at) WHERE state = 'booked';
CREATE INDEX slots_due ON slots (from_at) WHERE state IN ('booked', 'claimed');
CREATE UNIQUE INDEX one_slot_per_claim ON slots (claim_id) WHERE claim_id <> '';
CREATE INDEX booked_by ON booked_gpus (slot_id);
CREATE UNIQUE INDEX one_open_drain ON drains (instance_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX one_open_handover ON handovers (claim_id) WHERE state = 'open';
CREATE INDEX reminders_to_close ON reminders (claim_id) WHERE closed = 0;
CREATE UNIQUE INDEX one_open_question ON questions (claim_id, kind) WHERE state = 'open';
CREATE UNIQUE INDEX one_question_a_morning ON questions (claim_id, day) WHERE kind = 'morning';
CREATE INDEX questions_of_a_batch ON questions (batch);
CREATE INDEX questions_of_a_morning ON questions (person, day);
CREATE UNIQUE INDEX one_squat_at_a_time ON squats (instance_id, unix_user)
        WHERE state IN ('seen', 'asked');
CREATE INDEX squats_asked ON squats (person, instance_id, asked_at) WHERE person <> '';
CREATE UNIQUE INDEX one_place_per_line ON waiters (coalesce(instance_id, ''), kind, person)
        WHERE ended_at IS NULL;
CREATE INDEX waiters_in_line ON waiters (coalesce(instance_id, ''), kind, count, id)
        WHERE ended_at IS NULL;
CREATE INDEX waiters_of ON waiters (person) WHERE ended_at IS NULL;
CREATE INDEX waiters_by_age ON waiters (since) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX one_offer_at_a_time ON offers (waiter_id) WHERE state = 'open';
CREATE INDEX open_offers ON offers (instance_id) WHERE state = 'open';
CREATE UNIQUE INDEX one_live_grant ON grants (person, instance_id, coalesce(from_at, 0), handover_id)
        WHERE state IN ('drafted', 'pending', 'approved');
CREATE UNIQUE INDEX one_live_run ON runs (claim_id) WHERE state IN ('queued', 'starting', 'running');
CREATE INDEX live_runs ON runs (instance_id) WHERE state IN ('queued', 'starting', 'running');
CREATE UNIQUE INDEX one_live_action ON actions (instance_id)
        WHERE state IN ('pending', 'approved', 'executing');
CREATE UNIQUE INDEX one_live_launch ON actions (requester, template)
        WHERE kind = 'launch' AND state IN ('pending', 'approved', 'executing');
CREATE INDEX actions_by_state ON actions (state, created_at);
CREATE INDEX actions_of_batch ON actions (batch) WHERE batch <> '';
CREATE INDEX live_makings ON actions (made_id)
        WHERE state IN ('pending', 'approved', 'executing');
CREATE INDEX needed_claims ON consents (claim_id) WHERE answer IN ('needed', 'late');
CREATE INDEX audit_of_subject ON audit (subject);
CREATE INDEX audit_refused ON audit (who, at) WHERE after = 'refused';
CREATE UNIQUE INDEX one_waiting_row ON outbox (channel, ref) WHERE state = 'waiting';
CREATE INDEX outbox_due ON outbox (due_at) WHERE state IN ('waiting', 'sending');
CREATE INDEX outbox_of_channel ON outbox (channel, id) WHERE state IN ('waiting', 'sending');
CREATE UNIQUE INDEX one_dead_row ON outbox (channel, ref) WHERE state = 'dead';
CREATE INDEX outbox_of_ref ON outbox (ref);
CREATE INDEX posts_of_ref ON posts (ref);
CREATE UNIQUE INDEX one_charge ON charges (instance_id, from_at) WHERE corrects IS NULL;
CREATE INDEX corrections ON charges (corrects) WHERE corrects IS NOT NULL;
CREATE INDEX unpriced_charges ON charges (instance_id) WHERE rate_micros = 0 AND corrects IS NULL;
CREATE INDEX charges_by_time ON charges (from_at);
CREATE INDEX estimated_charges ON charges (from_at, instance_id) WHERE NOT exact;
CREATE INDEX savings_by_time ON savings (at);
CREATE INDEX hints_of ON hints (person, subject, at);
CREATE INDEX saved_by_time ON saved (from_at);
CREATE INDEX open_parkings ON parkings (acts_at) WHERE settled_at IS NULL;
CREATE INDEX parkings_told ON parkings (channel, acts_at);
CREATE INDEX parkings_acted ON parkings (action_id) WHERE action_id <> '';
CREATE UNIQUE INDEX one_open_wish ON hours_wishes (instance_id, person) WHERE state = 'pending';
CREATE INDEX bill_lines_by_day ON bill_lines (day, period, cut);
CREATE INDEX bill_lines_by_look ON bill_lines (look_id);
CREATE TRIGGER one_booking_at_a_time BEFORE INSERT ON booked_gpus WHEN EXISTS (
        SELECT 1 FROM booked_gpus b WHERE b.instance_id = NEW.instance_id AND b.gpu = NEW.gpu
        AND b.from_at < NEW.until_at AND NEW.from_at < b.until_at
    ) BEGIN SELECT RAISE(ABORT, 'that GPU is booked for that time'); END;
CREATE TRIGGER one_more_waits AFTER INSERT ON waiters BEGIN
        INSERT INTO lines VALUES (coalesce(NEW.instance_id, ''), NEW.kind, coalesce(NEW.count, 0), 1)
        ON CONFLICT DO UPDATE SET people = people + 1; END;
CREATE TRIGGER one_less_waits AFTER UPDATE OF ended_at ON waiters
        WHEN OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL BEGIN
        UPDATE lines SET people = people - 1 WHERE instance_id = coalesce(NEW.instance_id, '')
        AND kind = NEW.kind AND count = coalesce(NEW.count, 0); END;
CREATE TRIGGER offered_is_not_claimed BEFORE INSERT ON claimed_gpus
        WHEN EXISTS (SELECT 1 FROM offered_gpus o WHERE o.instance_id = NEW.instance_id AND o.gpu = NEW.gpu)
        BEGIN SELECT RAISE(ABORT, 'claimed_gpus: one of them is offered to somebody'); END;
CREATE TRIGGER claimed_is_not_offered BEFORE INSERT ON offered_gpus
        WHEN EXISTS (SELECT 1 FROM claimed_gpus c WHERE c.instance_id = NEW.instance_id AND c.gpu = NEW.gpu)
        BEGIN SELECT RAISE(ABORT, 'offered_gpus: one of them is claimed'); END;
CREATE TRIGGER audit_keeps BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_stands BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_grows BEFORE INSERT ON audit WHEN NEW.id <= (SELECT max(id) FROM audit)
        BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER charges_keep BEFORE DELETE ON charges BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER charges_stand BEFORE UPDATE ON charges BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER shares_keep BEFORE DELETE ON shares BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER shares_stand BEFORE UPDATE ON shares BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER savings_keep BEFORE DELETE ON savings BEGIN SELECT RAISE(ABORT, 'savings are append-only'); END;
CREATE TRIGGER savings_stand BEFORE UPDATE ON savings BEGIN SELECT RAISE(ABORT, 'savings are append-only'); END;
CREATE TRIGGER saved_keep BEFORE DELETE ON saved BEGIN SELECT RAISE(ABORT, 'savings are append-only'); END;
CREATE TRIGGER saved_stand BEFORE UPDATE ON saved BEGIN SELECT RAISE(ABORT, 'savings are append-only'); END;
CREATE INDEX instances_by_look ON instances (looks_like);
CREATE INDEX instances_by_own_name ON instances (lower(own_name)) WHERE gone_at IS NULL;
CREATE INDEX others_by_source ON others (source);
CREATE INDEX others_by_name ON others (lower(name));
CREATE INDEX clarifications_by_time ON clarifications (at);
CREATE INDEX retirements_by_instance ON retirements (instance_id);
CREATE UNIQUE INDEX one_announced_end ON retirements (instance_id) WHERE state = 'announced';
CREATE UNIQUE INDEX one_open_trouble ON source_troubles (source) WHERE over_at IS NULL;
CREATE INDEX source_troubles_told ON source_troubles (told_at);
CREATE INDEX source_troubles_over ON source_troubles (over_at);
CREATE INDEX lost_runs ON runs (instance_id, finished_at) WHERE state = 'lost';
CREATE UNIQUE INDEX one_open_notice ON machine_notices (instance_id, kind, person) WHERE over_at IS NULL;
CREATE INDEX machine_notices_over ON machine_notices (over_at);
CREATE INDEX actions_on ON actions (instance_id, created_at);
CREATE INDEX actions_that_switched ON actions (instance_id, finished_at)
        WHERE state = 'done' AND kind IN ('stop', 'start');
CREATE INDEX actions_that_made ON actions (made_id) WHERE made_id IS NOT NULL;
CREATE INDEX orders_of_images ON actions (image_id, ordered_at) WHERE ordered_at IS NOT NULL;
CREATE INDEX parkings_settled ON parkings (settled_at) WHERE settled_at IS NOT NULL;
CREATE INDEX posts_by_time ON posts (CAST(ts AS INTEGER));
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('waiters',1);
INSERT INTO "sqlite_sequence" VALUES('audit',3);
INSERT INTO "sqlite_sequence" VALUES('outbox',2);
COMMIT;

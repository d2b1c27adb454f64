-- What Request Tracker itself writes for such tickets, row for row: compare with
-- one that was opened and answered by its API.

-- People: a principal, a user, and the group that stands for the user alone.
CREATE TABLE sample.users AS
SELECT p.n, p.agent, p.name, p.email,
  CASE WHEN p.n = 0 THEN (SELECT id FROM users WHERE name = 'p0') ELSE (SELECT max(id) FROM principals) + 2 * p.n - 1 END AS id
FROM sample.people p;
ALTER TABLE sample.users ADD PRIMARY KEY (n);
ANALYZE sample.users;

INSERT INTO principals (id, principaltype, disabled)
SELECT id, 'User', 0 FROM sample.users WHERE n > 0 UNION ALL SELECT id + 1, 'Group', 0 FROM sample.users WHERE n > 0;
INSERT INTO users (id, name, password, emailaddress, realname, creator, created, lastupdatedby, lastupdated)
SELECT id, 'p' || n, '*NO-PASSWORD*', email, name, 1, now(), 1, now() FROM sample.users WHERE n > 0;
INSERT INTO groups (id, name, description, domain, instance, creator, created, lastupdatedby, lastupdated)
SELECT id + 1, 'UserEquiv', 'ACL equiv. for user ' || id, 'ACLEquivalence', id, 1, now(), 1, now() FROM sample.users WHERE n > 0;

CREATE TABLE sample.members AS
WITH system AS (SELECT name, id FROM groups WHERE domain = 'SystemInternal')
SELECT id + 1 AS grp, id AS member FROM sample.users WHERE n > 0
UNION ALL SELECT s.id, u.id FROM sample.users u JOIN system s ON s.name = 'Everyone' OR s.name = CASE WHEN u.agent THEN 'Privileged' ELSE 'Unprivileged' END WHERE u.n > 0
UNION ALL SELECT g.id, u.id FROM sample.users u JOIN groups g ON g.domain = 'UserDefined' AND g.name = 'Agents' WHERE u.agent AND u.n > 0;

-- Tickets, and the four groups of who is in each one's roles.
CREATE TABLE sample.roles AS
SELECT t.n, (SELECT max(id) FROM users) + 1 + 4 * t.n AS first,
  r.id AS requester, coalesce(a.id, (SELECT id FROM users WHERE name = 'Nobody')) AS owner, q.id AS queue
FROM sample.tickets t JOIN sample.users r ON r.n = t.requester LEFT JOIN sample.users a ON a.n = t.assignee
JOIN queues q ON q.name = 'Service ' || t.service;
ALTER TABLE sample.roles ADD PRIMARY KEY (n);
ANALYZE sample.roles;

CREATE TABLE sample.states (theirs text PRIMARY KEY, ours text);
INSERT INTO sample.states VALUES ('new', 'new'), ('in_progress', 'open'), ('on_hold', 'stalled'), ('resolved', 'resolved'), ('fulfilled', 'resolved'), ('closed', 'resolved');

INSERT INTO tickets (id, effectiveid, queue, type, owner, subject, initialpriority, finalpriority, priority, status, told, starts, started, due, resolved,
  lastupdatedby, lastupdated, creator, created)
SELECT t.n, t.n, r.queue, 'ticket', r.owner, t.title, 25 * (5 - t.priority), 0, 25 * (5 - t.priority), s.ours, NULL, 'epoch',
  coalesce((SELECT min(e.at) FROM sample.entries e WHERE e.ticket = t.n AND e.new_state = 'in_progress'), 'epoch'), 'epoch', coalesce(t.resolved, 'epoch'),
  r.owner, t.updated, r.requester, t.created
FROM sample.tickets t JOIN sample.roles r USING (n) JOIN sample.states s ON s.theirs = t.state ORDER BY t.n;

INSERT INTO principals (id, principaltype, disabled) SELECT first + i, 'Group', 0 FROM sample.roles, generate_series(0, 3) i;
INSERT INTO groups (id, name, description, domain, instance, creator, created, lastupdatedby, lastupdated)
SELECT r.first + i, ('{AdminCc,Cc,Owner,Requestor}'::text[])[i + 1], NULL, 'RT::Ticket-Role', r.n, r.requester, t.created, r.requester, t.created
FROM sample.roles r JOIN sample.tickets t USING (n), generate_series(0, 3) i ORDER BY r.n, i;
INSERT INTO sample.members SELECT first + 2, owner FROM sample.roles UNION ALL SELECT first + 3, requester FROM sample.roles;

-- Who is a member, as it was said and as it is looked up: every group is its own
-- member there.
INSERT INTO groupmembers (groupid, memberid, creator, created, lastupdatedby, lastupdated) SELECT grp, member, 1, now(), 1, now() FROM sample.members;
INSERT INTO cachedgroupmembers (id, groupid, memberid, via, immediateparentid, disabled)
SELECT id, grp, member, id, grp, 0 FROM (
  SELECT nextval('cachedgroupmembers_id_seq') AS id, grp, member FROM (
    SELECT grp, member FROM sample.members
    UNION ALL SELECT first + i, first + i FROM sample.roles, generate_series(0, 3) i
    UNION ALL SELECT id + 1, id + 1 FROM sample.users WHERE n > 0) all_of_them) numbered;

-- History, in the order in which it happened. What is closed is resolved here: that
-- step has no counterpart.
CREATE TABLE sample.history AS
SELECT (SELECT max(id) FROM transactions) + row_number() OVER (ORDER BY e.at, e.ticket, e.seq) AS id, e.ticket, e.seq, e.at, e.type, e.body, t.title,
  coalesce(u.id, 1) AS person, o.ours AS old_status, s.ours AS new_status, a.id AS owner
FROM sample.entries e JOIN sample.tickets t ON t.n = e.ticket LEFT JOIN sample.users u ON u.n = e.person LEFT JOIN sample.users a ON a.n = e.assignee
LEFT JOIN sample.states o ON o.theirs = e.old_state LEFT JOIN sample.states s ON s.theirs = e.new_state
WHERE e.type <> 'transition' OR o.ours <> s.ours;

INSERT INTO transactions (id, objecttype, objectid, timetaken, type, field, oldvalue, newvalue, data, creator, created)
SELECT id, 'RT::Ticket', ticket, 0,
  CASE type WHEN 'created' THEN 'Create' WHEN 'reply' THEN 'Correspond' WHEN 'note' THEN 'Comment' WHEN 'transition' THEN 'Status' ELSE 'Set' END,
  CASE type WHEN 'transition' THEN 'Status' WHEN 'change' THEN 'Owner' END,
  CASE type WHEN 'transition' THEN old_status WHEN 'change' THEN (SELECT id FROM users WHERE name = 'Nobody')::text END,
  CASE type WHEN 'transition' THEN new_status WHEN 'change' THEN owner::text END,
  CASE WHEN type IN ('reply', 'note') THEN 'No Subject' END, person, at
FROM sample.history ORDER BY id;

INSERT INTO attachments (transactionid, parent, messageid, subject, contenttype, contentencoding, content, headers, creator, created)
SELECT id, 0, 'sample-' || id || '@bench.example', CASE WHEN type = 'created' THEN title END, 'text/plain', 'none', body,
  'MIME-Version: 1.0' || chr(10) || 'Content-Type: text/plain; charset="utf-8"' || chr(10) || 'X-RT-Interface: REST' || chr(10) ||
  'Content-Transfer-Encoding: binary' || chr(10) || 'Content-Disposition: inline' || chr(10) || 'Message-ID: <sample-' || id || '@bench.example>' || chr(10) ||
  'X-RT-Original-Encoding: utf-8' || chr(10) || 'Content-Length: ' || octet_length(body) || chr(10), person, at
FROM sample.history WHERE body <> '' ORDER BY id;

SELECT setval('principals_id_seq', (SELECT max(id) FROM principals)), setval('users_id_seq', (SELECT max(id) FROM users)),
  setval('groups_id_seq', (SELECT max(id) FROM groups)), setval('tickets_id_seq', (SELECT max(id) FROM tickets)),
  setval('transactions_id_seq', (SELECT max(id) FROM transactions));

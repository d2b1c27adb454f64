-- What Redmine itself writes for such issues, row for row: compare with one that was
-- opened and answered by its API. What has a fixed number here has it in the
-- requests as well (../redmine.go).

INSERT INTO settings (name, value, updated_on) VALUES ('rest_api_enabled', '1', now());

INSERT INTO projects (id, name, identifier, description, homepage, is_public, created_on, updated_on, status, lft, rgt)
VALUES (1, 'Help desk', 'help-desk', '', '', true, now(), now(), 1, 1, 2);
INSERT INTO projects_trackers (project_id, tracker_id) SELECT 1, id FROM trackers;
INSERT INTO enabled_modules (project_id, name) SELECT 1, unnest(ARRAY['issue_tracking', 'time_tracking', 'calendar', 'gantt']);
INSERT INTO issue_categories (id, project_id, name) SELECT i, 1, 'Service ' || i FROM generate_series(1, 40) i;

CREATE TABLE sample.users AS SELECT n, agent, name, email, (SELECT max(id) FROM users) + 1 + n AS id FROM sample.people;
ALTER TABLE sample.users ADD PRIMARY KEY (n);
ANALYZE sample.users;
INSERT INTO users (id, login, hashed_password, salt, firstname, lastname, admin, status, language, created_on, updated_on, type, mail_notification, passwd_changed_on)
SELECT id, 'p' || n, CASE WHEN n = 0 THEN '@HASH@' ELSE '' END, CASE WHEN n = 0 THEN '@SALT@' ELSE '' END, split_part(name, ' ', 1), split_part(name, ' ', 2),
  false, 1, 'en', now(), now(), 'User', 'only_my_events', now() FROM sample.users ORDER BY n;
INSERT INTO email_addresses (user_id, address, is_default, notify, created_on, updated_on) SELECT id, email, true, true, now(), now() FROM sample.users ORDER BY n;
INSERT INTO members (id, user_id, project_id, created_on, mail_notification) SELECT n + 1, id, 1, now(), false FROM sample.users WHERE agent;
INSERT INTO member_roles (member_id, role_id) SELECT n + 1, (SELECT id FROM roles WHERE name = 'Developer') FROM sample.users WHERE agent;
INSERT INTO tokens (user_id, action, value, created_on, updated_on) SELECT id, 'api', '@KEY@', now(), now() FROM sample.users WHERE n = 0;

CREATE TABLE sample.states AS
SELECT v.theirs, s.id, s.is_closed
FROM (VALUES ('new', 'New'), ('in_progress', 'In Progress'), ('on_hold', 'Feedback'), ('resolved', 'Resolved'), ('fulfilled', 'Resolved'), ('closed', 'Closed')) v (theirs, ours)
JOIN issue_statuses s ON s.name = v.ours;

INSERT INTO issues (id, tracker_id, project_id, subject, description, category_id, status_id, assigned_to_id, priority_id, author_id, created_on, updated_on,
  start_date, root_id, lft, rgt, closed_on)
SELECT t.n, (SELECT id FROM trackers WHERE name = CASE t.kind WHEN 'incident' THEN 'Bug' ELSE 'Support' END), 1, t.title, t.description, t.service, s.id, a.id,
  6 - t.priority, r.id, t.created, t.updated, t.created::date, t.n, 1, 2, CASE WHEN s.is_closed THEN t.updated END
FROM sample.tickets t JOIN sample.states s ON s.theirs = t.state JOIN sample.users r ON r.n = t.requester LEFT JOIN sample.users a ON a.n = t.assignee
ORDER BY t.n;

CREATE TABLE sample.history AS
SELECT row_number() OVER (ORDER BY e.at, e.ticket, e.seq) AS id, e.ticket, e.at, e.type, e.body, e.internal AND e.type = 'note' AS internal,
  coalesce(u.id, 1) AS person, o.id AS old_status, s.id AS new_status, a.id AS assignee
FROM sample.entries e LEFT JOIN sample.users u ON u.n = e.person LEFT JOIN sample.users a ON a.n = e.assignee
LEFT JOIN sample.states o ON o.theirs = e.old_state LEFT JOIN sample.states s ON s.theirs = e.new_state
WHERE e.type <> 'created';
INSERT INTO journals (id, journalized_id, journalized_type, user_id, notes, created_on, private_notes)
SELECT id, ticket, 'Issue', person, body, at, internal FROM sample.history ORDER BY id;
INSERT INTO journal_details (journal_id, property, prop_key, old_value, value)
SELECT id, 'attr', CASE type WHEN 'transition' THEN 'status_id' ELSE 'assigned_to_id' END,
  CASE type WHEN 'transition' THEN old_status::text END, CASE type WHEN 'transition' THEN new_status::text ELSE assignee::text END
FROM sample.history WHERE type IN ('transition', 'change') ORDER BY id;

SELECT setval('projects_id_seq', 1), setval('issue_categories_id_seq', 40), setval('users_id_seq', (SELECT max(id) FROM users)),
  setval('members_id_seq', (SELECT max(id) FROM members)), setval('issues_id_seq', (SELECT max(id) FROM issues)),
  setval('journals_id_seq', (SELECT max(id) FROM journals));

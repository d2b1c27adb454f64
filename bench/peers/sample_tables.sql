CREATE SCHEMA sample;
CREATE TABLE sample.people (n int PRIMARY KEY, name text NOT NULL, email text NOT NULL, agent boolean NOT NULL);
CREATE TABLE sample.tickets (
  n int PRIMARY KEY, kind text NOT NULL, title text NOT NULL, description text NOT NULL, state text NOT NULL,
  priority int NOT NULL, -- 1 is the highest, 5 the lowest
  service int NOT NULL, requester int NOT NULL, assignee int,
  created timestamp NOT NULL, updated timestamp NOT NULL, resolved timestamp
);
CREATE TABLE sample.entries (
  ticket int NOT NULL, seq int NOT NULL, at timestamp NOT NULL,
  person int, -- nobody for what the system did
  type text NOT NULL, internal boolean NOT NULL, body text NOT NULL, old_state text, new_state text, assignee int,
  PRIMARY KEY (ticket, seq)
);

-- What a run found out about its source, so that every replica can show it, also when the run's process is gone.
--
-- Only adds: programs of version 2 go on reading and writing. Their runs leave the column null.

-- It needs a lock that waits for whoever writes to the table, and whom everybody after it waits for: so it does not wait for
-- long. To be tried again.
set local lock_timeout = '10s';

-- For people: what the files were recognised as, warnings, rejects by reason. Bounded by the program; null where it is not known.
alter table retrieval.run add column findings jsonb;

-- Which programs may go on under a migration that is newer than they are. A program has the version of its latest migration.
-- Each migration from this one on adds its row, so that a program can look up what it cannot know.
create table retrieval.compatibility (
    version     integer primary key,   -- of the migration
    reads_from  integer not null,      -- the oldest program that may read under it
    writes_from integer not null       -- the oldest that may write; at least reads_from
);
insert into retrieval.compatibility (version, reads_from, writes_from) values (3, 2, 2);

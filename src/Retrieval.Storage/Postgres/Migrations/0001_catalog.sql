-- The catalog: the system of record of all indexes of one database.
--
-- Every row that belongs to an index carries index_id, and the tables that grow with a corpus are partitioned by it: an
-- index is made and dropped without touching the others, and each has nearest-neighbour indexes of its own width.
--
-- An image that is replaced gets a new row_no; what hangs on the old one (record, embeddings, captions) is deleted in
-- the same transaction. Rows that hang on a row_no are therefore never updated, and can be written before it is known
-- whether the image will be taken: nothing shows until retrieval.image points to it.

create table retrieval.catalog (
    singleton  boolean primary key default true check (singleton),
    catalog_id uuid not null default gen_random_uuid()  -- tells databases apart: a replica's files are of one catalog
);
insert into retrieval.catalog default values;

-- Roles that use the catalog without owning it: every migration grants them what they need anew.
create table retrieval.role (
    name text primary key,
    kind text not null check (kind in ('serve', 'ingest'))
);

create table retrieval.index (
    index_id        integer generated always as identity primary key,
    name            text not null unique check (name ~ '^[a-z0-9][a-z0-9_.-]{0,62}$'),
    fingerprint     text not null,
    bundle_name     text not null,
    embedding_width integer not null check (embedding_width between 1 and 4000),
    image_fields    json not null,
    caption_fields  json not null,
    -- Number of the last change. A writer raises it as the last thing before it commits, and the row's lock makes the
    -- next writer wait until then: numbers become visible in their order and without gaps, so who has seen N has seen all
    -- that came before it.
    epoch           bigint not null default 0,
    -- Tombstones up to this epoch are gone: a replica that is behind it has to begin anew.
    purged_epoch    bigint not null default 0,
    created_at      timestamptz not null default now()
);

-- One row a change. Epochs are used again when the catalog is set back (to a backup, to a standby that lacked the last
-- commits); tokens are not: a replica whose epoch bears another token here has what the catalog no longer knows of.
create table retrieval.change (
    index_id integer not null references retrieval.index on delete cascade,
    epoch    bigint not null,
    token    uuid not null default gen_random_uuid(),
    primary key (index_id, epoch)
);

create table retrieval.activation (
    singleton    boolean primary key default true check (singleton),
    index_id     integer not null references retrieval.index,
    activated_at timestamptz not null default now()
);

create table retrieval.source (
    source_no  integer generated always as identity primary key,
    index_id   integer not null references retrieval.index on delete cascade,
    source_key text not null,
    unique (index_id, source_key)
);

-- Progress of each source, changed in the transaction that stores the rows it speaks of.
create table retrieval.ledger (
    index_id     integer not null references retrieval.index on delete cascade,
    source_key   text not null,
    part         integer not null,   -- from 0
    parts        integer not null,   -- 1: the whole source
    source_stamp text not null,
    batch_rows   integer not null,
    next_row     bigint not null,
    ingested     bigint not null default 0,
    replaced     bigint not null default 0,
    skipped      bigint not null default 0,
    rejected     bigint not null default 0,
    completed    boolean not null default false,
    run_id       uuid not null,      -- who may go on: a run that was taken over finds another's id here and stops
    updated_at   timestamptz not null default now(),
    primary key (index_id, source_key, part, parts),
    check (parts >= 1 and part >= 0 and part < parts)
);

create table retrieval.reject (
    reject_no  bigint generated always as identity primary key,
    index_id   integer not null references retrieval.index on delete cascade,
    source_key text not null,
    part       integer not null,
    parts      integer not null,
    run_id     uuid not null,
    source     text not null,        -- the file at fault
    row_number bigint not null,
    image_id   text,
    owner      text,                 -- key of the source that has the image; null where the row itself is at fault
    reason     text not null,
    at         timestamptz not null default now()
);
create index reject_source on retrieval.reject (index_id, source_key, part, parts, reject_no);
create index reject_run on retrieval.reject (run_id, reject_no);

-- Every run of the ingestion job, for people and for GET /v1/ingestions; the ledger is what runs go by.
create table retrieval.run (
    run_id           uuid primary key,
    index_id         integer not null references retrieval.index on delete cascade,
    source_key       text not null,
    part             integer not null,
    parts            integer not null,
    worker           text not null,
    state            text not null check (state in ('running', 'completed', 'cancelled', 'failed')),
    message          text,
    cancel_requested boolean not null default false,
    first_row        bigint not null default 0,   -- where it began: 0, or where an earlier run ended
    next_row         bigint not null default 0,
    total_rows       bigint,
    ingested         bigint not null default 0,
    replaced         bigint not null default 0,
    skipped          bigint not null default 0,
    rejected         bigint not null default 0,
    captions         bigint not null default 0,
    started_at       timestamptz not null default now(),
    updated_at       timestamptz not null default now(),
    ended_at         timestamptz
);
create index run_index on retrieval.run (index_id, started_at);

-- One row an id for ever; a deleted image leaves its row as a tombstone, for replicas that follow.
create table retrieval.image (
    index_id     integer not null,
    id           text collate "C" not null,
    row_no       bigint not null,     -- the version that is there; of a tombstone, the last one
    epoch        bigint not null,     -- of the last change
    deleted      boolean not null default false,
    deleted_at   timestamptz,         -- of a tombstone: it is kept for a while, for replicas that are behind
    source_no    integer,
    content_hash bytea not null,
    metadata     json,                -- as it came: json keeps the text, jsonb would not
    tags         text[] not null default '{}',  -- key, unit separator, value: what filters ask for
    boxes        bytea,               -- float32, little-endian
    captions     integer not null default 0,
    primary key (index_id, id)
) partition by list (index_id);
create index image_epoch on retrieval.image (index_id, epoch);
create unique index image_row on retrieval.image (index_id, row_no);
create index image_tags on retrieval.image using gin (tags);

create sequence retrieval.row_no as bigint cache 1;

-- record: the fields in the schema's order, then the embedding as float32: replicas compute with what the encoder gave,
-- not with what halfvec rounded it to. Stored outside of the row and not compressed: floats do not compress.
create table retrieval.image_record (
    index_id integer not null,
    row_no   bigint not null,
    record   bytea not null,
    primary key (index_id, row_no)
) partition by list (index_id);
alter table retrieval.image_record alter column record set storage external;

create table retrieval.image_embedding (
    index_id  integer not null,
    row_no    bigint not null,
    embedding halfvec not null,
    primary key (index_id, row_no)
) partition by list (index_id);
alter table retrieval.image_embedding alter column embedding set storage plain;

create table retrieval.caption (
    index_id integer not null,
    row_no   bigint not null,         -- of the image's version
    position integer not null,        -- from 0
    text     text not null,
    words    integer not null,        -- ragged rows of its record
    record   bytea not null,
    primary key (index_id, row_no, position)
) partition by list (index_id);
alter table retrieval.caption alter column record set storage external;

create table retrieval.caption_embedding (
    index_id  integer not null,
    row_no    bigint not null,
    position  integer not null,
    embedding halfvec not null,
    primary key (index_id, row_no, position)
) partition by list (index_id);
alter table retrieval.caption_embedding alter column embedding set storage plain;

-- Ends the transaction unless the condition holds: writers send a transaction in one go and do not look in between.
create function retrieval.require(condition boolean, reason text) returns void language plpgsql as $$
begin
    if condition is not true then
        raise exception using errcode = 'RT001', message = reason;
    end if;
end $$;

-- Indexes are made, filled with nearest-neighbour indexes and activated by the ingestion role, which owns no table: these
-- functions run as the owner. The search path is fixed, as it must be for such functions; the vector types are found by
-- the schema their extension lies in.
create function retrieval.create_index(
    name text, fingerprint text, bundle_name text, embedding_width integer, image_fields json, caption_fields json)
returns integer language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    id integer;
    parent text;
    reader text;
begin
    insert into retrieval.index (name, fingerprint, bundle_name, embedding_width, image_fields, caption_fields)
    values (create_index.name, create_index.fingerprint, create_index.bundle_name, create_index.embedding_width, create_index.image_fields, create_index.caption_fields)
    returning index_id into id;
    -- Attached, not made as partitions: that takes a lock which neither readers nor writers of other indexes wait for.
    foreach parent in array array['image', 'image_record', 'image_embedding', 'caption', 'caption_embedding'] loop
        execute format('create table retrieval.%I (like retrieval.%I including all)', parent || '_' || id, parent);
        execute format('alter table retrieval.%I attach partition retrieval.%I for values in (%s)', parent, parent || '_' || id, id);
        -- Replicas name partitions, to which the rights on their parent do not reach.
        for reader in select r.name from retrieval.role r join pg_roles p on p.rolname = r.name loop
            execute format('grant select on retrieval.%I to %I', parent || '_' || id, reader);
        end loop;
    end loop;
    return id;
end $$;

-- Not for concurrent calls; it waits for the writers of that collection and they for it. Settings that a session may set
-- (maintenance_work_mem, max_parallel_maintenance_workers) are the caller's.
create function retrieval.build_shortlist(index_id integer, collection text, m integer, ef_construction integer)
returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    width integer;
    vectors text;
    partition text;
begin
    if collection not in ('image', 'caption') then
        raise exception 'unknown collection %', collection;
    end if;
    select i.embedding_width into strict width from retrieval.index i where i.index_id = build_shortlist.index_id;
    select quote_ident(n.nspname) into strict vectors from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector';
    partition := collection || '_embedding_' || build_shortlist.index_id;
    execute format('create index if not exists %I on retrieval.%I using hnsw ((embedding::%s.halfvec(%s)) %s.halfvec_ip_ops) with (m = %s, ef_construction = %s)',
        partition || '_nearest', partition, vectors, width, vectors, m, ef_construction);
    execute format('analyze retrieval.%I', partition);
end $$;

create function retrieval.analyze_index(index_id integer)
returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    parent text;
begin
    perform 1 from retrieval.index i where i.index_id = analyze_index.index_id;
    if not found then
        raise exception 'unknown index %', index_id;
    end if;
    foreach parent in array array['image', 'image_record', 'image_embedding', 'caption', 'caption_embedding'] loop
        execute format('analyze retrieval.%I', parent || '_' || analyze_index.index_id);
    end loop;
end $$;

-- Waits for all who read or write any index, and they for it: so it does not wait for long. To be tried again.
create function retrieval.drop_index(index_id integer)
returns void language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s' as $$
declare
    parent text;
begin
    perform 1 from retrieval.activation a where a.index_id = drop_index.index_id;
    if found then
        raise exception 'index % is the active one', drop_index.index_id;
    end if;
    foreach parent in array array['image', 'image_record', 'image_embedding', 'caption', 'caption_embedding'] loop
        execute format('drop table retrieval.%I', parent || '_' || drop_index.index_id);
    end loop;
    delete from retrieval.index i where i.index_id = drop_index.index_id;
end $$;

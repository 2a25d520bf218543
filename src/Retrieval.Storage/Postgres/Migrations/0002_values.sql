-- Numbers and booleans in metadata, so that filters can compare them: tags hold texts, which have no order.
--
-- The indexes that are there have none: their metadata were written as texts alone. What is ingested again gets them.

-- It needs a lock that waits for whoever reads the table, and whom everybody after it waits for: so it does not wait for long.
-- To be tried again.
set local lock_timeout = '10s';

-- Number of an image's rows in image_value. There is no default for new rows: a program of an earlier version, which knows
-- nothing of values and would store an image without them, is refused here.
alter table retrieval.image add column value_rows integer not null default 0;
alter table retrieval.image alter column value_rows drop default;

-- One row an image, key and value. A value is a text that begins with its key and sorts as the key's values do, byte by byte:
-- the program makes it, so that a replica which compares without Postgres comes to the same order. Hangs on row_no.
create table retrieval.image_value (
    index_id integer not null,
    row_no   bigint not null,
    value    text collate "C" not null,
    primary key (index_id, row_no, value)
) partition by list (index_id);
create index image_value_order on retrieval.image_value (value, row_no);

-- The tables of which each index has a partition.
create function retrieval.partitioned() returns text[] language sql immutable as $$
    select array['image', 'image_record', 'image_embedding', 'image_value', 'caption', 'caption_embedding'] $$;

do $$
declare
    id integer;
begin
    for id in select index_id from retrieval.index loop
        execute format('create table retrieval.%I (like retrieval.image_value including all)', 'image_value_' || id);
        execute format('alter table retrieval.image_value attach partition retrieval.%I for values in (%s)', 'image_value_' || id, id);
    end loop;
end $$;

-- As before, for one table more.
create or replace function retrieval.create_index(
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
    foreach parent in array retrieval.partitioned() loop
        execute format('create table retrieval.%I (like retrieval.%I including all)', parent || '_' || id, parent);
        execute format('alter table retrieval.%I attach partition retrieval.%I for values in (%s)', parent, parent || '_' || id, id);
        -- Replicas name partitions, to which the rights on their parent do not reach.
        for reader in select r.name from retrieval.role r join pg_roles p on p.rolname = r.name loop
            execute format('grant select on retrieval.%I to %I', parent || '_' || id, reader);
        end loop;
    end loop;
    return id;
end $$;

create or replace function retrieval.analyze_index(index_id integer)
returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    parent text;
begin
    perform 1 from retrieval.index i where i.index_id = analyze_index.index_id;
    if not found then
        raise exception 'unknown index %', index_id;
    end if;
    foreach parent in array retrieval.partitioned() loop
        execute format('analyze retrieval.%I', parent || '_' || analyze_index.index_id);
    end loop;
end $$;

create or replace function retrieval.drop_index(index_id integer)
returns void language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s' as $$
declare
    parent text;
begin
    perform 1 from retrieval.activation a where a.index_id = drop_index.index_id;
    if found then
        raise exception 'index % is the active one', drop_index.index_id;
    end if;
    foreach parent in array retrieval.partitioned() loop
        execute format('drop table retrieval.%I', parent || '_' || drop_index.index_id);
    end loop;
    delete from retrieval.index i where i.index_id = drop_index.index_id;
end $$;

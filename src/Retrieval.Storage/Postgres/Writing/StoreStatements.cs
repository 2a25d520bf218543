namespace Retrieval.Storage.Postgres.Writing;

/// <summary>
/// The end of a batch's transaction. These statements are sent together, from the one that takes the epoch to the commit. So the
/// lock they need is held only while Postgres works, never while it waits for a client.
/// </summary>
internal static class StoreStatements
{
    private static readonly string[] Large = ["image_record", "image_embedding", "image_value", "caption", "caption_embedding"];

    /// <summary>The columns that <see cref="BatchCopy"/> fills.</summary>
    public const string StagedColumns = "pg_temp.retrieval_staged (row_no, source_row, captions, value_rows, id, content_hash, metadata, tags, boxes)";

    /// <summary>Tables of the session that a batch passes through. A commit or a rollback empties them.</summary>
    public const string TemporaryTables = """
        create temporary table retrieval_staged (
            row_no bigint primary key, source_row bigint not null, captions integer not null, value_rows integer not null, id text collate "C" not null,
            content_hash bytea not null, metadata json, tags text[] not null, boxes bytea) on commit delete rows;
        create temporary table retrieval_decided (
            row_no bigint primary key, outcome text not null, gone bigint, owner text) on commit delete rows
        """;

    /// <summary>
    /// Takes the locks of all tables that the batch may write to, and changes nothing. A session that builds or drops an index is
    /// waited for here, before anything is sent and before others wait for this session. $1 index.
    /// </summary>
    public static string Reserve { get; } =
        $"with {string.Join(", ", Large.Select(table => $"{table} as (delete from retrieval.{table} where index_id = $1 and row_no = 0)"))} update retrieval.image set captions = 0 where index_id = $1 and id = ''";

    /// <summary>
    /// From here on, writers of this index wait for each other: the one that commits first has the lower epoch. $1 index.
    /// </summary>
    public const string TakeEpoch = """
        with taken as (update retrieval.index set epoch = epoch + 1 where index_id = $1 returning index_id, epoch)
        insert into retrieval.change (index_id, epoch) select index_id, epoch from taken
        """;

    /// <summary>The same, with the caller's token. $1 index, $2 token.</summary>
    public const string TakeEpochAs = """
        with taken as (update retrieval.index set epoch = epoch + 1 where index_id = $1 returning index_id, epoch)
        insert into retrieval.change (index_id, epoch, token) select index_id, epoch, $2 from taken
        """;

    /// <summary>
    /// Uses a snapshot taken after the lock, so nobody changes the images any more. <c>gone</c> is the row number whose large
    /// rows are to be removed: those of the version that is replaced, or of the one that is not stored. $1 index, $2 replace, $3
    /// source.
    /// </summary>
    public const string Decide = """
        insert into pg_temp.retrieval_decided (row_no, outcome, gone, owner)
        select row_no, outcome, case outcome when 'inserted' then null when 'replaced' then there else row_no end, case outcome when 'refused' then owner end
        from (select s.row_no, i.row_no as there, o.source_key as owner,
                     case when i.id is null or i.deleted then 'inserted'
                          when i.content_hash = s.content_hash then 'unchanged'
                          when $2 or i.source_no is null or i.source_no = $3 then 'replaced'
                          else 'refused' end as outcome
              from pg_temp.retrieval_staged s
              left join retrieval.image i on i.index_id = $1 and i.id = s.id
              left join retrieval.source o on o.source_no = i.source_no) decided
        """;

    /// <summary>$1 index, $2 source.</summary>
    public const string Point = """
        insert into retrieval.image (index_id, id, row_no, epoch, deleted, deleted_at, source_no, content_hash, metadata, tags, boxes, captions, value_rows)
        select $1, s.id, s.row_no, (select epoch from retrieval.index where index_id = $1), false, null, $2, s.content_hash, s.metadata, s.tags, s.boxes, s.captions, s.value_rows
        from pg_temp.retrieval_staged s join pg_temp.retrieval_decided d using (row_no) where d.outcome in ('inserted', 'replaced')
        on conflict (index_id, id) do update set
            row_no = excluded.row_no, epoch = excluded.epoch, deleted = false, deleted_at = null, source_no = excluded.source_no, content_hash = excluded.content_hash,
            metadata = excluded.metadata, tags = excluded.tags, boxes = excluded.boxes, captions = excluded.captions, value_rows = excluded.value_rows
        """;

    /// <summary>Returns the epoch if nothing changed. $1 index.</summary>
    public const string GiveEpochBack = """
        with given as (
            update retrieval.index set epoch = epoch - 1
            where index_id = $1 and not exists (select from pg_temp.retrieval_decided where outcome in ('inserted', 'replaced', 'deleted')) returning epoch + 1 as epoch)
        delete from retrieval.change where index_id = $1 and epoch = (select epoch from given)
        """;

    /// <summary>
    /// $1 index, $2 source key, $3 part, $4 parts, $5 run, $6 name of the source, $7 the message, with a placeholder for the id
    /// and one for the owner.
    /// </summary>
    public const string Refuse = """
        insert into retrieval.reject (index_id, source_key, part, parts, run_id, source, row_number, image_id, owner, reason)
        select $1, $2, $3, $4, $5, $6, s.source_row, s.id, d.owner, format($7, s.id, d.owner)
        from pg_temp.retrieval_staged s join pg_temp.retrieval_decided d using (row_no) where d.outcome = 'refused' order by s.source_row
        """;

    /// <summary>
    /// Advances the checkpoint, or ends the transaction if another run holds the part by now. $1 index, $2 source key, $3 part,
    /// $4 parts, $5 run, $6 next row so far, $7 next row, $8 skipped, $9 rejected.
    /// </summary>
    public const string AdvanceCheckpoint = """
        with outcome as (
            select count(*) filter (where outcome in ('inserted', 'replaced')) as ingested, count(*) filter (where outcome = 'replaced') as replaced,
                   count(*) filter (where outcome = 'unchanged') as unchanged, count(*) filter (where outcome = 'refused') as refused from pg_temp.retrieval_decided),
        moved as (
            update retrieval.ledger set next_row = $7, ingested = ledger.ingested + o.ingested, replaced = ledger.replaced + o.replaced,
                   skipped = ledger.skipped + o.unchanged + $8, rejected = ledger.rejected + o.refused + $9, completed = false, updated_at = clock_timestamp()
            from outcome o
            where index_id = $1 and source_key = $2 and part = $3 and parts = $4 and run_id = $5 and next_row = $6
            returning 1)
        select retrieval.require(exists (select from moved), 'another run has gone on with this source meanwhile')
        """;

    /// <summary>$1 run, $2 next row, $3 skipped, $4 rejected.</summary>
    public const string MoveRun = """
        with outcome as (
            select count(*) filter (where outcome in ('inserted', 'replaced')) as ingested, count(*) filter (where outcome = 'replaced') as replaced,
                   count(*) filter (where outcome = 'unchanged') as unchanged, count(*) filter (where outcome = 'refused') as refused,
                   coalesce(sum(s.captions) filter (where outcome in ('inserted', 'replaced')), 0) as captions
            from pg_temp.retrieval_decided d join pg_temp.retrieval_staged s using (row_no))
        update retrieval.run set next_row = $2, ingested = run.ingested + o.ingested, replaced = run.replaced + o.replaced,
               skipped = run.skipped + o.unchanged + $3, rejected = run.rejected + o.refused + $4, captions = run.captions + o.captions, updated_at = clock_timestamp()
        from outcome o where run_id = $1
        """;

    /// <summary>$1 index, $2 run or null.</summary>
    public const string Tell = """
        select (select epoch from retrieval.index where index_id = $1),
               (select count(*) from pg_temp.retrieval_decided where outcome = 'inserted')::integer,
               (select count(*) from pg_temp.retrieval_decided where outcome = 'replaced')::integer,
               (select count(*) from pg_temp.retrieval_decided where outcome = 'unchanged')::integer,
               coalesce((select cancel_requested from retrieval.run where run_id = $2), false),
               array(select s.id from pg_temp.retrieval_staged s join pg_temp.retrieval_decided d using (row_no) where d.outcome = 'refused' order by s.source_row),
               array(select d.owner from pg_temp.retrieval_staged s join pg_temp.retrieval_decided d using (row_no) where d.outcome = 'refused' order by s.source_row)
        """;

    /// <summary>Removes large rows that nothing refers to any more. $1 index.</summary>
    public static IEnumerable<string> Sweep { get; } =
        [.. Large.Select(table => $"delete from retrieval.{table} where index_id = $1 and row_no = any(array(select gone from pg_temp.retrieval_decided where gone is not null))")];
}

using System.Globalization;
using Retrieval.Domain.Images;

namespace Retrieval.Storage.Postgres.Searching;

/// <summary>
/// The statements of <see cref="VectorShortlist"/> over one collection of one index. They name partitions and not their parents,
/// since a nearest-neighbour index belongs to one partition. Parameter 1 is the query, and 2 is the number of rows. Those of the
/// filter follow.
/// </summary>
internal sealed class NearestSql
{
    // Settings of this transaction only, which ends with the statement that follows. It uses a custom plan, because a generic
    // one could not know how many rows are wanted. Compiling a plan would take longer than running it.
    public const string Settings = """
        select set_config('hnsw.ef_search', $1, true), set_config('hnsw.max_scan_tuples', $2, true),
               set_config('hnsw.scan_mem_multiplier', $3, true), set_config('hnsw.iterative_scan', 'relaxed_order', true),
               set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true)
        """;

    private readonly string _embeddings;
    private readonly string _images;
    private readonly string _position;
    private readonly string _index;
    private readonly string _vector;
    private readonly FilterSql _filter;

    public NearestSql(CatalogItems items, int indexId, int width, IReadOnlyDictionary<string, MetadataCondition>? filter)
    {
        _index = indexId.ToString(CultureInfo.InvariantCulture);
        _embeddings = $"retrieval.{(items == CatalogItems.Images ? "image" : "caption")}_embedding_{_index}";
        _images = $"retrieval.image_{_index}";
        _position = items == CatalogItems.Images ? "-1 as position" : "e.position";
        _vector = $"halfvec({width.ToString(CultureInfo.InvariantCulture)})";
        _filter = new FilterSql(filter, indexId, before: 2);
    }

    /// <summary>The filter's parameters, from the third.</summary>
    public IReadOnlyList<object> Parameters => _filter.Parameters;

    /// <summary>Whether there is a filter.</summary>
    public bool IsFiltered => !_filter.IsEmpty;

    /// <summary>Uses the nearest-neighbour index, or not where the planner knows better. May return fewer rows than exist.</summary>
    public string ByIndex => $"""
        with near as materialized (
            select e.row_no, {_position}, (e.embedding::{_vector}) <#> $1 as distance
            from {_embeddings} e
            {(_filter.IsEmpty ? "" : $"where (select {_filter.ForEach} from {_images} i where i.index_id = {_index} and i.row_no = e.row_no)")}
            order by (e.embedding::{_vector}) <#> $1 limit $2)
        {Named}
        """;

    /// <summary>Compares with every embedding: no index covers this expression.</summary>
    public string Exact => $"""
        with near as materialized (
            select e.row_no, {_position}, e.embedding <#> $1 as distance
            from {_embeddings} e
            {(_filter.IsEmpty ? "" : $"join {_images} i on i.index_id = {_index} and i.row_no = e.row_no and {_filter.ForAll}")}
            order by e.embedding <#> $1 limit $2)
        {Named}
        """;

    /// <summary>
    /// Compares with all embeddings that match the filter, if at most as many images match as the last parameter says, which follows
    /// those of the filter. A row without an id is always returned and counts those images, up to one more than that limit. It may
    /// be at any position.
    /// </summary>
    public string Selective => string.Create(CultureInfo.InvariantCulture, $"""
        with {(_filter.OfValues is null ? Matching : MatchingValues)},
        near as (
            select m.id, {_position}, e.embedding <#> $1 as distance
            from matching m join {_embeddings} e on e.index_id = {_index} and e.row_no = m.row_no
            where (select images from counted) <= ${Most}
            order by 3 limit $2)
        select null as id, images::integer as position, 0::float8 as distance from counted
        union all
        select id, position, distance from near
        """);

    private string Matching => string.Create(CultureInfo.InvariantCulture, $"""
        matching as materialized (
            select i.row_no, i.id from {_images} i where i.index_id = {_index} and not i.deleted and {_filter.ForAll} limit ${Most} + 1),
        counted as (select count(*) as images from matching)
        """);

    // Of a range that many values lie in, no more are read than tell that they are too many. Those of a list count each, so that an
    // image may count more than once; it is then found through the index, too.
    private string MatchingValues => string.Create(CultureInfo.InvariantCulture, $"""
        few as materialized ({_filter.OfValues} limit ${Most} + 1),
        matching as materialized (
            select i.row_no, i.id from {_images} i
            where i.index_id = {_index} and not i.deleted and (select count(*) from few) <= ${Most} and i.row_no in (select row_no from few)),
        counted as (select case when (select count(*) from few) <= ${Most} then (select count(*) from matching) else ${Most} + 1 end as images)
        """);

    private int Most => 3 + _filter.Parameters.Count;

    private string Named => $"select i.id, near.position, near.distance from near join {_images} i on i.index_id = {_index} and i.row_no = near.row_no";
}

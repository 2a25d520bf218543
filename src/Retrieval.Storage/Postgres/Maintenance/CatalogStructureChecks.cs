using System.Globalization;
using Retrieval.Storage.Local.Files;

namespace Retrieval.Storage.Postgres.Maintenance;

/// <summary>The conditions that must hold between the rows of an index.</summary>
internal static class CatalogStructureChecks
{
    public static IEnumerable<CatalogStructureCheck> Of(IndexLayout layout) => [.. Images(), .. Large(), Values(), .. Captions(), Size(layout.Images), Size(layout.Captions)];

    private static IEnumerable<CatalogStructureCheck> Images()
    {
        const string of = "select format('image %s', quote_literal(i.id))";
        yield return new("image", "", $"{of}, format('its epoch is %s, and the index is at %s', i.epoch, x.epoch) from retrieval.image i join retrieval.index x using (index_id) where i.index_id = $1 and (i.epoch > x.epoch or i.epoch < 1)");
        yield return new("image", "", $"{of}, format('it was deleted with epoch %s, and tombstones up to %s are gone', i.epoch, x.purged_epoch) from retrieval.image i join retrieval.index x using (index_id) where i.index_id = $1 and i.deleted and i.epoch <= x.purged_epoch");
        yield return new("index", "", "select name, format('it is at epoch %s, and tombstones up to %s are gone', epoch, purged_epoch) from retrieval.index where index_id = $1 and purged_epoch > epoch");
        yield return new("change", "", "select format('epoch %s', x.epoch), 'the last change is not noted' from retrieval.index x left join retrieval.change c using (index_id, epoch) where x.index_id = $1 and x.epoch > 0 and c.epoch is null");
        yield return new("change", "", "select format('epoch %s', c.epoch), format('it is noted, and the index is at %s', x.epoch) from retrieval.change c join retrieval.index x using (index_id) where c.index_id = $1 and (c.epoch > x.epoch or c.epoch < 1)");
        yield return new("image", "", $"{of}, format('its content hash has %s bytes, not 32', octet_length(i.content_hash)) from retrieval.image i where i.index_id = $1 and octet_length(i.content_hash) <> 32");
        yield return new("image", "", $"{of}, format('its source is number %s, which is none of this index', i.source_no) from retrieval.image i left join retrieval.source s on s.source_no = i.source_no and s.index_id = i.index_id where i.index_id = $1 and i.source_no is not null and s.source_no is null");
    }

    private static IEnumerable<CatalogStructureCheck> Large()
    {
        foreach (var (table, what) in new[] { ("image_record", "record"), ("image_embedding", "embedding") })
        {
            yield return new(table, $"it has no {what}", $"select format('image %s', quote_literal(i.id)) from retrieval.image i left join retrieval.{table} t on t.index_id = $1 and t.row_no = i.row_no where i.index_id = $1 and not i.deleted and t.row_no is null");
        }

        foreach (var table in new[] { "image_record", "image_embedding", "image_value", "caption", "caption_embedding" })
        {
            yield return new(table, "no live image has it", $"select distinct format('row %s', t.row_no) from retrieval.{table} t left join retrieval.image i on i.index_id = $1 and i.row_no = t.row_no and not i.deleted where t.index_id = $1 and i.id is null");
        }
    }

    private static CatalogStructureCheck Values() => new("image_value", "", """
        select format('image %s', quote_literal(i.id)), format('it has %s values, expected %s', count(t.value), i.value_rows)
        from retrieval.image i left join retrieval.image_value t on t.index_id = $1 and t.row_no = i.row_no
        where i.index_id = $1 and not i.deleted group by i.id, i.value_rows having count(t.value) <> i.value_rows
        """);

    private static IEnumerable<CatalogStructureCheck> Captions()
    {
        foreach (var (table, what) in new[] { ("caption", "captions"), ("caption_embedding", "embeddings of captions") })
        {
            yield return new(table, "", $"""
                select format('image %s', quote_literal(i.id)), format('it has %s {what} at positions %s to %s, expected %s from 0', count(t.position), min(t.position), max(t.position), i.captions)
                from retrieval.image i left join retrieval.{table} t on t.index_id = $1 and t.row_no = i.row_no
                where i.index_id = $1 and not i.deleted group by i.id, i.captions
                having count(t.position) <> i.captions or coalesce(min(t.position), 0) <> 0 or coalesce(max(t.position), i.captions - 1) <> i.captions - 1
                """);
        }
    }

    // The number of a ragged image's rows is not stored. It follows from the record's size, which must be divisible accordingly.
    private static CatalogStructureCheck Size(CollectionFiles files)
    {
        long once = files.EmbeddingSpec.RowBytes + files.Fields.Where(field => !field.Spec.Ragged).Sum(field => (long)field.Spec.RowBytes);
        long each = files.Fields.Where(field => field.Spec.Ragged).Sum(field => (long)field.Spec.RowBytes);
        return files.Name == "captions"
            ? new("caption", "", Text($"""
                select format('row %s, caption %s', row_no, position), format('its record has %s bytes, and %s words make %s', octet_length(record), words, {once} + words * {each}::bigint)
                from retrieval.caption where index_id = $1 and (words < 0 or octet_length(record) <> {once} + words * {each}::bigint)
                """))
            : new("image_record", "", Text($"""
                select format('row %s', row_no), format('its record has %s bytes, expected {once}{(each > 0 ? $" and a multiple of {each}" : "")}', octet_length(record))
                from retrieval.image_record where index_id = $1
                and not ({(each > 0 ? $"octet_length(record) >= {once} and (octet_length(record) - {once}) % {each} = 0" : $"octet_length(record) = {once}")})
                """));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

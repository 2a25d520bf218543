using System.Globalization;

namespace Retrieval.Storage.Tests.Postgres.Following;

/// <summary>What a backup of the index has: put back, the catalog is as it was, and epochs and row numbers are used again.</summary>
internal sealed class SavedState
{
    private static readonly string[] Tables = ["change", "image", "image_record", "image_embedding", "image_value", "caption", "caption_embedding"];

    private readonly ReplicatedCatalog _catalog;
    private readonly Dictionary<string, int> _state;
    private readonly string _index;

    private SavedState(ReplicatedCatalog catalog)
    {
        _catalog = catalog;
        _state = new(catalog.State);
        _index = catalog.Index.IndexId.ToString(CultureInfo.InvariantCulture);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<SavedState> TakeAsync(ReplicatedCatalog catalog)
    {
        var saved = new SavedState(catalog);
        await catalog.Database.ExecuteAsAdminAsync(
            $"""
            create schema saved;
            create table saved.index as select epoch, purged_epoch from retrieval.index where index_id = {saved._index};
            create table saved.row_no as select last_value, is_called from retrieval.row_no;
            {Each(table => $"create table saved.{table} as select * from retrieval.{table} where index_id = {saved._index};")}
            """,
            Cancellation);
        return saved;
    }

    public async Task RestoreAsync()
    {
        await _catalog.Database.ExecuteAsAdminAsync(
            $"""
            begin;
            update retrieval.index set epoch = saved.index.epoch, purged_epoch = saved.index.purged_epoch from saved.index where index_id = {_index};
            select setval('retrieval.row_no', last_value, is_called) from saved.row_no;
            {Each(table => $"delete from retrieval.{table} where index_id = {_index}; insert into retrieval.{table} select * from saved.{table};")}
            commit;
            """,
            Cancellation);
        _catalog.State.Clear();
        foreach (var (id, version) in _state)
        {
            _catalog.State.Add(id, version);
        }
    }

    private static string Each(Func<string, string> sql) => string.Join('\n', Tables.Select(sql));
}

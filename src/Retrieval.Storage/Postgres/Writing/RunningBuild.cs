using Npgsql;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Storage.Postgres.Writing;

/// <summary>Tells a waiting writer whether a nearest-neighbour index is being built. A build may take hours, but it ends.</summary>
internal static class RunningBuild
{
    // A role that is not a superuser sees little more of another role's progress than the process. The lock tells which table
    // the build is on.
    private const string Running = """
        select exists (
            select from pg_locks l join (select pid from pg_stat_progress_create_index union select pid from pg_stat_progress_analyze) building using (pid)
            where l.locktype = 'relation' and l.granted and l.mode = 'ShareLock' and l.database = (select oid from pg_database where datname = current_database())
              and l.relation = any(array[to_regclass('retrieval.image_embedding_' || $1), to_regclass('retrieval.caption_embedding_' || $1)]))
        """;

    /// <summary>
    /// Returns the error to report for a failure that such a build causes; null if it is another failure or the cause is unknown.
    /// </summary>
    public static async Task<Exception?> ExcuseAsync(Catalog catalog, CatalogIndex index, string what, Exception failure, CancellationToken cancellationToken)
    {
        if (failure is not CatalogException { Fault: CatalogFault.Busy })
        {
            return null;
        }

        try
        {
            var running = await catalog.UseAsync(what, async (connection, cancellation) =>
            {
                var command = new NpgsqlCommand(Running, connection) { Parameters = { new() { Value = index.IndexId } } };
                await using (command.ConfigureAwait(false))
                {
                    return await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false) is true;
                }
            }, cancellationToken).ConfigureAwait(false);
            return running ? new CatalogException(what, CatalogFault.Busy, "a nearest-neighbour index is being built over these rows; this resumes when it has been built", failure) : null;
        }
        catch (Exception exception) when (exception is CatalogUnavailableException or CatalogException)
        {
            return null;
        }
    }
}

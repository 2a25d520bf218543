using Npgsql;
using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Storage.Postgres.Writing;

/// <summary>Tells a writer that is kept waiting whether a nearest-neighbour index is being built: that may take hours, and ends.</summary>
internal static class RunningBuild
{
    // Progress of others shows little more than their process to whoever is no superuser: the lock says over what they build.
    private const string Running = """
        select exists (
            select from pg_locks l join (select pid from pg_stat_progress_create_index union select pid from pg_stat_progress_analyze) building using (pid)
            where l.locktype = 'relation' and l.granted and l.mode = 'ShareLock' and l.database = (select oid from pg_database where datname = current_database())
              and l.relation = any(array[to_regclass('retrieval.image_embedding_' || $1), to_regclass('retrieval.caption_embedding_' || $1)]))
        """;

    /// <summary>What to say of a failure if it is such a build's; null if it is not, or cannot be told.</summary>
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
